//! Files and folders.

use std::future::IntoFuture;

use futures::future::BoxFuture;
use serde_json::Value;

use sbg_raw::ClientFilesExt as _;

use crate::call::{Get, awaitable, body_setters, fetch_page, set};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{InvalidId, ProjectId, check_segment};
use crate::page::{Fetched, List, PageRequest, Query};
use crate::projects::check_tags;
use crate::raw::MetadataFilter;
use crate::types;

impl Client {
    /// The files that the caller can see.
    pub fn files(&self) -> Files {
        Files { client: self.clone() }
    }

    /// A file or a folder, by id.
    pub fn file(&self, id: impl Into<String>) -> FileHandle {
        FileHandle { client: self.clone(), id: id.into() }
    }
}

/// The files that the caller can see.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) client: Client,
}

impl Files {
    /// The files and folders of one place, which has to be named: a [project](Query::project), a [folder](Query::parent) or a
    /// [dataset](Query::dataset). What lies in its folders is not listed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = "rfranklin/fibre-diffraction".parse()?;
    /// let mut files = client.files().query().project(&project).metadata("sample_id", "S1").items();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{}", file.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> FileQuery {
        Query::new(self.client.clone(), FileList::default())
    }

    /// Creates a folder: name the place, then `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let folder = client.files().create_folder("patterns").in_project("rfranklin/fibre-diffraction")?.await?;
    /// println!("{}", folder.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_folder(&self, name: impl Into<String>) -> FolderCreate {
        FolderCreate {
            client: self.client.clone(),
            body: types::FolderCreate {
                name: name.into(),
                type_: types::FolderCreateType::Folder,
                project: None,
                parent: None,
            },
        }
    }
}

/// A query of files.
pub type FileQuery = Query<FileList>;

/// The list of the files of one place.
#[derive(Clone, Debug, Default)]
pub struct FileList {
    project: Option<ProjectId>,
    parent: Option<String>,
    dataset: Option<String>,
    names: Vec<String>,
    tags: Vec<String>,
    metadata: MetadataFilter,
    origin_task: Option<String>,
    cont_token: bool,
}

impl Query<FileList> {
    /// The files at the root of this project.
    pub fn project(mut self, id: &ProjectId) -> Self {
        self.list.project = Some(id.clone());
        self
    }

    /// The files in this folder.
    pub fn parent(mut self, folder_id: impl Into<String>) -> Self {
        self.list.parent = Some(folder_id.into());
        self
    }

    /// The files of this dataset, `owner/dataset`.
    pub fn dataset(mut self, id: impl Into<String>) -> Self {
        self.list.dataset = Some(id.into());
        self
    }

    /// Only files of exactly this name; with several calls, of any of the names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.names.push(name.into());
        self
    }

    /// Only files with exactly this tag; with several calls, with any of the tags.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.list.tags.push(tag.into());
        self
    }

    /// Only files whose metadata has this value in this field. Several values of one field are alternatives; different fields must
    /// all match.
    pub fn metadata(mut self, field: impl std::fmt::Display, value: impl Into<String>) -> Self {
        self.list.metadata.push(field, value);
        self
    }

    /// Only files that this task produced.
    pub fn origin_task(mut self, task_id: impl Into<String>) -> Self {
        self.list.origin_task = Some(task_id.into());
        self
    }
}

impl Query<FileList> {
    /// Reads the list by continuation tokens, which stays quick far into large projects. In advance access. Excludes
    /// [`offset`](Query::offset) and [`metadata`](Self::metadata).
    pub fn cont_token(mut self) -> Self {
        self.list.cont_token = true;
        self
    }
}

impl List for FileList {
    type Item = types::File;

    fn by_token(&self) -> bool {
        self.cont_token
    }

