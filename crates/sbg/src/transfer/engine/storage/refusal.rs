//! What to do after the storage has refused a request. Pure.

use std::time::Duration;

use http::HeaderMap;

use crate::pipeline;

/// The parts of a refusal that decide what to do.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Refusal<'a> {
    pub(in crate::transfer) status: u16,
    /// The error code of the storage, such as `SlowDown`.
    pub(in crate::transfer) code: Option<&'a str>,
    /// Whether the URL is of an age at which it may have expired.
    pub(in crate::transfer) old_url: bool,
}

/// What to do after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Remedy {
    /// Request a new URL from the platform: this one has expired.
    Renew,
    /// Request a new URL from the platform, once: this one is fresh, so the refusal may be final.
    RenewOnce,
    /// Repeat the request after a while.
    Repeat,
    /// The same, with fewer connections: the storage is overloaded.
    SlowDown,
    /// Nothing: another attempt would be refused as well.
    Nothing,
}

impl Refusal<'_> {
    /// Looks up the remedy.
    ///
    /// The codes are those of S3 and compatible services, OSS and Azure, which do not conflict. Sources: the error pages of these
    /// services, and `docs/storage.md` for responses of real servers.
    pub(in crate::transfer) fn remedy(self) -> Remedy {
        let renew = if self.old_url { Remedy::Renew } else { Remedy::RenewOnce };
        match (self.status, self.code.unwrap_or_default()) {
            // The object must be restored from an archive first.
            (_, "InvalidObjectState" | "BlobArchived" | "BlobBeingRehydrated") => Remedy::Nothing,
            // Most storages respond 403 to an expired URL, often without a reason. A local clock may differ widely from the storage's,
            // and the credentials of a role may expire before the URL does.
            (401 | 403, _) | (400, "RequestTimeTooSkewed" | "ExpiredToken" | "TokenRefreshRequired" | "RequestExpired") => renew,
            (408 | 429 | 503, _)
            | (400, "SlowDown" | "Throttling" | "ThrottlingException" | "RequestThrottled")
            | (500, "OperationTimedOut") => Remedy::SlowDown,
            // The connection stalled, or bytes were damaged or lost on the way.
            (
                400,
                "RequestTimeout" | "BadDigest" | "IncompleteBody" | "InvalidDigest" | "Md5Mismatch" | "Crc64Mismatch"
                | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch",
            )
            | (409, "OperationAborted" | "ConditionalRequestConflict" | "OperationConflict")
            // Codes from 520 on come from proxies: the server behind them is unreachable or does not respond in time.
            | (425 | 500 | 502 | 504 | 520..=524 | 529 | 598 | 599, _) => Remedy::Repeat,
            _ => Remedy::Nothing,
        }
    }
}

