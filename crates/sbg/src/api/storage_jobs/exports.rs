//! Exports: jobs that write files from the platform to a volume.

use sbg_raw::{ClientBulkExt as _, ClientExportsExt as _};

use super::outcome::{StorageJobExt, outcome, state};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, IntoId, VolumeId, check_given, check_segment, excerpt};
use crate::raw::types as bodies;
use crate::request::bulk::{bulk, checked_ids, in_place};
use crate::request::call::{Get, awaitable, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::request::wait::{self, Job, State, Wait};
use crate::request::wait_many;
use crate::types;
use crate::volumes::S3Properties;

impl Client {
    /// The exports that the caller has started.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut exports = client.exports().query().items();
    /// while let Some(export) = exports.try_next().await? {
    ///     println!("{} {:?}", export.id, export.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn exports(&self) -> Exports {
        Exports { client: self.clone() }
    }

    /// An export, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let export = client.export("6jcv1gCwfvKXV1QdAhVuP7").get().await?;
    /// println!("{:?}", export.destination);
    /// # Ok(())
    /// # }
    /// ```
    pub fn export(&self, id: impl Into<String>) -> ExportHandle {
        ExportHandle { client: self.clone(), id: id.into() }
    }
}

/// The exports that the caller has started.
///
/// ```no_run
/// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
/// let exports = client.exports();
/// let to_results = exports.query().volume("rfranklin/results").all().await?;
/// let done = exports.wait_all(ids).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Exports {
    pub(super) client: Client,
}

impl Exports {
    /// The exports, with basic fields only; [`fields`](Query::fields) selects others. The platform has no filter by project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::StorageJobStateFilter;
    ///
    /// let failed = client.exports().query().state(StorageJobStateFilter::Failed).all().await?;
    /// println!("{}", failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<ExportList> {
        Query::new(self.client.clone(), ExportList::default())
    }

    /// Exports a file to a location on a volume: set the optional fields, then `.await`. Returns the export as started;
    /// [wait](ExportHandle::wait) for it.
    ///
    /// Unless [`copy_only`](ExportStart::copy_only) is set, the file becomes an alias of the exported object, and its bytes are removed
    /// from the platform. Folders, public files and aliases cannot be exported.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file_id: String) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let export = client.exports().start(file_id, "rfranklin/results", "b-form.pdb").copy_only(true).await?;
    /// let export = client.export(&export.id).wait().await?;
    /// println!("{}", export.file()?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(
        &self,
        file_id: impl Into<String>,
        volume: impl IntoId<VolumeId>,
        location: impl Into<String>,
    ) -> ExportStart {
        ExportStart {
            client: self.client.clone(),
            file: file_id.into(),
            volume: volume.into_id(),
            location: location.into(),
            overwrite: None,
            properties: None,
            copy_only: None,
        }
    }

    /// Starts any number of exports, 100 per call. The results are in the order of the exports.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let exports = client.exports();
    /// let mut files = client.project("rfranklin/fibre-diffraction").files().query().items();
    /// let mut starts = Vec::new();
    /// while let Some(file) = files.try_next().await? {
    ///     let location = file.name.unwrap_or_default();
    ///     starts.push(exports.start(file.id, "rfranklin/results", location));
    /// }
    /// for export in exports.bulk_start(starts).await? {
    ///     println!("{:?}", export?.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no exports, an invalid one, or a mix of [`copy_only`](ExportStart::copy_only) and other exports. If
    /// a call fails, its error is the result of each of its exports.
    pub async fn bulk_start(
        &self,
        exports: impl IntoIterator<Item = ExportStart>,
    ) -> Result<Vec<Result<types::Export>>> {
        let exports: Vec<ExportStart> = exports.into_iter().collect();
        let copy_only = exports.first().and_then(|export| export.copy_only);
        if exports.iter().any(|export| export.copy_only != copy_only) {
            return Err(Error::invalid(
                "one bulk call cannot mix `copy_only` and other exports: make two calls",
            ));
        }
        let items: Vec<bodies::ExportStart> =
            exports.into_iter().map(ExportStart::checked).collect::<Result<_>>()?;
        bulk!(self.client, items, bulk_export_start, BulkExportStart { items }, copy_only = copy_only).await
    }

    /// Gets any number of exports, 100 per call. The results are in the order of the ids.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// for export in client.exports().bulk_get(ids).await? {
    ///     match export {
    ///         Ok(export) => println!("{} {:?}", export.id, export.state),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids or an invalid one. If a call fails, its error is the result of each of its exports.
    pub async fn bulk_get<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<types::Export>>> {
        get_all(self.client.clone(), checked_ids(check_segment, "export id", ids)?).await
    }

    /// Waits until all of these exports have completed or failed, like [`Imports::wait_all`](super::imports::Imports::wait_all).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// for export in client.exports().wait_all(ids).await? {
    ///     let file = export?.file()?;
    ///     println!("{}", file.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_all<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Wait<Vec<Result<types::Export>>> {
        let client = self.client.clone();
        wait_many::all("the exports", checked_ids(check_segment, "export id", ids), move |ids| {
            get_all(client.clone(), ids)
        })
    }
}

