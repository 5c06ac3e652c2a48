//! Creates folders.

use sbg_raw::ClientFilesExt as _;

use crate::api::destination::{DestinationFields, NamedDestination};
use crate::client::Client;
use crate::error::Result;
use crate::raw::types as bodies;
use crate::request::call::awaitable;
use crate::types;

/// A folder to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let folder = client.files().create_folder("reads", "rfranklin/fibre-diffraction").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FolderCreate {
    pub(super) client: Client,
    pub(super) to: NamedDestination,
}

impl FolderCreate {
    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, reads: sbg::types::File) -> sbg::Result<()> {
    /// let folder = client.files().create_folder("lane-1", &reads).send().await?;
    /// println!("{}", folder.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id, or a name that is not allowed. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::File> {
        let DestinationFields { project, parent, name } = self.to.checked("the folder")?;
        let name = name.unwrap_or_default();
        let body = bodies::FolderCreate { name, type_: types::FolderCreateType::Folder, project, parent };
        Ok(self.client.raw().folder_create().body(body).send().await?.into_inner())
    }
}

awaitable!(FolderCreate => types::File, client);