    fn check(&self) -> Result<()> {
        let places = [self.project.is_some(), self.parent.is_some(), self.dataset.is_some()];
        match places.into_iter().filter(|named| *named).count() {
            1 => {}
            0 => {
                return Err(Error::invalid(
                    "files are listed by place: name a project, a parent folder or a dataset",
                ));
            }
            _ => {
                return Err(Error::invalid(
                    "files are listed by one place: a project, a parent folder or a dataset, not several",
                ));
            }
        }
        if let Some(parent) = &self.parent {
            check_segment("folder id", parent)?;
        }
        if self.cont_token && !self.metadata.is_empty() {
            return Err(Error::invalid(
                "files cannot be filtered by metadata where the list is read by continuation token",
            ));
        }
        check_tags(&self.tags)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::File>> {
        let some = |values: Vec<String>| (!values.is_empty()).then_some(values);
        let project = self.project.map(|id| id.to_string());
        if self.cont_token {
            let call = client.raw().file_scroll().token(at.token_param());
            let call = set!(call, project = project, parent = self.parent, dataset = self.dataset);
            let call =
                set!(call, name = some(self.names), tag = some(self.tags), origin_task = self.origin_task);
            return fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields));
        }
        let call = client.raw().file_list().offset(at.offset_param());
        let call = set!(call, project = project, parent = self.parent, dataset = self.dataset);
        let call = set!(call, name = some(self.names), tag = some(self.tags), origin_task = self.origin_task);
        let metadata = (!self.metadata.is_empty()).then_some(self.metadata);
        fetch_page!(set!(call, metadata = metadata, limit = at.limit_param(), fields = at.fields))
    }
}

/// A folder to create.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FolderCreate {
    client: Client,
    body: types::FolderCreate,
}

