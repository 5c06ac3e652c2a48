//! Metadata values of a file, in responses and in requests.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::ids::excerpt;
use crate::types;

/// Metadata as read: any JSON for each field, mostly strings.
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

/// The new value of a metadata field: text, or `None` to remove the field.
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

/// Metadata as sent in a request.
pub(crate) fn metadata_body<K: Into<String>, V: Into<MetadataValue>>(
    fields: impl IntoIterator<Item = (K, V)>,
) -> types::MetadataEdit {
    types::MetadataEdit(fields.into_iter().map(|(field, value)| (field.into(), value.into().0)).collect())
}

/// Limits of a file's metadata: number of fields, and bytes of a key and of a value.
const MOST_FIELDS: usize = 1000;
const LONGEST_KEY: usize = 100;
const LONGEST_VALUE: usize = 300;

/// Checks metadata against the limits of the platform: no empty keys, not too many fields, none too long.
pub(crate) fn check_metadata(metadata: &types::MetadataEdit) -> Result<()> {
    let fields = &metadata.0;
    if fields.len() > MOST_FIELDS {
        let count = fields.len();
        return Err(Error::invalid(format!(
            "the metadata has {count} fields; the platform takes at most {MOST_FIELDS}"
        )));
    }
    for (key, value) in fields {
        if key.trim().is_empty() {
            return Err(Error::invalid("a field of the metadata has no name"));
        }
        let key_length = key.len();
        let key = excerpt(key, 40);
        if key_length > LONGEST_KEY {
            return Err(Error::invalid(format!(
                "the metadata key `{key}` has {key_length} bytes; the platform takes at most {LONGEST_KEY}"
            )));
        }
        let length = value.as_ref().map_or(0, String::len);
        if length > LONGEST_VALUE {
            return Err(Error::invalid(format!(
                "the value of the metadata field `{key}` has {length} bytes; the platform takes at most {LONGEST_VALUE}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_checked_against_the_limits() {
        let check = |fields: Vec<(String, String)>, expected: Option<&str>| {
            let error = check_metadata(&metadata_body(fields)).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected);
        };
        let numbered = |count: usize| (0..count).map(|n| (n.to_string(), String::new())).collect::<Vec<_>>();
        check(numbered(1000), None);
        check(numbered(1001), Some("the metadata has 1001 fields; the platform takes at most 1000"));
        check(vec![(" ".into(), "x".into())], Some("a field of the metadata has no name"));
        check(vec![("k".repeat(100), "v".repeat(300))], None);
        let key = "the metadata key `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…` has 101 bytes; the platform takes at most 100";
        check(vec![("k".repeat(101), "v".into())], Some(key));
        let value =
            "the value of the metadata field `sample_id` has 301 bytes; the platform takes at most 300";
        check(vec![("sample_id".into(), "v".repeat(301))], Some(value));
        // The limit is in bytes, not characters.
        let value =
            "the value of the metadata field `sample_id` has 302 bytes; the platform takes at most 300";
        check(vec![("sample_id".into(), "\u{e9}".repeat(151))], Some(value));
    }
}
