//! Which headers of the storage's response to a part the platform requires.

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::error::{Error, ErrorKind};

const ETAG: &str = "ETag";

/// Which headers of the storage's response to a part are reported to the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Confirmation {
    /// None: the status alone confirms the part.
    Nothing,
    /// The `ETag`, or an empty value if the storage sends none.
    ETagIfAny,
    /// All of these headers; a response without one of them does not confirm the part.
    Headers(Vec<String>),
}

impl Confirmation {
    /// The headers requested by the `report.headers` of a part URL.
    pub(in crate::transfer) fn of(headers: Option<Vec<String>>) -> Self {
        match headers {
            None => Self::ETagIfAny,
            Some(headers) if headers.is_empty() => Self::Nothing,
            Some(headers) => Self::Headers(headers),
        }
    }

    /// The headers to report.
    ///
    /// # Errors
    ///
    /// A required header is missing or empty.
    pub(in crate::transfer) fn report(
        &self,
        response: &HeaderMap,
    ) -> Result<BTreeMap<String, String>, Error> {
        match self {
            Self::Nothing => Ok(BTreeMap::new()),
            Self::ETagIfAny => {
                let etag = value(response, ETAG).unwrap_or_default();
                Ok([(ETAG.to_owned(), etag.to_owned())].into())
            }
            Self::Headers(names) => {
                let required = |name: &String| {
                    let missing = || {
                        let message = format!("the storage did not confirm a part with the header `{name}`");
                        Error::new(ErrorKind::Storage, message)
                    };
                    Ok((name.clone(), value(response, name).ok_or_else(missing)?.to_owned()))
                };
                names.iter().map(required).collect()
            }
        }
    }
}

/// The value of a header, if present and not empty. The specification requires tags without quotation marks.
fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    let value = if name.eq_ignore_ascii_case(ETAG) { value.trim_matches('"') } else { value };
    Some(value).filter(|value| !value.is_empty())
}

/// The value of the `ETag` in a report, if there is one.
pub(in crate::transfer) fn etag(headers: &BTreeMap<String, String>) -> Option<&str> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(ETAG))?;
    Some(value.trim_matches('"')).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::ETAG as ETAG_HEADER;

    use super::*;

    fn reported(wanted: Option<&[&str]>, etag: Option<&str>) -> Result<Vec<(String, String)>, String> {
        let wanted = wanted.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag {
            headers.insert(ETAG_HEADER, HeaderValue::from_str(etag).unwrap());
        }
        let report = Confirmation::of(wanted).report(&headers);
        report.map(|report| report.into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn empty_header_list_reports_nothing() {
        assert_eq!(reported(Some(&[]), Some("\"1\"")), Ok(vec![]));
        assert_eq!(reported(Some(&[]), None), Ok(vec![]));
    }

    #[test]
    fn missing_header_list_reports_the_etag() {
        let etag = |value: &str| Ok(vec![("ETag".to_owned(), value.to_owned())]);
        assert_eq!(reported(None, Some("\"1\"")), etag("1"));
        assert_eq!(reported(None, None), etag(""));
    }

    #[test]
    fn listed_headers_are_required() {
        assert_eq!(reported(Some(&["etag"]), Some("\"1\"")), Ok(vec![("etag".to_owned(), "1".to_owned())]));
        for present in [None, Some(""), Some("\"\"")] {
            assert!(reported(Some(&["ETag"]), present).unwrap_err().contains("`ETag`"), "{present:?}");
        }
        assert!(reported(Some(&["ETag", "x-version"]), Some("1")).unwrap_err().contains("`x-version`"));
    }
}
