//! Jobs that copy, move or delete files and whole folders in the background.

use std::collections::HashSet;

use sbg_raw::ClientAsyncJobsExt as _;

use crate::api::destination::{DestinationFields, NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::FileRef;
use crate::ids::check_segment;
use crate::request::bulk;
use crate::request::call::{Get, fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::request::wait::{self, Job, State, Wait};
use crate::types::{self, AsyncJobState, AsyncJobType};

impl Client {
    /// The jobs of the caller that copy, move or delete files.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file: sbg::types::File) -> sbg::Result<()> {
    /// let job = client.jobs().delete_files([file.id]).await?;
    /// client.job(&job).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn jobs(&self) -> Jobs {
        Jobs { client: self.clone() }
    }

    /// The job that was started or listed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for job in client.jobs().query().all().await? {
    ///     let done = client.job(&job).wait().await?;
    ///     println!("{} {:?}", done.id, done.failed_files);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn job(&self, job: &types::AsyncJob) -> JobHandle {
        let kind = match &job.type_ {
            Some(AsyncJobType::Copy) => JobKind::Copy,
            Some(AsyncJobType::Move) => JobKind::Move,
            Some(AsyncJobType::Delete) => JobKind::Delete,
            other => JobKind::Unknown(other.as_ref().map_or("no kind", AsyncJobType::as_str).to_owned()),
        };
        JobHandle { client: self.clone(), kind, id: job.id.clone() }
    }

    /// A job that copies files, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let done = client.copy_job("4fde2dd0c1b24b5d9d4ff2f4").wait().await?;
    /// println!("{:?} of {:?} were copied", done.completed_files, done.total_files);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_job(&self, id: impl Into<String>) -> JobHandle {
        JobHandle { client: self.clone(), kind: JobKind::Copy, id: id.into() }
    }

    /// A job that moves files, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let job = client.move_job("4fde2dd0c1b24b5d9d4ff2f4").get().await?;
    /// println!("{:?} of {:?} are moved", job.completed_files, job.total_files);
    /// # Ok(())
    /// # }
    /// ```
    pub fn move_job(&self, id: impl Into<String>) -> JobHandle {
        JobHandle { client: self.clone(), kind: JobKind::Move, id: id.into() }
    }

    /// A job that deletes files, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let done = client.delete_job("4fde2dd0c1b24b5d9d4ff2f4").wait().await?;
    /// println!("{:?} could not be deleted", done.failed_files);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_job(&self, id: impl Into<String>) -> JobHandle {
        JobHandle { client: self.clone(), kind: JobKind::Delete, id: id.into() }
    }
}

/// The jobs of the caller that copy, move or delete files.
///
/// ```no_run
/// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
/// let jobs = client.jobs();
/// let job = jobs.copy_files([sbg::files::JobItem::new(folder).to("fcrick/models")]).await?;
/// println!("{} {:?}", job.id, job.state);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Jobs {
    client: Client,
}

impl Jobs {
    /// The jobs. The platform keeps them for a month after they end.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut jobs = client.jobs().query().items();
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{} {:?} {:?}", job.id, job.type_, job.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<JobList> {
        Query::new(self.client.clone(), JobList(()))
    }

    /// Starts a job that copies files and folders. Folders are copied with their contents.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: String, file: String) -> sbg::Result<()> {
    /// use sbg::files::{JobItem, ItemResults as _};
    ///
    /// let items = [
    ///     JobItem::new(folder).to("fcrick/models"),
    ///     JobItem::new(file).to("fcrick/models").name("pattern-51.fastq"),
    /// ];
    /// let job = client.jobs().copy_files(items).await?;
    /// let done = client.job(&job).wait().await?;
    /// for copy in done.results() {
    ///     println!("{}", copy?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no items, an item without a destination, an item given twice for one destination, or an
    /// invalid id or name. Otherwise the error of the call.
    pub async fn copy_files(&self, items: impl IntoIterator<Item = JobItem>) -> Result<types::AsyncJob> {
        let items = checked(items, "the copy")?;
        let call = self.client.raw().async_file_copy_start().body(types::AsyncFileCopy { items });
        Ok(call.send().await?.into_inner())
    }

    /// Starts a job that moves files and folders. Folders are moved with their contents. Files keep their ids, folders get new ones.
    ///
    /// Unlike [`FileHandle::move_to`](crate::files::FileHandle::move_to), it moves many at once, and also to the root of a project or
    /// to another project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: String, archive: String) -> sbg::Result<()> {
    /// use sbg::files::JobItem;
    ///
    /// let job = client.jobs().move_files([JobItem::new(folder).to(archive)]).await?;
    /// client.job(&job).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no items, an item without a destination, an item given twice for one destination, or an
    /// invalid id or name. Otherwise the error of the call.
    pub async fn move_files(&self, items: impl IntoIterator<Item = JobItem>) -> Result<types::AsyncJob> {
        let items = checked(items, "the move")?.into_iter().map(to_move).collect();
        let call = self.client.raw().async_file_move_start().body(types::AsyncFileMove { items });
        Ok(call.send().await?.into_inner())
    }

    /// Starts a job that deletes files and folders. Folders are deleted with their contents. Cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: String) -> sbg::Result<()> {
    /// let job = client.jobs().delete_files([folder]).await?;
    /// client.job(&job).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids, a repeated id, or an invalid one. Otherwise the error of the call.
    pub async fn delete_files<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<types::AsyncJob> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        check_not_empty(&ids)?;
        let mut seen = HashSet::new();
        for id in &ids {
            check_segment("file id", id)?;
            if !seen.insert(id) {
                return Err(Error::invalid(format!("the file `{id}` is listed twice")));
            }
        }
        let items = ids.into_iter().map(|file| types::AsyncFileDeleteItem { file }).collect();
        let call = self.client.raw().async_file_delete_start().body(types::AsyncFileDelete { items });
        Ok(call.send().await?.into_inner())
    }
}

