//! Sixteen parallel transfers on platforms that fail at random, for a given time. `cargo xtask soak` starts this program and the
//! platforms, one for each kind of object storage.
//!
//! `soak FOLDER SECONDS SEED ENDPOINT TOKEN [ENDPOINT TOKEN ...]`. Each worker picks a platform, creates a file, uploads it, downloads
//! it, compares, deletes, and starts again with another platform. Some transfers are stopped midway and resumed. A failed call is
//! repeated, because the faults never end. Bytes that differ fail the soak, and so does growing memory: the last third of the time is
//! compared with the middle third.

use std::error::Error;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures::future::try_join_all;
use sbg::pipeline::MaintenanceSleeper;
use sbg::transfer::Transfer;
use sbg::{Client, ErrorKind, ProjectId};
use sbg_tests::client_of;

const WORKERS: u64 = 16;
/// Maximum file size. Small files are as frequent as large ones.
const LARGEST: u64 = 24 << 20;
/// One in this many transfers is stopped midway.
const STOPPED: u32 = 4;
/// A call that fails this many times in a row does not fail because of random faults.
const PATIENCE: u32 = 25;
/// Block size to write and compare files.
const BLOCK: usize = 1 << 16;
/// Allowed growth of memory: allocator noise with this many threads.
const NOISE: u64 = 8 << 20;

/// The counts for the summary.
#[derive(Debug, Default)]
struct Tally {
    rounds: AtomicU64,
    bytes: AtomicU64,
    stopped: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    match soak().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seconds, seed, platforms @ ..] = &arguments[..] else {
        return Err("expected FOLDER SECONDS SEED ENDPOINT TOKEN [ENDPOINT TOKEN ...]".into());
    };
    let (folder, time, seed) =
        (Path::new(folder), Duration::from_secs(seconds.parse()?), seed.parse::<u64>()?);
    let mut stages = Vec::new();
    for platform in platforms.chunks(2) {
        let [endpoint, token] = platform else { return Err("an endpoint without a token".into()) };
        stages.push(Stage::new(endpoint, token, &folder.join(format!("state-{}", stages.len()))).await?);
    }
    if stages.is_empty() {
        return Err("there is no platform".into());
    }
    let (tally, until) = (Tally::default(), Instant::now() + time);
    let workers = (0..WORKERS).map(|number| {
        let worker = Worker { stages: &stages, folder, number, tally: &tally };
        worker.run(until, Rng::with_seed(seed + number))
    });
    let (_, memory) = futures::try_join!(try_join_all(workers), watch(until))?;
    let [middle, last] = memory.medians();
    println!(
        "{} files of {} MiB in all went up and down over {} storages, {} transfers were stopped and resumed, {} failed and were repeated; \
         memory {} MiB in the middle, {} MiB at the end",
        tally.rounds.into_inner(),
        tally.bytes.into_inner() >> 20,
        stages.len(),
        tally.stopped.into_inner(),
        tally.failed.into_inner(),
        middle >> 20,
        last >> 20,
    );
    if last > middle + middle / 10 + NOISE {
        return Err("the memory grows".into());
    }
    Ok(())
}

fn unreachable_id() -> sbg::Error {
    unreachable!("the emulator names a project by an id in its form")
}

/// A platform, with the client and the project that all workers share.
struct Stage {
    client: Client,
    project: ProjectId,
}

impl Stage {
    async fn new(endpoint: &str, token: &str, state: &Path) -> Result<Self> {
        // Maintenance ends after a moment here, not after an hour.
        let maintenance = MaintenanceSleeper::default().interval(Duration::from_millis(200));
        let client = client_of(endpoint, token).state_folder(Some(state.to_owned()));
        let client = client.error_handler(maintenance).build()?;
        let project = again(&Tally::default(), || async {
            let project = client.projects().create("soak").await?;
            project.id.parse().map_err(|_| unreachable_id())
        })
        .await?;
        Ok(Self { client, project })
    }
}

/// Runs one transfer after another.
struct Worker<'s> {
    stages: &'s [Stage],
    folder: &'s Path,
    number: u64,
    tally: &'s Tally,
}