async fn get_all(client: Client, export_ids: Vec<String>) -> Result<Vec<Result<types::Export>>> {
    let ids = export_ids.clone();
    let found = bulk!(client, export_ids, bulk_export_get, BulkExportGet { export_ids }).await?;
    Ok(in_place(&ids, found, |export| &export.id))
}

/// The list of exports.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::storage_jobs::ExportList> = client.exports().query().volume("rfranklin/results");
/// println!("{:?} exports", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExportList {
    volume: Option<Given<VolumeId>>,
    states: Vec<types::StorageJobStateFilter>,
}

impl Query<ExportList> {
    /// Only exports to this volume, `owner/volume`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.exports().query().volume("rfranklin/results");
    /// # }
    /// ```
    pub fn volume(mut self, id: impl IntoId<VolumeId>) -> Self {
        self.list.volume = Some(id.into_id());
        self
    }

    /// Only exports in this state; with several calls, any of the states.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::StorageJobStateFilter::{Pending, Running};
    ///
    /// let query = client.exports().query().state(Pending).state(Running);
    /// # }
    /// ```
    pub fn state(mut self, state: types::StorageJobStateFilter) -> Self {
        self.list.states.push(state);
        self
    }
}

impl List for ExportList {
    type Item = types::Export;

    const NAME: &'static str = "exports";

