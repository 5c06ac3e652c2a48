//! The list of the runs of automations.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use sbg_raw::ClientAutomationsExt as _;

use super::super::handle::checked_id;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, IntoId, ProjectId, check_given, check_segment};
use crate::request::call::{fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types::{self, AutomationRunStatus};

/// The list of the runs of automations.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::automations::AutomationRunList> = client.automation_runs().query();
/// println!("{:?} runs", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct AutomationRunList {
    automation: Option<String>,
    package: Option<String>,
    name: Option<String>,
    status: Option<AutomationRunStatus>,
    created_by: Option<String>,
    created_from: Option<Timestamp>,
    created_to: Option<Timestamp>,
    project: Option<Given<ProjectId>>,
    order: Option<(String, types::AutomationRunOrder)>,
}

impl Query<AutomationRunList> {
    /// Only runs of this automation, by id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().automation("5f3d2c1b-indexing");
    /// # }
    /// ```
    pub fn automation(mut self, id: impl Into<String>) -> Self {
        self.list.automation = Some(id.into());
        self
    }

    /// Only runs of this code package, by id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().package("7a6b5c4d-indexing");
    /// # }
    /// ```
    pub fn package(mut self, id: impl Into<String>) -> Self {
        self.list.package = Some(id.into());
        self
    }

    /// Only runs of this name.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().name("Patterns of May");
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.name = Some(name.into());
        self
    }

    /// Only runs in this state.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().status(sbg::types::AutomationRunStatus::Running);
    /// # }
    /// ```
    pub fn status(mut self, status: AutomationRunStatus) -> Self {
        self.list.status = Some(status);
        self
    }

    /// Only runs created by this user.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().created_by("rfranklin");
    /// # }
    /// ```
    pub fn created_by(mut self, username: impl Into<String>) -> Self {
        self.list.created_by = Some(username.into());
        self
    }

    /// Only runs created after this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let query = client.automation_runs().query().created_from(Timestamp::now() - 24.hours());
    /// # }
    /// ```
    pub fn created_from(mut self, time: Timestamp) -> Self {
        self.list.created_from = Some(time);
        self
    }

    /// Only runs created before this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let (from, to) = ("2024-05-01T00:00:00Z".parse().unwrap(), "2024-06-01T00:00:00Z".parse().unwrap());
    /// let query = client.automation_runs().query().created_from(from).created_to(to);
    /// # }
    /// ```
    pub fn created_to(mut self, time: Timestamp) -> Self {
        self.list.created_to = Some(time);
        self
    }

    /// Only runs in this project, `owner/project`, for automations that belong to projects.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// Sorts the runs by a property, such as `created_on`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::AutomationRunOrder;
    ///
    /// let query = client.automation_runs().query().order_by("created_on", AutomationRunOrder::Desc);
    /// # }
    /// ```
    pub fn order_by(mut self, property: impl Into<String>, order: types::AutomationRunOrder) -> Self {
        self.list.order = Some((property.into(), order));
        self
    }
}

impl List for AutomationRunList {
    type Item = types::AutomationRun;

    const NAME: &'static str = "runs of automations";

    fn check(&self) -> Result<()> {
        self.automation.as_deref().map_or(Ok(""), checked_id)?;
        check_given(self.project.as_ref())?;
        if let Some(package) = &self.package {
            check_segment("package id", package)?;
        }
        if let (Some(from), Some(to)) = (self.created_from, self.created_to)
            && from > to
        {
            return Err(Error::invalid(format!("the time range is reversed: {from} is after {to}")));
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::AutomationRun>> {
        refuse_fields(&at, "runs of automations")?;
        let from = self.created_from.map(|time| whole_seconds(time, RoundMode::Floor));
        let to = self.created_to.map(|time| whole_seconds(time, RoundMode::Ceil));
        let (order_by, order) = self.order.unzip();
        let status = self.status.map(|status| status.as_str().to_owned());
        let call = client.raw().automation_run_list().offset(at.offset_param());
        let call = set!(call, automation_id = self.automation, package_id = self.package, name = self.name);
        let call =
            set!(call, status = status, created_by = self.created_by, project_id = self.project.transpose()?);
        let call = set!(call, created_from = from, created_to = to);
        fetch_page!(set!(call, order_by = order_by, order = order, limit = at.limit_param()))
    }
}

/// A time in the platform's format, without fractions of a second, rounded so that no run in the period is missed.
fn whole_seconds(time: Timestamp, mode: RoundMode) -> types::Timestamp {
    let seconds = TimestampRound::new().smallest(Unit::Second).mode(mode);
    time.round(seconds).unwrap_or(time).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_range_is_in_whole_seconds() {
        let time: Timestamp = "2024-05-02T10:00:00.4+02:00".parse().unwrap();
        assert_eq!(whole_seconds(time, RoundMode::Floor).as_str(), "2024-05-02T08:00:00Z");
        assert_eq!(whole_seconds(time, RoundMode::Ceil).as_str(), "2024-05-02T08:00:01Z");
    }
}
