//! Every request with its response, recorded for tests.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use parking_lot::Mutex;
use serde_json::Value;

use super::origin::Origin;

/// The maximum number of bytes to keep of a request body.
pub(crate) const KEPT_BODY: usize = 64 * 1024;
/// The maximum size of response JSON to keep. A longer one is left out, because a part of it cannot be parsed.
const KEPT_ANSWER: usize = 1024 * 1024;
/// The maximum size of all bodies in the log before the oldest entries are dropped.
const KEPT_TOTAL: usize = 256 * 1024 * 1024;
/// The maximum number of entries before the oldest are dropped.
const KEPT_ENTRIES: usize = 100_000;

/// The number of latest requests for the console.
const KEPT_LATEST: usize = 200;

/// The number of a request that is not logged.
pub(crate) const UNLOGGED: u64 = u64::MAX;

/// One request and its response.
///
/// Nothing is redacted: tests look here for tokens that went where they should not.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// for request in emulator.requests() {
///     println!("{} {} {:?}", request.method, request.path, request.status);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The listener.
    pub origin: Origin,
    /// The method, in upper case.
    pub method: String,
    /// The path as sent, without the query. Paths of the API begin with `/v2`.
    pub path: String,
    /// The query as sent, without the question mark; empty if there was none.
    pub query: String,
    /// All headers in the order received; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body.
    pub body: Bytes,
    /// The TCP connection of the request: a number that is unique in one emulator.
    pub connection: u64,
    /// The status of the response; `None` until there is one, and forever if the connection was dropped instead.
    pub status: Option<u16>,
    /// The body of the response if it is JSON of at most 1 MiB, otherwise empty.
    pub response: Bytes,
    /// Bytes of the response body that were handed to the connection.
    pub sent: u64,
}

impl Recorded {
    /// The value of the first header with this name, in any case.
    ///
    /// ```
    /// # fn example(request: sbg_emulator::Recorded) {
    /// assert_eq!(request.header("x-sbg-auth-token"), None, "the token stays with the API");
    /// # }
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The decoded values of a query parameter.
    ///
    /// ```
    /// # fn example(request: sbg_emulator::Recorded) {
    /// assert_eq!(request.query_values("metadata.sample_id"), ["S1", "S2"]);
    /// # }
    /// ```
    pub fn query_values(&self, name: &str) -> Vec<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// The request body as JSON; `None` if it is not JSON.
    ///
    /// ```
    /// # fn example(request: sbg_emulator::Recorded) {
    /// assert_eq!(request.request_json().unwrap()["name"], "reads.fastq.gz");
    /// # }
    /// ```
    pub fn request_json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The response body as JSON; `None` if it is not JSON.
    ///
    /// ```
    /// # fn example(request: sbg_emulator::Recorded) {
    /// assert_eq!(request.response_json().unwrap()["code"], 5002);
    /// # }
    /// ```
    pub fn response_json(&self) -> Option<Value> {
        serde_json::from_slice(&self.response).ok()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.origin, self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(f, " -> {status}"),
            None => write!(f, " -> no response"),
        }
    }
}

/// A request that has finished, in short.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) origin: Origin,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// `None` if the connection was dropped.
    pub(crate) status: Option<u16>,
    pub(crate) elapsed: Duration,
}

/// The log of one emulator.
#[derive(Debug)]
pub(crate) struct RequestLog {
    enabled: bool,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<Recorded>,
    /// The number of the first entry in `kept`; entries are numbered from the start of the emulator.
    first: u64,
    bytes: usize,
    counts: Counts,
    /// The latest requests, whether or not requests are recorded.
    latest: VecDeque<Finished>,
    /// The number of requests that have finished.
    finished: u64,
}

/// Requests by origin, method and status. Dropped requests have no status.
pub(crate) type Counts = BTreeMap<(Origin, String, Option<u16>), u64>;

impl RequestLog {
    pub(crate) fn new(enabled: bool) -> Self {
        Self { enabled, entries: Mutex::default() }
    }

    /// Records a request when it arrives and returns its number, so that one without a response is seen as well.
    pub(crate) fn arrive(&self, recorded: impl FnOnce() -> Recorded) -> u64 {
        if !self.enabled {
            return UNLOGGED;
        }
        let recorded = recorded();
        let mut entries = self.entries.lock();
        entries.kept.push_back(recorded);
        while entries.kept.len() > KEPT_ENTRIES {
            entries.drop_oldest();
        }
        entries.first + entries.kept.len() as u64 - 1
    }

