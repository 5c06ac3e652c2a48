//! How old a signed URL is, and when it is renewed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use url::Url;

/// A URL is renewed after this fraction of its lifetime, so that no request starts too late.
const GOOD_FOR: f64 = 0.8;

/// Minimum age before a renewal: with a wrong local clock every URL seems about to expire.
const LEAST_AGE: Duration = Duration::from_secs(2);

/// From this age on a URL may have expired, even if its lifetime is unknown.
const OLD: Duration = Duration::from_secs(30);

/// The age of a signed URL, and when to renew it.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct UrlAge {
    since: Instant,
    renew_at: Option<Instant>,
}

impl UrlAge {
    /// The age of a URL that was just signed and that is valid until `expires`, if known.
    pub(in crate::transfer) fn of(url: &str, expires: Option<jiff::Timestamp>) -> Self {
        let since = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let life = lifetime(url, now).or_else(|| until(u64::try_from(expires?.as_second()).ok()?, now));
        let renew_at = life.and_then(|life| since.checked_add(life.mul_f64(GOOD_FOR).max(LEAST_AGE)));
        Self { since, renew_at }
    }

    /// Whether the URL should be renewed before it is used.
    pub(in crate::transfer) fn is_over(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= Instant::now())
    }

    /// Whether the URL may have expired.
    pub(in crate::transfer) fn is_old(&self) -> bool {
        self.is_over() || self.since.elapsed() >= OLD
    }
}

/// The lifetime of a URL that was just signed; `None` if unknown.
///
/// The parameters are those of the storage services: `X-Amz-Expires` and `X-Goog-Expires` in seconds from the signature, `Expires`
/// as seconds since 1970, `se` as a date (Azure).
fn lifetime(url: &str, now: Duration) -> Option<Duration> {
    let url = Url::parse(url).ok()?;
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.into_owned())
    };
    if let Some(seconds) = value("X-Amz-Expires").or_else(|| value("X-Goog-Expires")) {
        return seconds.parse().ok().map(Duration::from_secs).filter(|life| !life.is_zero());
    }
    if let Some(seconds) = value("Expires") {
        return until(seconds.parse().ok()?, now);
    }
    let date: jiff::Timestamp = value("se")?.parse().ok()?;
    until(u64::try_from(date.as_second()).ok()?, now)
}

/// The time from now until `seconds`, both since 1970.
fn until(seconds: u64, now: Duration) -> Option<Duration> {
    Duration::from_secs(seconds).checked_sub(now).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_lifetime_is_read_from_its_query() {
        let check = |query: &str, expected: Option<u64>| {
            let url = format!("https://storage.example/object?{query}");
            let life = lifetime(&url, Duration::from_secs(1_700_000_000));
            assert_eq!(life, expected.map(Duration::from_secs), "{query}");
        };
        check("X-Amz-Date=20231114T221320Z&X-Amz-Expires=900", Some(900));
        check("X-Goog-Expires=60", Some(60));
        check("Expires=1700000100&Signature=x", Some(100));
        check("expires=1700000100", Some(100));
        check("se=2023-11-14T22%3A15%3A00Z&sig=x", Some(100));
        // A wrong clock or an invalid value must not cause endless renewals.
        check("Expires=1699999999", None);
        check("X-Amz-Expires=0", None);
        check("Expires=soon", None);
        check("se=tomorrow", None);
        check("", None);
    }

    #[tokio::test(start_paused = true)]
    async fn url_is_renewed_late_in_its_lifetime() {
        let check = async |url: &str, expires: Option<u64>, over: u64| {
            let expires = expires.map(|seconds| {
                let then = SystemTime::now() + Duration::from_secs(seconds);
                jiff::Timestamp::try_from(then).unwrap()
            });
            let age = UrlAge::of(&format!("https://storage.example/object?{url}"), expires);
            tokio::time::advance(Duration::from_secs(over - 1)).await;
            assert!(!age.is_over(), "{url}");
            tokio::time::advance(Duration::from_secs(2)).await;
            assert!(age.is_over() && age.is_old(), "{url}");
        };
        check("X-Amz-Expires=100", None, 80).await;
        check("", Some(1000), 800).await;
        // By the local clock it expires at once, again and again.
        check("X-Amz-Expires=1", None, 2).await;
        // The lifetime is unknown: the URL is used until it is refused, and counts as old then.
        let age = UrlAge::of("https://storage.example/object", None);
        assert!(!age.is_old());
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(age.is_old() && !age.is_over());
    }
}