/// The list of jobs.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::files::JobList> = client.jobs().query();
/// println!("{:?} jobs", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JobList(());

impl List for JobList {
    type Item = types::AsyncJob;

    const NAME: &'static str = "jobs";

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::AsyncJob>> {
        refuse_fields(&at, "jobs")?;
        let call = client.raw().async_job_list().offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param()))
    }
}

/// A file or a folder to copy or move, its destination, and its name there.
///
/// ```no_run
/// # async fn example(client: sbg::Client, files: Vec<sbg::types::File>) -> sbg::Result<()> {
/// use sbg::files::JobItem;
///
/// let items = files.iter().map(|file| JobItem::new(file).to("fcrick/models"));
/// let job = client.jobs().copy_files(items).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an item does nothing until it is given to a job"]
pub struct JobItem {
    file: FileRef,
    to: NamedDestination,
}

impl JobItem {
    /// This file or folder.
    ///
    /// ```
    /// # fn example(folder: sbg::types::File) {
    /// let item = sbg::files::JobItem::new("567890abc9b0307bc0414164").to(folder);
    /// # }
    /// ```
    pub fn new(file: impl Into<FileRef>) -> Self {
        Self { file: file.into(), to: NamedDestination::default() }
    }

    destination_setters! {
        /// The project or folder that it goes to.
        ///
        /// ```
        /// # fn example(file: sbg::types::File) {
        /// let item = sbg::files::JobItem::new(file).to("fcrick/models");
        /// # }
        /// ```
        to;
        /// Name at the destination. Default: the current name.
        ///
        /// ```
        /// # fn example(file: sbg::types::File) {
        /// let item = sbg::files::JobItem::new(file).to("fcrick/models").name("S1-reads.fastq.gz");
        /// # }
        /// ```
        name;
    }

    fn checked(self, what: &str) -> Result<types::AsyncFileCopyItem> {
        let file = self.file.checked()?.to_owned();
        let DestinationFields { project, parent, name } = self.to.checked(what)?;
        Ok(types::AsyncFileCopyItem { file, project, parent, name, location: None })
    }
}

fn check_not_empty<T>(items: &[T]) -> Result<()> {
    if items.is_empty() { Err(Error::invalid("a job needs at least one file or folder")) } else { Ok(()) }
}

/// The items as sent by a copy job; a move job sends the same form.
fn checked(items: impl IntoIterator<Item = JobItem>, what: &str) -> Result<Vec<types::AsyncFileCopyItem>> {
    let items: Vec<_> = items.into_iter().map(|item| item.checked(what)).collect::<Result<_>>()?;
    check_not_empty(&items)?;
    let mut seen = HashSet::new();
    for item in &items {
        if !seen.insert((&item.file, &item.project, &item.parent)) {
            let message = format!("the file `{}` is listed twice for one destination", item.file);
            return Err(Error::invalid(message));
        }
    }
    Ok(items)
}

fn to_move(item: types::AsyncFileCopyItem) -> types::AsyncFileMoveItem {
    let types::AsyncFileCopyItem { file, project, parent, name, location } = item;
    types::AsyncFileMoveItem { file, project, parent, name, location }
}

/// What a job does, which decides the URL of its state.
#[derive(Clone, Debug)]
enum JobKind {
    Copy,
    Move,
    Delete,
    Unknown(String),
}

/// A job, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, files: Vec<sbg::files::JobItem>) -> sbg::Result<()> {
/// let job = client.jobs().move_files(files).await?;
/// let job = client.job(&job);
/// println!("{} is {:?}", job.id(), job.get().await?.state);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JobHandle {
    client: Client,
    kind: JobKind,
    id: String,
}

