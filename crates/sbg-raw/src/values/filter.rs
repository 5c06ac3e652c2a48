//! The metadata filter of file lists, a query parameter for each field.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// Values that the metadata of files must have, in the query of a file list.
///
/// Values of one field are alternatives; different fields must all match. Each pair is a query parameter of its own,
/// `metadata.FIELD=VALUE`.
///
/// ```
/// use sbg_raw::MetadataFilter;
///
/// let pairs = [("sample_id", "S1"), ("sample_id", "S2"), ("paired_end", "1")];
/// let filter: MetadataFilter = pairs.into_iter().collect();
/// assert!(!filter.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataFilter(Vec<(String, String)>);

impl MetadataFilter {
    /// A filter that every file passes.
    ///
    /// ```
    /// assert!(sbg_raw::MetadataFilter::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value that `field` may have.
    ///
    /// ```
    /// let mut filter = sbg_raw::MetadataFilter::new();
    /// filter.push("sample_id", "S1");
    /// ```
    pub fn push(&mut self, field: impl fmt::Display, value: impl Into<String>) {
        self.0.push((format!("metadata.{field}"), value.into()));
    }

    /// Whether every file passes.
    ///
    /// ```
    /// let mut filter = sbg_raw::MetadataFilter::new();
    /// assert!(filter.is_empty());
    /// filter.push("sample_id", "S1");
    /// assert!(!filter.is_empty());
    /// ```
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

/// A map whose keys may come again, which is what the query serializer writes as one parameter for each entry.
impl Serialize for MetadataFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}
