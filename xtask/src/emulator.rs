//! The emulator of this workspace as a program of its own, for programs in other languages to talk to.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};

use xtask_process::{Program, program};

/// A running emulator. It is stopped when this is dropped, however the task ends.
pub struct Emulator {
    process: Child,
    /// Where it is, the token for it and the certificate to trust, as names and values of environment variables.
    environment: Vec<(String, String)>,
    /// Kept open: a program whose output nobody can take any more ends at the next line.
    printed: BufReader<ChildStdout>,
}

impl Emulator {
    /// Builds the emulator of the workspace below `root` and starts it on free ports.
    pub fn start(root: &Path, arguments: &[&str]) -> Result<Self> {
        let mut process = Command::new(program(root, Program::Binary("sbg-emulator"))?)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the emulator")?;
        let printed = BufReader::new(process.stdout.take().context("the emulator has no output")?);
        // From here on it is stopped, also where it does not print what is expected.
        let mut emulator = Self { process, environment: Vec::new(), printed };
        // With HTTPS it prints where the certificate is as well, under the two names that programs look for.
        for _ in 0..if arguments.contains(&"--tls") { 4 } else { 2 } {
            let mut line = String::new();
            emulator.printed.read_line(&mut line)?;
            let variable = line.trim_end().strip_prefix("export ").and_then(|rest| rest.split_once('='));
            let (name, value) = variable.with_context(|| format!("the emulator printed {line:?}"))?;
            emulator.environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(emulator)
    }

    /// The address of the API, and the token for it.
    pub fn address(&self) -> Result<[&str; 2]> {
        let value = |name: &str| {
            let found = self.environment.iter().find(|(named, _)| named == name);
            found.map(|(_, value)| value.as_str()).with_context(|| format!("the emulator printed no {name}"))
        };
        Ok([value("SB_API_ENDPOINT")?, value("SB_AUTH_TOKEN")?])
    }

    /// Tells a command where the emulator is.
    pub fn introduce<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        // A proxy of this machine does not lead to it.
        let proxy = ["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1"));
        command.envs(proxy).envs(self.environment.iter().map(|(name, value)| (name, value)))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
