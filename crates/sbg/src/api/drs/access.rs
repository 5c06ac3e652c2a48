//! The access methods of a DRS object: which to try, in which order. Pure.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use sbg_raw::Secret;
use sbg_raw::ga4gh_drs::types::{AccessMethod, AccessUrl, DrsObject};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::excerpt;
#[cfg(feature = "transfer")]
use crate::transfer::{Algorithm, Digest};

/// A URL that gives the bytes of a DRS object, and the headers to send with it. `Debug` shows neither.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let access = client.drs_object("drs://caninedc.org/b-form").access().await?;
/// println!("{}", access.url.expose());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrsAccess {
    /// The protocol of the access method, such as `https` or `s3`, if the server names it.
    pub method: Option<String>,
    /// The URL, http or https. Most expire within an hour.
    pub url: Secret<String>,
    /// Names and values of the headers.
    pub headers: Vec<(String, Secret<String>)>,
}

impl DrsAccess {
    /// The access by a URL of this method. Fails for a URL that is not http or https.
    pub(super) fn new(method: &AccessMethod, url: AccessUrl, allows_http: bool) -> Result<Self> {
        let text = url.url.into_exposed();
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        if scheme != "https" && !(scheme == "http" && allows_http) {
            let scheme = excerpt(&scheme, 20);
            let message =
                format!("the DRS server returned a URL with the scheme `{scheme}`, which is not supported");
            return Err(Error::new(ErrorKind::NoAccessMethod, message));
        }
        let headers = url.headers.map_or(Ok(Vec::new()), |headers| pairs(headers.expose()))?;
        Ok(Self { method: method.type_.clone(), url: text.into(), headers })
    }

    /// The headers, without those that describe the request itself, which the engine sets.
    pub(crate) fn header_map(&self) -> HeaderMap {
        let own = [
            header::ACCEPT_ENCODING,
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::HOST,
            header::IF_MATCH,
            header::RANGE,
            header::TRANSFER_ENCODING,
        ];
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str());
            if let (Ok(name), Ok(mut value)) = (name, HeaderValue::try_from(value.expose().as_str()))
                && !own.contains(&name)
            {
                value.set_sensitive(true);
                map.append(name, value);
            }
        }
        map
    }
}

/// Headers, which the specification writes as a list of `Name: value` and some servers as an object.
fn pairs(headers: &Value) -> Result<Vec<(String, Secret<String>)>> {
    let unusable =
        || Error::new(ErrorKind::UnexpectedResponse, "the DRS server returned headers that cannot be sent");
    let pair = |name: &str, value: &str| {
        let (name, value) = (name.trim(), value.trim());
        let valid = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
        if valid { Ok((name.to_owned(), Secret::from(value))) } else { Err(unusable()) }
    };
    match headers {
        Value::Null => Ok(Vec::new()),
        Value::Array(lines) => lines
            .iter()
            .map(|line| {
                let (name, value) =
                    line.as_str().and_then(|line| line.split_once(':')).ok_or_else(unusable)?;
                pair(name, value)
            })
            .collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| pair(name, value.as_str().ok_or_else(unusable)?)).collect()
        }
        _ => Err(unusable()),
    }
}

/// The methods that may give an http URL, best first: https before storages, for which the server has to sign a URL.
///
/// # Errors
///
/// [`ErrorKind::NoAccessMethod`] if no method can be used.
pub(super) fn candidates<'o>(object: &'o DrsObject, uri: &str) -> Result<Vec<&'o AccessMethod>> {
    let methods = object.access_methods.as_deref().unwrap_or_default();
    let type_of = |method: &AccessMethod| method.type_.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_web = |method: &AccessMethod| {
        let url = method.access_url.as_ref().map(|url| url.url.expose().to_ascii_lowercase());
        url.is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
    };
    // An id of an access method for one of these protocols does not lead to an http URL.
    let other =
        |method: &AccessMethod| matches!(&*type_of(method), "ftp" | "gsiftp" | "globus" | "htsget" | "file");
    let mut found: Vec<&AccessMethod> = methods
        .iter()
        .filter(|method| (method.access_id.is_some() && !other(method)) || is_web(method))
        .collect();
    found.sort_by_key(|method| !(type_of(method) == "https" || is_web(method)));
    if !found.is_empty() {
        return Ok(found);
    }
    let why = match (&object.contents, methods) {
        (Some(contents), []) => {
            format!("it is a bundle of {} objects; read each of its contents", contents.len())
        }
        (None, []) => "it has no access methods".to_owned(),
        (_, methods) => {
            let types: Vec<_> = methods.iter().map(|method| excerpt(&type_of(method), 20)).collect();
            format!("none of its access methods leads to an https URL: {}", types.join(", "))
        }
    };
    Err(Error::new(ErrorKind::NoAccessMethod, format!("the DRS object `{uri}` cannot be read: {why}")))
}