/// The error code of a refusal, from a header or an XML or JSON body.
pub(in crate::transfer) fn code_of(status: u16, headers: &HeaderMap, body: &str) -> Option<String> {
    let in_header = || headers.get("x-ms-error-code")?.to_str().ok();
    let in_xml = || Some(body.split_once("<Code>")?.1.split_once("</Code>")?.0);
    let in_json = || {
        let value = body.split_once("\"code\"")?.1.trim_start().strip_prefix(':')?.trim_start();
        Some(value.strip_prefix('"')?.split_once('"')?.0)
    };
    // A code is one word. Anything else does not belong in an error.
    let is_word = |text: &str| {
        (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let code = in_header().or_else(in_xml).or_else(in_json).map(str::trim).filter(|code| is_word(code));
    // `400 InvalidRequest`: only the message says that the URL has expired.
    let is_expired = |text: &str| text.to_ascii_lowercase().contains("expired");
    if status == 400 && is_expired(body) && !code.is_some_and(is_expired) {
        return Some("RequestExpired".to_owned());
    }
    code.map(str::to_owned)
}

/// Upper bound of the storage's `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// The storage's `Retry-After`, up to this bound.
pub(in crate::transfer) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    Some(pipeline::retry_after(headers)?.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_a_remedy() {
        let check = |status: u16, code: Option<&str>, fresh: Remedy, old: Remedy| {
            for (old_url, expected) in [(false, fresh), (true, old)] {
                assert_eq!(
                    Refusal { status, code, old_url }.remedy(),
                    expected,
                    "{status} {code:?} {old_url}"
                );
            }
        };
        let same = |status, code, remedy| check(status, code, remedy, remedy);
        // Expired: S3, s3s-fs and Swift; Azure; S3 with role credentials; OSS.
        check(403, Some("AccessDenied"), Remedy::RenewOnce, Remedy::Renew);
        check(403, Some("AuthenticationFailed"), Remedy::RenewOnce, Remedy::Renew);
        check(403, Some("AuthorizationFailure"), Remedy::RenewOnce, Remedy::Renew);
        check(403, None, Remedy::RenewOnce, Remedy::Renew);
        check(401, None, Remedy::RenewOnce, Remedy::Renew);
        check(400, Some("ExpiredToken"), Remedy::RenewOnce, Remedy::Renew);
        check(400, Some("RequestExpired"), Remedy::RenewOnce, Remedy::Renew);
        check(403, Some("RequestTimeTooSkewed"), Remedy::RenewOnce, Remedy::Renew);
        // Transient.
        same(400, Some("RequestTimeout"), Remedy::Repeat);
        same(400, Some("BadDigest"), Remedy::Repeat);
        same(400, Some("IncompleteBody"), Remedy::Repeat);
        same(409, Some("OperationAborted"), Remedy::Repeat);
        same(500, Some("InternalError"), Remedy::Repeat);
        same(500, None, Remedy::Repeat);
        same(502, None, Remedy::Repeat);
        same(504, None, Remedy::Repeat);
        same(503, Some("SlowDown"), Remedy::SlowDown);
        same(503, Some("ServerBusy"), Remedy::SlowDown);
        same(408, None, Remedy::SlowDown);
        same(429, None, Remedy::SlowDown);
        // Final.
        same(400, None, Remedy::Nothing);
        same(400, Some("InvalidArgument"), Remedy::Nothing);
        same(403, Some("InvalidObjectState"), Remedy::Nothing);
        same(409, Some("BlobArchived"), Remedy::Nothing);
        same(404, Some("NoSuchKey"), Remedy::Nothing);
        same(404, Some("NoSuchUpload"), Remedy::Nothing);
        same(410, None, Remedy::Nothing);
        same(411, None, Remedy::Nothing);
        same(413, Some("EntityTooLarge"), Remedy::Nothing);
        same(409, None, Remedy::Nothing);
        same(501, Some("NotImplemented"), Remedy::Nothing);
        same(507, None, Remedy::Nothing);
    }

    #[test]
    fn error_code_is_read_from_header_or_body() {
        let check = |status: u16, header: Option<&'static str>, body: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(code) = header {
                headers.insert("x-ms-error-code", http::HeaderValue::from_static(code));
            }
            assert_eq!(code_of(status, &headers, body).as_deref(), expected, "{header:?} {body}");
        };
        check(
            503,
            None,
            "<?xml?><Error><Code>SlowDown</Code><Message>Reduce</Message></Error>",
            Some("SlowDown"),
        );
        check(403, Some("AuthenticationFailed"), "", Some("AuthenticationFailed"));
        check(400, None, "{\"error\": {\"code\" : \"BadDigest\"}}", Some("BadDigest"));
        check(
            400,
            None,
            "<Error><Code>InvalidRequest</Code><Message>Request has expired</Message></Error>",
            Some("RequestExpired"),
        );
        check(400, None, "the token has Expired", Some("RequestExpired"));
        check(
            403,
            None,
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
            Some("AccessDenied"),
        );
        check(404, None, "<html>not found</html>", None);
        check(404, None, "{\"error\": {\"code\": 404}}", None);
        check(500, None, "<Code>not a code, but a sentence</Code>", None);
        check(500, None, "<Code></Code>", None);
    }

    #[test]
    fn storage_retry_after_is_bounded() {
        let after = |text: &str| {
            retry_after(&HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]))
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("86400"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(after("soon"), None);
    }
}
