//! One file or folder: details, changes, copies, moves.

use sbg_raw::ClientFilesExt as _;

use super::metadata::FileMetadata;
use super::{FileList, FolderList, check_name, check_place};
use crate::call::{Get, awaitable, body_setters, set};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{InvalidId, ProjectId, check_segment};
use crate::page::{List as _, Query};
use crate::projects::check_tags;
use crate::types;

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

    pub(super) fn checked(&self) -> Result<&str> {
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
        FileMetadata::of(self.clone())
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