/// The checksums of the object that can be verified: MD5, SHA-256 and CRC-32C. Others, and malformed ones, are left out.
#[cfg(feature = "transfer")]
pub(crate) fn digests(object: &DrsObject) -> Vec<Digest> {
    let digest = |kind: &str, text: &str| {
        let algorithm = match &*kind.to_ascii_lowercase() {
            "md5" => Algorithm::Md5,
            "sha256" | "sha-256" | "sha_256" => Algorithm::Sha256,
            "crc32c" | "crc-32c" => Algorithm::Crc32c,
            _ => return None,
        };
        // Some servers write the Base64 of their storage.
        Digest::new(algorithm, text).ok().or_else(|| Digest::of_base64(algorithm, text))
    };
    let checksums = object.checksums.iter().flatten();
    checksums.filter_map(|sum| digest(sum.type_.as_deref()?, sum.checksum.as_deref()?.trim())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> DrsObject {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn https_is_tried_before_storages() {
        let check = |methods: Value, expected: Result<&[&str], &str>| {
            let object = object(json!({"id": "b-form", "access_methods": methods}));
            match (candidates(&object, "drs://a/b"), expected) {
                (Ok(found), Ok(expected)) => {
                    let ids: Vec<_> =
                        found.iter().map(|method| method.access_id.as_deref().unwrap_or("-")).collect();
                    assert_eq!(ids, expected);
                }
                (Err(error), Err(word)) => {
                    assert_eq!(error.kind(), ErrorKind::NoAccessMethod);
                    assert!(error.message().contains(word), "{error}");
                }
                (found, expected) => panic!("{found:?}, not {expected:?}"),
            }
        };
        let s3 = json!({"type": "s3", "access_id": "s3", "access_url": {"url": "s3://bucket/key"}});
        let gs = json!({"type": "gs", "access_id": "gs"});
        let https = json!({"type": "https", "access_id": "web"});
        let open = json!({"type": "https", "access_url": {"url": "https://caninedc.org/b"}});
        check(json!([s3, https]), Ok(&["web", "s3"]));
        check(json!([s3, gs]), Ok(&["s3", "gs"]));
        check(json!([gs, open]), Ok(&["-", "gs"]));
        check(json!([{"type": "s3", "access_url": {"url": "s3://bucket/key"}}]), Err("https URL: s3"));
        check(
            json!([{"type": "globus", "access_id": "g"}, {"type": "ftp", "access_url": {"url": "ftp://a/b"}}]),
            Err("globus, ftp"),
        );
        check(json!([]), Err("no access methods"));
        check(json!(null), Err("no access methods"));
        let bundle = object(json!({"id": "b", "contents": [{"name": "a"}]}));
        assert!(candidates(&bundle, "drs://a/b").unwrap_err().message().contains("bundle of 1"));
    }

    #[test]
    fn headers_are_read_and_hidden() {
        let read = |value: Value| {
            pairs(&value).map(|pairs| {
                pairs.into_iter().map(|(n, v)| format!("{n}={}", v.expose())).collect::<Vec<_>>()
            })
        };
        assert_eq!(
            read(json!(["Authorization: Basic a:b", "X-Key:1"])).unwrap(),
            ["Authorization=Basic a:b", "X-Key=1"]
        );
        assert_eq!(read(json!({"X-Key": "1"})).unwrap(), ["X-Key=1"]);
        for bad in
            [json!(["Authorization"]), json!(["a b: c"]), json!(["A: b\r\nC: d"]), json!([1]), json!("A: b")]
        {
            assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::UnexpectedResponse);
        }
        let url = json!({"url": "https://a/b?sig=hush", "headers": ["X-Key: hush", "Range: bytes=0-1"]});
        let url: AccessUrl = serde_json::from_value(url).unwrap();
        let method: AccessMethod = serde_json::from_value(json!({"type": "https"})).unwrap();
        let access = DrsAccess::new(&method, url, false).unwrap();
        assert!(!format!("{access:?} {:?}", access.header_map()).contains("hush"));
        assert_eq!(access.header_map().len(), 1);
    }

    #[cfg(feature = "transfer")]
    #[test]
    fn known_checksums_become_digests() {
        let sums = json!([
            {"type": "md5", "checksum": "900150983CD24FB0D6963F7D28E17F72"},
            {"type": "sha-256", "checksum": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
            {"type": "crc32c", "checksum": "Nks/tw=="},
            {"type": "etag", "checksum": "900150983cd24fb0d6963f7d28e17f72-2"},
            {"type": "md5", "checksum": "900150983cd24fb0d6963f7d28e17f72-2"},
            {"type": "md5"},
        ]);
        let digests = digests(&object(json!({"id": "abc", "checksums": sums})));
        let shown: Vec<_> = digests.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "md5:900150983cd24fb0d6963f7d28e17f72",
                "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "crc32c:364b3fb7",
            ]
        );
    }
}
