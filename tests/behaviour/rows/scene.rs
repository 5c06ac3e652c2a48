//! The environment of a row: a small world, a client, and the list of the requests that the client sent.

use std::cell::Cell;
use std::ops::Deref;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use sbg::ClientBuilder;
use sbg_emulator::{Emulator, Origin, Recorded};
use sbg_tests::Stage;
use serde_json::Value;

/// The row for which a process was started, see [`Scene::in_a_process_with`].
pub(super) const ONLY_ROW: &str = "SBG_TESTS_ROW";

/// Tasks and jobs change state only when a row advances the clock.
const STATE_TIME: Duration = Duration::from_secs(60 * 60);

/// The demo world of the emulator, an empty project `rfranklin/demo`, and the client of `rfranklin` with advance access.
///
/// A row names each request of its call, in order. A request that is not named fails the row.
pub(super) struct Scene {
    stage: Stage,
    python: &'static str,
    area: &'static str,
    /// Number of requests that were named or belong to the preparation.
    named: Cell<usize>,
    /// Whether the row has named its requests, or that there are none.
    told: Cell<bool>,
}

impl Deref for Scene {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Scene {
    pub(super) async fn of(area: &'static str, python: &'static str) -> Self {
        let builder = Emulator::builder().min_part_size(1).demo(true).state_time(STATE_TIME);
        // The client drops a silent connection soon, in case a worker misses a short pause.
        let tune = |client: ClientBuilder| client.advance_access(true).read_timeout(Duration::from_secs(3));
        let stage = Stage::tuned(builder, tune).await;
        Self { stage, python, area, named: Cell::new(0), told: Cell::new(false) }
    }

    /// Counts all requests until now as preparation of the row.
    pub(super) fn prepared(&self) {
        self.named.set(self.api().len());
    }

    /// Lets everything on the platform finish.
    pub(super) fn let_time_pass(&self) {
        self.emulator.clock().advance(STATE_TIME * 24);
    }

    /// The next request is this one, without a body: method, path below the API, decoded query in any order.
    #[track_caller]
    pub(super) fn sent(&self, line: &str) {
        let request = self.next(line);
        // Methods other than GET and DELETE send an empty JSON object.
        let expected = if line.starts_with("GET") || line.starts_with("DELETE") { "" } else { "{}" };
        assert_eq!(String::from_utf8_lossy(&request.body), expected, "the body of {line}");
    }

    /// The next request is this one, with this JSON body.
    #[track_caller]
    pub(super) fn sent_json(&self, line: &str, body: Value) {
        let request = self.next(line);
        assert_eq!(request.header("content-type"), Some("application/json"), "{line}");
        assert_eq!(request.request_json(), Some(body), "the body of {line}");
    }

    /// The next request is this one with any body; returns it.
    #[track_caller]
    pub(super) fn sent_with_body(&self, line: &str) -> Recorded {
        self.next(line)
    }

    /// No request was sent.
    #[track_caller]
    pub(super) fn sent_nothing(&self) {
        self.told.set(true);
        let left = self.left_over();
        assert!(left.is_empty(), "no request was expected: {left:#?}");
    }

    /// The storage requests since the row was prepared: at least one, and all with this method.
    #[track_caller]
    pub(super) fn moved_by(&self, method: &str) {
        let requests = self.emulator.requests();
        let storage = requests.iter().filter(|request| request.origin == Origin::Storage);
        let methods: Vec<String> = storage.map(|request| request.method.clone()).collect();
        assert!(!methods.is_empty() && methods.iter().all(|seen| seen == method), "{methods:?}");
    }

    /// All requests that were not named, for calls whose requests vary in number or order.
    pub(super) fn rest(&self) -> Vec<String> {
        self.told.set(true);
        let left = self.left_over();
        self.prepared();
        left.iter().map(line_of).collect()
    }

    /// Runs the rest of the row in a separate process with only these environment variables, because all tests share the environment of
    /// this one. Returns whether this is that process.
    pub(super) async fn in_a_process_with(&self, variables: &[(&str, &str)]) -> Result<bool> {
        if std::env::var_os(ONLY_ROW).is_some() {
            // The other process has the emulator and names the requests.
            self.told.set(true);
            return Ok(true);
        }
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["--exact", &format!("rows::{}", self.area), "--nocapture"]);
        child.env_clear().env(ONLY_ROW, self.python).envs(variables.iter().copied());
        let output = tokio::task::spawn_blocking(move || child.output()).await??;
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
        Ok(false)
    }

    /// Fails unless the row has named all requests.
    pub(super) fn finish(&self) {
        assert!(self.told.get(), "the row does not say what its call sends");
        let left = self.left_over();
        assert!(left.is_empty(), "requests that the row does not name: {left:#?}");
    }

    fn api(&self) -> Vec<Recorded> {
        let mut requests = self.emulator.requests();
        requests.retain(|request| request.origin == Origin::Api);
        requests
    }

    fn left_over(&self) -> Vec<Recorded> {
        self.api().split_off(self.named.get())
    }

    #[track_caller]
    fn next(&self, line: &str) -> Recorded {
        self.told.set(true);
        let left = self.left_over();
        let request = left.first().unwrap_or_else(|| panic!("{line} was not sent"));
        assert_eq!(line_of(request), normal(line));
        self.named.set(self.named.get() + 1);
        request.clone()
    }
}

/// Method, path below the API, and the decoded query, sorted by name.
fn line_of(request: &Recorded) -> String {
    let path = request.path.strip_prefix("/v2").unwrap_or(&request.path);
    let address = reqwest::Url::parse(&format!("http://api{path}?{}", request.query)).expect("an address");
    let pairs = address.query_pairs().map(|(name, value)| format!("{name}={value}"));
    join(&format!("{} {path}", request.method), pairs.collect())
}

fn normal(line: &str) -> String {
    let (path, query) = line.split_once('?').unwrap_or((line, ""));
    join(path, query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect())
}

fn join(path: &str, mut pairs: Vec<String>) -> String {
    pairs.sort();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}
