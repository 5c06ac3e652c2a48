//! Multipart uploads in progress. To upload a file, see [`Client::upload`].

use sbg_raw::ClientUploadExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::call::Get;
use crate::types;

impl Client {
    /// The multipart uploads in progress.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// println!("{} uploads are under way", client.uploads().list().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uploads(&self) -> Uploads {
        Uploads { client: self.clone() }
    }
}

/// The multipart uploads in progress.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let uploads = client.uploads();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Uploads {
    client: Client,
}

impl Uploads {
    /// All uploads of the caller that were started and neither completed nor aborted.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for upload in client.uploads().list().await? {
    ///     println!("{} {:?} of {:?} bytes", upload.upload_id, upload.name, upload.size);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn list(&self) -> Result<Vec<types::MultipartUpload>> {
        Ok(self.client.raw().upload_list().send().await?.into_inner().items)
    }

    /// An upload with the parts reported so far.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.uploads().get("F0aX6QPJ3vnJMgBBeO8j").await?;
    /// println!("{} parts are there", upload.parts.unwrap_or_default().len());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self, upload_id: impl Into<String>) -> Get<types::MultipartUpload> {
        let id = upload_id.into();
        Get::whole(&self.client, "uploads", move |client| async move {
            let id = check_segment("upload id", &id)?;
            Ok(client.raw().upload_get().upload_id(id).list_parts(true).send().await?.into_inner())
        })
    }

    /// Aborts an upload and deletes its parts.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for upload in client.uploads().list().await? {
    ///     client.uploads().abort(&upload.upload_id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn abort(&self, upload_id: &str) -> Result<()> {
        let id = check_segment("upload id", upload_id)?;
        self.client.raw().upload_abort().upload_id(id).send().await?;
        Ok(())
    }
}
