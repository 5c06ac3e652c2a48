//! Whether the tests that the README names as proof of its claims are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The suites that can prove something.
const SUITES: [&str; 4] = ["behaviour", "wire", "faults", "examples"];

/// Looks for each test that the README below `root` names, and says how many there are.
pub fn run(root: &Path) -> Result<String> {
    let readme = fs::read_to_string(root.join("README.md")).context("cannot read README.md")?;
    let (claims, proofs) = claims(&readme);
    let without: Vec<&str> =
        claims.iter().filter(|(_, proof)| !proof.contains('`')).map(|(claim, _)| *claim).collect();
    ensure!(
        !claims.is_empty() && without.is_empty(),
        "claims of the README without a proof: {}",
        without.join("; ")
    );
    let missing: Vec<&str> = proofs.iter().copied().filter(|proof| !is_there(root, proof)).collect();
    ensure!(missing.is_empty(), "the README names tests that are not there: {}", missing.join(", "));
    Ok(format!("{} claims of the README, {} tests behind them", claims.len(), proofs.len()))
}

/// The rows of the table of claims, and the tests that are named in it.
fn claims(readme: &str) -> (Vec<(&str, &str)>, BTreeSet<&str>) {
    let table = readme.split("| claim | proof |").nth(1).unwrap_or_default();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let claims: Vec<(&str, &str)> = rows
        .filter_map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            Some((cells.next()?, cells.next()?))
        })
        .collect();
    let words = claims.iter().flat_map(|(_, proof)| proof.split('`').skip(1).step_by(2));
    let proofs = words.filter(|word| SUITES.iter().any(|suite| word.starts_with(&format!("{suite}::"))));
    let proofs = proofs.collect();
    (claims, proofs)
}

/// Whether there is such a test, or such a module of tests: `faults::lost::a_look_is_repeated`, or `wire::leniency`. A function that is no
/// test proves nothing.
fn is_there(root: &Path, proof: &str) -> bool {
    let pieces: Vec<&str> = proof.split("::").collect();
    let module = |pieces: &[&str]| {
        let path = root.join("tests").join(pieces.join("/"));
        [path.with_extension("rs"), path.join("mod.rs")].into_iter().find(|path| path.exists())
    };
    if module(&pieces).is_some() {
        return true;
    }
    let Some((test, modules)) = pieces.split_last() else { return false };
    let source = module(modules).and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    lines.windows(2).any(|pair| {
        let name = pair[1].trim_start_matches("async ").strip_prefix("fn ");
        let name = name.and_then(|rest| rest.split(['(', '<']).next());
        name == Some(*test) && ["#[test]", "#[tokio::test]"].contains(&pair[0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_the_tests_that_the_table_names() {
        let readme = "x\n| claim | proof |\n|---|---|\n| One. | `faults::a::b`, `cargo xtask fuzz` |\n| Two. | the suite `wire::c` |\n\n`wire::d`";
        let (claims, proofs) = claims(readme);
        assert_eq!(claims.len(), 2);
        assert_eq!(proofs.into_iter().collect::<Vec<_>>(), ["faults::a::b", "wire::c"]);
    }

    #[test]
    fn a_test_that_is_not_there_is_noticed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(is_there(root, "wire::hosts::redirects_in_a_circle_end"));
        assert!(is_there(root, "wire::hosts"));
        assert!(is_there(root, "behaviour::rows"));
        assert!(!is_there(root, "wire::hosts::redirects_in_a_square_end"));
        assert!(!is_there(root, "wire::nowhere::redirects_in_a_circle_end"));
    }
}
