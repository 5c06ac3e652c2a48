//! Runs every example program of `sbg` against an emulator, as a reader does: with credentials in the environment.

mod checks;
mod checks_of_requests;
mod documents;
mod guide;
mod own;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sbg_emulator::{Builder, Emulator};
use sbg_tests::Stage;

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
    check_exports,
    client_setup,
    clone_task,
    copy_app,
    copy_files,
    costs,
    download,
    download_vcfs,
    drs_object,
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
    read_in_place,
    rerun_failed,
    resolve_paths,
    run_task,
    search_files,
    stream_file,
    sync_folders,
    task_costs,
    task_outputs,
    task_table,
    tumor_normal,
    upload,
    upload_reads,
    upload_sheet,
    web_ids,
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

/// The folder of the built examples, beside that of this test.
fn examples() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    Ok(test.ancestors().nth(2).context("a folder of the build")?.join("examples"))
}

/// An example program. `cargo test` builds all of them; a test of this suite alone needs them to be built before.
fn program(name: &str) -> Result<PathBuf> {
    const BUILD: &str = "run `cargo build --workspace --examples`";
    let path = examples()?.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let source = Path::new(WORKSPACE).join(format!("crates/sbg/examples/{name}.rs"));
    let built = path.metadata().and_then(|metadata| metadata.modified());
    let built = built.with_context(|| format!("the example `{name}` is not built: {BUILD}"))?;
    ensure!(
        built >= source.metadata()?.modified()?,
        "the example `{name}` is older than its source: {BUILD}"
    );
    Ok(path)
}

/// Runs an example with these arguments and returns its output.
async fn run(stage: &Stage, name: &'static str, arguments: &[&str]) -> Result<String> {
    let (endpoint, token) = (stage.emulator.url().to_owned(), stage.emulator.token());
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let (folder, state) = (stage.folder.path().to_owned(), stage.path(".state"));
    let started = move || {
        let mut command = Command::new(program(name)?);
        command.env("OTHER_API_ENDPOINT", &endpoint).env("OTHER_AUTH_TOKEN", &token);
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
