//! The emulator in a process of its own, as `bench/src/platform.rs` makes it: prepared and questioned over its input and output.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::rows::Network;

/// A running platform. It is stopped when this is dropped.
pub(crate) struct Platform {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Where it is, the token for it and whom to trust, as environment variables.
    environment: Map<String, Value>,
}

/// What the platform saw.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Traffic {
    /// Requests to the API.
    pub(crate) calls: u64,
    /// Those of them that list files.
    pub(crate) lists: u64,
    /// Bytes of objects that the object store sent or was sent.
    pub(crate) bytes: u64,
}

impl Platform {
    /// Starts the program. A certificate, if there is to be one, is written to `folder`.
    pub(crate) fn start(program: &Path, network: Network, folder: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--latency", &network.latency.to_string()]);
        if let Some(bytes) = network.bandwidth {
            command.args(["--bandwidth", &bytes.to_string()]);
        }
        if network.https {
            command.arg("--authority").arg(folder.join("authority.pem"));
        }
        for fault in network.faults {
            command.args(["--fault", fault]);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the platform")?;
        let commands = process.stdin.take().context("the platform has no input")?;
        let answers = BufReader::new(process.stdout.take().context("the platform has no output")?);
        let mut platform = Self { process, commands, answers, environment: Map::new() };
        platform.environment = platform.answer()?;
        Ok(platform)
    }

    /// A variable that leads to the platform.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).and_then(Value::as_str)
    }

    /// Tells a command where the platform is, and nothing of the settings of this machine.
    pub(crate) fn introduce(&self, command: &mut Command) {
        for name in ["NO_PROXY", "no_proxy"] {
            command.env(name, "127.0.0.1");
        }
        command.env_remove("REQUESTS_CA_BUNDLE");
        command.envs(self.environment.iter().filter_map(|(name, value)| Some((name, value.as_str()?))));
    }

    /// Creates a project and returns its id.
    pub(crate) fn project(&mut self, name: &str) -> Result<String> {
        self.ask(&json!({"project": name}))
    }

    /// Puts files into a project and returns their ids.
    pub(crate) fn files(&mut self, project: &str, count: u64, size: u64) -> Result<Vec<String>> {
        self.ask(&json!({"files": {"project": project, "count": count, "size": size}}))
    }

    /// Whether a local file has the bytes of a file of the platform.
    pub(crate) fn same(&mut self, path: &Path, id: &str) -> Result<bool> {
        self.ask(&json!({"same": {"path": path, "id": id}}))
    }

    /// What it saw since it was asked the last time.
    pub(crate) fn traffic(&mut self) -> Result<Traffic> {
        self.ask(&json!("traffic"))
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &Value) -> Result<T> {
        writeln!(self.commands, "{command}").context("the platform has ended")?;
        self.answer()
    }

    fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the platform said {line:?}"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