impl FolderCreate {
    /// Creates it at the root of this project.
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/project`.
    pub fn in_project<I>(mut self, id: I) -> Result<Self>
    where
        I: TryInto<ProjectId, Error: Into<InvalidId>>,
    {
        self.body.project = Some(id.try_into().map_err(Into::into)?.into());
        Ok(self)
    }

    /// Creates it in this folder.
    pub fn in_folder(mut self, folder_id: impl Into<String>) -> Self {
        self.body.parent = Some(folder_id.into());
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// No place or two, or a name that is not allowed, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::File> {
        check_place(self.body.project.as_deref(), self.body.parent.as_deref(), "a folder is created in")?;
        check_name(&self.body.name)?;
        Ok(self.client.raw().folder_create().body(self.body).send().await?.into_inner())
    }
}

awaitable!(FolderCreate => types::File);

/// A place is a project or a folder, and not both.
pub(crate) fn check_place(project: Option<&str>, parent: Option<&str>, what: &str) -> Result<()> {
    match (project, parent) {
        (Some(_), None) => Ok(()),
        (None, Some(parent)) => Ok(check_segment("folder id", parent).map(drop)?),
        (None, None) => Err(Error::invalid(format!("{what} a project or a folder: name one"))),
        (Some(_), Some(_)) => {
            Err(Error::invalid(format!("{what} a project or a folder: name one, not both")))
        }
    }
}

/// Longest name of a file, in characters, by the provider's contract.
const LONGEST_NAME: usize = 255;

/// What the platform allows as the name of a file or a folder.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.contains('/') {
        "has a slash"
    } else if name.chars().count() > LONGEST_NAME {
        "is longer than 255 characters"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("the name `{}` {problem}", crate::ids::excerpt(name, 60))))
}

/// A file or a folder, by id. Makes no request until it is told to.
#[derive(Clone, Debug)]
pub struct FileHandle {
    pub(crate) client: Client,
    pub(crate) id: String,
}

impl FileHandle {
    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checked(&self) -> Result<&str> {
        Ok(check_segment("file id", &self.id)?)
    }

    /// Gets the details.
    pub fn get(&self) -> Get<types::File> {
        let Self { client, id } = self.clone();
        Get::new(FileList::IDENTITY, move |fields| async move {
            check_segment("file id", &id)?;
            Ok(set!(client.raw().file_get().file_id(id), fields = fields).send().await?.into_inner())
        })
    }

    /// Changes name, tags or metadata: set the fields to change, then `.await`. What is not set stays as it is.
    pub fn edit(&self) -> FileEdit {
        FileEdit { file: self.clone(), body: types::FileEdit::default() }
    }

    /// Deletes the file, or the folder when it is empty.
    ///
    /// # Errors
    ///
    /// Whatever the call brings; code 5021 for a folder that is not empty.
    pub async fn delete(&self) -> Result<()> {
        self.client.raw().file_delete().file_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Copies the file: name the place, then `.await`. Folders are refused.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let copy = client.file(id).copy().to_project("fcrick/models")?.name("pattern-51.fastq").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy(&self) -> FileCopy {
        FileCopy { file: self.clone(), body: types::FileCopy::default() }
    }

    /// Moves the file or folder into another folder of the same project.
    pub fn move_to(&self, folder_id: impl Into<String>) -> FileMove {
        FileMove { file: self.clone(), body: types::FileMove { parent: folder_id.into(), name: None } }
    }

    /// A signed address to download the file from. It expires; [`download`](Self::download) takes care of that.
    ///
    /// # Errors
    ///
    /// Whatever the call brings; code 5017 for a folder.
    pub async fn download_info(&self) -> Result<types::DownloadInfo> {
        Ok(self.client.raw().file_download_info().file_id(self.checked()?).send().await?.into_inner())
    }

    /// The metadata.
    pub fn metadata(&self) -> FileMetadata {
        FileMetadata { file: self.clone() }
    }

    /// Sets all tags, in place of those the file has.
    ///
    /// # Errors
    ///
    /// A tag that is empty or has a comma, before anything is sent; or whatever the call brings.
    pub async fn set_tags<T: Into<String>>(&self, tags: impl IntoIterator<Item = T>) -> Result<Vec<String>> {
        let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
        check_tags(&tags)?;
        let call = self.client.raw().file_tags_replace().file_id(self.checked()?);
        Ok(call.body(types::FileTagsReplace(tags)).send().await?.into_inner().0)
    }

    /// The files and folders in this folder.
    pub fn list(&self) -> Query<FolderList> {
        Query::new(self.client.clone(), FolderList { id: self.id.clone(), cont_token: false })
    }
}

/// The list of what lies in a folder.
#[derive(Clone, Debug)]
pub struct FolderList {
    id: String,
    cont_token: bool,
}

impl Query<FolderList> {
    /// Reads the list by continuation tokens. In advance access. Excludes [`offset`](Query::offset).
    pub fn cont_token(mut self) -> Self {
        self.list.cont_token = true;
        self
    }
}

impl List for FolderList {
    type Item = types::File;

    fn by_token(&self) -> bool {
        self.cont_token
    }

    fn check(&self) -> Result<()> {
        Ok(check_segment("folder id", &self.id).map(drop)?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::File>> {
        if self.cont_token {
            let call = client.raw().folder_scroll().folder_id(self.id).token(at.token_param());
            return fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields));
        }
        let call = client.raw().folder_list().folder_id(self.id).offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// A change of a file.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileEdit {
    file: FileHandle,
    body: types::FileEdit,
}

impl FileEdit {
    body_setters! {
        /// New name.
        name(name: String);
    }

    /// All tags, in place of those the file has.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.body.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a field of the metadata. The platform takes the fields given here as the whole metadata; to change single fields, use
    /// [`FileMetadata::edit`].
    pub fn metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        let metadata =
            self.body.metadata.get_or_insert_with(|| types::MetadataEdit(std::collections::BTreeMap::new()));
        metadata.0.insert(field.into(), Some(value.into()));
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// A change of nothing, a malformed name or tag, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::File> {
        if self.body == types::FileEdit::default() {
            return Err(Error::invalid("the edit of the file changes nothing"));
        }
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        check_tags(self.body.tags.as_deref().unwrap_or_default())?;
        let call = self.file.client.raw().file_edit().file_id(self.file.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(FileEdit => types::File);

/// A copy of a file to make.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileCopy {
    file: FileHandle,
    body: types::FileCopy,
}

impl FileCopy {
    /// Copies to the root of this project.
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/project`.
    pub fn to_project<I>(mut self, id: I) -> Result<Self>
    where
        I: TryInto<ProjectId, Error: Into<InvalidId>>,
    {
        self.body.project = Some(id.try_into().map_err(Into::into)?.into());
        Ok(self)
    }

