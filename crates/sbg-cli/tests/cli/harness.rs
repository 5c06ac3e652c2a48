//! An emulator with demo data, a home folder, and `sbg` in both.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sbg_emulator::{Builder, Emulator};
use serde_json::Value;
use snapbox::cmd::{Command, OutputAssert};
use tempfile::TempDir;

/// The project of the demo data.
pub const PROJECT: &str = "rfranklin/fibre-diffraction";

/// One user's machine and platform.
pub struct User {
    pub emulator: Emulator,
    home: TempDir,
}

impl User {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With other settings of the emulator.
    pub fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Emulator::builder().demo(true).state_time(Duration::from_millis(1));
        let emulator = set(builder).start_blocking().unwrap();
        Self { emulator, home: TempDir::new().unwrap() }
    }

    /// A path in the home folder, which is the current one.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The environment of every process.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let state = self.path("state").to_string_lossy().into_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_sbg"));
        let path = format!("{}:{path}", program.parent().unwrap().display());
        vec![
            ("HOME", self.home.path().to_string_lossy().into_owned()),
            ("XDG_STATE_HOME", state),
            ("PATH", path),
            ("SB_API_ENDPOINT", self.emulator.url().to_owned()),
            ("SB_AUTH_TOKEN", self.emulator.token()),
        ]
    }

    /// The command to run.
    pub fn sbg(&self, arguments: &[&str]) -> Command {
        let command = Command::new(env!("CARGO_BIN_EXE_sbg")).env_clear().current_dir(self.home.path());
        command.envs(self.environment()).args(arguments)
    }

    /// Runs a command, and checks that it shows the token nowhere.
    pub fn run(&self, arguments: &[&str]) -> OutputAssert {
        self.checked(self.sbg(arguments))
    }

    pub fn checked(&self, command: Command) -> OutputAssert {
        let done = command.assert();
        let output = done.get_output();
        for text in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(text).contains(&self.emulator.token()), "the token is shown");
        }
        done
    }

    /// Standard output of a command that succeeds.
    pub fn out(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments).success();
        String::from_utf8(done.get_output().stdout.clone()).unwrap()
    }

    /// The first column of the first line.
    pub fn first(&self, arguments: &[&str]) -> String {
        self.out(arguments).split(['\t', '\n']).next().unwrap().to_owned()
    }

    /// The records of a command that succeeds; they have the documented fields.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.out(&[&["--json"], arguments].concat());
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        records.iter().for_each(crate::json::check);
        records
    }

    /// The URI of a file of the project on the DRS server of the emulator.
    pub fn drs_uri(&self, path: &str) -> String {
        let host = self.emulator.url().trim_start_matches("http://").trim_end_matches("/v2");
        let record = self.json(&["stat", &format!("{PROJECT}/{path}")]).remove(0);
        format!("drs://{host}/{}", record["id"].as_str().unwrap())
    }

    /// The paths of the requests to the API since the last call of `clear_requests`.
    pub fn calls(&self) -> Vec<String> {
        let requests = self.emulator.requests().into_iter();
        requests
            .filter(|request| request.origin == sbg_emulator::Origin::Api)
            .map(|request| request.path)
            .collect()
    }
}

/// The text of standard error.
pub fn stderr(done: &OutputAssert) -> String {
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

/// The text of standard output.
pub fn stdout(done: &OutputAssert) -> String {
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

impl User {
    /// Starts an upload on the platform that nobody finishes.
    pub fn start_upload(&self, name: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = sbg::Client::builder()
            .endpoint(self.emulator.url())
            .token(self.emulator.token())
            .build()
            .unwrap();
        let body = serde_json::json!({"project": PROJECT, "name": name, "size": 1_000_000});
        runtime.block_on(client.request("POST", "/upload/multipart").json(&body).send()).unwrap();
    }
}
