//! `cargo xtask compare --only command-line`: the program `sbg` against the Python client, curl, rclone, and itself. Processes are
//! measured from start to end, in turns; [`stage`] checks every result.

mod rclone;
mod stage;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use xtask_process::{PYTHON, build, empty, output, step, versions, virtual_environment};

use crate::Options;
use crate::machine;
use crate::table::insert;
use crate::trial::Cost;
use stage::Stage;

/// The name of the table, and the start of the names of its rows.
pub const NAME: &str = "command-line";

/// A row of the table.
struct Row {
    name: &'static str,
    title: &'static str,
    peer: Peer,
    work: Work,
    /// Milliseconds before each response of the emulator.
    latency: u64,
    goals: &'static [Goal],
    /// How often a round runs each side. Short processes differ more from each other.
    runs: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Prints the version.
    Version,
    /// Makes one call.
    Whoami,
    /// Uploads a tree of this many files.
    First(u64),
    /// Syncs a tree of this many files again, after a few have changed.
    Second(u64),
    /// Uploads a tree of this many files in two processes.
    Shards(u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// The smallest program with the Python client, which makes one call.
    Python,
    /// The same request.
    Curl,
    /// `upload_tree` of the library.
    UploadTree,
    /// Between two `WebDAV` servers on this machine, without latency.
    Rclone,
    /// `sbg` in one process.
    OneProcess,
}

#[derive(Clone, Copy)]
enum Goal {
    /// At most this many milliseconds.
    Milliseconds(f64),
    /// At most this fraction of the time of the peer.
    Time(f64),
    /// At least this many times as fast as the peer.
    Times(f64),
    /// Less than this many MiB of memory.
    Memory(f64),
    /// At most one call for 100 files and one for each folder.
    Calls,
}

/// Folders of a tree.
const FOLDERS: u64 = 100;
/// Files that change between two syncs.
const CHANGED: u64 = 3;
/// Bytes of a file.
const SIZE: u64 = 1000;
/// How often each row runs by default.
const ROUNDS: u32 = 3;

/// In the order of the table.
const ROWS: &[Row] = &[
    Row {
        name: "command-line-version",
        title: "start of `sbg --version`",
        peer: Peer::Python,
        work: Work::Version,
        latency: 0,
        goals: &[Goal::Milliseconds(5.0)],
        runs: 7,
    },
    Row {
        name: "command-line-whoami-python",
        title: "`sbg whoami`, 50 ms latency",
        peer: Peer::Python,
        work: Work::Whoami,
        latency: 50,
        goals: &[],
        runs: 7,
    },
    Row {
        name: "command-line-whoami-curl",
        title: "`sbg whoami`, 50 ms latency",
        peer: Peer::Curl,
        work: Work::Whoami,
        latency: 50,
        goals: &[Goal::Time(1.1)],
        runs: 7,
    },
    Row {
        name: "command-line-second",
        title: "second `sbg sync up` of 20,000 files in 100 folders, 3 changed, 50 ms latency",
        peer: Peer::Rclone,
        work: Work::Second(20_000),
        latency: 50,
        goals: &[Goal::Time(1.0), Goal::Calls],
        runs: 1,
    },
    Row {
        name: "command-line-first",
        title: "first `sbg sync up` of 20,000 files of 1 kB",
        peer: Peer::UploadTree,
        work: Work::First(20_000),
        latency: 0,
        goals: &[Goal::Time(1.0), Goal::Memory(64.0)],
        runs: 1,
    },
    Row {
        name: "command-line-shards",
        title: "first `sbg sync up` of 4,000 files of 1 kB, 50 ms latency: `--shard` in 2 processes",
        peer: Peer::OneProcess,
        work: Work::Shards(4000),
        latency: 50,
        goals: &[Goal::Times(1.7)],
        runs: 1,
    },
];

/// The programs that are measured.
struct Programs {
    sbg: PathBuf,
    /// The program of the library.
    client: PathBuf,
    platform: PathBuf,
    python: PathBuf,
    /// The folder of the scripts.
    sources: PathBuf,
    /// An empty folder for trees and outputs; deleted at the end.
    work: PathBuf,
}

/// The cost of each trial, and what went wrong.
struct Measured {
    row: &'static Row,
    peer: Vec<Cost>,
    own: Vec<Cost>,
    wrong: Vec<String>,
}

/// Measures the rows whose names start with `name`; returns whether all results are correct and no peer is missing.
pub fn run(root: &Path, name: &str, options: &Options) -> Result<bool> {
    let chosen: Vec<&'static Row> = ROWS.iter().filter(|row| row.name.starts_with(name)).collect();
    let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    ensure!(!chosen.is_empty(), "no row name starts with `{name}`; rows: {}", names.join(", "));
    ensure!(!options.write || chosen.len() == ROWS.len(), "only a whole table is written");
    let page = root.join("docs/speed.md");
    let text = fs::read_to_string(&page).context("cannot read docs/speed.md")?;
    // Fail now rather than after an hour.
    insert(&text, NAME, "")?;
    let rounds = options.rounds.unwrap_or(ROUNDS);
    let programs = prepare(root)?;
    let measured: Vec<_> =
        chosen.into_iter().map(|row| measure(&programs, row, rounds)).collect::<Result<_>>()?;
    fs::remove_dir_all(&programs.work).context("cannot delete the transferred files")?;
    let clients = format!("sbg {}, {}", env!("CARGO_PKG_VERSION"), peers(&programs)?);
    let table = format!("{}\n{}", table::markdown(&measured), machine::measured_on(&clients, rounds)?);
    println!("\n{table}");
    let wrong: Vec<_> = measured.iter().flat_map(|row| &row.wrong).collect();
    for wrong in &wrong {
        println!("wrong: {wrong}");
    }
    println!("{} rows, {} failures and missing peers", measured.len(), wrong.len());
    if options.write && wrong.is_empty() {
        fs::write(&page, insert(&text, NAME, &table)?).context("cannot write docs/speed.md")?;
    }
    Ok(wrong.is_empty())
}

fn prepare(root: &Path) -> Result<Programs> {
    let target = root.join("target/compare");
    fs::create_dir_all(&target).context("cannot create target/compare")?;
    let venv = target.join("venv");
    virtual_environment(&venv, &root.join("bench/requirements.txt"), &versions(&[&PYTHON])?)?;
    let paths = step("programs: build", || {
        let packages = ["--release", "--package", "sbg-cli", "--package", "sbg-compare"];
        build(
            root,
            &[&packages[..], &["--bin", "sbg", "--bin", "compare-client", "--bin", "compare-platform"]]
                .concat(),
        )
    })?;
    let work = target.join("command-line");
    empty(&work)?;
    Ok(Programs {
        sbg: crate::built(&paths, "sbg")?,
        client: crate::built(&paths, "compare-client")?,
        platform: crate::built(&paths, "compare-platform")?,
        python: venv.join("bin/python"),
        sources: root.join("bench/programs"),
        work,
    })
}

/// The versions of the peers.
fn peers(programs: &Programs) -> Result<String> {
    let ask = "import sevenbridges; print(sevenbridges.__version__)";
    let python = output(Command::new(&programs.python).args(["-c", ask]))?;
    let curl = output(Command::new("curl").arg("--version"))?;
    let curl = curl.split_whitespace().nth(1).unwrap_or_default();
    let rclone = rclone::version().unwrap_or_else(|_| "no rclone".to_owned());
    Ok(format!("sevenbridges-python {}, curl {curl}, {rclone}", python.trim()))
}

/// Runs both sides of a row in turns.
fn measure(programs: &Programs, row: &'static Row, rounds: u32) -> Result<Measured> {
    let mut measured = Measured { row, peer: Vec::new(), own: Vec::new(), wrong: Vec::new() };
    // A missing peer makes the run fail at its end; the other figures are still of use.
    let missing = (row.peer == Peer::Rclone).then(rclone::version).and_then(Result::err);
    let has_peer = missing.is_none();
    measured.wrong.extend(missing.map(|error| format!("{}: no peer: {error}", row.name)));
    let mut stage = Stage::new(programs, row).with_context(|| format!("{}: cannot prepare", row.name))?;
    for round in 1..=rounds * row.runs {
        stage.next_round()?;
        for is_peer in [true, false] {
            if is_peer && !has_peer {
                continue;
            }
            let side = if is_peer { table::peer(row.peer) } else { "sbg" };
            let name = format!("{} {round}/{}: {side}", row.name, rounds * row.runs);
            match step(&name, || stage.trial(is_peer)) {
                Ok(cost) if is_peer => measured.peer.push(cost),
                Ok(cost) => measured.own.push(cost),
                Err(error) => {
                    measured.wrong.push(format!("{}, {side}: {error:#}", row.name));
                    return Ok(measured);
                }
            }
        }
    }
    Ok(measured)
}
