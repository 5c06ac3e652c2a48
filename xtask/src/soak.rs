//! `cargo xtask soak`: many parallel transfers for minutes on platforms that fail at random. All bytes must be correct in the end, and
//! memory must not grow.
//!
//! The program `soak` of the package `sbg-tests` does the transfers. Each kind of storage is an emulator in a separate process, so that its
//! memory does not count.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::emulator::Emulator;
use xtask_process::{Program, empty, output, program, step};

#[derive(Args)]
pub struct Soak {
    /// Duration of the transfers
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Seed of files and faults
    #[arg(long, default_value_t = 51)]
    seed: u64,
}

/// Faults of every storage, with their probability.
const FAULTS: [&str; 30] = [
    "storage:get:p=0.02:503",
    "storage:get:p=0.02:cut=100000",
    "storage:get:p=0.01:short",
    "storage:get:p=0.01:shifted",
    "storage:get:p=0.01:wrong-total",
    "storage:get:p=0.002:stall=1000",
    "storage:get:p=0.01:expired",
    "storage:get:p=0.005:error=SlowDown",
    "storage:get:p=0.005:error=InternalError",
    "storage:get:p=0.005:error=RequestTimeTooSkewed",
    "storage:get:p=0.005:missing-byte",
    "storage:get:p=0.01:redirect-307=/moved{path}",
    "storage:get:p=0.005:replace",
    "storage:put:p=0.02:503",
    "storage:put:p=0.02:lost-response",
    "storage:put:p=0.01:expired",
    "storage:put:p=0.005:error=RequestTimeout",
    "storage:put:p=0.005:error=BadDigest",
    "storage:put:p=0.005:error=IncompleteBody",
    "storage:put:p=0.005:error=OperationAborted",
    "storage:put:p=0.005:early=403",
    "storage:put:p=0.005:early=503",
    "storage:put:p=0.01:redirect-307=/moved{path}",
    "storage:put:p=0.002:drop-upload",
    "storage:p=0.02:reset",
    "storage:p=0.05:delay=200",
    "api:p=0.01:429-no-reset",
    "api:p=0.005:maintenance",
    "api:p=0.01:html",
    "api:p=0.01:lost-response",
];

/// Faults of storages that send checksums, without which such faults are undetectable.
const CORRUPTION: [&str; 1] = ["storage:get:p=0.005:corrupt=5000"];

/// A kind of storage: flavor, quirks, and faults in addition to [`FAULTS`].
struct Storage {
    flavor: &'static str,
    quirks: &'static [&'static str],
    faults: &'static [&'static str],
}

const fn storage(flavor: &'static str, quirks: &'static [&'static str]) -> Storage {
    Storage { flavor, quirks, faults: &[] }
}

const STORAGES: [Storage; 9] = [
    storage("s3", &[]),
    storage("s3", &["no-if-match", "empty-range=missing-byte", "dropped-upload=403"]),
    Storage { faults: &CORRUPTION, ..storage("gcs", &[]) },
    storage("azure", &[]),
    storage("oss", &[]),
    storage("swift", &[]),
    storage("static", &[]),
    storage("static", &["no-ranges"]),
    storage("static", &["no-validators"]),
];

/// Starts the emulator of one kind of storage. Each fault has its own random sequence, numbered from `seed`.
fn start(root: &Path, storage: &Storage, seed: u64) -> Result<Emulator> {
    let mut arguments: Vec<String> =
        ["--rate-limit", "10000000", "--min-part-size", "1", "--storage", storage.flavor]
            .map(str::to_owned)
            .into();
    for quirk in storage.quirks {
        arguments.extend(["--storage-quirk".to_owned(), (*quirk).to_owned()]);
    }
    for (number, fault) in (seed..).zip(FAULTS.iter().chain(storage.faults)) {
        let (before, after) = split_at_seed(fault).context("a fault without probability or action")?;
        arguments.extend(["--fault".to_owned(), format!("{before}/{number}:{after}")]);
    }
    Emulator::start(root, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A fault up to and including its probability, after which the seed goes, and its action.
fn split_at_seed(fault: &str) -> Option<(&str, &str)> {
    let probability = fault.find("p=")?;
    let end = probability + fault[probability..].find(':')?;
    Some((&fault[..end], &fault[end + 1..]))
}

/// Runs the transfers and returns their summary.
pub fn run(root: &Path, soak: &Soak) -> Result<String> {
    let folder = root.join("target/soak");
    empty(&folder)?;
    let program = step("soak: build", || program(root, Program::Binary("soak")))?;
    let emulators = (soak.seed..).step_by(100).zip(&STORAGES);
    let emulators =
        emulators.map(|(seed, storage)| start(root, storage, seed)).collect::<Result<Vec<_>>>()?;
    let mut command = Command::new(program);
    command.arg(&folder).args([soak.seconds.to_string(), soak.seed.to_string()]);
    for emulator in &emulators {
        command.args(emulator.endpoint()?);
    }
    let summary = step(&format!("soak: {} s", soak.seconds), || output(&mut command))?;
    let summary = summary.trim();
    ensure!(!summary.is_empty(), "the program prints no summary");
    empty(&folder)?;
    Ok(summary.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_takes_a_seed() {
        for fault in FAULTS.iter().chain(&CORRUPTION) {
            let (before, after) = split_at_seed(fault).expect("a probability and an action");
            assert_eq!(format!("{before}:{after}"), *fault);
            assert!(before.contains("p=0.") && !after.is_empty(), "{fault}");
        }
    }
}
