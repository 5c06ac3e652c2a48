//! `distributed_query`: a scheduler and two executors as processes, compared with one process.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use sbg_emulator::{Action, FaultRule};

use crate::stage::{DISTRIBUTED, Stage, text};

/// Files of the cohort.
const FILES: i64 = 32;

const SQL: &str =
    "SELECT depth, count(*) AS reads, sum(id) AS ids FROM 'cohort/' WHERE id % 3 = 0 GROUP BY depth";

/// Ends a process with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn cohort() -> Stage {
    let stage = Stage::start();
    for sample in 0..FILES {
        stage.table(&format!("cohort/sample-{sample:02}.parquet"), sample * 12_000..(sample + 1) * 12_000);
    }
    stage.emulator.clear_requests();
    stage
}

/// The processes that have this text in their environment.
fn processes_with(text: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let with = entries.flatten().filter_map(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let found = environment.split(|byte| *byte == 0).any(|variable| variable == text.as_bytes());
        found.then(|| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
    });
    with.collect()
}

fn entries(folder: &Path) -> Vec<std::ffi::OsString> {
    std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name()).collect()
}

#[test]
fn two_executors_find_what_one_process_finds() {
    let stage = cohort();
    let copy = format!("COPY ({SQL}) TO 'sbg://{}/results/one.parquet'", stage.project);
    stage.query(&[&copy]).unwrap();
    let alone = stage.requests();
    stage.emulator.clear_requests();

    let folder = tempfile::tempdir().unwrap();
    let mut command = stage.command(DISTRIBUTED);
    command.args([&stage.project, SQL, "results/many.parquet"]).env("TMPDIR", folder.path());
    let output = text(command.output().unwrap()).unwrap();
    assert_eq!(output, format!("sbg://{}/results/many.parquet\n100\n", stage.project));
    let shared = stage.requests();
    println!("one process: {alone:?}, two executors: {shared:?}");
    assert!(
        shared.storage * 10 < alone.storage * 12,
        "at most 1.2 of the requests of one process: {shared:?}, {alone:?}"
    );
    let rows = |path: &str| {
        stage.query(&[&format!("SELECT depth, reads, ids FROM '{path}' ORDER BY depth")]).unwrap()
    };
    let found = rows("results/many.parquet");
    assert_eq!(found, rows("results/one.parquet"));
    assert!(found.ends_with("\n100\n"), "{found}");

    let mark = format!("SB_API_ENDPOINT={}", stage.emulator.url());
    assert_eq!(processes_with(&mark), Vec::<String>::new(), "no process is left");
    assert_eq!(entries(folder.path()), Vec::<std::ffi::OsString>::new(), "no temporary file is left");
}

#[test]
fn failed_query_leaves_nothing_behind() {
    let stage = cohort();
    let folder = tempfile::tempdir().unwrap();
    let run = |sql: &str, result: &str| {
        let mut command = stage.command(DISTRIBUTED);
        command.args([&stage.project, sql, result]).env("TMPDIR", folder.path());
        text(command.output().unwrap()).unwrap_err()
    };
    let error = run("SELECT width FROM 'cohort/'", "none.parquet");
    assert!(error.contains("No field named width"), "{error}");
    let error = run("SELECT id / (id - id) FROM 'cohort/'", "none.parquet");
    assert!(error.contains("DivideByZero"), "{error}");
    let mark = format!("SB_API_ENDPOINT={}", stage.emulator.url());
    assert_eq!(processes_with(&mark), Vec::<String>::new(), "no process is left");
    assert_eq!(entries(folder.path()), Vec::<std::ffi::OsString>::new(), "no temporary file is left");
    let error = stage.query(&["SELECT 1 FROM 'none.parquet'"]).unwrap_err();
    assert!(error.contains("no table `none.parquet`"), "no half result: {error}");
}

#[test]
fn cluster_ends_with_the_process_that_was_killed() {
    let stage = cohort();
    let mark = format!("SB_API_ENDPOINT={}", stage.emulator.url());
    // The executors are stopped in the middle of their work.
    let held = stage.emulator.faults().add(FaultRule::storage(Action::Stall(0)));
    let folder = tempfile::tempdir().unwrap();
    let mut command = stage.command(DISTRIBUTED);
    command.args([&stage.project, SQL, "results/many.parquet"]).env("TMPDIR", folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut query = Ended(command.spawn().unwrap());
    wait_until("a request", || stage.emulator.faults().fired(held) > 0);
    assert_eq!(processes_with(&mark).len(), 4, "the query, the scheduler and two executors");
    query.0.kill().unwrap();
    query.0.wait().unwrap();
    wait_until("the end of the others", || processes_with(&mark).is_empty());
    assert_eq!(entries(folder.path()), Vec::<std::ffi::OsString>::new(), "no temporary file is left");
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited too long for {what}");
}
