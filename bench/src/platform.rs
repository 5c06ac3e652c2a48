//! The emulator in a separate process (`bench/programs/platform.rs`), controlled through its standard input and output.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// How the emulator responds.
#[derive(Clone, Copy)]
pub struct Network {
    /// Milliseconds before each response.
    pub latency: u64,
    /// Bytes per second of each connection and direction.
    pub bandwidth: Option<u64>,
    pub https: bool,
    pub faults: &'static [&'static str],
}

/// A running platform. It is stopped when this is dropped.
pub struct Platform {
    process: Child,
    commands: ChildStdin,
    responses: BufReader<ChildStdout>,
    /// Endpoint, token and certificate as environment variables.
    environment: Map<String, Value>,
}

/// The requests that the platform received.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Traffic {
    /// Requests to the API.
    pub calls: u64,
    /// The calls that list files.
    pub lists: u64,
    /// Bytes of objects that were sent or received.
    pub bytes: u64,
}

impl Platform {
    /// Starts the program. With HTTPS, its certificate is written to `folder`.
    pub fn start(program: &Path, network: Network, folder: &Path) -> Result<Self> {
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
        let responses = BufReader::new(process.stdout.take().context("the platform has no output")?);
        let mut platform = Self { process, commands, responses, environment: Map::new() };
        platform.environment = platform.response()?;
        Ok(platform)
    }

    /// A variable of the environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).and_then(Value::as_str)
    }

    /// Points a command at the platform, without the proxies of this machine.
    pub fn introduce(&self, command: &mut Command) {
        for name in ["NO_PROXY", "no_proxy"] {
            command.env(name, "127.0.0.1");
        }
        command.env_remove("REQUESTS_CA_BUNDLE");
        command.envs(self.environment.iter().filter_map(|(name, value)| Some((name, value.as_str()?))));
    }

    /// Creates a project and returns its id.
    pub fn project(&mut self, name: &str) -> Result<String> {
        self.ask(&json!({"project": name}))
    }

    /// Creates files in a project and returns their ids.
    pub fn files(&mut self, project: &str, count: u64, size: u64) -> Result<Vec<String>> {
        self.ask(&json!({"files": {"project": project, "count": count, "size": size}}))
    }

    /// Whether a local file equals a file of the platform.
    pub fn same(&mut self, path: &Path, id: &str) -> Result<bool> {
        self.ask(&json!({"same": {"path": path, "id": id}}))
    }

    /// Sets the latency of each request in milliseconds, in place of every fault.
    pub fn latency(&mut self, milliseconds: u64) -> Result<()> {
        self.ask(&json!({"latency": milliseconds}))
    }

    /// The requests since the last call.
    pub fn traffic(&mut self) -> Result<Traffic> {
        self.ask(&json!("traffic"))
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &Value) -> Result<T> {
        writeln!(self.commands, "{command}").context("the platform has ended")?;
        self.response()
    }

    fn response<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.responses.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("unexpected response of the platform: {line:?}"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
