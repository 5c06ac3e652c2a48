//! Processes that are repeatedly killed during a transfer, until one completes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sbg_emulator::Emulator;
use sbg_tests::{MIB, Stage, assert_same_bytes};

use crate::processes::{downloader, uploader};

/// Bytes per second of each transfer, so that it takes eight seconds and is killed often.
const RATE: usize = 4 * MIB;

const SIZE: usize = 32 * MIB;

/// Part size of uploads: small, because a part is sent again as a whole.
const PART: usize = 64 * 1024;

/// What a killed download may lose: it saves its progress every second, and a machine under load may do so late.
const LOST_DOWN: u64 = 3 * RATE as u64;

/// What a killed upload may lose: one part on each connection, and recently confirmed parts.
const LOST_UP: u64 = 2 * 64 * PART as u64;

/// Files in each direction.
const FILES: usize = 4;

/// Repeats the transfer, killed after a random time, until it completes. A run may complete and be killed before it can report that.
/// Fails if a run starts with less than the previous run had, except for `lost` bytes.
fn until_done(
    what: &str,
    seed: u64,
    lost: u64,
    kills: &AtomicU32,
    command: impl Fn() -> Command,
    is_done: impl Fn() -> bool,
) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut before = 0;
    let mut killed = 0;
    loop {
        let mut child = command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (lines, reader) = collect(&mut child)?;
        // If the first process were killed before it saved the upload id, the platform would keep that upload until it expires.
        while killed == 0 && lines.lock().is_ok_and(|lines| lines.is_empty()) && child.try_wait()?.is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let life = Duration::from_millis(random.u64(200..2500));
        let ended = live(&mut child, life)?;
        reader.join().ok().context("the lines can be read")?;
        let lines = lines.lock().ok().context("the lines can be read")?.clone();
        let mut steps = lines.iter().filter_map(|line| line.strip_prefix("at ")?.parse::<u64>().ok());
        if let Some(first) = steps.next() {
            ensure!(first + lost >= before, "{what}: run {killed} begins at {first}, after {before}");
            before = steps.next_back().unwrap_or(first);
        }
        ensure!(!lines.iter().any(|line| line.starts_with("started_over")), "{what} starts over");
        killed += u32::from(!ended);
        kills.fetch_add(u32::from(!ended), Ordering::Relaxed);
        if ended || is_done() {
            return Ok(());
        }
        ensure!(killed < 100, "{what} does not come to its end: it is at {before}");
    }
}

/// Lines printed by a process so far.
type Lines = Arc<Mutex<Vec<String>>>;

/// Reads the output of the process line by line until it exits.
fn collect(child: &mut Child) -> Result<(Lines, JoinHandle<()>)> {
    let output = BufReader::new(child.stdout.take().context("an output")?);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let read = lines.clone();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(std::result::Result::ok) {
            read.lock().expect("nobody panics with it").push(line);
        }
    });
    Ok((lines, reader))
}

/// Kills the process after `life`, unless it has exited. Returns whether it completed.
fn live(child: &mut Child, life: Duration) -> Result<bool> {
    let step = Duration::from_millis(5);
    for _ in 0..life.as_millis() / step.as_millis() {
        if child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(step);
    }
    // SIGKILL on Unix.
    child.kill()?;
    let status = child.wait()?;
    if let Some(code) = status.code().filter(|code| *code != 0) {
        let mut message = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().context("errors")?, &mut message)?;
        anyhow::bail!("the process failed with {code}: {message}");
    }
    Ok(status.success())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The id of the file of this name, once the upload is completed.
fn completed(stage: &Stage, name: &str) -> Option<String> {
    let completions = stage.calls("POST", "/complete").into_iter().filter_map(|call| call.response_json());
    let file = completions.into_iter().find(|file| file["name"] == name)?;
    file["id"].as_str().map(str::to_owned)
}

/// Number of journals.
fn journals(state: &Path) -> usize {
    let names = names(state).unwrap_or_default();
    names.iter().filter(|name| Path::new(name).extension().is_none_or(|end| end != "lock")).count()
}

#[tokio::test]
async fn repeatedly_killed_transfers_finish() -> Result<()> {
    let stage = Stage::with(Emulator::builder().min_part_size(1).rate_limit(1_000_000)).await;
    let (up, down, state) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let kills = AtomicU32::new(0);
    let mut bytes = vec![0; SIZE];
    fastrand::Rng::with_seed(7).fill(&mut bytes);
    let (stage, kills, bytes) = (&stage, &kills, &bytes);
    std::thread::scope(|scope| {
        let mut runs = Vec::new();
        for number in 0..FILES {
            let (down, up, state) = (down.path(), up.path(), state.path());
            runs.push(scope.spawn(move || -> Result<()> {
                let name = format!("down-{number}");
                // Each file has different bytes, so that none can be mistaken for another.
                let id = stage.file(&name, bytes[number..].to_vec());
                let path = down.join(&name);
                let command = || downloader(stage, &id, &path, Some(RATE));
                until_done(&name, number as u64, LOST_DOWN, kills, command, || path.exists())?;
                assert_same_bytes(&std::fs::read(path)?, &bytes[number..]);
                Ok(())
            }));
            runs.push(scope.spawn(move || -> Result<()> {
                let name = format!("up-{number}");
                let (path, state) = (up.join(&name), &state.join(&name));
                std::fs::write(&path, &bytes[number..])?;
                let command = || uploader(stage, &path, state, PART, Some(RATE));
                let is_done = || completed(stage, &name).is_some() && journals(state) == 0;
                until_done(&name, 100 + number as u64, LOST_UP, kills, command, is_done)?;
                let id = completed(stage, &name).context("it is completed")?;
                stage.assert_uploaded(&id, &bytes[number..]);
                Ok(())
            }));
        }
        runs.into_iter().try_for_each(|run| run.join().map_err(|_| anyhow::anyhow!("see above"))?)
    })?;
    let kills = kills.load(Ordering::Relaxed);
    assert!(kills >= 50, "only {kills} were killed");
    let expected: Vec<_> = (0..FILES).map(|number| format!("down-{number}")).collect();
    assert_eq!(names(down.path())?, expected, "nothing is left beside the files");
    assert!(stage.client.uploads().list().await?.is_empty(), "nothing is left under way");
    Ok(())
}
