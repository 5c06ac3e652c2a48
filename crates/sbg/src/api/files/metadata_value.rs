//! The metadata of a file as values: what comes back, and what requests have.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::types;

/// Metadata as it is read: any JSON for each field, mostly strings.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let metadata: sbg::files::Metadata = client.file("567890abc9b0307bc0414164").metadata().await?;
/// for (field, value) in &metadata {
///     println!("{field} = {value}");
/// }
/// # Ok(())
/// # }
/// ```
pub type Metadata = BTreeMap<String, Value>;

/// What a field of the metadata is to be: a text, or `None` to remove the field.
///
/// ```
/// use sbg::files::MetadataValue;
///
/// let set: MetadataValue = "S1".into();
/// let removed: MetadataValue = None::<String>.into();
/// assert_ne!(set, removed);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataValue(pub(super) Option<String>);

impl From<&str> for MetadataValue {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<&String> for MetadataValue {
    fn from(text: &String) -> Self {
        Self(Some(text.clone()))
    }
}

impl From<String> for MetadataValue {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl<T: Into<String>> From<Option<T>> for MetadataValue {
    fn from(text: Option<T>) -> Self {
        Self(text.map(Into::into))
    }
}

/// Metadata as requests have it.
pub(crate) fn metadata_body<K: Into<String>, V: Into<MetadataValue>>(
    fields: impl IntoIterator<Item = (K, V)>,
) -> types::MetadataEdit {
    types::MetadataEdit(fields.into_iter().map(|(field, value)| (field.into(), value.into().0)).collect())
}

/// A field of metadata has a name.
pub(crate) fn check_metadata(metadata: &types::MetadataEdit) -> Result<()> {
    if metadata.0.keys().any(|field| field.trim().is_empty()) {
        return Err(Error::invalid("a field of the metadata has no name"));
    }
    Ok(())
}