impl JobHandle {
    /// The id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.copy_job("4fde2dd0c1b24b5d9d4ff2f4").id(), "4fde2dd0c1b24b5d9d4ff2f4");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the job, with the result of each item once it is finished; see [`results`](ItemResults::results).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let job = client.copy_job("4fde2dd0c1b24b5d9d4ff2f4").get().await?;
    /// println!("{:?}: {:?} of {:?}", job.state, job.completed_files, job.total_files);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::AsyncJob> {
        let (kind, id) = (self.kind.clone(), self.id.clone());
        Get::whole(&self.client, "jobs", move |client| async move {
            let (raw, id) = (client.raw(), check_segment("job id", &id)?);
            let job = match kind {
                JobKind::Copy => raw.async_file_copy_get().job_id(id).send().await?,
                JobKind::Move => raw.async_file_move_get().job_id(id).send().await?,
                JobKind::Delete => raw.async_file_delete_get().job_id(id).send().await?,
                JobKind::Unknown(kind) => {
                    let message = format!("the job `{id}` is of {kind}, not COPY, MOVE or DELETE");
                    return Err(Error::invalid(message)
                        .with_hint("`copy_job`, `move_job` and `delete_job` take the id alone"));
                }
            };
            Ok(job.into_inner())
        })
    }

    /// Waits until the job is finished. Single items may still have failed; see [`results`](ItemResults::results).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::files::ItemResults as _;
    ///
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let report = |job: &sbg::types::AsyncJob| println!("{:?} {:?}", job.state, job.completed_files);
    /// let done = client.copy_job("4fde2dd0c1b24b5d9d4ff2f4").wait().timeout(hour).on_change(report).await?;
    /// let failed = done.results().into_iter().filter(Result::is_err).count();
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait(&self) -> Wait<types::AsyncJob> {
        let job = self.clone();
        wait::one(format!("job `{}`", self.id), move || job.get().send())
    }
}

impl Job for types::AsyncJob {
    fn state(&self) -> State {
        State::of_job(self.state.as_ref().map(AsyncJobState::as_str))
    }
}

/// The results of a job with many items. Import the trait to call its method.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::files::ItemResults as _;
///
/// let job = client.copy_job("4fde2dd0c1b24b5d9d4ff2f4").wait().await?;
/// for result in job.results() {
///     println!("{}", result?.id);
/// }
/// # Ok(())
/// # }
/// ```
pub trait ItemResults {
    /// The file or the error of each item, in the platform's order. Empty until the job has finished.
    ///
    /// ```
    /// use sbg::files::ItemResults as _;
    ///
    /// let job: sbg::types::AsyncJob = serde_json::from_str(
    ///     r#"{
    ///         "id": "4fde2dd0c1b24b5d9d4ff2f4",
    ///         "state": "FINISHED",
    ///         "result": [
    ///             {"resource": {"id": "567890abc9b0307bc0414164"}},
    ///             {"error": {"status": 404, "code": 5002, "message": "Requested file does not exist."}}
    ///         ]
    ///     }"#,
    /// )?;
    /// let (copied, failed): (Vec<_>, Vec<_>) = job.results().into_iter().partition(Result::is_ok);
    /// assert_eq!((copied.len(), failed.len()), (1, 1));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn results(&self) -> Vec<Result<types::File>>;
}

impl ItemResults for types::AsyncJob {
    fn results(&self) -> Vec<Result<types::File>> {
        let results = self.result.iter().flatten().cloned();
        results.map(|result| bulk::item(result.resource, result.error)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::files::Destination;

    #[test]
    fn invalid_job_items_are_rejected() {
        let check = |items: Vec<JobItem>, expected: &str| {
            assert_eq!(checked(items, "the copy").unwrap_err().message(), expected);
        };
        let new = || JobItem::new("5f1");
        check(vec![], "a job needs at least one file or folder");
        check(vec![new()], "the copy has no destination: set a project or a folder with `to()`");
        check(vec![new().to(Destination::folder("a/b"))], "not a folder id: `a/b` (`/` is not allowed)");
        check(vec![new().to("5f2").name("a/b")], "the name `a/b` has a slash");
        let twice = vec![new().to("5f2"), new().to("5f2").name("b")];
        check(twice, "the file `5f1` is listed twice for one destination");
        let two_destinations = vec![new().to("5f2"), new().to("5f3")];
        assert_eq!(checked(two_destinations, "the copy").unwrap().len(), 2);
    }

    #[test]
    fn job_is_over_only_when_finished() {
        let job = |json: serde_json::Value| serde_json::from_value::<types::AsyncJob>(json).unwrap();
        for (name, over) in [("FINISHED", true), ("RUNNING", false), ("PAUSED", false)] {
            let state = job(json!({"id": "1", "state": name})).state();
            assert_eq!((state.name.as_str(), state.over), (name, over));
        }
        let done = job(json!({"id": "1", "result": [
            {"resource": {"id": "5f2"}},
            {"error": {"status": 404, "code": 5002, "message": "Requested file does not exist."}},
        ]}));
        let results = done.results();
        assert_eq!(results[0].as_ref().unwrap().id, "5f2");
        assert_eq!(results[1].as_ref().unwrap_err().code(), Some(5002));
        assert_eq!((job(json!({"id": "1"}))).results().len(), 0);
    }
}
