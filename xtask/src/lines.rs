//! `cargo xtask lines`: whether a file has become too long to be one concept.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::process::output;

/// Most lines of a file of hand-written code.
const MOST: usize = 600;

/// Longer files, with the reason.
const LONGER: [(&str, &str); 1] = [(
    "tests/witness/python_client.py",
    "one scenario, in the order in which the Python client is documented",
)];

/// Endings of files of code.
const CODE: [&str; 3] = ["rs", "py", "ts"];

/// Counts the lines of the files below `root` that git keeps.
pub fn run(root: &Path) -> Result<String> {
    let files = output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
    )?;
    let (mut count, mut longest, mut too_long) = (0, 0, Vec::new());
    let mut unused: Vec<&str> = LONGER.iter().map(|(file, _)| *file).collect();
    for file in files.lines().filter(|file| is_code(file)) {
        let path = root.join(file);
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        let lines = text.lines().count();
        count += 1;
        if lines <= MOST {
            longest = longest.max(lines);
        } else if LONGER.iter().any(|(longer, _)| *longer == file) {
            unused.retain(|longer| *longer != file);
        } else {
            too_long.push(format!("{file} has {lines}"));
        }
    }
    ensure!(
        too_long.is_empty(),
        "more than {MOST} lines, so split it or give the reason: {}",
        too_long.join(", ")
    );
    ensure!(unused.is_empty(), "an exception that is not needed any more: {}", unused.join(", "));
    ensure!(count > 0, "there are no files of code");
    Ok(format!("{count} files of at most {longest} lines, {} longer for a reason", LONGER.len()))
}

fn is_code(file: &str) -> bool {
    let generated = file.contains("/generated/") || file.ends_with("decode/table.rs");
    !generated && file.rsplit_once('.').is_some_and(|(_, ending)| CODE.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_what_somebody_wrote() {
        let check = |file: &str, expected: bool| assert_eq!(is_code(file), expected, "{file}");
        check("crates/sbg/src/ids.rs", true);
        check("tests/witness/python_client.py", true);
        check("crates/sbg-raw/src/generated/enums.rs", false);
        check("Cargo.lock", false);
        check("LICENSE", false);
    }
}
