//! Measures how long it takes to list 10,000 files if every response takes 50 ms: `cargo run --release -p sbg-tests --example listing`.
//!
//! Prints the median of several runs, each with new connections, and fails unless it is below 0.6 s.

use std::time::{Duration, Instant};

use sbg::types::File;
use sbg_emulator::Emulator;
use sbg_tests::client_of;

const FILES: usize = 10_000;
const RUNS: usize = 9;
const LATENCY: Duration = Duration::from_millis(50);
const GOAL: Duration = Duration::from_millis(600);

fn main() -> anyhow::Result<()> {
    // The platform has a separate runtime, as if it ran on another machine.
    let emulator = Emulator::builder().latency(LATENCY).record(false).rate_limit(100_000).start_blocking()?;
    let project = emulator.create_project("listing");
    for number in 0..FILES {
        emulator.create_file(&project, &format!("{number:05}.fastq"), "");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(runtime.block_on(list(&emulator, &project))?);
    }
    times.sort_unstable();
    let median = times[RUNS / 2];
    println!(
        "{FILES} files with {LATENCY:?} for each answer: {median:.0?} (median of {RUNS} runs, from {:.0?} to {:.0?})",
        times[0],
        times[RUNS - 1]
    );
    anyhow::ensure!(median < GOAL, "slower than {GOAL:?}");
    Ok(())
}

/// Lists all files with a new client and returns the time it took.
async fn list(emulator: &Emulator, project: &str) -> anyhow::Result<Duration> {
    let client = client_of(emulator.url(), &emulator.token()).build()?;
    let begun = Instant::now();
    let files: Vec<File> = client.project(project).files().query().items().try_collect().await?;
    let time = begun.elapsed();
    anyhow::ensure!(files.len() == FILES, "{} files came", files.len());
    anyhow::ensure!(files.is_sorted_by(|a, b| a.name < b.name), "the order is lost");
    Ok(time)
}
