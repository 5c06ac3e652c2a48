//! The metadata of a file.

use std::collections::BTreeMap;
use std::future::IntoFuture;

use futures::future::BoxFuture;
use sbg_raw::ClientFilesExt as _;

use super::handle::FileHandle;
use super::metadata_value::{Metadata, MetadataValue, check_metadata, metadata_body};
use crate::error::{Error, Result};
use crate::types;

/// The metadata of a file: `.await` it to read it. [`merge`](Self::merge) changes the given fields and keeps the others;
/// [`overwrite`](Self::overwrite) replaces all metadata.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let metadata = client.file("567890abc9b0307bc0414164").metadata();
/// metadata.merge([("sample_id", "S1")]).await?;
/// println!("{:?}", metadata.await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileMetadata {
    file: FileHandle,
}

impl FileHandle {
    /// The metadata.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let metadata = client.file("567890abc9b0307bc0414164").metadata().await?;
    /// println!("{:?}", metadata.get("sample_id"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn metadata(&self) -> FileMetadata {
        FileMetadata::of(self.clone())
    }
}

impl FileMetadata {
    pub(super) fn of(file: FileHandle) -> Self {
        Self { file }
    }

    /// Reads the metadata. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let metadata = client.file("567890abc9b0307bc0414164").metadata().get().await?;
    /// println!("{:?}", metadata.get("sample_id").and_then(|value| value.as_str()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn get(&self) -> Result<Metadata> {
        let call = self.file.client.raw().file_metadata_get().file_id(self.file.checked()?);
        Ok(call.send().await?.into_inner().0.into_iter().collect())
    }

    /// Sets these fields, or removes those given as `None`, and keeps all others.
    ///
    /// ```no_run
    /// # async fn example(file: sbg::files::FileHandle) -> sbg::Result<()> {
    /// file.metadata().merge([("sample_id", "S1")]).await?;
    /// file.metadata().merge([("sample_id", Some("S2")), ("library_id", None)]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change or a field without a name. Otherwise the error of the call.
    pub async fn merge<K: Into<String>, V: Into<MetadataValue>>(
        &self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Metadata> {
        let body = metadata_body(fields);
        if body.0.is_empty() {
            return Err(Error::invalid("the edit of the metadata changes nothing: set at least one field"));
        }
        check_metadata(&body)?;
        let call = self.file.client.raw().file_metadata_edit().file_id(self.file.checked_file("described")?);
        Ok(call.body(body).send().await?.into_inner().0.into_iter().collect())
    }

    /// Removes these fields and keeps all others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.file("567890abc9b0307bc0414164").metadata().remove(["library_id", "lane"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no fields or one without a name. Otherwise the error of the call.
    pub async fn remove<K: Into<String>>(&self, fields: impl IntoIterator<Item = K>) -> Result<Metadata> {
        self.merge(fields.into_iter().map(|field| (field, MetadataValue(None)))).await
    }

    /// Replaces all metadata: **fields not given are lost**.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let file = client.file("567890abc9b0307bc0414164");
    /// let all_that_is_left = file.metadata().overwrite([("sample_id", "S1")]).await?;
    /// assert_eq!(all_that_is_left.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no fields ([`clear`](Self::clear) removes all) or one without a name. Otherwise the error of the
    /// call.
    pub async fn overwrite<K: Into<String>, V: Into<String>>(
        &self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Metadata> {
        let body = metadata_body(fields.into_iter().map(|(field, value)| (field, value.into())));
        if body.0.is_empty() {
            return Err(Error::invalid("the new metadata is empty: to remove all metadata, use `clear()`"));
        }
        self.put(body).await
    }

    /// Removes all metadata.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.file("567890abc9b0307bc0414164").metadata().clear().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn clear(&self) -> Result<Metadata> {
        self.put(types::MetadataEdit(BTreeMap::new())).await
    }

    async fn put(&self, body: types::MetadataEdit) -> Result<Metadata> {
        check_metadata(&body)?;
        let call =
            self.file.client.raw().file_metadata_replace().file_id(self.file.checked_file("described")?);
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
