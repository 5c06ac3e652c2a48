//! When a server asks the client to retry: the `Retry-After` header, in seconds or as an HTTP date. Pure.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// The two obsolete forms of an HTTP date that RFC 9110, section 5.6.7, requires recipients to accept.
const OBSOLETE_FORMS: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// How long a response asks the client to wait. `None` if the header is missing or malformed, or the time has passed.
///
/// A date is compared with the server's clock if the response has a date, so that a wrong clock on this machine does no harm.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Parsing fails only for a number that is too large.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = http_date(text)?;
        let now = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?.trim()));
        until.duration_since(now.unwrap_or_else(Timestamp::now)).try_into().ok()?
    };
    (!wait.is_zero()).then_some(wait)
}

/// The wait for a message: whole seconds, rounded up, because a retry that is too early is refused again.
pub(super) fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    let until = i64::try_from(seconds).ok().and_then(|seconds| {
        Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?.round(Unit::Second).ok()
    });
    match until {
        Some(until) => format!("the server asks to retry after {seconds} s, at {until}"),
        None => format!("the server asks to retry after {seconds} s"),
    }
}

/// Parses any of the three forms of an HTTP date, all of which are in GMT.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp()).or_else(|| {
        let date = OBSOLETE_FORMS.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
        TimeZone::UTC.to_timestamp(date).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_parses_as_seconds_or_date() {
        let date = Some("Wed, 24 Apr 2019 11:51:20 GMT");
        let check = |text: &str, date: Option<&str>, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            date.map(|date| headers.insert(DATE, date.parse().unwrap()));
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text:?} {date:?}");
        };
        check("40", date, Some(40));
        check(" 40 ", None, Some(40));
        check("99999999999999999999999", None, Some(u64::MAX));
        check("Wed, 24 Apr 2019 11:52:00 GMT", date, Some(40));
        check("Wednesday, 24-Apr-19 11:52:00 GMT", date, Some(40));
        check("Wed Apr 24 11:52:00 2019", date, Some(40));
        // No time to wait.
        check("0", date, None);
        check("Wed, 24 Apr 2019 11:51:20 GMT", date, None);
        check("Wed, 24 Apr 2019 11:50:00 GMT", date, None);
        check("Wed, 24 Apr 2019 11:52:00 GMT", None, None);
        for nonsense in ["", "-1", "1.5", "+4", "soon", "40 s", "24 Apr", "Wed, 99 Apr 2019 11:52:00 GMT"] {
            check(nonsense, date, None);
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn wait_is_shown_in_seconds_and_as_time() {
        let shown = in_words(Duration::from_millis(39_100));
        assert!(
            shown.starts_with("the server asks to retry after 40 s, at 2") && shown.ends_with('Z'),
            "{shown}"
        );
        let for_ever = in_words(Duration::from_secs(u64::MAX));
        assert_eq!(for_ever, format!("the server asks to retry after {} s", u64::MAX));
    }
}
