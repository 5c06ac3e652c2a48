//! Exports: jobs that write files from the platform to a volume.

use sbg_raw::{ClientBulkExt as _, ClientExportsExt as _};

use super::job::{JobParts, StorageJob};
use super::{StorageJobHandle, StorageJobList, StorageJobs};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, IntoId, VolumeId, check_segment, excerpt};
use crate::raw::types as bodies;
use crate::request::bulk::bulk;
use crate::request::call::{awaitable, fetch_page, set};
use crate::request::list::{Fetched, PageRequest};
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
        StorageJobs::new(self.clone())
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
        StorageJobHandle::new(self.clone(), id.into())
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
pub type Exports = StorageJobs<types::Export>;

impl Exports {
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
pub type ExportList = StorageJobList<types::Export>;

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
                "invalid location `{}`: it must name the file to create on the volume, and not end with a slash",
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
pub type ExportHandle = StorageJobHandle<types::Export>;

impl StorageJob for types::Export {
    const KIND: &'static str = "export";
    const LIST: &'static str = "exports";
    const ID: &'static str = "export id";

    fn parts(&self) -> JobParts<'_> {
        let Self { id, state, result, error, .. } = self;
        JobParts { id, state: state.as_ref(), result: result.as_ref(), error: error.as_ref() }
    }

    async fn page(list: ExportList, client: Client, at: PageRequest) -> Result<Fetched<Self>> {
        let states = list.states();
        let call = client.raw().export_list().offset(at.offset_param());
        let call = set!(call, volume = list.volume.transpose()?, state = states);
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }

    async fn fetch(client: Client, id: String, fields: Option<String>) -> Result<Self> {
        Ok(set!(client.raw().export_get().export_id(id), fields = fields).send().await?.into_inner())
    }

    async fn fetch_many(client: Client, export_ids: Vec<String>) -> Result<Vec<Result<Self>>> {
        bulk!(client, export_ids, bulk_export_get, BulkExportGet { export_ids }).await
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