    /// Copies into this folder.
    pub fn to_folder(mut self, folder_id: impl Into<String>) -> Self {
        self.body.parent = Some(folder_id.into());
        self
    }

    body_setters! {
        /// Name of the copy; the same as that of the file when it is not set.
        name(name: String);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// No place or two, or a malformed name, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::File> {
        check_place(self.body.project.as_deref(), self.body.parent.as_deref(), "a file is copied to")?;
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        let call = self.file.client.raw().file_copy().file_id(self.file.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(FileCopy => types::File);

/// A move of a file to make.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileMove {
    file: FileHandle,
    body: types::FileMove,
}

impl FileMove {
    body_setters! {
        /// Name in the new place; the same as before when it is not set.
        name(name: String);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// A malformed id or name, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::File> {
        check_segment("folder id", &self.body.parent)?;
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        let call = self.file.client.raw().file_move().file_id(self.file.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(FileMove => types::File);

/// The metadata of a file: `.await` it to read, [`edit`](Self::edit) single fields, or [`replace`](Self::replace) all of it.
#[derive(Clone, Debug)]
pub struct FileMetadata {
    file: FileHandle,
}

/// Metadata as it is read: any JSON for each field, mostly strings.
pub type Metadata = std::collections::BTreeMap<String, Value>;

impl FileMetadata {
    /// Reads the metadata. The same as `.await`.
    ///
    /// # Errors
    ///
    /// Whatever the call brings.
    pub async fn get(&self) -> Result<Metadata> {
        let call = self.file.client.raw().file_metadata_get().file_id(self.file.checked()?);
        Ok(call.send().await?.into_inner().0.into_iter().collect())
    }

    /// Sets fields (or removes those given as `None`) and leaves the others.
    ///
    /// ```no_run
    /// # async fn example(file: sbg::files::FileHandle) -> sbg::Result<()> {
    /// file.metadata().edit([("sample_id", Some("S1")), ("library_id", None)]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing, before anything is sent; or whatever the call brings.
    pub async fn edit<K: Into<String>, V: Into<String>>(
        &self,
        fields: impl IntoIterator<Item = (K, Option<V>)>,
    ) -> Result<Metadata> {
        let body = metadata_body(fields);
        if body.0.is_empty() {
            return Err(Error::invalid("the edit of the metadata changes nothing"));
        }
        let call = self.file.client.raw().file_metadata_edit().file_id(self.file.checked()?);
        Ok(call.body(body).send().await?.into_inner().0.into_iter().collect())
    }

    /// Puts these fields in the place of all metadata.
    ///
    /// # Errors
    ///
    /// Whatever the call brings.
    pub async fn replace<K: Into<String>, V: Into<String>>(
        &self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Metadata> {
        let body = metadata_body(fields.into_iter().map(|(field, value)| (field, Some(value))));
        let call = self.file.client.raw().file_metadata_replace().file_id(self.file.checked()?);
        Ok(call.body(body).send().await?.into_inner().0.into_iter().collect())
    }
}

impl IntoFuture for FileMetadata {
    type Output = Result<Metadata>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.get().await })
    }
}

fn metadata_body<K: Into<String>, V: Into<String>>(
    fields: impl IntoIterator<Item = (K, Option<V>)>,
) -> types::MetadataEdit {
    types::MetadataEdit(
        fields.into_iter().map(|(field, value)| (field.into(), value.map(Into::into))).collect(),
    )
}
