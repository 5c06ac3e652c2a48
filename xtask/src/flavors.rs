//! The CI step `flavors`: the suites that move bytes, once for each kind of object storage that the emulator plays.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};

use crate::process::{cargo, step, tee};
use crate::witness::passed_tests;

/// The variable that names the flavor to the suites.
const STORAGE: &str = "SBG_TEST_STORAGE";

/// All flavors but S3, over which every other run of the suites goes.
const FLAVORS: [&str; 5] = ["gcs", "azure", "oss", "swift", "static"];

/// The suites, and which of their tests move bytes; all of them where none is named.
const SUITES: [(&str, &[&str]); 2] = [
    ("faults", &[]),
    ("behaviour", &["transfers::", "trees::", "streams::", "uploads::", "pausing::", "many::", "digests::"]),
];

/// Runs the suites of the workspace below `root` over every flavor, and says how many tests passed.
pub fn run(root: &Path) -> Result<String> {
    let threads = 1 + thread::available_parallelism().map_or(1, NonZero::get);
    let (mut passed, mut failed) = (0, Vec::new());
    for flavor in FLAVORS {
        for (suite, tests) in SUITES {
            let mut cargo = cargo(root);
            cargo.args(["test", "--locked", "--package", "sbg-tests", "--test", suite, "--"]).args(tests);
            cargo.env(STORAGE, flavor).env("RUST_TEST_THREADS", threads.to_string());
            let mut here = 0;
            let done = step(&format!("{suite} over {flavor}"), || {
                tee(&mut cargo, |line| here += passed_tests(line))
            });
            match done {
                Ok(()) => ensure!(here > 0, "no test of {suite} was run over {flavor}"),
                // Another flavor may say more of it than the first that fails.
                Err(_) => failed.push(format!("{suite} over {flavor}")),
            }
            passed += here;
        }
    }
    ensure!(failed.is_empty(), "tests failed: {}", failed.join(", "));
    Ok(format!("{passed} tests over {} kinds of object storage", FLAVORS.len()))
}
