//! `cargo xtask semver`: whether what was public at an earlier revision still is, by the rules of `cargo-semver-checks`.
//!
//! Without another revision it is the release: the revision that brought the heading of the present version into the changelog. Before
//! that version is released there is nothing that could be broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::process::{cargo, output, step};
use crate::public_api::CRATES;
use crate::rustdoc;

/// The version that reads what the rustdoc of this workspace's compiler writes.
const VERSION: &str = "0.51.0";

/// Checks the crates below `root` against the revision `since`, or the release, and says what it checked them against.
pub fn run(root: &Path, since: Option<&str>) -> Result<String> {
    let Some(revision) = since.map_or_else(|| release(root), |since| Ok(Some(since.to_owned())))? else {
        return Ok(format!("{} is not released yet", env!("CARGO_PKG_VERSION")));
    };
    step("semver: cargo-semver-checks", || installed(root))?;
    step(&format!("semver: revision {revision}"), || {
        rustdoc::write(root, &checkout(root, &revision)?, &CRATES)?;
        for package in CRATES {
            let (from, to) = (rustdoc::path(root, package), kept(root, package));
            fs::rename(&from, &to).with_context(|| format!("cannot move {}", from.display()))?;
        }
        anyhow::Ok(())
    })?;
    step("semver: present state", || rustdoc::write(root, root, &CRATES))?;
    for package in CRATES {
        step(&format!("semver: {package}"), || check(root, package))?;
    }
    Ok(format!("{} as at {revision}", CRATES.join(", ")))
}

/// The revision that is the release of the present version, if there was one.
fn release(root: &Path) -> Result<Option<String>> {
    let heading = format!("## {} ", env!("CARGO_PKG_VERSION"));
    let changelog = fs::read_to_string(root.join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    if !changelog.lines().any(|line| line.starts_with(&heading)) {
        return Ok(None);
    }
    let log = ["log", "--reverse", "--format=%h", "-S", &heading, "--", "CHANGELOG.md"];
    let revisions = output(Command::new("git").args(log).current_dir(root))?;
    let first = revisions.lines().next();
    Ok(Some(first.context("the history does not reach back to the release: fetch all of it")?.to_owned()))
}

/// Begins to install the program, if the workspace below `root` is in need of it, with the least priority: it takes minutes of a
/// processor, which others leave while they wait for a network or a disk.
pub fn prepare(root: &Path) {
    if release(root).is_ok_and(|revision| revision.is_none()) || is_installed(root) {
        return;
    }
    let mut install = Command::new("nice");
    install.args(["-n", "19"]).arg(cargo(root).get_program()).current_dir(root);
    install.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Where it cannot be begun now, it is done when it is wanted, and what is wrong is told of then.
    drop(with_arguments(root, &mut install).spawn());
}

/// Makes sure that the program is there. While it is being installed already, cargo waits for that to end.
fn installed(root: &Path) -> Result<String> {
    if is_installed(root) {
        return Ok(String::new());
    }
    let mut install = cargo(root);
    output(with_arguments(root, &mut install))
}

fn is_installed(root: &Path) -> bool {
    let version = output(cargo(root).args(["semver-checks", "--version"])).unwrap_or_default();
    version.trim().ends_with(VERSION)
}

fn with_arguments<'c>(root: &Path, install: &'c mut Command) -> &'c mut Command {
    install.args([
        "install",
        "cargo-semver-checks",
        "--locked",
        "--no-default-features",
        "--version",
        VERSION,
    ]);
    install.arg("--target-dir").arg(root.join("target/semver/program"));
    // It is run for seconds and built for minutes: nothing is made faster that takes time to make so.
    let profile = [("OPT_LEVEL", "0"), ("LTO", "off"), ("CODEGEN_UNITS", "256"), ("DEBUG", "0")];
    install.envs(profile.map(|(name, value)| (format!("CARGO_PROFILE_RELEASE_{name}"), value)))
}

/// The files of a revision.
fn checkout(root: &Path, revision: &str) -> Result<PathBuf> {
    let folder = root.join("target/semver/baseline");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let archive = root.join("target/semver/baseline.tar");
    output(Command::new("git").args(["archive", "--output"]).arg(&archive).arg(revision).current_dir(root))?;
    output(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder))?;
    Ok(folder)
}

fn check(root: &Path, package: &str) -> Result<String> {
    let mut checks = cargo(root);
    checks.args(["semver-checks", "check-release", "--color", "never"]);
    checks.arg("--baseline-rustdoc").arg(kept(root, package));
    checks.arg("--current-rustdoc").arg(rustdoc::path(root, package));
    let said = output(&mut checks)?;
    ensure!(!said.contains("0 checks:"), "nothing was checked:\n{said}");
    Ok(said)
}

/// Where the JSON about a crate at the other revision lies, out of the way of that at the present one.
fn kept(root: &Path, package: &str) -> PathBuf {
    root.join("target/semver").join(package).with_extension("json")
}
