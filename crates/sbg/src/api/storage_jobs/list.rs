//! Lists of imports and exports, with their filters.

use std::marker::PhantomData;

use super::StorageJob;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Given, IntoId, ProjectId, VolumeId, check_given};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types::StorageJobStateFilter;

/// The list of imports or of exports: [`ImportList`](super::ImportList) or [`ExportList`](super::ExportList).
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::storage_jobs::StorageJobList;
///
/// let query: sbg::Query<StorageJobList<sbg::types::Export>> = client.exports().query().volume("rfranklin/results");
/// println!("{:?} exports", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StorageJobList<J> {
    pub(super) project: Option<Given<ProjectId>>,
    pub(super) volume: Option<Given<VolumeId>>,
    states: Vec<StorageJobStateFilter>,
    kind: PhantomData<fn() -> J>,
}

impl<J> StorageJobList<J> {
    pub(super) fn new() -> Self {
        Self { project: None, volume: None, states: Vec::new(), kind: PhantomData }
    }

    /// The states to list, unless it is all of them.
    pub(super) fn states(&self) -> Option<Vec<StorageJobStateFilter>> {
        (!self.states.is_empty()).then(|| self.states.clone())
    }
}

impl<J: StorageJob> Query<StorageJobList<J>> {
    /// Only imports from this volume or exports to it, `owner/volume`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.imports().query().volume("rfranklin/patterns");
    /// # }
    /// ```
    pub fn volume(mut self, id: impl IntoId<VolumeId>) -> Self {
        self.list.volume = Some(id.into_id());
        self
    }

    /// Only jobs in this state; with several calls, any of the states.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::StorageJobStateFilter::{Pending, Running};
    ///
    /// let query = client.imports().query().state(Pending).state(Running);
    /// # }
    /// ```
    pub fn state(mut self, state: StorageJobStateFilter) -> Self {
        self.list.states.push(state);
        self
    }
}

impl<J: StorageJob> List for StorageJobList<J> {
    type Item = J;

    const NAME: &'static str = J::LIST;

    fn check(&self) -> Result<()> {
        check_given(self.project.as_ref())?;
        Ok(check_given(self.volume.as_ref())?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<J>> {
        J::page(self, client, at).await
    }
}
