//! The metadata of a file.

use std::collections::BTreeMap;
use std::future::IntoFuture;

use futures::future::BoxFuture;
use sbg_raw::ClientFilesExt as _;
use serde_json::Value;

use super::handle::FileHandle;
use crate::error::{Error, Result};
use crate::types;

/// The metadata of a file: `.await` it to read, [`edit`](Self::edit) single fields, or [`replace`](Self::replace) all of it.
#[derive(Clone, Debug)]
pub struct FileMetadata {
    file: FileHandle,
}

/// Metadata as it is read: any JSON for each field, mostly strings.
pub type Metadata = BTreeMap<String, Value>;

impl FileMetadata {
    pub(super) fn of(file: FileHandle) -> Self {
        Self { file }
    }

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
