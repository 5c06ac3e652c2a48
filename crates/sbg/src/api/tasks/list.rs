//! The list of tasks with its filters and sort orders.

use sbg_raw::ClientTasksExt as _;

use super::TASK_ID;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Given, IntoId, ProjectId, check_given, check_segment, check_uuid};
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The list of tasks.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::tasks::TaskList> = client.tasks().query().project("rfranklin/fibre-diffraction");
/// println!("{:?} tasks", query.page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaskList {
    project: Option<Given<ProjectId>>,
    status: Option<types::TaskListStatus>,
    batch: Option<bool>,
    parent: Option<String>,
    origin: Option<String>,
    created: Period,
    started: Period,
    ended: Period,
    order: Option<(types::TaskOrderBy, types::TaskOrder)>,
}

/// A time period as two query parameters.
#[derive(Clone, Debug, Default)]
struct Period {
    from: Option<String>,
    to: Option<String>,
}

/// A time in the platform's format: UTC, without fractions of a second.
fn time_param(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The end of a period, rounded up so that its last second is included.
fn end_param(time: jiff::Timestamp) -> String {
    let second = jiff::SignedDuration::from_secs(i64::from(time.subsec_nanosecond() != 0));
    time_param(time.saturating_add(second).unwrap_or(time))
}

impl Query<TaskList> {
    /// Only tasks of this project, `owner/project`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.tasks().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// Only tasks in this state.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.tasks().query().status(sbg::types::TaskListStatus::Running);
    /// # }
    /// ```
    pub fn status(mut self, status: types::TaskListStatus) -> Self {
        self.list.status = Some(status);
        self
    }

    /// Only batch tasks; with `false`, only other tasks.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.tasks().query().batch(true);
    /// # }
    /// ```
    pub fn batch(mut self, batch: bool) -> Self {
        self.list.batch = Some(batch);
        self
    }

    /// The children of this batch task.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.tasks().query().parent("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
    /// # }
    /// ```
    pub fn parent(mut self, task_id: impl Into<String>) -> Self {
        self.list.parent = Some(task_id.into());
        self
    }

    /// Only tasks that this automation run created.
    ///
    /// ```
    /// # fn example(client: sbg::Client, run: sbg::types::AutomationRun) {
    /// let query = client.tasks().query().origin(run.id);
    /// # }
    /// ```
    pub fn origin(mut self, automation_run_id: impl Into<String>) -> Self {
        self.list.origin = Some(automation_run_id.into());
        self
    }

    /// Only tasks created at or after this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.tasks().query().created_from("2024-04-25T00:00:00Z".parse().unwrap());
    /// # }
    /// ```
    pub fn created_from(mut self, time: jiff::Timestamp) -> Self {
        self.list.created.from = Some(time_param(time));
        self
    }

    /// Only tasks created at or before this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let (from, to) = ("2024-05-01T00:00:00Z".parse().unwrap(), "2024-05-31T23:59:59Z".parse().unwrap());
    /// let query = client.tasks().query().created_from(from).created_to(to);
    /// # }
    /// ```
    pub fn created_to(mut self, time: jiff::Timestamp) -> Self {
        self.list.created.to = Some(end_param(time));
        self
    }

    /// Only tasks started at or after this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let query = client.tasks().query().started_from(Timestamp::now() - 24.hours());
    /// # }
    /// ```
    pub fn started_from(mut self, time: jiff::Timestamp) -> Self {
        self.list.started.from = Some(time_param(time));
        self
    }

    /// Only tasks started at or before this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    /// use sbg::types::TaskListStatus;
    ///
    /// let long_ago = Timestamp::now() - 72.hours();
    /// let query = client.tasks().query().status(TaskListStatus::Running).started_to(long_ago);
    /// # }
    /// ```
    pub fn started_to(mut self, time: jiff::Timestamp) -> Self {
        self.list.started.to = Some(end_param(time));
        self
    }

    /// Only tasks that ended at or after this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let query = client.tasks().query().ended_from(Timestamp::now() - 1.hour());
    /// # }
    /// ```
    pub fn ended_from(mut self, time: jiff::Timestamp) -> Self {
        self.list.ended.from = Some(time_param(time));
        self
    }

    /// Only tasks that ended at or before this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let query = client.tasks().query().ended_to(Timestamp::now() - (90 * 24).hours());
    /// # }
    /// ```
    pub fn ended_to(mut self, time: jiff::Timestamp) -> Self {
        self.list.ended.to = Some(end_param(time));
        self
    }

    /// Sorts the tasks. Use it if tasks run while the list is read: otherwise a task may appear twice or not at all.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::{TaskOrder, TaskOrderBy};
    ///
    /// let query = client.tasks().query().order_by(TaskOrderBy::CreatedTime, TaskOrder::Desc);
    /// # }
    /// ```
    pub fn order_by(mut self, field: types::TaskOrderBy, order: types::TaskOrder) -> Self {
        self.list.order = Some((field, order));
        self
    }
}

impl List for TaskList {
    type Item = types::Task;

    const NAME: &'static str = "tasks";

    fn check(&self) -> Result<()> {
        check_given(self.project.as_ref())?;
        if let Some(parent) = &self.parent {
            check_uuid(TASK_ID, parent)?;
        }
        if let Some(origin) = &self.origin {
            check_segment("automation run id", origin)?;
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Task>> {
        let call = client.raw().task_list().offset(at.offset_param());
        let call = set!(
            call,
            project = self.project.transpose()?.map(String::from),
            status = self.status,
            batch = self.batch,
            parent = self.parent,
            origin_id = self.origin,
        );
        let call = set!(call, created_from = self.created.from, created_to = self.created.to);
        let call = set!(call, started_from = self.started.from, started_to = self.started.to);
        let call = set!(call, ended_from = self.ended.from, ended_to = self.ended.to);
        let (field, order) = self.order.unzip();
        let call = set!(call, order_by = field, order = order);
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_times_are_utc_in_whole_seconds() {
        let check = |time: &str, from: &str, to: &str| {
            let time = time.parse().unwrap();
            assert_eq!((time_param(time).as_str(), end_param(time).as_str()), (from, to));
        };
        check("2024-04-24T11:51:20Z", "2024-04-24T11:51:20", "2024-04-24T11:51:20");
        check("2024-04-24T13:51:20+02:00", "2024-04-24T11:51:20", "2024-04-24T11:51:20");
        check("2024-12-31T23:59:59.5Z", "2024-12-31T23:59:59", "2025-01-01T00:00:00");
    }
}
