//! What a row of the guide plays in: a small world, a client, and the list of what the client has sent.

use std::cell::Cell;
use std::ops::Deref;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use sbg::ClientBuilder;
use sbg_emulator::{Emulator, Origin, Recorded};
use sbg_tests::Stage;
use serde_json::Value;

/// The row that a process was started for, see [`Scene::in_a_process_with`].
pub(super) const ONLY_ROW: &str = "SBG_TESTS_ROW";

/// States of tasks and jobs change when a row says so, and not by themselves.
const STATE_TIME: Duration = Duration::from_secs(60 * 60);

/// The demonstration world of the emulator, an empty project `rfranklin/demo`, and the client of `rfranklin` with advance access.
///
/// A row names each request that its call has made, in their order; one that is left over fails the row.
pub(super) struct Scene {
    stage: Stage,
    python: &'static str,
    area: &'static str,
    /// Requests that were named, or that belong to the preparation.
    named: Cell<usize>,
    /// Whether the row has said what its call sends, be it nothing.
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
        // A client that leaves a silent connection soon, should a pause come and go without being heard.
        let tune = |client: ClientBuilder| client.advance_access(true).read_timeout(Duration::from_secs(3));
        let stage = Stage::tuned(builder, tune).await;
        Self { stage, python, area, named: Cell::new(0), told: Cell::new(false) }
    }

    /// Takes the requests until now for the preparation of the row.
    pub(super) fn prepared(&self) {
        self.named.set(self.api().len());
    }

    /// Lets everything that is under way on the platform come to its end.
    pub(super) fn let_time_pass(&self) {
        self.emulator.clock().advance(STATE_TIME * 24);
    }

    /// The next request is this one, and has nothing to say in its body: method, path below the API, decoded query in any order.
    #[track_caller]
    pub(super) fn sent(&self, line: &str) {
        let request = self.next(line);
        // What changes something sends JSON even so.
        let expected = if line.starts_with("GET") || line.starts_with("DELETE") { "" } else { "{}" };
        assert_eq!(String::from_utf8_lossy(&request.body), expected, "the body of {line}");
    }

    /// The next request is this one, with this JSON as its body.
    #[track_caller]
    pub(super) fn sent_json(&self, line: &str, body: Value) {
        let request = self.next(line);
        assert_eq!(request.header("content-type"), Some("application/json"), "{line}");
        assert_eq!(request.request_json(), Some(body), "the body of {line}");
    }

    /// The next request is this one, whatever its body is, to be looked at.
    #[track_caller]
    pub(super) fn sent_with_body(&self, line: &str) -> Recorded {
        self.next(line)
    }

    /// Nothing was sent.
    #[track_caller]
    pub(super) fn sent_nothing(&self) {
        self.told.set(true);
        let left = self.left_over();
        assert!(left.is_empty(), "no request was expected: {left:#?}");
    }

    /// What a transfer has sent to the storage since the row was prepared: requests with this method, and no others.
    #[track_caller]
    pub(super) fn moved_by(&self, method: &str) {
        let requests = self.emulator.requests();
        let storage = requests.iter().filter(|request| request.origin == Origin::Storage);
        let methods: Vec<String> = storage.map(|request| request.method.clone()).collect();
        assert!(!methods.is_empty() && methods.iter().all(|seen| seen == method), "{methods:?}");
    }

    /// Everything that was sent and not named, for calls whose requests have no fixed number or order.
    pub(super) fn rest(&self) -> Vec<String> {
        self.told.set(true);
        let left = self.left_over();
        self.prepared();
        left.iter().map(line_of).collect()
    }

    /// Runs the rest of the row in a process that has these variables and no others: the environment of this one belongs to all
    /// tests. Tells whether this is that process.
    pub(super) async fn in_a_process_with(&self, variables: &[(&str, &str)]) -> Result<bool> {
        if std::env::var_os(ONLY_ROW).is_some() {
            // What is sent is named where the emulator is, which is the other process.
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

    /// Fails if the row has not said what its call sends, or not all of it.
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

/// Method, path below the API, and the decoded query in the order of its names.
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
