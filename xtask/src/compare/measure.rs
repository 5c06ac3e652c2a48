//! Runs processes to their end and says what they cost.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wait4::{ResourceUsage, Wait4 as _};

/// What processes cost that were run together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// From the start of the first to the end of the last.
    pub(crate) elapsed: Duration,
    /// Of all of them, in user and system mode.
    pub(crate) processor: Duration,
    /// Bytes of the largest at its peak.
    pub(crate) memory: u64,
}

/// Starts these processes at once and waits for all. Returns what they cost and printed, in their order. `folder` is for their output:
/// nobody has to read while they run.
///
/// # Errors
///
/// What the first of those said that did not end with success.
pub(crate) fn run(commands: &mut [Command], folder: &Path) -> Result<(Usage, Vec<String>)> {
    let files: Vec<_> = (0..commands.len())
        .map(|number| ["printed", "said"].map(|name| folder.join(format!("{name}-{number}.txt"))))
        .collect();
    for (command, [printed, said]) in commands.iter_mut().zip(&files) {
        command.stdin(Stdio::null()).stdout(File::create(printed)?).stderr(File::create(said)?);
    }
    let started = Instant::now();
    let children = commands.iter_mut().map(|command| {
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().with_context(|| format!("cannot run {program}"))
    });
    let children = children.collect::<Result<Vec<Child>>>()?;
    let ended = children.into_iter().map(|mut child| child.wait4()).collect::<Result<Vec<_>, _>>()?;
    let mut usage = Usage { elapsed: started.elapsed(), ..Usage::default() };

    let mut outputs = Vec::new();
    for (end, [printed, said]) in ended.into_iter().zip(&files) {
        if !end.status.success() {
            let said = fs::read_to_string(said)?;
            bail!("{}: {}", end.status, said.trim_end().lines().next_back().unwrap_or("nothing was said"));
        }
        let ResourceUsage { utime, stime, maxrss } = end.rusage;
        usage.processor += utime + stime;
        usage.memory = usage.memory.max(maxrss);
        outputs.push(fs::read_to_string(printed)?);
    }
    Ok((usage, outputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_is_measured_and_what_it_printed_is_returned() {
        let folder = tempfile::tempdir().unwrap();
        let busy = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo $i";
        let (usage, outputs) =
            run(&mut [shell(busy), shell("sleep 0.05; echo slept")], folder.path()).unwrap();
        assert_eq!(outputs, ["20000\n", "slept\n"]);
        assert!(usage.elapsed >= Duration::from_millis(50), "{usage:?}");
        assert!(!usage.processor.is_zero() && usage.memory > 0, "{usage:?}");
    }

    #[test]
    fn a_process_that_fails_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(&mut [shell("echo one >&2; echo two >&2; exit 3")], folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3: two");
    }
}
