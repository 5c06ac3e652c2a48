//! Whether the tests and the tasks that the README names as proof of its claims are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;

use crate::Arguments;

/// The suites that can prove something, and where their sources are.
const SUITES: [(&str, &str); 5] = [
    ("behaviour", "tests/behaviour"),
    ("wire", "tests/wire"),
    ("faults", "tests/faults"),
    ("examples", "tests/examples"),
    ("emulator", "crates/sbg-emulator/tests/emulator"),
];

/// The crates whose own tests can prove something, and where their sources are.
const CRATES: [(&str, &str); 3] = [
    ("sbg", "crates/sbg/src"),
    ("sbg_raw", "crates/sbg-raw/src"),
    ("sbg_emulator", "crates/sbg-emulator/src"),
];

/// A row of a table of claims.
struct Claim<'r> {
    text: &'r str,
    /// Tests, suites and tasks.
    proofs: Vec<&'r str>,
}

/// Looks for each proof that the README below `root` names, and says how many there are.
pub fn run(root: &Path) -> Result<String> {
    let readme = fs::read_to_string(root.join("README.md")).context("cannot read README.md")?;
    let claims = claims(&readme);
    let without: Vec<&str> =
        claims.iter().filter(|claim| claim.proofs.is_empty()).map(|claim| claim.text).collect();
    ensure!(
        !claims.is_empty() && without.is_empty(),
        "claims of the README without a proof: {}",
        without.join("; ")
    );
    let proofs: BTreeSet<&str> = claims.iter().flat_map(|claim| claim.proofs.iter().copied()).collect();
    let missing: Vec<&str> = proofs.iter().copied().filter(|proof| !is_there(root, proof)).collect();
    ensure!(missing.is_empty(), "the README names proofs that are not there: {}", missing.join(", "));
    Ok(format!("{} claims of the README, {} tests and tasks behind them", claims.len(), proofs.len()))
}

/// The rows of all tables of claims.
fn claims(readme: &str) -> Vec<Claim<'_>> {
    let tables = readme.split("| claim | proof |").skip(1);
    let rows = tables.flat_map(|table| table.lines().skip(2).take_while(|line| line.starts_with('|')));
    rows.filter_map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (text, proof) = (cells.next()?, cells.next()?);
        let words = proof.split('`').skip(1).step_by(2);
        Some(Claim { text, proofs: words.filter(|word| is_proof(word)).collect() })
    })
    .collect()
}

/// Whether it is the name of a test, of a suite or of a task. Whatever looks like the name of a test has to be there.
fn is_proof(word: &str) -> bool {
    word.contains("::") || word.starts_with("cargo xtask ") || SUITES.iter().any(|(suite, _)| *suite == word)
}

/// Whether there is such a task, suite or test, or such a module of a suite: `faults::lost::a_look_is_repeated`, or `wire::leniency`. A
/// function that is no test proves nothing.
fn is_there(root: &Path, proof: &str) -> bool {
    if let Some(task) = proof.strip_prefix("cargo ") {
        return Arguments::try_parse_from(task.split(' ')).is_ok();
    }
    let pieces: Vec<&str> = proof.split("::").collect();
    let Some((first, pieces)) = pieces.split_first() else { return false };
    let folder = |sources: &[(&str, &str)]| {
        sources.iter().find(|(name, _)| name == first).map(|(_, folder)| root.join(folder))
    };
    let suite = folder(&SUITES);
    if suite.as_deref().is_some_and(|suite| file(suite, pieces).is_some()) {
        return true;
    }
    let Some((folder, (test, modules))) = suite.or_else(|| folder(&CRATES)).zip(pieces.split_last()) else {
        return false;
    };
    source(&folder, modules).is_some_and(|source| has_test(&source, test))
}

/// The file of a module.
fn file(folder: &Path, modules: &[&str]) -> Option<PathBuf> {
    let path = folder.join(modules.join("/"));
    let files = match modules {
        [] => [path.join("main.rs"), path.join("lib.rs")],
        _ => [path.with_extension("rs"), path.join("mod.rs")],
    };
    files.into_iter().find(|path| path.is_file())
}

/// The source of a module, which has a file of its own or stands in that of the module above it.
fn source(folder: &Path, modules: &[&str]) -> Option<String> {
    if let Some(path) = file(folder, modules) {
        let source = fs::read_to_string(path).ok()?;
        // What follows is of another module.
        return source.split("\nmod tests {").next().map(str::to_owned);
    }
    let (inner, above) = modules.split_last()?;
    let source = fs::read_to_string(file(folder, above)?).ok()?;
    let at = source.find(&format!("mod {inner} {{"))?;
    Some(source[at..].to_owned())
}

/// Whether there is a function of this name with the attribute of a test.
fn has_test(source: &str, test: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let named = |line: &str| {
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        name.and_then(|rest| rest.split(['(', '<']).next()) == Some(test)
    };
    let is_test = |line: &&str| *line == "#[test]" || line.starts_with("#[tokio::test");
    (0..lines.len()).filter(|&at| named(lines[at])).any(|at| {
        let mut attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        attributes.any(is_test)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_the_tests_suites_and_tasks_that_the_tables_name() {
        let readme = "x\n| claim | proof |\n|---|---|\n| One. | `faults::a::b`, `cargo xtask fuzz` |\n| Two. | the suite `wire::c` |\n\n\
                      `wire::d`\n\n| claim | proof |\n|---|---|\n| Three. | `x`, the suite `examples` |\n| Four. | `x` |\n";
        let claims = claims(readme);
        let read: Vec<_> = claims.iter().map(|claim| (claim.text, &claim.proofs[..])).collect();
        let expected: [(&str, &[&str]); 4] = [
            ("One.", &["faults::a::b", "cargo xtask fuzz"]),
            ("Two.", &["wire::c"]),
            ("Three.", &["examples"]),
            ("Four.", &[]),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_proof_that_is_not_there_is_noticed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let check = |proof: &str, expected: bool| assert_eq!(is_there(root, proof), expected, "{proof}");
        check("wire::hosts::redirects_in_a_circle_end", true);
        check("wire::hosts", true);
        check("behaviour::rows", true);
        check("behaviour::rows::tasks", true);
        check("examples", true);
        check("examples::no_example_is_forgotten", true);
        check("emulator::tls::large_bodies_arrive_whole_in_both_directions", true);
        check("wire::hosts::redirects_in_a_square_end", false);
        check("wire::nowhere::redirects_in_a_circle_end", false);
        check("wires::hosts::redirects_in_a_circle_end", false);

        // In a file of their own, in the file of the module, and with a clock that is stopped.
        check("sbg::config::tests::the_first_complete_pair_is_used", true);
        check("sbg::transfer::retry::tests::a_call_that_is_refused_is_not_repeated", true);
        check("sbg_raw::values::nullable::tests::an_option_is_there_or_is_not", true);
        check("sbg::transfer::retry::a_call_that_is_refused_is_not_repeated", false);
        // A module of a crate proves nothing, and neither does a function that is no test.
        check("sbg::transfer::retry", false);
        check("sbg::transfer::retry::tests::error", false);

        check("cargo xtask witness python", true);
        check("cargo xtask compare --only download-faults", true);
        check("cargo xtask witness nobody", false);
        check("cargo xtask perfection", false);
    }
}
