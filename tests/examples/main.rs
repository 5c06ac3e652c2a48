//! Runs every example program of `sbg` against an emulator, as a reader does: with credentials in the environment.

mod checks;
mod documents;
mod guide;
mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sbg_emulator::{Builder, Emulator};
use sbg_tests::Stage;
use serde_json::Value;

/// The folder of the workspace.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Creates a test for each example, named after it.
macro_rules! examples {
    ($($name:ident),* $(,)?) => {
        /// The tested examples.
        const RUN: &[&str] = &[$(stringify!($name)),*];

        $(#[tokio::test]
        async fn $name() -> Result<()> {
            checks::$name().await
        })*
    };
}

examples!(
    apps,
    attach_volume,
    background_jobs,
    batch_tasks,
    bulk_edit,
    chained_batches,
    client_setup,
    clone_task,
    copy_files,
    costs,
    download,
    download_vcfs,
    error_handlers,
    export_to_volume,
    find_files,
    first_program,
    folder_trees,
    import_from_volume,
    list_files,
    projects,
    push_app,
    quickstart,
    run_task,
    search_files,
    stream_file,
    sync_folders,
    task_outputs,
    tumor_normal,
    upload,
    upload_reads,
    upload_sheet,
);

#[test]
fn every_example_has_a_test() -> Result<()> {
    let mut there = BTreeSet::new();
    for entry in Path::new(WORKSPACE).join("crates/sbg/examples").read_dir()? {
        let path = entry?.path();
        there.insert(path.file_stem().and_then(OsStr::to_str).context("a name")?.to_owned());
    }
    assert_eq!(there, RUN.iter().map(|&name| name.to_owned()).collect());
    Ok(())
}

#[test]
fn every_example_has_a_recipe() -> Result<()> {
    let page = std::fs::read_to_string(Path::new(WORKSPACE).join("docs/recipes.md"))?;
    let programs = page.lines().filter_map(|line| {
        line.split('|').nth(2)?.trim().strip_prefix("[`")?.split_once('`').map(|(name, _)| name)
    });
    let mut programs: Vec<&str> = programs.collect();
    programs.sort_unstable();
    assert_eq!(programs, RUN);
    Ok(())
}

/// An emulator with files, apps and tasks.
fn demo() -> Builder {
    Emulator::builder().min_part_size(1).demo(true)
}

/// A platform on which tasks and jobs end immediately.
async fn stage() -> Stage {
    Stage::with(demo().state_time(Duration::from_millis(1))).await
}

/// The example programs by name, built on first use.
fn programs() -> &'static BTreeMap<String, PathBuf> {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    PROGRAMS.get_or_init(|| build().expect("the examples are built"))
}

/// Builds the examples with cargo, unless they are up to date, and returns their paths. This builds the whole workspace, like its tests:
/// other packages would select other features of dependencies, and everything would be compiled again.
fn build() -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--workspace", "--examples", "--message-format", "json"]).current_dir(WORKSPACE);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut programs = BTreeMap::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let message: Value = serde_json::from_slice(line)?;
        let target = &message["target"];
        if target["kind"][0] == "example"
            && let (Some(name), Some(path)) = (target["name"].as_str(), message["executable"].as_str())
        {
            programs.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(programs)
}

/// Runs an example with these arguments and returns its output.
async fn run(stage: &Stage, name: &'static str, arguments: &[&str]) -> Result<String> {
    let (endpoint, token) = (stage.emulator.url().to_owned(), stage.emulator.token());
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let (folder, state) = (stage.folder.path().to_owned(), stage.path(".state"));
    let started = move || {
        let program = programs().get(name).with_context(|| format!("there is no example `{name}`"))?;
        let mut command = Command::new(program);
        command.args(arguments).env("SB_API_ENDPOINT", endpoint).env("SB_AUTH_TOKEN", token);
        command.env("AWS_ACCESS_KEY_ID", "AKIADEMO").env("AWS_SECRET_ACCESS_KEY", "demo");
        command.env("XDG_STATE_HOME", state).current_dir(folder);
        anyhow::Ok(command.env_remove("HTTP_PROXY").env_remove("HTTPS_PROXY").output()?)
    };
    // Waiting for the program blocks a thread, and tests run in parallel.
    let output = tokio::task::spawn_blocking(started).await??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} has ended with {}: {errors}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Fails unless the text contains all of these pieces.
#[track_caller]
fn assert_has(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "`{piece}` is not in:\n{text}");
    }
}

/// A path as an argument.
fn argument(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
