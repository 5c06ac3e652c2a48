//! The signed address of a file: shared by all who fetch it, renewed once for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sbg_raw::ClientFilesExt as _;
use url::Url;

use super::super::engine::Tools;
use crate::error::{Error, ErrorKind, Result};

/// An address is renewed when so much of its life is over: a request that is begun late is refused.
const GOOD_FOR: f64 = 0.8;

/// The signed address of a file. Each renewal begins another generation.
#[derive(Debug)]
pub(in crate::transfer) struct Address {
    tools: Tools,
    file_id: String,
    current: tokio::sync::Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    generation: u32,
    url: Option<Arc<str>>,
    renew_at: Option<Instant>,
}

impl Address {
    pub(in crate::transfer) fn new(tools: Tools, file_id: String) -> Self {
        Self { tools, file_id, current: tokio::sync::Mutex::default() }
    }

    /// The address and its generation. Asks for another one where the last is expired or about to.
    pub(in crate::transfer) async fn get(&self) -> Result<(u32, Arc<str>)> {
        let mut current = self.current.lock().await;
        if current.renew_at.is_some_and(|at| at <= Instant::now()) {
            current.url = None;
            current.generation += 1;
        }
        if let Some(url) = &current.url {
            return Ok((current.generation, url.clone()));
        }
        let call = self.tools.api.file_download_info().file_id(&*self.file_id);
        let url: Arc<str> = call.send().await?.into_inner().url.into();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        current.renew_at =
            lifetime(&url, now).and_then(|life| Instant::now().checked_add(life.mul_f64(GOOD_FOR)));
        current.url = Some(url.clone());
        Ok((current.generation, url))
    }

    /// Makes the next [`get`](Self::get) ask for another address, unless somebody else has done so already.
    pub(in crate::transfer) async fn expire(&self, generation: u32) {
        let mut current = self.current.lock().await;
        if current.generation == generation {
            *current = Current { generation: generation + 1, ..Current::default() };
        }
    }
}

/// The host that an address names, by which connections are counted.
pub(in crate::transfer) fn host(url: &str) -> Result<String> {
    let unusable = || Error::new(ErrorKind::UnexpectedAnswer, "the platform gives an address that is none");
    let url = Url::parse(url).map_err(|_| unusable())?;
    let host = url.host_str().ok_or_else(unusable)?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or_default()))
}

/// How long an address is good that was signed just now. `None` where that cannot be told.
///
/// The parameters are those of the storage services: `X-Amz-Expires` and `X-Goog-Expires` in seconds from the signature, `Expires`
/// as seconds since 1970, `se` as a date (Azure).
fn lifetime(url: &str, now: Duration) -> Option<Duration> {
    let url = Url::parse(url).ok()?;
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.into_owned())
    };
    let until = |seconds: u64| Duration::from_secs(seconds).checked_sub(now).filter(|left| !left.is_zero());
    if let Some(seconds) = value("X-Amz-Expires").or_else(|| value("X-Goog-Expires")) {
        return seconds.parse().ok().map(Duration::from_secs).filter(|life| !life.is_zero());
    }
    if let Some(seconds) = value("Expires") {
        return until(seconds.parse().ok()?);
    }
    let date: jiff::Timestamp = value("se")?.parse().ok()?;
    until(u64::try_from(date.as_second()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_an_address_is_read_from_its_parameters() {
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
        // A clock that is wrong, or nonsense, must not renew without end.
        check("Expires=1699999999", None);
        check("X-Amz-Expires=0", None);
        check("Expires=soon", None);
        check("se=tomorrow", None);
        check("", None);
    }

    #[test]
    fn connections_are_counted_by_host_and_port() {
        assert_eq!(host("https://a.example/x").unwrap(), "a.example:443");
        assert_eq!(host("http://127.0.0.1:8080/x").unwrap(), "127.0.0.1:8080");
        assert!(host("not an address").is_err());
    }
}
