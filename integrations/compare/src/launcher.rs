//! Runs a process to be measured. A process counts the peak memory of the one that started it as its own, so it is not started by the one
//! that has the files of the emulator in memory, but by this program once more, which does nothing else.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, exit};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use wait4::Wait4 as _;

/// The argument that makes this program a launcher.
pub const LAUNCH: &str = "launch";

/// A command that runs `command` and writes its cost to the file `report`.
pub fn launcher(command: &Command, report: &Path) -> Result<Command> {
    let mut launcher = Command::new(std::env::current_exe()?);
    launcher.arg(LAUNCH).arg(report).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => launcher.env(name, value),
            None => launcher.env_remove(name),
        };
    }
    Ok(launcher)
}

/// The time and the peak memory in bytes that a launcher has reported.
pub fn read(report: &Path) -> Result<(Duration, u64)> {
    let text = std::fs::read_to_string(report).context("the launcher has reported nothing")?;
    let (nanoseconds, memory) = text.split_once(' ').context("two numbers")?;
    Ok((Duration::from_nanos(nanoseconds.parse()?), memory.parse()?))
}

/// Runs a program, writes what it cost, and ends as it did. Arguments: the file to write to, the program, its arguments.
pub fn launch(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let (report, program) = arguments.next().zip(arguments.next()).context("a report and a program")?;
    let mut command = Command::new(&program);
    let started = Instant::now();
    let mut child = command.args(arguments).spawn().with_context(|| format!("cannot run {program:?}"))?;
    let ended = child.wait4()?;
    std::fs::write(report, format!("{} {}", started.elapsed().as_nanos(), ended.rusage.maxrss))?;
    exit(ended.status.code().unwrap_or(1));
}
