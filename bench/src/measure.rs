//! Runs processes and measures their cost.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wait4::{ResourceUsage, Wait4 as _};

/// The cost of processes that ran together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// From the start of the first to the end of the last.
    pub elapsed: Duration,
    /// CPU time of all of them, user and system.
    pub processor: Duration,
    /// Peak memory of the largest one in bytes.
    pub memory: u64,
}

/// Starts these processes at once and waits for all. Returns their cost and their outputs, in order. Their output goes to files in
/// `folder`, so that no reader can slow them down.
///
/// # Errors
///
/// The last line of the error output of the first one that failed.
pub fn run(commands: &mut [Command], folder: &Path) -> Result<(Usage, Vec<String>)> {
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
            bail!("{}: {}", end.status, said.trim_end().lines().next_back().unwrap_or("no error output"));
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
    fn processes_are_measured() {
        let folder = tempfile::tempdir().unwrap();
        let busy = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo $i";
        let (usage, outputs) =
            run(&mut [shell(busy), shell("sleep 0.05; echo slept")], folder.path()).unwrap();
        assert_eq!(outputs, ["20000\n", "slept\n"]);
        assert!(usage.elapsed >= Duration::from_millis(50), "{usage:?}");
        assert!(!usage.processor.is_zero() && usage.memory > 0, "{usage:?}");
    }

    #[test]
    fn failed_process_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(&mut [shell("echo one >&2; echo two >&2; exit 3")], folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3: two");
    }
}
