//! Shared by the suites: an emulator with a client and a project, test data, and assertions.
//!
//! The suites use [`sbg`] as a user does: `behaviour` against the emulator, `wire` against a mock that records every byte of a request,
//! `faults` against an emulator that misbehaves. Helpers of a single suite stay in that suite.

use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sbg::config::{ConfigPaths, Proxies};
use sbg::pipeline::RetryPolicy;
use sbg::{Client, ClientBuilder, Error, ErrorKind, ProjectId};
use sbg_emulator::{Builder, Emulator, FaultRule, Origin, Recorded, StorageFlavor};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// One mebibyte.
pub const MIB: usize = 1024 * 1024;

/// A platform with one project, a client of its user, and a temporary local folder.
#[derive(Debug)]
pub struct Stage {
    /// The platform.
    pub emulator: Emulator,
    /// The client of the user `rfranklin`.
    pub client: Client,
    /// `rfranklin/demo`, an empty project.
    pub project: ProjectId,
    /// A temporary local folder.
    pub folder: TempDir,
}

impl Stage {
    /// A platform with default settings that accepts upload parts of any size.
    pub async fn start() -> Self {
        Self::with(Emulator::builder().min_part_size(1)).await
    }

    /// The same with a storage that returns an `ETag` for every part, whichever storage the suites use: for tests of entity tags.
    pub async fn with_etags() -> Self {
        Self::with(Emulator::builder().min_part_size(1).storage(StorageFlavor::S3)).await
    }

    /// A platform with the settings of `builder`.
    pub async fn with(builder: Builder) -> Self {
        Self::tuned(builder, |client| client).await
    }

    /// A platform with the settings of `builder`, and a client that `tune` configures.
    pub async fn tuned(builder: Builder, tune: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let emulator = watched(builder).start().await.expect("loopback ports are free");
        let client = tune(client_of(emulator.url(), &emulator.token())).build().expect("a client");
        let project = emulator.create_project("demo").parse().expect("the id of a project");
        Self { emulator, client, project, folder: tempfile::tempdir().expect("a folder") }
    }

    /// The client of another user.
    pub fn client_of(&self, username: &str) -> Client {
        let token = self.emulator.token_of(username).expect("a user of the emulator");
        client_of(self.emulator.url(), &token).build().expect("a client")
    }

    /// Arms a fault.
    pub fn fault(&self, rule: FaultRule) -> sbg_emulator::FaultId {
        self.emulator.faults().add(rule)
    }

    /// Creates a file in the project without a request and returns its id.
    pub fn file(&self, path: &str, content: impl Into<bytes::Bytes>) -> String {
        self.emulator.create_file(self.project.as_str(), path, content)
    }

    /// Creates a file of `size` bytes in the project, which uses no memory, and returns its id.
    pub fn large_file(&self, path: &str, size: usize) -> String {
        self.emulator.create_large_file(self.project.as_str(), path, size as u64)
    }

    /// A path in the local folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a local file.
    pub fn local(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the folder can be written to");
        path
    }

    /// The names in the local folder, sorted.
    pub fn local_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The API requests with this method whose path, after `/v2`, ends with `path_end`.
    pub fn calls(&self, method: &str, path_end: &str) -> Vec<Recorded> {
        self.seen(Origin::Api, method)
            .into_iter()
            .filter(|request| request.path.ends_with(path_end))
            .collect()
    }

    /// The requests to the object store with this method.
    pub fn storage(&self, method: &str) -> Vec<Recorded> {
        self.seen(Origin::Storage, method)
    }

    fn seen(&self, origin: Origin, method: &str) -> Vec<Recorded> {
        let mut requests = self.emulator.requests();
        requests.retain(|request| request.origin == origin && request.method == method);
        requests
    }

    /// Fails if the platform or the object store got a request.
    #[track_caller]
    pub fn assert_no_requests(&self) {
        let requests = self.emulator.requests();
        assert!(requests.is_empty(), "no request was expected: {requests:?}");
    }

