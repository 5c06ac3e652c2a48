//! Imports: jobs that make files and folders of a volume available on the platform as aliases.

use sbg_raw::{ClientBulkExt as _, ClientImportsExt as _};

use super::job::{JobParts, StorageJob};
use super::{StorageJobHandle, StorageJobList, StorageJobs};
use crate::api::destination::{DestinationFields, NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, IntoId, ProjectId, VolumeId, excerpt};
use crate::raw::types as bodies;
use crate::request::bulk::bulk;
use crate::request::call::{awaitable, body_setters, fetch_page, set};
use crate::request::list::{Fetched, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// The imports that the caller has started.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut imports = client.imports().query().project("rfranklin/fibre-diffraction").items();
    /// while let Some(import) = imports.try_next().await? {
    ///     println!("{} {:?}", import.id, import.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn imports(&self) -> Imports {
        StorageJobs::new(self.clone())
    }

    /// An import, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let import = client.import("3Q7TVdzmdUnDTYkRWiRsoX").get().await?;
    /// println!("{:?}", import.source);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import(&self, id: impl Into<String>) -> ImportHandle {
        StorageJobHandle::new(self.clone(), id.into())
    }
}

/// The imports that the caller has started.
///
/// ```no_run
/// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
/// let imports = client.imports();
/// let from_patterns = imports.query().volume("rfranklin/patterns").all().await?;
/// let done = imports.wait_all(ids).await?;
/// # Ok(())
/// # }
/// ```
pub type Imports = StorageJobs<types::Import>;

impl Imports {
    /// Imports a file or a folder of a volume; the `location` of a folder ends with `/`. Set the destination, then `.await`. Returns
    /// the import as started; [wait](ImportHandle::wait) for it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let import = client.imports().start("rfranklin/patterns", "photographs/51.tiff");
    /// let import = import.to("rfranklin/fibre-diffraction").name("photograph-51.tiff").await?;
    /// let import = client.import(&import.id).wait().await?;
    /// println!("{}", import.file()?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(&self, volume: impl IntoId<VolumeId>, location: impl Into<String>) -> ImportStart {
        ImportStart::new(self.client.clone(), volume.into_id(), location.into())
    }

    /// Starts any number of imports, 100 per call. The results are in the order of the imports.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, locations: Vec<String>) -> sbg::Result<()> {
    /// let imports = client.imports();
    /// let start = |location| imports.start("rfranklin/patterns", location).to("rfranklin/fibre-diffraction");
    /// for import in imports.bulk_start(locations.into_iter().map(start)).await? {
    ///     println!("{:?}", import?.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no imports or an invalid one. If a call fails, its error is the result of each of its imports.
    pub async fn bulk_start(
        &self,
        imports: impl IntoIterator<Item = ImportStart>,
    ) -> Result<Vec<Result<types::Import>>> {
        let items: Vec<bodies::ImportStart> =
            imports.into_iter().map(ImportStart::checked).collect::<Result<_>>()?;
        bulk!(self.client, items, bulk_import_start, BulkImportStart { items }).await
    }
}

/// The list of imports.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::storage_jobs::ImportList> = client.imports().query().volume("rfranklin/patterns");
/// println!("{:?} imports", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
pub type ImportList = StorageJobList<types::Import>;

impl Query<ImportList> {
    /// Only imports into this project, `owner/project`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.imports().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }
}

/// An import to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let start = client.imports().start("rfranklin/patterns", "photographs/").to("rfranklin/fibre-diffraction");
/// let import = start.name("photographs-1952").autorename(true).await?;
/// println!("{} {:?}", import.id, import.state);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ImportStart {
    client: Client,
    volume: Given<VolumeId>,
    to: NamedDestination,
    /// Everything but the volume and the destination, which are added on sending.
    body: bodies::ImportStart,
}

impl ImportStart {
    pub(crate) fn new(client: Client, volume: Given<VolumeId>, location: String) -> Self {
        let body = bodies::ImportStart {
            source: types::ImportStartSource { volume: String::new(), location },
            destination: types::ImportStartDestination::default(),
            overwrite: None,
            autorename: None,
            preserve_folder_structure: None,
            properties: serde_json::Map::new(),
        };
        Self { client, volume, to: NamedDestination::default(), body }
    }

    destination_setters! {
        /// The project or folder to import to.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let start = client.imports().start("rfranklin/patterns", "S1/reads.fastq.gz");
        /// let start = start.to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
        /// Name on the platform. Default: the last part of the location. The name of a folder may have only letters, digits, `_`, `-`
        /// and `.`.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let start = client.imports().start("rfranklin/patterns", "S1/reads.fastq.gz").name("S1-reads.fastq.gz");
        /// # }
        /// ```
        name;
    }

    body_setters! {
        /// Whether to replace an existing file of the same name; for a folder, the files of the same name in it. Default: `false`.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let start = client.imports().start("rfranklin/patterns", "S1/reads.fastq.gz").overwrite(true);
        /// # }
        /// ```
        overwrite(overwrite: bool);
        /// Whether to prefix the name with an underscore and a number if it is taken. Default: `false`.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let start = client.imports().start("rfranklin/patterns", "S1/reads.fastq.gz").autorename(true);
        /// # }
        /// ```
        autorename(autorename: bool);
        /// Whether to keep the subfolders of an imported folder. Default: `true`. Not for files.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let start = client.imports().start("rfranklin/patterns", "photographs/").preserve_folder_structure(false);
        /// # }
        /// ```
        preserve_folder_structure(preserve_folder_structure: bool);
    }

