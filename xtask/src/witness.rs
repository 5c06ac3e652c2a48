//! `cargo xtask witness`: third-party programs check the emulator, the specification and the transfers.
//!
//! The official Python client runs on the emulator and checks the results; the responses it gets are checked against the specification.
//! Schemathesis generates valid and invalid calls from the specification and checks the responses. The traffic between the tests of this
//! workspace and the emulator is checked like recorded traffic.

mod pages;
mod storage;

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;

use sbg_drift::Kind;

use crate::drift::{self, Bundle};
use crate::emulator::Emulator;
use xtask_process::{PYTHON, cargo, empty, step, tee, versions, virtual_environment};

pub use self::storage::Options as Storage;

/// The variable with the folder for the traffic of the client tests.
const TRAFFIC: &str = "SBG_TEST_TRAFFIC";
/// The same for the emulator tests, many of which send invalid requests on purpose.
const HOSTILE_TRAFFIC: &str = "SBG_HOSTILE_TRAFFIC";

#[derive(Subcommand)]
pub enum Witness {
    /// Run the official Python client on the emulator and check its traffic
    Python,
    /// Run sbpack on the emulator: pack, pull and copy apps, write manifests
    Sbpack,
    /// Run schemathesis on the emulator
    Schemathesis {
        /// Maximum number of calls per operation and phase
        #[arg(long, default_value_t = 20)]
        max_examples: u32,
        /// Seed of the generated calls
        #[arg(long, default_value_t = 51)]
        seed: u64,
    },
    /// Run all tests of the workspace and check their traffic
    Traffic,
    /// Open the reference of the API and the console of the emulator in Chromium
    Pages,
    /// Run transfers on real storage servers, with kills, expired URLs and replaced objects
    Storage(Storage),
}

/// Runs `witness` and returns its summary.
pub fn run(root: &Path, witness: Witness) -> Result<String> {
    match witness {
        Witness::Python => python(root),
        Witness::Sbpack => sbpack(root),
        Witness::Schemathesis { max_examples, seed } => schemathesis(root, max_examples, seed),
        Witness::Traffic => traffic(root),
        Witness::Pages => pages::run(root),
        Witness::Storage(options) => storage::run(root, &options),
    }
}

fn python(root: &Path) -> Result<String> {
    client(root, &programs(root)?, "python")
}

fn sbpack(root: &Path) -> Result<String> {
    client(root, &environment(root, "sbpack-venv", "sbpack-requirements.txt")?, "sbpack")
}

/// Runs the script of a third-party client on the emulator and checks the responses that it got against the specification.
fn client(root: &Path, programs: &Path, name: &str) -> Result<String> {
    let recorded = folder(root, &format!("{name}-traffic"))?;
    let path = recorded.to_str().context("the path of the workspace is not UTF-8")?;
    // The client requires HTTPS. Its uploads have parts of a few bytes.
    let certificate = folder(root, "certificate")?;
    let certificate = certificate.to_str().context("the path of the workspace is not UTF-8")?;
    let emulator = start(root, &["--tls", certificate, "--min-part-size", "1", "--traffic", path])?;
    let mut client = Command::new(programs.join("python"));
    tee(emulator.configure(client.arg(root.join(format!("tests/witness/{name}_client.py")))), |_| ())?;
    drop(emulator);
    // Requests are not checked, because the client sends unspecified bodies, and `True` for `true`.
    conforms(root, &recorded, is_in_response)
}

fn schemathesis(root: &Path, max_examples: u32, seed: u64) -> Result<String> {
    let programs = programs(root)?;
    let sources = root.join("tests/witness/schemathesis");
    // It makes thousands of calls per minute and needs demo data.
    // Strict mode: otherwise the emulator accepts requests that break the specification, as the platform does.
    let emulator = start(root, &["--demo", "--strict", "--rate-limit", "1000000", "--min-part-size", "1"])?;
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
    tee(emulator.configure(&mut schemathesis), |line| {
        cases = line.contains("generated").then(|| line.trim().to_owned()).or(cases.take());
    })?;
    cases.context("schemathesis does not print the number of calls")
}

fn traffic(root: &Path) -> Result<String> {
    let (of_client, hostile) = (folder(root, "traffic")?, folder(root, "hostile-traffic")?);
    let mut tests = cargo(root);
    tests.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // Most tests wait most of the time; with more threads some would wait too long.
    let threads = 1 + thread::available_parallelism().map_or(1, NonZero::get);
    tests.env("RUST_TEST_THREADS", threads.to_string());
    let mut passed = 0;
    tee(tests.env(TRAFFIC, &of_client).env(HOSTILE_TRAFFIC, &hostile), |line| passed += passed_tests(line))?;
    ensure!(passed > 0, "no test was run");
    // Notices are useful for traffic of the real platform only.
    let of_client = conforms(root, &of_client, |kind| kind != Kind::Notice)?;
    conforms(root, &hostile, is_in_response)?;
    Ok(format!("{passed} tests; {of_client}"))
}

/// The number of passed tests in a line of the test runner.
pub fn passed_tests(line: &str) -> usize {
    let count = line.strip_prefix("test result: ok. ").and_then(|rest| rest.split_once(" passed"));
    count.and_then(|(count, _)| count.parse().ok()).unwrap_or(0)
}

/// Whether a problem is in a response.
fn is_in_response(kind: Kind) -> bool {
    matches!(kind, Kind::Response | Kind::Decode)
}

/// The programs of the virtual environment, which is created if it is missing.
fn programs(root: &Path) -> Result<PathBuf> {
    environment(root, "venv", "requirements.txt")
}

fn environment(root: &Path, name: &str, requirements: &str) -> Result<PathBuf> {
    let versions = versions(&[&PYTHON])?;
    let environment = root.join("target/witness").join(name);
    virtual_environment(&environment, &root.join("tests/witness").join(requirements), &versions)?;
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

/// Checks the exchanges in the files of `folder` against the specification and returns a summary. Fails if `count` accepts a problem, or
/// if there are no exchanges.
fn conforms(root: &Path, folder: &Path, count: impl Fn(Kind) -> bool) -> Result<String> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    let mut problems = 0;
    let mut check = |bundle| {
        drift::hold(root, bundle, &files, |file, problem| {
            if count(problem.kind) {
                problems += 1;
                println!("{}:{problem} ({bundle:?})", file.display());
            }
        })
    };
    // Both bundles describe the same API.
    check(Bundle::Portable)?;
    let (report, operations) = check(Bundle::Rust)?;
    let found = format!(
        "{} exchanges, {} of {} operations with a successful response",
        report.exchanges,
        report.succeeded().len(),
        operations.len()
    );
    println!("{}: {found}, {problems} problems", folder.display());
    ensure!(!report.succeeded().is_empty(), "no successful exchange was recorded");
    let succeeded = report.succeeded();
    let unseen: Vec<_> = operations.iter().map(String::as_str).filter(|id| !succeeded.contains(id)).collect();
    if !unseen.is_empty() {
        println!("without a successful response: {}", unseen.join(", "));
    }
    ensure!(problems == 0, "{problems} problems in {}", folder.display());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted() {
        assert_eq!(passed_tests("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"), 12);
        assert_eq!(passed_tests("test result: FAILED. 11 passed; 1 failed"), 0);
        assert_eq!(passed_tests("test one ... ok"), 0);
    }
}