    /// Fails unless the local file has the same bytes as the file on the platform.
    #[track_caller]
    pub fn assert_downloaded(&self, path: &Path, file_id: &str) {
        let expected = self.emulator.file_content(file_id).expect("a file on the platform");
        assert_same_bytes(&std::fs::read(path).expect("the download is there"), &expected);
    }

    /// Fails unless the file on the platform has these bytes.
    #[track_caller]
    pub fn assert_uploaded(&self, file_id: &str, expected: &[u8]) {
        assert_same_bytes(&self.emulator.file_content(file_id).expect("a file on the platform"), expected);
    }
}

/// The environment variable that selects the kind of object storage for the suites; see [`sbg_emulator::StorageFlavor`].
pub const STORAGE: &str = "SBG_TEST_STORAGE";

/// An emulator with these settings and those of the environment:
///
/// - If `SBG_TEST_TRAFFIC` is set, exchanges are written to that folder; `cargo xtask witness traffic` checks them against the
///   specification.
/// - `SBG_TEST_STORAGE` selects the kind of storage unless the settings do; `.ci/storages` runs tests on every kind.
///
/// # Panics
///
/// If `SBG_TEST_STORAGE` is not the name of a flavor.
pub fn watched(mut builder: Builder) -> Builder {
    if let Some(folder) = std::env::var_os("SBG_TEST_TRAFFIC") {
        builder = builder.traffic(folder);
    }
    if let Ok(flavor) = std::env::var(STORAGE) {
        builder =
            builder.default_storage(flavor.parse().unwrap_or_else(|error| panic!("{STORAGE}: {error}")));
    }
    builder
}

/// A client with this endpoint and token that reads no files of the user and uses no proxies.
pub fn client_of(endpoint: &str, token: &str) -> ClientBuilder {
    builder_without_files().endpoint(endpoint).token(token)
}

/// A client builder that reads no files and uses no proxies of the machine.
pub fn builder_without_files() -> ClientBuilder {
    Client::builder().config_paths(ConfigPaths::none()).proxies(Proxies::none()).state_folder(None)
}

/// The default number of retries with almost no wait, for tests with many retries.
pub fn quick_retry() -> RetryPolicy {
    RetryPolicy::default().initial_backoff(Duration::from_millis(2)).max_backoff(Duration::from_millis(10))
}

/// Random bytes, the same in every run.
pub fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    fastrand::Rng::with_seed(51).fill(&mut bytes);
    bytes
}

/// Fails unless both are equal; shows lengths and digests instead of megabytes.
#[track_caller]
pub fn assert_same_bytes(left: &[u8], right: &[u8]) {
    if left == right {
        return;
    }
    let at = left.iter().zip(right).position(|(left, right)| left != right);
    let describe = |bytes: &[u8]| format!("{} bytes, sha256 {}", bytes.len(), sha256(bytes));
    panic!("the bytes differ (first at {at:?}):\n  {}\n  {}", describe(left), describe(right));
}

/// The SHA-256 of the bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// Fails unless the result is an error of this kind whose message contains all of these words; returns the error.
#[track_caller]
pub fn assert_refused<T: Debug>(result: sbg::Result<T>, kind: ErrorKind, words: &[&str]) -> Error {
    let error = match result {
        Ok(value) => panic!("{value:?} came instead of an error"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    error
}

/// Waits until `holds` returns true because of another thread.
///
/// # Panics
///
/// If that takes more than two minutes: longer than on any busy machine.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..24_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within two minutes: {what}");
}

/// Runs `check` in a separate process with only these environment variables, because all tests share the environment of this process.
/// `test` is the name of the calling test, with its module.
///
/// # Panics
///
/// If the process cannot be started, or if `check` panics in it.
pub fn with_environment(test: &str, variables: &[(&str, &str)], check: impl FnOnce()) {
    const CHILD: &str = "SBG_TESTS_CHILD";
    if std::env::var(CHILD).is_ok_and(|name| name == test) {
        return check();
    }
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", test, "--nocapture"]);
    child.env_clear().env(CHILD, test).envs(variables.iter().copied());
    let output = child.output().expect("the program runs");
    let shown =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}
