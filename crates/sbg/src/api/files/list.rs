//! Lists of files and folders.

use sbg_raw::ClientFilesExt as _;

use super::FileRef;
use crate::api::checks::check_tags;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{DatasetId, Given, IntoId, ProjectId, check_given, check_uuid};
use crate::raw::MetadataFilter;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// A query of files.
///
/// ```
/// use sbg::files::FileQuery;
///
/// fn of_sample(query: FileQuery, sample: &str) -> FileQuery {
///     query.metadata("sample_id", sample)
/// }
/// ```
pub type FileQuery = Query<FileList>;

/// The list of the files in one location.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let page = client.files().query().project("rfranklin/fibre-diffraction").page_size(20).page().await?;
/// println!("{:?} files and folders", page.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct FileList {
    pub(super) project: Option<Given<ProjectId>>,
    pub(super) parent: Option<FileRef>,
    pub(super) dataset: Option<Given<DatasetId>>,
    pub(super) names: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) metadata: MetadataFilter,
    pub(super) origin_task: Option<String>,
    pub(super) cont_token: bool,
}

impl Query<FileList> {
    /// The files at the root of this project, `owner/project`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// The files in this folder.
    ///
    /// ```
    /// # fn example(client: sbg::Client, folder: sbg::types::File) {
    /// let query = client.files().query().parent(folder);
    /// let by_id = client.files().query().parent("567890abc9b0307bc0414164");
    /// # }
    /// ```
    pub fn parent(mut self, folder: impl Into<FileRef>) -> Self {
        self.list.parent = Some(folder.into());
        self
    }

    /// The files of this dataset, `owner/dataset`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.files().query().dataset("admin/tcga");
    /// # }
    /// ```
    pub fn dataset(mut self, id: impl IntoId<DatasetId>) -> Self {
        self.list.dataset = Some(id.into_id());
        self
    }

    /// Only files with exactly this name; with several calls, any of the names.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction");
    /// let both_mates = query.name("reads_1.fastq.gz").name("reads_2.fastq.gz");
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.names.push(name.into());
        self
    }

    /// Only files with exactly this tag; with several calls, any of the tags.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction").tag("dna");
    /// # }
    /// ```
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.list.tags.push(tag.into());
        self
    }

    /// Only files with this value in this metadata field. Several values of one field are alternatives; different fields must all
    /// match.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction");
    /// let either_sample = query.metadata("sample_id", "S1").metadata("sample_id", "S2");
    /// # }
    /// ```
    pub fn metadata(mut self, field: impl std::fmt::Display, value: impl Into<String>) -> Self {
        self.list.metadata.push(field, value);
        self
    }

    /// Only files that this task produced.
    ///
    /// ```
    /// # fn example(client: sbg::Client, task: sbg::types::Task) {
    /// let produced = client.files().query().project("rfranklin/fibre-diffraction").origin_task(task.id);
    /// # }
    /// ```
    pub fn origin_task(mut self, task_id: impl Into<String>) -> Self {
        self.list.origin_task = Some(task_id.into());
        self
    }
}

impl Query<FileList> {
    /// Reads the list with continuation tokens, which stay fast deep into large projects. In advance access. Excludes
    /// [`offset`](Query::offset) and [`metadata`](Self::metadata).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction").cont_token();
    /// let files: Vec<_> = query.items().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cont_token(mut self) -> Self {
        self.list.cont_token = true;
        self
    }
}

impl List for FileList {
    type Item = types::File;

    const NAME: &'static str = "files";

    fn by_token(&self) -> bool {
        self.cont_token
    }

    fn check(&self) -> Result<()> {
        let filters = [self.project.is_some(), self.parent.is_some(), self.dataset.is_some()];
        match filters.into_iter().filter(|named| *named).count() {
            1 => {}
            0 => {
                return Err(Error::invalid(
                    "set where to list files: a project, a parent folder or a dataset",
                ));
            }
            _ => {
                return Err(Error::invalid(
                    "files are listed from one location: set only one of project, parent folder and dataset",
                ));
            }
        }
        check_given(self.project.as_ref())?;
        check_given(self.dataset.as_ref())?;
        if let Some(parent) = &self.parent {
            parent.checked_folder()?;
        }
        if let Some(task) = &self.origin_task {
            check_uuid("task id", task)?;
        }
        if self.cont_token && !self.metadata.is_empty() {
            return Err(Error::invalid(
                "a list of files that is read by continuation token cannot be filtered by metadata",
            ));
        }
        check_tags(&self.tags)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::File>> {
        let some = |values: Vec<String>| (!values.is_empty()).then_some(values);
        let (project, dataset) = (self.project.transpose()?, self.dataset.transpose()?);
        let parent = self.parent.map(FileRef::into_id);
        if self.cont_token {
            let call = client.raw().file_scroll().token(at.token_param());
            let call = set!(call, project = project, parent = parent, dataset = dataset);
            let call =
                set!(call, name = some(self.names), tag = some(self.tags), origin_task = self.origin_task);
            return fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields));
        }
        let call = client.raw().file_list().offset(at.offset_param());
        let call = set!(call, project = project, parent = parent, dataset = dataset);
        let call = set!(call, name = some(self.names), tag = some(self.tags), origin_task = self.origin_task);
        let metadata = (!self.metadata.is_empty()).then_some(self.metadata);
        fetch_page!(set!(call, metadata = metadata, limit = at.limit_param(), fields = at.fields))
    }
}

/// The list of the contents of a folder.
///
/// ```no_run
/// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
/// let page = client.file(&folder).list().page().await?;
/// println!("{} things in the folder", page.items.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FolderList {
    pub(super) folder: FileRef,
    pub(super) cont_token: bool,
}

impl Query<FolderList> {
    /// Reads the list with continuation tokens. In advance access. Excludes [`offset`](Query::offset).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
    /// let everything: Vec<_> = client.file(&folder).list().cont_token().items().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cont_token(mut self) -> Self {
        self.list.cont_token = true;
        self
    }
}

impl List for FolderList {
    type Item = types::File;

    const NAME: &'static str = "files of a folder";

    fn by_token(&self) -> bool {
        self.cont_token
    }

    fn check(&self) -> Result<()> {
        self.folder.checked_folder().map(drop)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::File>> {
        if self.cont_token {
            let call = client.raw().folder_scroll().folder_id(self.folder.into_id()).token(at.token_param());
            return fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields));
        }
        let call = client.raw().folder_list().folder_id(self.folder.into_id()).offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}
