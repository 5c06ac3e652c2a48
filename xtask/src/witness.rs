//! `cargo xtask witness`: what outside programs say of the emulator and of the specification.
//!
//! The official Python client does its work on the emulator, checks what it gets, and the answers to it are held against the
//! specification. Schemathesis makes calls from the specification, right ones and wrong ones, and holds the answers against it. And
//! all that the tests of this workspace say to the emulator and hear from it is held against the specification in the same way as
//! recorded traffic.

mod storage;

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;

use sbg_drift::Kind;

use crate::drift;
use crate::emulator::Emulator;
use xtask_process::{PYTHON, cargo, empty, step, tee, versions, virtual_environment};

pub use self::storage::Options as Storage;

/// The variable that names the folder to which tests of the client write their traffic.
const TRAFFIC: &str = "SBG_TEST_TRAFFIC";
/// The same for the tests of the emulator, many of which say on purpose what no client should say.
const HOSTILE_TRAFFIC: &str = "SBG_HOSTILE_TRAFFIC";

#[derive(Subcommand)]
pub enum Witness {
    /// The official Python client works on the emulator, and what it says and hears fits the specification
    Python,
    /// Schemathesis makes calls from the specification and checks the answers of the emulator
    Schemathesis {
        /// Calls for each operation and phase at the most
        #[arg(long, default_value_t = 20)]
        max_examples: u32,
        /// Another seed makes other calls
        #[arg(long, default_value_t = 51)]
        seed: u64,
    },
    /// The tests of the workspace run, and what they say and hear fits the specification
    Traffic,
    /// The transfer engine moves files through real storage servers, and is killed, refused and misled on the way
    Storage(Storage),
}

/// Asks `witness` about the workspace below `root`, and says what it found.
pub fn run(root: &Path, witness: Witness) -> Result<String> {
    match witness {
        Witness::Python => python(root),
        Witness::Schemathesis { max_examples, seed } => schemathesis(root, max_examples, seed),
        Witness::Traffic => traffic(root),
        Witness::Storage(options) => storage::run(root, &options),
    }
}

fn python(root: &Path) -> Result<String> {
    let programs = programs(root)?;
    let recorded = folder(root, "python-traffic")?;
    let path = recorded.to_str().context("the path of the workspace is not UTF-8")?;
    // The client takes no address without HTTPS. Its uploads have parts of a few bytes.
    let certificate = folder(root, "certificate")?;
    let certificate = certificate.to_str().context("the path of the workspace is not UTF-8")?;
    let emulator = start(root, &["--tls", certificate, "--min-part-size", "1", "--traffic", path])?;
    let mut client = Command::new(programs.join("python"));
    tee(emulator.introduce(client.arg(root.join("tests/witness/python_client.py"))), |_| ())?;
    drop(emulator);
    // The client takes liberties, such as a body where there is none and `True` for `true`, which say nothing of the emulator.
    fits(root, &recorded, is_of_answer)
}

fn schemathesis(root: &Path, max_examples: u32, seed: u64) -> Result<String> {
    let programs = programs(root)?;
    let sources = root.join("tests/witness/schemathesis");
    // It makes thousands of calls in a minute, and needs something to make them on.
    let emulator = start(root, &["--demo", "--rate-limit", "1000000", "--min-part-size", "1"])?;
    let mut schemathesis = Command::new(programs.join("schemathesis"));
    schemathesis.env("SBG_WITNESS_HOOKS", sources.join("hooks.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    schemathesis.arg("--config-file").arg(sources.join("schemathesis.toml"));
    schemathesis.arg("run").arg(root.join("openapi/sbg.openapi.json"));
    schemathesis.args([
        "--no-color",
        "--max-examples",
        &max_examples.to_string(),
        "--seed",
        &seed.to_string(),
    ]);
    let mut cases = None;
    tee(emulator.introduce(&mut schemathesis), |line| {
        cases = line.contains("generated").then(|| line.trim().to_owned()).or(cases.take());
    })?;
    cases.context("schemathesis does not say how many calls it made")
}

fn traffic(root: &Path) -> Result<String> {
    let (of_client, hostile) = (folder(root, "traffic")?, folder(root, "hostile-traffic")?);
    let mut tests = cargo(root);
    tests.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // Most of them wait for something most of the time; more would make some wait too long.
    let threads = 1 + thread::available_parallelism().map_or(1, NonZero::get);
    tests.env("RUST_TEST_THREADS", threads.to_string());
    let mut passed = 0;
    tee(tests.env(TRAFFIC, &of_client).env(HOSTILE_TRAFFIC, &hostile), |line| passed += passed_tests(line))?;
    ensure!(passed > 0, "no test was run");
    // Notices are of use where nobody knows what the platform sends; here somebody wrote it.
    let of_client = fits(root, &of_client, |kind| kind != Kind::Notice)?;
    fits(root, &hostile, is_of_answer)?;
    Ok(format!("{passed} tests; {of_client}"))
}

/// The number of tests that passed, where a line of the test runner tells it.
pub fn passed_tests(line: &str) -> usize {
    let count = line.strip_prefix("test result: ok. ").and_then(|rest| rest.split_once(" passed"));
    count.and_then(|(count, _)| count.parse().ok()).unwrap_or(0)
}

/// Whether a problem is one of an answer, whatever it answers.
fn is_of_answer(kind: Kind) -> bool {
    matches!(kind, Kind::Response | Kind::Decode)
}

/// The folder of the programs of the virtual environment, which is made where it is missing.
fn programs(root: &Path) -> Result<PathBuf> {
    let versions = versions(&[&PYTHON])?;
    let environment = root.join("target/witness/venv");
    virtual_environment(&environment, &root.join("tests/witness/requirements.txt"), &versions)?;
    Ok(environment.join("bin"))
}

fn start(root: &Path, arguments: &[&str]) -> Result<Emulator> {
    step("emulator: build and start", || Emulator::start(root, arguments))
}

/// An empty folder for the traffic of a run.
fn folder(root: &Path, name: &str) -> Result<PathBuf> {
    let folder = root.join("target/witness").join(name);
    empty(&folder)?;
    Ok(folder)
}

/// Holds the exchanges in the files of `folder` against the specification, as far as problems `count`, and says how many there are. That
/// there is none of them is a failure as well.
fn fits(root: &Path, folder: &Path, count: impl Fn(Kind) -> bool) -> Result<String> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    let mut problems = 0;
    let (report, operations) = drift::hold(root, &files, |file, problem| {
        if count(problem.kind) {
            problems += 1;
            println!("{}:{problem}", file.display());
        }
    })?;
    let found = format!(
        "{} exchanges, {} of {} operations answered with success",
        report.exchanges,
        report.succeeded().len(),
        operations.len()
    );
    println!("{}: {found}, {problems} problems", folder.display());
    ensure!(!report.succeeded().is_empty(), "no exchange with success was recorded");
    let succeeded = report.succeeded();
    let unseen: Vec<_> = operations.iter().map(String::as_str).filter(|id| !succeeded.contains(id)).collect();
    if !unseen.is_empty() {
        println!("without a success: {}", unseen.join(", "));
    }
    ensure!(problems == 0, "{problems} problems in {}", folder.display());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_as_the_runner_tells_them() {
        assert_eq!(passed_tests("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"), 12);
        assert_eq!(passed_tests("test result: FAILED. 11 passed; 1 failed"), 0);
        assert_eq!(passed_tests("test one ... ok"), 0);
    }
}
