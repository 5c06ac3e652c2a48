//! The emulator in a separate process, for programs in other languages.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};

use xtask_process::{Program, program};

/// A running emulator. It is stopped when this value is dropped.
pub struct Emulator {
    process: Child,
    /// Names and values of environment variables: endpoint, token and certificate.
    environment: Vec<(String, String)>,
    /// Kept open, because writing to a closed pipe would end the emulator.
    printed: BufReader<ChildStdout>,
}

impl Emulator {
    /// Builds the emulator of the workspace at `root` and starts it on free ports.
    pub fn start(root: &Path, arguments: &[&str]) -> Result<Self> {
        let mut process = Command::new(program(root, Program::Binary("sbg-emulator"))?)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the emulator")?;
        let printed = BufReader::new(process.stdout.take().context("the emulator has no output")?);
        // From here on it is stopped even if it prints something unexpected.
        let mut emulator = Self { process, environment: Vec::new(), printed };
        // With HTTPS it also prints the path of the certificate, under two common names.
        for _ in 0..if arguments.contains(&"--tls") { 4 } else { 2 } {
            let mut line = String::new();
            emulator.printed.read_line(&mut line)?;
            let variable = line.trim_end().strip_prefix("export ").and_then(|rest| rest.split_once('='));
            let (name, value) = variable.with_context(|| format!("the emulator printed {line:?}"))?;
            emulator.environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(emulator)
    }

    /// The URL and the token of the API.
    pub fn endpoint(&self) -> Result<[&str; 2]> {
        let value = |name: &str| {
            let found = self.environment.iter().find(|(named, _)| named == name);
            found
                .map(|(_, value)| value.as_str())
                .with_context(|| format!("the emulator did not print {name}"))
        };
        Ok([value("SB_API_ENDPOINT")?, value("SB_AUTH_TOKEN")?])
    }

    /// Points a command at the emulator.
    pub fn configure<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        // Proxies of this machine cannot reach it.
        let proxy = ["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1"));
        command.envs(proxy).envs(self.environment.iter().map(|(name, value)| (name, value)))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