    fn check(&self) -> Result<()> {
        Ok(check_given(self.volume.as_ref())?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Export>> {
        let states = (!self.states.is_empty()).then_some(self.states);
        let call = client.raw().export_list().offset(at.offset_param());
        let call = set!(call, volume = self.volume.transpose()?, state = states);
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// An export to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client, file_id: String) -> sbg::Result<()> {
/// let start = client.exports().start(file_id, "rfranklin/results", "S1/b-form.pdb");
/// let export = start.overwrite(true).copy_only(true).await?;
/// println!("{} {:?}", export.id, export.state);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ExportStart {
    client: Client,
    file: String,
    volume: Given<VolumeId>,
    location: String,
    overwrite: Option<bool>,
    properties: Option<S3Properties>,
    copy_only: Option<bool>,
}

impl ExportStart {
    /// Whether to replace an existing object at this location. Default: `false`.
    ///
    /// ```
    /// # fn example(client: sbg::Client, file_id: String) {
    /// let start = client.exports().start(file_id, "rfranklin/results", "b-form.pdb").overwrite(true);
    /// # }
    /// ```
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = Some(overwrite);
        self
    }

    /// How S3 stores the object, if it differs from the properties of the volume.
    ///
    /// ```
    /// # fn example(client: sbg::Client, file_id: String) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let start = client.exports().start(file_id, "rfranklin/results", "b-form.pdb");
    /// let start = start.properties(S3Properties::new().storage_class("STANDARD_IA"));
    /// # }
    /// ```
    pub fn properties(mut self, properties: S3Properties) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Whether to keep the file on the platform unchanged and export a copy. Default: `false`.
    ///
    /// ```
    /// # fn example(client: sbg::Client, file_id: String) {
    /// let start = client.exports().start(file_id, "rfranklin/results", "b-form.pdb").copy_only(true);
    /// # }
    /// ```
    pub fn copy_only(mut self, copy_only: bool) -> Self {
        self.copy_only = Some(copy_only);
        self
    }

    fn checked(self) -> Result<bodies::ExportStart> {
        check_segment("file id", &self.file)?;
        let (volume, location) = (self.volume?.into(), self.location);
        if location.is_empty() || location.ends_with('/') {
            return Err(Error::invalid(format!(
                "a file cannot be exported to `{}`: the location names the file on the volume and has no slash at its end",
                excerpt(&location, 60)
            )));
        }
        let properties = self.properties.map(S3Properties::into_export).transpose()?;
        Ok(bodies::ExportStart {
            source: types::ExportStartSource { file: self.file },
            destination: types::ExportStartDestination { volume, location },
            overwrite: self.overwrite,
            properties,
        })
    }

    /// Sends the call. The same as `.await`. Each call starts a new export.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file_id: String) -> sbg::Result<()> {
    /// let export = client.exports().start(file_id, "rfranklin/results", "b-form.pdb").send().await?;
    /// let export = client.export(export.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id or location. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Export> {
        let (client, copy_only) = (self.client.clone(), self.copy_only);
        let call = client.raw().export_start().body(self.checked()?);
        Ok(set!(call, copy_only = copy_only).send().await?.into_inner())
    }
}

awaitable!(ExportStart => types::Export, client);

/// An export, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::storage_jobs::StorageJobExt as _;
///
/// let export = client.export(id).wait().await?;
/// println!("{:?}", export.file()?.storage);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ExportHandle {
    client: Client,
    id: String,
}

impl ExportHandle {
    /// The id of the export.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.export("6jcv1gCwfvKXV1QdAhVuP7").id(), "6jcv1gCwfvKXV1QdAhVuP7");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the export.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let export = client.export(id).get().await?;
    /// println!("{:?} since {:?}", export.state, export.started_on);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Export> {
        let Self { client, id } = self.clone();
        Get::new(&client, ExportList::IDENTITY, move |client, fields| async move {
            check_segment("export id", &id)?;
            Ok(set!(client.raw().export_get().export_id(id), fields = fields).send().await?.into_inner())
        })
    }

    /// Waits until the export has completed or failed; [`file`](super::StorageJobExt::file) returns the file or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let export = client.export(id).wait().timeout(hour).await?;
    /// println!("{:?}", export.file()?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self) -> Wait<types::Export> {
        let handle = self.clone();
        wait::one(format!("export `{}`", self.id), move || handle.get().send())
    }
}

impl Job for types::Export {
    fn state(&self) -> State {
        state(self.state.as_ref())
    }
}

impl StorageJobExt for types::Export {
    fn file(&self) -> Result<types::File> {
        let what = format!("export `{}`", self.id);
        outcome(&what, self.state.as_ref(), self.result.as_ref(), self.error.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn export_without_destination_is_rejected() {
        let client = Client::builder().endpoint("cgc").token("t").build().unwrap();
        let check = |file: &str, location: &str, allowed: bool| {
            let export = client.exports().start(file, "a/b", location);
            assert_eq!(export.checked().is_ok(), allowed, "{file:?} {location:?}");
        };
        check("f", "out/b-form.pdb", true);
        check("f", "out/", false);
        check("f", "", false);
        check("a/b", "b-form.pdb", false);
    }
}
