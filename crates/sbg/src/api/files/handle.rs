//! One file or folder: details, changes, copies, moves.

use sbg_raw::ClientFilesExt as _;

use super::metadata_value::{check_metadata, metadata_body};
use super::{FileList, FileRef, FolderList};
use crate::api::checks::check_name;
use crate::api::checks::check_tags;
use crate::api::destination::{Destination, DestinationFields, NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_setters, set, tags_setters};
use crate::request::list::List as _;
use crate::request::query::Query;
use crate::types;

/// A file or a folder, by id. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client, listed: sbg::types::File) {
/// let file = client.file("567890abc9b0307bc0414164");
/// let folder = client.file(&listed);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileHandle {
    pub(crate) client: Client,
    pub(super) file: FileRef,
}

impl FileHandle {
    /// The id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.file("567890abc9b0307bc0414164").id(), "567890abc9b0307bc0414164");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        self.file.id()
    }

    /// The id, if valid.
    pub(super) fn checked(&self) -> Result<&str> {
        self.file.checked()
    }

    /// The id, if valid and not known to be a folder's.
    pub(crate) fn checked_file(&self, what: &str) -> Result<&str> {
        self.file.checked_file(what)
    }

    /// The size in bytes, if the list that returned the file has reported it.
    pub(crate) fn known_size(&self) -> Option<u64> {
        self.file.size()
    }

    /// Gets the details.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let file = client.file("567890abc9b0307bc0414164").get().await?;
    /// println!("{:?} has {:?} bytes", file.name, file.size);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::File> {
        let Self { client, file } = self.clone();
        Get::new(&client, FileList::IDENTITY, move |client, fields| async move {
            let call = client.raw().file_get().file_id(file.checked()?);
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes name, tags or metadata: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(file: sbg::files::FileHandle) -> sbg::Result<()> {
    /// file.edit().name("pattern-51.fastq").tags(["dna", "b form"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> FileEdit {
        FileEdit { file: self.clone(), body: bodies::FileEdit::default() }
    }

    /// Deletes the file, or the folder if it is empty.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.file("567890abc9b0307bc0414164").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call; code 5021 for a folder that is not empty.
    pub async fn delete(&self) -> Result<()> {
        self.client.raw().file_delete().file_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Copies the file to a project or a folder. Folders are refused; [`Jobs::copy_files`](super::Jobs::copy_files) copies them.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let copy = client.file(id).copy_to("fcrick/models").name("pattern-51.fastq").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_to(&self, destination: impl Into<Destination>) -> FileCopy {
        FileCopy { file: self.clone(), to: NamedDestination::new(destination) }
    }

    /// Moves the file or folder into another folder of the same project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file: sbg::types::File, folder: sbg::types::File) -> sbg::Result<()> {
    /// client.file(&file).move_to(&folder).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn move_to(&self, folder: impl Into<FileRef>) -> FileMove {
        FileMove { file: self.clone(), folder: folder.into(), name: None }
    }

    /// A signed URL to download the file from. It expires; [`download`](Self::download) renews it as needed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let info = client.file("567890abc9b0307bc0414164").download_info().await?;
    /// println!("curl -o reads.fastq.gz '{}'", info.url.expose());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call; code 5017 for a folder.
    pub async fn download_info(&self) -> Result<types::DownloadInfo> {
        Ok(self
            .client
            .raw()
            .file_download_info()
            .file_id(self.checked_file("downloaded")?)
            .send()
            .await?
            .into_inner())
    }

    /// The files and folders in this folder.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
    /// for file in client.file(&folder).list().all().await? {
    ///     println!("{:?}", file.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Query<FolderList> {
        Query::new(self.client.clone(), FolderList { folder: self.file.clone(), cont_token: false })
    }
}

/// A change of a file.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let edit = client.file("567890abc9b0307bc0414164").edit().name("reads.fastq.gz");
/// println!("{:?}", edit.await?.modified_on);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileEdit {
    file: FileHandle,
    body: bodies::FileEdit,
}

impl FileEdit {
    body_setters! {
        /// New name.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let edit = client.file("567890abc9b0307bc0414164").edit().name("reads.fastq.gz");
        /// # }
        /// ```
        name(name: String);
    }

    tags_setters!("file", body.tags, "file.edit()");

    /// Replaces all metadata: **fields not given are lost**. [`FileMetadata::merge`](super::FileMetadata::merge) changes single fields.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let file = client.file("567890abc9b0307bc0414164");
    /// let edit = file.edit().overwrite_metadata([("sample_id", "S1"), ("paired_end", "1")]);
    /// # }
    /// ```
    pub fn overwrite_metadata<K: Into<String>, V: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(field, value)| (field, value.into()));
        self.body.metadata = Some(metadata_body(fields));
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let file = client.file("567890abc9b0307bc0414164").edit().tags(["dna"]).send().await?;
    /// println!("{:?}", file.tags);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, an invalid name or tag. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::File> {
        if self.body == bodies::FileEdit::default() {
            return Err(Error::invalid("the edit of the file changes nothing: set at least one field"));
        }
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        check_tags(self.body.tags.value().map_or(&[], Vec::as_slice))?;
        self.body.metadata.as_ref().map_or(Ok(()), check_metadata)?;
        if !self.body.tags.is_absent() || self.body.metadata.is_some() {
            self.file.checked_file("tagged and described")?;
        }
        let call = self.file.client.raw().file_edit().file_id(self.file.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(FileEdit => types::File, file.client);

/// A copy of a file to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let copy = client.file("567890abc9b0307bc0414164").copy_to("fcrick/models").await?;
/// println!("{}", copy.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileCopy {
    file: FileHandle,
    to: NamedDestination,
}

impl FileCopy {
    destination_setters! {
        /// Name of the copy. Default: the name of the file.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let file = client.file("567890abc9b0307bc0414164");
        /// let copy = file.copy_to("fcrick/models").name("pattern-51.fastq");
        /// # }
        /// ```
        name;
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copy = client.file("567890abc9b0307bc0414164").copy_to("fcrick/models").send().await?;
    /// println!("{:?}", copy.name);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id or name. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::File> {
        let DestinationFields { project, parent, name } = self.to.checked("the copy")?;
        let call = self.file.client.raw().file_copy().file_id(self.file.checked_file("copied")?);
        Ok(call.body(bodies::FileCopy { project, parent, name }).send().await?.into_inner())
    }
}

awaitable!(FileCopy => types::File, file.client);

/// A move of a file or folder.
///
/// ```no_run
/// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
/// let moved = client.file("567890abc9b0307bc0414164").move_to(&folder).await?;
/// assert_eq!(moved.parent, Some(folder.id));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileMove {
    file: FileHandle,
    folder: FileRef,
    name: Option<String>,
}

impl FileMove {
    /// Name after the move. Default: the current name.
    ///
    /// ```
    /// # fn example(client: sbg::Client, folder: sbg::types::File) {
    /// let moving = client.file("567890abc9b0307bc0414164").move_to(&folder).name("51.fastq.gz");
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
    /// let moved = client.file("567890abc9b0307bc0414164").move_to(&folder).send().await?;
    /// println!("{:?}", moved.parent);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id or name, or a file as the destination. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::File> {
        let parent = self.folder.checked_folder()?.to_owned();
        self.name.as_deref().map_or(Ok(()), check_name)?;
        let call = self.file.client.raw().file_move().file_id(self.file.checked()?);
        Ok(call.body(bodies::FileMove { parent, name: self.name }).send().await?.into_inner())
    }
}

awaitable!(FileMove => types::File, file.client);
