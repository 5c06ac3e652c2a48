//! `cargo xtask drift FILE...`: checks recorded traffic against the specification, so that the hand-written document stays correct. It
//! builds `sbg-drift` with optimizations and passes it the bundle of the current source files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sbg_drift::{Problem, Report, operations};
use serde::Deserialize;
use serde_json::Value;

use crate::lint;
use crate::spec::{Spec, bundle, portable};
use xtask_process::build;

/// The arguments of `cargo xtask drift`.
#[derive(clap::Args)]
pub struct Options {
    /// Recorded traffic and options of `sbg-drift`, such as `--base URL`, `--ignore CLASS` and `--summary`
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<PathBuf>,
}

/// Checks the exchanges in files and prints the problems. Returns whether there were only notices.
pub fn run(root: &Path, options: &Options) -> Result<bool> {
    let (mut program, _) = program(root, Bundle::Rust)?;
    let status = program.args(&options.arguments).status().context("cannot run sbg-drift")?;
    ensure!(matches!(status.code(), Some(0 | 1)), "sbg-drift: {status}");
    Ok(status.success())
}

/// A problem, and its file.
#[derive(Deserialize)]
struct In {
    file: PathBuf,
    #[serde(flatten)]
    problem: Problem,
}

/// One of the two bundles.
#[derive(Clone, Copy, Debug)]
pub enum Bundle {
    /// The one that the client is generated from.
    Rust,
    /// The one for other languages.
    Portable,
}

/// Checks the exchanges in `files`, passes each problem to `show`, and returns the report and the ids of all operations.
pub fn hold(
    root: &Path,
    bundle: Bundle,
    files: &[PathBuf],
    mut show: impl FnMut(&Path, &Problem),
) -> Result<(Report, BTreeSet<String>)> {
    let (mut program, document) = program(root, bundle)?;
    let ran = program.arg("--json").args(files).output().context("cannot run sbg-drift")?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(matches!(ran.status.code(), Some(0 | 1)), "sbg-drift: {}\n{said}", ran.status);
    let printed = String::from_utf8(ran.stdout)?;
    let (problems, report) = printed.trim_end().rsplit_once('\n').unwrap_or(("", printed.trim_end()));
    for line in problems.lines() {
        let In { file, problem } =
            serde_json::from_str(line).with_context(|| format!("not a problem: {line}"))?;
        show(&file, &problem);
    }
    let report = serde_json::from_str(report).with_context(|| format!("not a report: {report}"))?;
    let operations = operations(&document).filter_map(|(_, operation)| operation["operationId"].as_str());
    Ok((report, operations.map(str::to_owned).collect()))
}

/// A command for `sbg-drift` with a bundle of the specification below `root`, and the bundle.
fn program(root: &Path, which: Bundle) -> Result<(Command, Value)> {
    let spec = Spec::read(&root.join("openapi"))?;
    lint::check(&spec)?;
    let document = match which {
        Bundle::Rust => bundle::bundle(&spec),
        Bundle::Portable => portable::portable(&spec, bundle::bundle(&spec)).0,
    };
    let path = root.join("target/drift.json");
    std::fs::create_dir_all(root.join("target")).context("cannot make the folder `target`")?;
    std::fs::write(&path, document.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let built = build(root, &["--release", "--package", "sbg-drift", "--bin", "sbg-drift"])?;
    let mut program = Command::new(built.first().context("cargo did not build sbg-drift")?);
    program.arg("--document").arg(path);
    Ok((program, document))
}
