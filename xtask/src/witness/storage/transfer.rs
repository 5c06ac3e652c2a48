//! One transfer in a separate process: runs to its end, is killed, or is disturbed in the middle.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// No transfer takes nearly this long.
const LONGEST: Duration = Duration::from_secs(90);

/// The output and the result of a process.
pub struct Ran {
    lines: Vec<String>,
    error: String,
    pub success: bool,
}

impl Ran {
    /// Runs a transfer to its end.
    pub fn to_end(command: &mut Command) -> Result<Self> {
        Self::with(command, u64::MAX, |_| Ok(()))
    }

    /// Runs a transfer and kills it after `bytes` bytes.
    pub fn killed_at(command: &mut Command, bytes: u64) -> Result<Self> {
        let mut killed = false;
        let ran = Self::with(command, bytes, |process| {
            killed = true;
            // SIGKILL on Unix.
            process.kill().context("cannot kill a transfer")
        })?;
        if !killed {
            bail!("the transfer ended before it could be killed: {}", ran.reason());
        }
        Ok(ran)
    }

    /// Runs a transfer and calls `act` once, after `bytes` bytes.
    pub fn with(
        command: &mut Command,
        bytes: u64,
        act: impl FnOnce(&mut Child) -> Result<()>,
    ) -> Result<Self> {
        let began = Instant::now();
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = Stopped(spawned.context("cannot start a transfer")?);
        let output = BufReader::new(process.0.stdout.take().context("a transfer has no output")?);
        let mut errors = process.0.stderr.take().context("a transfer has no error output")?;
        let (sender, printed) = mpsc::channel();
        let reader = thread::spawn(move || {
            for line in output.lines().map_while(std::result::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let error = thread::spawn(move || {
            let mut error = String::new();
            errors.read_to_string(&mut error).ok();
            error
        });
        let (mut lines, mut act) = (Vec::new(), Some(act));
        loop {
            match printed.recv_timeout(LONGEST.saturating_sub(began.elapsed())) {
                Ok(line) => {
                    if at(&line).is_some_and(|at| at >= bytes)
                        && let Some(act) = act.take()
                    {
                        act(&mut process.0)?;
                    }
                    lines.push(line);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let last = lines.last().map_or("nothing", String::as_str);
                    bail!("the transfer did not end after {} s; its last line: {last}", LONGEST.as_secs());
                }
            }
        }
        let status = process.0.wait()?;
        reader.join().ok().context("the output of a transfer cannot be read")?;
        let error = error.join().ok().context("the errors of a transfer cannot be read")?;
        Ok(Self { lines, error, success: status.success() })
    }

    /// The printed value of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    /// The bytes that were present at the start.
    pub fn began_at(&self) -> Option<u64> {
        self.lines.iter().find_map(|line| at(line))
    }

    /// The error output.
    pub fn reason(&self) -> &str {
        self.error.trim()
    }
}

/// The number of bytes in a line.
fn at(line: &str) -> Option<u64> {
    line.strip_prefix("at ")?.parse().ok()
}

/// A process that is killed when this value is dropped, unless it has exited.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