    /// Keeps the beginning of the request body.
    pub(crate) fn body(&self, number: u64, body: &Bytes) {
        // A copy, because a slice would keep the whole of a large body in memory.
        self.change(number, |entry| entry.body = Bytes::copy_from_slice(&body[..body.len().min(KEPT_BODY)]));
    }

    /// Adds the response.
    pub(crate) fn respond(&self, number: u64, status: u16, json: Option<&Bytes>) {
        self.change(number, |entry| {
            entry.status = Some(status);
            if let Some(json) = json.filter(|json| json.len() <= KEPT_ANSWER) {
                entry.response = json.clone();
            }
        });
    }

    /// Counts a request at its end, whether or not requests are recorded.
    pub(crate) fn finish(&self, request: Finished) {
        let mut entries = self.entries.lock();
        *entries.counts.entry((request.origin, request.method.to_string(), request.status)).or_default() += 1;
        entries.finished += 1;
        if entries.latest.len() >= KEPT_LATEST {
            entries.latest.pop_front();
        }
        entries.latest.push_back(request);
    }

    /// The latest requests with numbers greater than `after`, the earliest first.
    pub(crate) fn latest(&self, after: u64) -> impl Iterator<Item = (u64, Finished)> + use<> {
        let entries = self.entries.lock();
        let first = entries.finished - entries.latest.len() as u64 + 1;
        let latest: Vec<_> = (first..).zip(entries.latest.iter().cloned()).collect();
        latest.into_iter().filter(move |(number, _)| *number > after)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.entries.lock().counts.clone()
    }

    /// Adds bytes of the response that were sent.
    pub(crate) fn sent(&self, number: u64, bytes: usize) {
        self.change(number, |entry| entry.sent += bytes as u64);
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.entries.lock().kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.entries.lock();
        entries.first += entries.kept.len() as u64;
        entries.kept.clear();
        entries.bytes = 0;
        entries.counts.clear();
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Recorded)) {
        if !self.enabled {
            return;
        }
        let mut entries = self.entries.lock();
        let Some(at) = number.checked_sub(entries.first) else { return };
        let Some(entry) = usize::try_from(at).ok().and_then(|at| entries.kept.get_mut(at)) else { return };
        let before = entry.body.len() + entry.response.len();
        change(entry);
        let after = entry.body.len() + entry.response.len();
        entries.bytes = entries.bytes + after - before;
        while entries.bytes > KEPT_TOTAL && !entries.kept.is_empty() {
            entries.drop_oldest();
        }
    }
}

impl Entries {
    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.kept.pop_front() {
            self.first += 1;
            self.bytes -= oldest.body.len() + oldest.response.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Recorded {
        Recorded {
            origin: Origin::Api,
            method: "GET".into(),
            path: path.into(),
            query: "tag=a%20b&tag=c".into(),
            headers: vec![("x-test".into(), "1".into())],
            body: Bytes::new(),
            connection: 1,
            status: None,
            response: Bytes::new(),
            sent: 0,
        }
    }

    #[test]
    fn response_matches_its_request_after_clear() {
        let log = RequestLog::new(true);
        let lost = log.arrive(|| entry("/v2/old"));
        log.clear();
        let kept = log.arrive(|| entry("/v2/new"));
        log.respond(lost, 500, None);
        log.respond(kept, 200, Some(&Bytes::from_static(b"{\"a\":1}")));
        let all = log.all();
        assert_eq!(format!("{all:?}"), "[Api GET /v2/new?tag=a%20b&tag=c -> 200]");
        assert_eq!(all[0].response_json().unwrap()["a"], 1);
    }

    #[test]
    fn headers_and_query_values_are_found_by_name() {
        let entry = entry("/v2");
        assert_eq!(entry.header("X-Test"), Some("1"));
        assert_eq!(entry.query_values("tag"), ["a b", "c"]);
    }

    #[test]
    fn latest_requests_are_numbered() {
        let log = RequestLog::new(false);
        for number in 1..=250 {
            let path = format!("/v2/{number}");
            let (method, elapsed) = (Method::GET, Duration::ZERO);
            log.finish(Finished { origin: Origin::Api, method, path, status: Some(200), elapsed });
        }
        let latest: Vec<_> = log.latest(248).map(|(number, request)| (number, request.path)).collect();
        assert_eq!(latest, [(249, "/v2/249".to_owned()), (250, "/v2/250".to_owned())]);
        assert_eq!(log.latest(0).count(), KEPT_LATEST);
    }
}
