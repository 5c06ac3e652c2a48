//! The metadata filter of file lists, a query parameter for each field.

use std::fmt;

use serde::ser::{Serialize, SerializeSeq, Serializer};

/// Values that the metadata of files must have, in the query of a file list.
///
/// Values of one field are alternatives; different fields must all match. Each pair is a query parameter of its own,
/// `metadata.FIELD=VALUE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataFilter(Vec<(String, String)>);

impl MetadataFilter {
    /// A filter that every file passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value that `field` may have.
    pub fn push(&mut self, field: impl fmt::Display, value: impl Into<String>) {
        self.0.push((format!("metadata.{field}"), value.into()));
    }

    /// Whether every file passes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: fmt::Display, V: Into<String>> FromIterator<(K, V)> for MetadataFilter {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut filter = Self::new();
        for (field, value) in pairs {
            filter.push(field, value);
        }
        filter
    }
}

impl Serialize for MetadataFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pairs = serializer.serialize_seq(Some(self.0.len()))?;
        for pair in &self.0 {
            pairs.serialize_element(pair)?;
        }
        pairs.end()
    }
}
