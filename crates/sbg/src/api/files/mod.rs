//! Files and folders: the collection and its queries. Operations on one file are in `handle`, its metadata in `metadata`, and finding
//! files by path or by walking in `search`.

mod bulk;
mod copy_files;
mod create_folder;
mod handle;
pub(crate) mod jobs;
mod list;
mod metadata;
mod metadata_value;
mod reference;
mod resolve;
mod search;

use super::destination::NamedDestination;
use crate::client::Client;
use crate::request::query::Query;

pub use crate::api::destination::Destination;
pub use bulk::{BulkGet, FileChange, FileOverwrite};
pub use create_folder::FolderCreate;
pub use handle::{FileCopy, FileEdit, FileHandle, FileMove};
pub use jobs::{ItemResults, JobHandle, JobItem, JobList, Jobs};
pub use list::{FileList, FileQuery, FolderList};
pub use metadata::FileMetadata;
pub(crate) use metadata_value::check_metadata;
pub use metadata_value::{Metadata, MetadataValue};
pub use reference::FileRef;
pub use search::{Entry, FileSearch, Walk};

impl Client {
    /// The files that the caller can see.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for file in client.files().query().project("rfranklin/fibre-diffraction").all().await? {
    ///     println!("{:?}", file.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> Files {
        Files { client: self.clone() }
    }

    /// A file or a folder, by id or as returned by a list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for file in client.project("rfranklin/fibre-diffraction").files().query().all().await? {
    ///     client.file(&file).edit().tags(["dna"]).await?;
    /// }
    /// client.file("567890abc9b0307bc0414164").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(&self, file: impl Into<FileRef>) -> FileHandle {
        FileHandle { client: self.clone(), file: file.into() }
    }
}

/// The files that the caller can see.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let files = client.files();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) client: Client,
}

impl Files {
    /// The files and folders in one location, which must be set: a [project](Query::project), a [folder](Query::parent) or a
    /// [dataset](Query::dataset). Subfolders are not searched.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let query = client.files().query().project("rfranklin/fibre-diffraction").metadata("sample_id", "S1");
    /// let mut files = query.items();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{}", file.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> FileQuery {
        Query::new(self.client.clone(), FileList::default())
    }

    /// Creates a folder at the root of a project or in a folder.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let folder = client.files().create_folder("patterns", "rfranklin/fibre-diffraction").await?;
    /// println!("{}", folder.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_folder(&self, name: impl Into<String>, parent: impl Into<Destination>) -> FolderCreate {
        let to = NamedDestination { name: Some(name.into()), ..NamedDestination::new(parent) };
        FolderCreate { client: self.client.clone(), to }
    }
}
