//! The version of an object that a response belongs to.

use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// The version of an object, as the storage identifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Version {
    /// The `ETag` as received: strong, weak, or without quotation marks.
    pub(in crate::transfer) etag: Option<String>,
    pub(in crate::transfer) last_modified: Option<String>,
}

impl Version {
    pub(in crate::transfer) fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::to_owned);
        Self { etag: text(ETAG).filter(|etag| !opaque(etag).is_empty()), last_modified: text(LAST_MODIFIED) }
    }

    /// Whether two responses of this version certainly have the same bytes.
    pub(in crate::transfer) fn is_certain(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }

    /// How this version differs from another one; `None` if it does not.
    ///
    /// A weak and a strong `ETag` of the same value name the same version: Apache sends the weak one while a file is younger than a
    /// second, nginx when it changes the encoding. Dates are compared only without `ETag`s.
    pub(in crate::transfer) fn difference(&self, other: &Self) -> Option<&'static str> {
        match (self.etag.as_deref().map(opaque), other.etag.as_deref().map(opaque)) {
            (Some(one), Some(another)) if one == another => None,
            (None, None) if self.last_modified == other.last_modified => None,
            (None, None) => Some("it was modified"),
            _ => Some("its ETag differs"),
        }
    }

    /// The `If-Match` condition for this version. A weak `ETag` never matches.
    pub(in crate::transfer) fn if_match(&self) -> Option<HeaderValue> {
        let etag = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"))?;
        HeaderValue::try_from(format!("\"{}\"", opaque(etag))).ok()
    }
}

/// An object of a known size and version: all ranges of a download must be of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Identity {
    pub(in crate::transfer) size: u64,
    #[serde(flatten)]
    pub(in crate::transfer) version: Version,
}

impl Identity {
    /// Whether both are the same object in the same version.
    pub(in crate::transfer) fn is_same(&self, other: &Self) -> bool {
        self.size == other.size && self.version.difference(&other.version).is_none()
    }
}

/// The opaque part of an `ETag`. Swift sends it without quotation marks.
fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(etag: Option<&str>, last_modified: Option<&str>) -> Version {
        Version { etag: etag.map(str::to_owned), last_modified: last_modified.map(str::to_owned) }
    }

    #[test]
    fn etag_comparison_ignores_the_form() {
        let check = |one: Option<&str>, another: Option<&str>, same: bool| {
            let difference = version(one, Some("Mon")).difference(&version(another, Some("Tue")));
            assert_eq!(difference.is_none(), same, "{one:?} {another:?}");
        };
        check(Some("\"a\""), Some("\"a\""), true);
        check(Some("W/\"a\""), Some("\"a\""), true);
        check(Some("a"), Some("\"a\""), true);
        check(Some("\"a\""), Some("\"b\""), false);
        check(Some("W/\"a\""), Some("W/\"b\""), false);
        check(Some("\"a\""), None, false);
        check(None, Some("\"a\""), false);
        check(None, None, false);
        assert_eq!(version(None, Some("Mon")).difference(&version(None, Some("Mon"))), None);
    }

    #[test]
    fn only_strong_etags_are_sent_as_conditions() {
        let check = |etag: &str, expected: Option<&str>| {
            let condition = version(Some(etag), None).if_match();
            assert_eq!(condition.as_ref().and_then(|value| value.to_str().ok()), expected, "{etag}");
        };
        check("\"a\"", Some("\"a\""));
        check("a", Some("\"a\""));
        check("W/\"a\"", None);
    }

    #[test]
    fn journals_of_earlier_versions_load() {
        let identity: Identity =
            serde_json::from_str(r#"{"size":5,"etag":"\"a\"","last_modified":null}"#).unwrap();
        assert_eq!(identity, Identity { size: 5, version: version(Some("\"a\""), None) });
        let written = serde_json::to_string(&identity).unwrap();
        assert_eq!(written, r#"{"size":5,"etag":"\"a\"","last_modified":null}"#);
    }
}
