//! Redirects of the storage: followed within bounds, and never from https to http. Pure.

use http::header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use reqwest::Request;
use url::Url;

use super::url::parse_signed;

/// Maximum number of redirects in a row. S3 needs one, to the region of a bucket.
pub(in crate::transfer) const MOST_REDIRECTS: usize = 5;

/// The redirect of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Redirect {
    /// Not a redirect.
    None,
    To(Box<Url>),
    /// A redirect that is refused, and why.
    Refused(String),
}

/// Reads the redirect of a `method` request to `url`.
pub(in crate::transfer) fn read(
    method: &Method,
    url: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Redirect {
    // 303 changes the method, as does 301 in many clients: a part must not become a GET.
    let keeps_method = match status.as_u16() {
        302 | 307 | 308 => true,
        301 | 303 => method == Method::GET,
        _ => return Redirect::None,
    };
    let Some(location) = headers.get(LOCATION) else { return Redirect::None };
    let refused = |why: &str| Redirect::Refused(format!("the storage redirects the request {why}"));
    if !keeps_method {
        return refused("with a status that changes the method");
    }
    let Some(to) = location.to_str().ok().and_then(|location| absolute(url, location)) else {
        return refused("to an invalid URL");
    };
    let Ok(to) = parse_signed(&to, false) else { return refused("to an invalid URL") };
    let host = to.host_str().unwrap_or_default();
    if url.scheme() == "https" && to.scheme() != "https" {
        return refused(&format!("from https to http (host {host})"));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return refused(&format!("to a URL with credentials (host {host})"));
    }
    Redirect::To(Box::new(to))
}

/// A `Location` as an absolute URL, with its path unchanged.
fn absolute(url: &Url, location: &str) -> Option<String> {
    if location.contains("://") {
        return Some(location.to_owned());
    }
    if let Some(rest) = location.strip_prefix("//") {
        return Some(format!("{}://{rest}", url.scheme()));
    }
    let origin = url.origin().ascii_serialization();
    if location.starts_with('/') {
        return Some(format!("{origin}{location}"));
    }
    // Relative to the folder of the path.
    let folder = url.path().rsplit_once('/')?.0;
    Some(format!("{origin}{folder}/{location}"))
}

/// Changes the URL of a request.
pub(in crate::transfer) fn applied(mut request: Request, to: Url) -> Request {
    if request.url().origin() != to.origin() {
        without_credentials(request.headers_mut());
    }
    *request.url_mut() = to;
    request
}

/// Removes credentials, which another host must not see.
fn without_credentials(headers: &mut HeaderMap) {
    let is_secret = |name: &HeaderName| {
        [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
            || ["token", "secret", "credential"].iter().any(|word| name.as_str().contains(word))
    };
    let secret = headers.iter().filter(|(name, value)| value.is_sensitive() || is_secret(name));
    let secret: Vec<HeaderName> = secret.map(|(name, _)| name.clone()).collect();
    for name in secret {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_keeps_method_and_tls() {
        let check = |method: Method, status: u16, location: &str, expected: Result<Option<&str>, &str>| {
            let url = Url::parse("https://s3.example/bucket/key?X-Amz-Signature=a").unwrap();
            let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
            let found = read(&method, &url, StatusCode::from_u16(status).unwrap(), &headers);
            match (&found, expected) {
                (Redirect::None, Ok(None)) => {}
                (Redirect::To(to), Ok(Some(expected))) => assert_eq!(to.as_str(), expected, "{location}"),
                (Redirect::Refused(why), Err(word)) => assert!(why.contains(word), "{why}"),
                _ => panic!("{method} {status} {location}: {found:?}"),
            }
        };
        let region = "https://s3.region.example/bucket/key?X-Amz-Signature=a";
        for status in [302, 307, 308] {
            check(Method::GET, status, region, Ok(Some(region)));
            check(Method::PUT, status, region, Ok(Some(region)));
        }
        check(Method::GET, 301, region, Ok(Some(region)));
        check(Method::PUT, 301, region, Err("a status that changes the method"));
        check(Method::PUT, 303, region, Err("a status that changes the method"));
        check(Method::GET, 304, region, Ok(None));
        check(Method::GET, 307, "/other?x=1", Ok(Some("https://s3.example/other?x=1")));
        check(Method::GET, 307, "other", Ok(Some("https://s3.example/bucket/other")));
        check(Method::GET, 307, "//a.example/k", Ok(Some("https://a.example/k")));
        check(Method::GET, 307, "http://s3.region.example/key", Err("from https to http"));
        check(Method::GET, 307, "/bucket/x/../y", Err("invalid URL"));
        check(Method::GET, 307, "ftp://a.example/k", Err("invalid URL"));
        check(Method::GET, 307, "https://user:pass@a.example/k", Err("credentials"));
    }

    #[test]
    fn redirect_to_another_host_drops_credentials() {
        let mut headers = HeaderMap::new();
        for name in
            ["authorization", "cookie", "x-amz-security-token", "x-sbg-auth-token", "range", "x-amz-acl"]
        {
            headers.insert(HeaderName::from_static(name), "v".parse().unwrap());
        }
        without_credentials(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["range", "x-amz-acl"]);
    }
}