impl Worker<'_> {
    async fn run(self, until: Instant, mut rng: Rng) -> Result<()> {
        let mut round = 0;
        // Unfinished rounds are cancelled at the end, because a retry among faults may wait for minutes.
        while let Ok(done) = tokio::time::timeout_at(until.into(), self.round(round, &mut rng)).await {
            done?;
            round += 1;
        }
        Ok(())
    }

    async fn round(&self, round: u64, rng: &mut Rng) -> Result<()> {
        let stage = &self.stages[rng.usize(0..self.stages.len())];
        let size = LARGEST >> rng.u32(0..20);
        let size = rng.u64(0..=size);
        let (up, down) = (self.path(round, "up"), self.path(round, "down"));
        write(&up, size, rng)?;
        let uploaded =
            self.moved(rng, || stage.client.upload(&up).to(&stage.project).overwrite(true).start()).await?;
        let file = stage.client.file(&uploaded.id);
        self.moved(rng, || file.download(&down).overwrite(true).start()).await?;
        if !same_content(&up, &down)? {
            return Err(format!("{} is not what was uploaded", down.display()).into());
        }
        again(self.tally, || async {
            match file.delete().await {
                // The file was deleted, but the response was lost.
                Err(error) if error.is_not_found() => Ok(()),
                other => other,
            }
        })
        .await?;
        std::fs::remove_file(&up)?;
        std::fs::remove_file(&down)?;
        Tally::add(&self.tally.rounds, 1);
        Tally::add(&self.tally.bytes, 2 * size);
        Ok(())
    }

    fn path(&self, round: u64, name: &str) -> PathBuf {
        self.folder.join(format!("{}-{round}-{name}", self.number))
    }

    /// Runs a transfer to completion: resumes it after a stop and retries it after a failure.
    async fn moved<T: Clone + Send + Sync + 'static>(
        &self,
        rng: &mut Rng,
        start: impl Fn() -> Transfer<T>,
    ) -> Result<T> {
        if rng.u32(0..STOPPED) == 0 {
            let transfer = start();
            tokio::time::sleep(Duration::from_millis(rng.u64(0..300))).await;
            transfer.stop();
            match transfer.wait().await {
                Ok(done) => return Ok(done),
                Err(error) if error.kind() == ErrorKind::Cancelled => Tally::add(&self.tally.stopped, 1),
                Err(_) => Tally::add(&self.tally.failed, 1),
            }
        }
        again(self.tally, || async { start().wait().await }).await
    }
}

/// Repeats `work` until it succeeds, as a person would.
async fn again<T, F>(tally: &Tally, work: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = sbg::Result<T>>,
{
    let mut failures = 0;
    loop {
        match work().await {
            Ok(done) => return Ok(done),
            Err(error) if failures == PATIENCE => return Err(error.into()),
            Err(_) => failures += 1,
        }
        Tally::add(&tally.failed, 1);
    }
}

/// Writes a file of random bytes.
fn write(path: &Path, size: u64, rng: &mut Rng) -> Result<()> {
    let mut file = File::create(path)?;
    let mut block = vec![0; BLOCK];
    let mut left = size;
    while left > 0 {
        let length = usize::try_from(left.min(block.len() as u64))?;
        rng.fill(&mut block[..length]);
        file.write_all(&block[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// Compares block by block, because whole files in memory would distort the measurement. The storage replaces some objects by one with
/// all bytes inverted. Then the whole download must be inverted; anything else is a mixture of two versions.
fn same_content(one: &Path, other: &Path) -> Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut inverted = None;
    loop {
        let length = one.read(&mut left)?;
        if length == 0 {
            return Ok(true);
        }
        other.read_exact(&mut right[..length])?;
        let mask = *inverted.get_or_insert(if left[0] == right[0] { 0 } else { u8::MAX });
        if left[..length].iter().zip(&right[..length]).any(|(left, right)| left ^ right != mask) {
            return Ok(false);
        }
    }
}

/// Memory of the process, second by second.
struct Memory(Vec<u64>);

impl Memory {
    /// The medians of the second and the last third of the time. The first third is warm-up.
    fn medians(&self) -> [u64; 2] {
        let third = self.0.len() / 3;
        [&self.0[third..2 * third], &self.0[2 * third..]].map(|part| {
            let mut part = part.to_vec();
            part.sort_unstable();
            part.get(part.len() / 2).copied().unwrap_or_default()
        })
    }
}

async fn watch(until: Instant) -> Result<Memory> {
    let mut samples = Vec::new();
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_secs(1)).await;
        samples.push(resident()?);
    }
    Ok(Memory(samples))
}

/// Resident memory of the process in bytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    Ok(line.ok_or("the system tells no memory")?.parse::<u64>()? * 1024)
}
