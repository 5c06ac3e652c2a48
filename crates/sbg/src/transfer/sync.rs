//! Syncs: makes one side the mirror of the other, by a plan that can be shown before it is carried out.
//!
//! `sides` lists both sides, `pairing` decides what to do as a pure function of them, `planner` compares the files that both have, and
//! `run` carries out the plan with the same uploads and downloads as other batches.

mod deletes;
mod journal;
mod options;
mod pairing;
mod plan;
mod planner;
mod report;
mod run;
mod selection;
mod shard;
mod sides;

use std::future::IntoFuture;
use std::path::PathBuf;

use futures::future::BoxFuture;

use self::options::Options;
use crate::client::Client;
use crate::error::Result;
use crate::files::Destination;
use crate::transfer::Compare;
use crate::transfer::handle::Transfer;

pub use plan::{SyncAction, SyncOperation, SyncPlan, SyncProblem};
pub use report::{SyncReport, SyncResult};
pub use shard::Shard;

impl Client {
    /// Syncs a local folder and a folder or project on the platform: set the other side, then show its [`plan`](TreeSync::plan), or
    /// `.await` it to carry it out.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// // From here to the platform.
    /// client.sync("results").to("rfranklin/fibre-diffraction").path("runs/2026").await?.into_result()?;
    /// // From the platform to here.
    /// let sync = client.sync("references").from("rfranklin/references").delete(true);
    /// println!("{}", sync.plan().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sync(&self, local: impl Into<PathBuf>) -> TreeSync {
        TreeSync { client: self.clone(), options: Options::new(local.into()) }
    }
}

/// A sync to plan or to start. New and changed files are copied, with their folders; files of the target that the source lacks stay,
/// unless [`delete`](Self::delete) is set.
///
/// A sync that was stopped or killed is resumed by running it again: what was copied is recognized, and partial transfers resume. In the
/// source, links to files are followed and links to folders are left out; partial files of downloads are left out on both sides.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let sync = client.sync("results").to("rfranklin/fibre-diffraction").exclude("tmp/").delete(true);
/// let report = sync.await?.into_result()?;
/// println!("{} bytes copied, {} files unchanged", report.bytes(), report.identical);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a sync does nothing until it is planned, started or awaited"]
pub struct TreeSync {
    client: Client,
    options: Options,
}

impl TreeSync {
    /// Copies to this project, `owner/project`, or folder.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn to(mut self, destination: impl Into<Destination>) -> Self {
        self.options.to = Some(destination.into());
        self
    }

    /// Copies from this project, `owner/project`, or folder.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("patterns").from("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn from(mut self, source: impl Into<Destination>) -> Self {
        self.options.from = Some(source.into());
        self
    }

    /// The folder below the project or folder to sync with, such as `runs/2026`. A sync to the platform creates it if missing.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/fibre-diffraction").path("runs/2026");
    /// # }
    /// ```
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.options.path = path.into();
        self
    }

    /// How to decide that a file is up to date; by the record of earlier transfers by default. [`Compare::Content`] compares checksums.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Compare;
    ///
    /// let sync = client.sync("results").to("rfranklin/demo").compare(Compare::Content);
    /// # }
    /// ```
    pub fn compare(mut self, compare: Compare) -> Self {
        self.options.compare = compare;
        self
    }

    /// Whether to delete files and folders of the target that the source lacks; off by default. Files that the sync does not cover are
    /// never deleted.
    ///
    /// Nothing is deleted if a local folder cannot be listed. A plan that would delete more than half of the files is
    /// [refused](SyncPlan::check).
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/demo").delete(true);
    /// # }
    /// ```
    pub fn delete(mut self, delete: bool) -> Self {
        self.options.delete = delete;
        self
    }

    /// Whether [`delete`](Self::delete) may delete more than half of the files in the target; off by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/demo").delete(true).force_delete(true);
    /// # }
    /// ```
    pub fn force_delete(mut self, force: bool) -> Self {
        self.options.force_delete = force;
        self
    }

    /// Covers only files that match this glob pattern, or another included one.
    ///
    /// A pattern without `/` matches names in all folders, one with `/` matches paths. `*` and `?` match within a name, `**` matches any
    /// folders. A pattern that matches a folder matches everything in it; one that ends in `/` matches only folders.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/demo").include("*.bam").include("*.bai");
    /// # }
    /// ```
    pub fn include(mut self, pattern: impl Into<String>) -> Self {
        self.options.selection.include.push(pattern.into());
        self
    }

    /// Leaves out files and folders that match this glob pattern, as in [`include`](Self::include). They are not copied and not deleted.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/demo").exclude("tmp/").exclude("/logs/*.txt");
    /// # }
    /// ```
    pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
        self.options.selection.exclude.push(pattern.into());
        self
    }

    /// Covers only files on the platform that have this value of a metadata field. For syncs from the platform.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("patterns").from("rfranklin/demo").metadata("sample_id", "S1");
    /// # }
    /// ```
    pub fn metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.selection.metadata.push((field.into(), value.into()));
        self
    }

    /// Covers only the files of this shard, so that several machines share the work. A folder that they empty together is deleted by a
    /// later sync.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::transfer::Shard;
    ///
    /// let sync = client.sync("results").to("rfranklin/demo").shard(Shard::new(0, 4)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn shard(mut self, shard: Shard) -> Self {
        self.options.selection.shard = Some(shard);
        self
    }

    /// Appends what is done to this file, one JSON object a line, each when it is done: `time`, `operation`, `path`, and `bytes` or
    /// `error`. Each run begins with a line that has `sync`, `local`, `remote` and the number of `actions`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let sync = client.sync("results").to("rfranklin/demo").journal("sync.jsonl");
    /// # }
    /// ```
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.journal = Some(path.into());
        self
    }

    /// Lists both sides and compares their files, without changing anything: a dry run. Dropping the future stops it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// println!("{}", client.sync("results").to("rfranklin/fibre-diffraction").plan().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) before any request if a setting is invalid;
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the source is missing; otherwise the error of a list. A path that cannot be
    /// synced is in the [`problems`](SyncPlan::problems) of the plan.
    pub async fn plan(self) -> Result<SyncPlan> {
        self.start_plan().wait().await
    }

    /// Starts a [`plan`](Self::plan) on the threads of the transfer engine. The handle reports the progress: how much is
    /// [listed](crate::transfer::Progress::listed) and [compared](crate::transfer::Progress::compared).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let planning = client.sync("results").to("rfranklin/fibre-diffraction").start_plan();
    /// println!("{} files and folders so far", planning.progress().listed);
    /// println!("{}", planning.wait().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_plan(self) -> Transfer<SyncPlan> {
        let Self { client, options } = self;
        Transfer::start(client.engine(), move |context, shared| async move {
            planner::plan(client.on_engine(), &context, &shared, options).await
        })
    }

    /// Plans the sync and carries it out on the threads of the transfer engine. The handle fails like [`plan`](Self::plan) and
    /// [`SyncPlan::start`]; the result of each action is in the [`SyncReport`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let sync = client.sync("results").to("rfranklin/fibre-diffraction").start();
    /// println!("{} bytes", sync.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<SyncReport> {
        let Self { client, options } = self;
        Transfer::start(client.engine(), move |context, shared| async move {
            let plan = planner::plan(client.on_engine(), &context, &shared, options).await?;
            run::run(plan, context, shared).await
        })
    }
}

impl IntoFuture for TreeSync {
    type Output = Result<SyncReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}
