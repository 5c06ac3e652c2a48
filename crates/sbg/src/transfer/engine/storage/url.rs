//! Signed URLs: opaque, and sent unchanged or not at all.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::{Error, ErrorKind, Result, one_line};

/// Parses a URL that the platform has signed. It must be sent exactly as given.
///
/// URL libraries resolve `/./` and `/../`, even if the dots are written as `%2e`, and replace `\` by `/`. A request for the key
/// `x/../y.txt` would then silently fetch `y.txt`. Such a URL is refused.
///
/// # Errors
///
/// [`ErrorKind::UnexpectedResponse`] for anything but an http or https URL, for http under `https_only`, and for a URL that the library
/// would change.
pub(in crate::transfer) fn parse_signed(text: &str, https_only: bool) -> Result<Url> {
    let unusable = |why: String| Error::new(ErrorKind::UnexpectedResponse, why);
    let invalid = || unusable("the platform returned an invalid URL for the storage".to_owned());
    let url = Url::parse(text).map_err(|_| invalid())?;
    let host = url.host_str().ok_or_else(invalid)?;
    match url.scheme() {
        "http" if https_only => {
            let why = format!(
                "the platform returned a URL without TLS for the storage (host {host}), while it has TLS itself"
            );
            return Err(unusable(why));
        }
        "http" | "https" => {}
        _ => return Err(invalid()),
    }
    if !is_sent_as_is(text, &url) {
        let path = one_line(raw_path(text));
        let why = format!(
            "the URL that the platform returned for the storage (host {host}) would be changed before it is sent: path `{path}`"
        );
        let hint = "the name of the object has `.` or `..` between slashes, or a backslash; it cannot be fetched by a URL";
        return Err(unusable(why).with_hint(hint));
    }
    Ok(url)
}

/// Whether the path names the same object before and after parsing. Additional percent-encoding does not matter.
fn is_sent_as_is(text: &str, url: &Url) -> bool {
    let raw = raw_path(text);
    let raw = if raw.is_empty() { "/" } else { raw };
    percent_decode_str(raw).eq(percent_decode_str(url.path()))
}

/// The path of a URL as written.
fn raw_path(text: &str) -> &str {
    let after_scheme = text.find("://").map_or(text, |at| &text[at + 3..]);
    let end = after_scheme.find(['?', '#']).unwrap_or(after_scheme.len());
    let authority_and_path = &after_scheme[..end];
    // A backslash ends the authority too; the path then counts as changed.
    authority_and_path.find(['/', '\\']).map_or("", |at| &authority_and_path[at..])
}

/// The host and port of a signed URL, by which connections are counted. Fails for a URL that cannot be sent unchanged.
pub(in crate::transfer) fn host(url: &str, https_only: bool) -> Result<String> {
    let url = parse_signed(url, https_only)?;
    let host = url.host_str().unwrap_or_default();
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_normalized_urls_are_refused() {
        let check = |path: &str, good: bool| {
            let text = format!("https://store.example{path}");
            assert_eq!(parse_signed(&text, true).is_ok(), good, "{path}");
        };
        check("/bucket/reads.bam?sig=a%2Bb", true);
        check("/bucket/a..b/...?x=/../y", true);
        check("/bucket/file%2etxt", true);
        check("/bucket/%E2%82%AC", true);
        check("/bucket/\u{20ac} {1}", true);
        check("/bucket/a//b", true);
        check("?sig=x", true);
        check("/bucket/x/../y.txt", false);
        check("/bucket/./y.txt", false);
        check("/bucket/x/..", false);
        check("/bucket/%2e%2E/y.txt", false);
        check("/bucket/x/%2e/y.txt", false);
        check("/bucket/.%2e/y.txt", false);
        check("/bucket/x\\y.txt", false);
        check("/bucket/x\ty.txt", false);
        check("/..", false);
    }

    #[test]
    fn only_http_urls_are_accepted() {
        let check = |text: &str, https_only: bool, good: bool| {
            assert_eq!(parse_signed(text, https_only).is_ok(), good, "{text}");
        };
        check("https://a.example/x", true, true);
        check("http://127.0.0.1:8080/x", false, true);
        check("http://127.0.0.1:8080/x", true, false);
        check("ftp://a.example/x", false, false);
        check("file:///x", false, false);
        check("not a URL", false, false);
        check("", false, false);
    }

    #[test]
    fn connections_are_counted_per_host_and_port() {
        assert_eq!(host("https://a.example/x", true).unwrap(), "a.example:443");
        assert_eq!(host("http://127.0.0.1:8080/x", false).unwrap(), "127.0.0.1:8080");
        for (url, https_only) in
            [("http://127.0.0.1:8080/x", true), ("not an address", false), ("file:///x", false)]
        {
            assert!(host(url, https_only).is_err(), "{url}");
        }
    }
}