    fn checked(mut self) -> Result<bodies::ImportStart> {
        self.body.source.volume = self.volume?.into();
        let DestinationFields { project, parent, name } = self.to.checked("the import")?;
        self.body.destination = types::ImportStartDestination { project, parent, name };
        let bodies::ImportStart { source, destination, preserve_folder_structure, .. } = &self.body;
        let location = &source.location;
        let shown = excerpt(location, 60);
        let is_folder = location.ends_with('/');
        let last = location.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if location.is_empty() {
            return Err(Error::invalid(
                "the location of an import is empty: name a file or a folder of the volume",
            ));
        }
        if destination.name.is_none() && last.is_empty() {
            return Err(Error::invalid(format!(
                "the location `{shown}` has no file name to use on the platform: set one with `name()`"
            )));
        }
        if let Some(name) = destination.name.as_deref().filter(|_| is_folder) {
            check_folder_name(name)?;
        }
        if preserve_folder_structure.is_some() && !is_folder {
            return Err(Error::invalid(format!(
                "`preserve_folder_structure` is for folders; `{shown}` is a file: leave it out, or end the location with `/`"
            )));
        }
        Ok(self.body)
    }

    /// Sends the call. The same as `.await`. Each call starts a new import.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
    /// let start = client.imports().start("rfranklin/patterns", "S1/reads.fastq.gz").to(folder);
    /// let import = client.import(start.send().await?.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id, no destination or two, a name that is not allowed, or an option that does not fit the
    /// location. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Import> {
        let client = self.client.clone();
        Ok(client.raw().import_start().body(self.checked()?).send().await?.into_inner())
    }
}

awaitable!(ImportStart => types::Import, client);

/// Folder names of an import allow fewer characters than file names.
fn check_folder_name(name: &str) -> Result<()> {
    if name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "invalid name `{}` of an imported folder: use letters, digits, `_`, `-` and `.`",
        excerpt(name, 60)
    )))
}

/// An import, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::storage_jobs::StorageJobExt as _;
///
/// let import = client.import(id).wait().await?;
/// println!("{:?}", import.file()?.name);
/// # Ok(())
/// # }
/// ```
pub type ImportHandle = StorageJobHandle<types::Import>;

impl StorageJob for types::Import {
    const KIND: &'static str = "import";
    const LIST: &'static str = "imports";
    const ID: &'static str = "import id";

    fn parts(&self) -> JobParts<'_> {
        let Self { id, state, result, error, .. } = self;
        JobParts { id, state: state.as_ref(), result: result.as_ref(), error: error.as_ref() }
    }

    async fn page(list: ImportList, client: Client, at: PageRequest) -> Result<Fetched<Self>> {
        let states = list.states();
        let call = client.raw().import_list().offset(at.offset_param());
        let call = set!(
            call,
            project = list.project.transpose()?,
            volume = list.volume.transpose()?,
            state = states
        );
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }

    async fn fetch(client: Client, id: String, fields: Option<String>) -> Result<Self> {
        Ok(set!(client.raw().import_get().import_id(id), fields = fields).send().await?.into_inner())
    }

    async fn fetch_many(client: Client, import_ids: Vec<String>) -> Result<Vec<Result<Self>>> {
        bulk!(client, import_ids, bulk_import_get, BulkImportGet { import_ids }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage_jobs::StorageJobExt as _;

    fn start(location: &str) -> ImportStart {
        let client = Client::builder().endpoint("cgc").token("t").build().unwrap();
        ImportStart::new(client, "a/b".into_id(), location.to_owned())
    }

    #[test]
    fn invalid_import_is_rejected() {
        let check = |import: ImportStart, expected: &str| {
            assert_eq!(import.checked().map(|_| ()).unwrap_err().to_string(), expected);
        };
        let file = || start("in/51.tiff").to("f");
        let folder = || start("in/").to("f");
        check(start("x"), "the import has no destination: set a project or a folder with `to()`");
        check(start("").to("f"), "the location of an import is empty: name a file or a folder of the volume");
        check(
            start("/").to("f"),
            "the location `/` has no file name to use on the platform: set one with `name()`",
        );
        check(file().name("a/b"), "the name `a/b` has a slash");
        check(
            folder().name("a b"),
            "invalid name `a b` of an imported folder: use letters, digits, `_`, `-` and `.`",
        );
        check(
            file().preserve_folder_structure(true),
            "`preserve_folder_structure` is for folders; `in/51.tiff` is a file: leave it out, or end the location with `/`",
        );
        assert!(file().name("a b").checked().is_ok());
        assert!(folder().name("a-b_1.c").preserve_folder_structure(false).checked().is_ok());
        assert!(start("/").to("f").name("all").checked().is_ok());
    }

    #[test]
    fn only_completed_import_has_a_file() {
        let check = |json: &str, expected: Result<&str, &str>| {
            let import: types::Import = serde_json::from_str(json).unwrap();
            let got = import.file().map(|file| file.id).map_err(|error| error.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "{json}");
        };
        check(r#"{"id": "i", "state": "COMPLETED", "result": {"id": "f"}}"#, Ok("f"));
        check(
            r#"{"id": "i", "state": "COMPLETED"}"#,
            Err("import `i` has no result, as in a list: get it by its id, with all fields"),
        );
        check(
            r#"{"id": "i", "state": "FAILED", "error": {"status": 409, "code": 9108, "message": "exists"}}"#,
            Err("exists (HTTP 409, code 9108)"),
        );
        check(
            r#"{"id": "i", "state": "FAILED"}"#,
            Err("import `i` failed, and the platform does not say why"),
        );
        check(
            r#"{"id": "i", "state": "RUNNING"}"#,
            Err("import `i` has not ended: wait for it with `wait()`"),
        );
        check(r#"{"id": "i"}"#, Err("import `i` has not ended: wait for it with `wait()`"));
    }
}
