//! `cargo xtask compare`: the official Python client, this client and curl do the same work against the same emulator, in turns, and a
//! table says what it cost each of them. With `--against REV` the two are this client now and at that revision.
//!
//! Everything is measured as a whole process: elapsed time, processor time, peak memory. After each trial the result is looked at on
//! the platform and on the disk; a wrong result fails the run, a slow one does not. The programs that are measured lie in
//! `bench`, the rows of the table in [`rows`]; what a row is about is set up and checked in [`trial`].

mod against;
mod curl;
mod machine;
mod measure;
mod platform;
mod rows;
mod table;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use self::rows::{ROWS, Row, Work};
use self::table::Measured;
use self::trial::{Side, Stage};
use crate::process::{PYTHON, build, empty, step, versions, virtual_environment};

/// A side that needs longer for a work does it in one round alone.
const LONG: Duration = Duration::from_secs(60);

#[derive(Args)]
pub struct Options {
    /// How often each work is done; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only the rows whose names begin with this; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Put the table into README.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// Compare with this client at an earlier revision, and with nothing else
    #[arg(long, value_name = "REV", conflicts_with = "write")]
    against: Option<String>,
}

/// The programs of one revision.
pub(crate) struct Programs {
    platform: PathBuf,
    client: PathBuf,
    minimal: PathBuf,
}

/// Where the programs and the files of a run are.
pub(crate) struct Places {
    python: PathBuf,
    /// `bench`, with the scripts.
    sources: PathBuf,
    now: Programs,
    before: Option<Programs>,
    /// For what is transferred; it goes with the run.
    work: PathBuf,
    /// An empty home, so that no settings of the user count.
    home: PathBuf,
}

/// Measures the clients of the workspace below `root`, and says whether all results were right.
pub fn run(root: &Path, options: &Options) -> Result<bool> {
    let sides: &[Side] = if options.against.is_some() { &Side::REVISIONS } else { &Side::ALL };
    let chosen = choose(&options.only, sides)?;
    let readme = root.join("README.md");
    if options.write {
        // Better now than after an hour.
        table::insert(&read(&readme)?, "")?;
    }
    let places = prepare(root, options.against.as_deref())?;
    let mut measured = Vec::new();
    for row in chosen {
        measured.push(measure(&places, row, sides, options.rounds)?);
    }
    fs::remove_dir_all(&places.work).context("cannot delete what was transferred")?;

    let table = match &options.against {
        None => format!("{}\n{}", table::markdown(&measured), machine::describe(&places, options.rounds)?),
        Some(revision) => {
            let machine = machine::measured_on(&format!("sbg now and at {revision}"), options.rounds)?;
            format!("{}\n{machine}", against::markdown(&measured, revision))
        }
    };
    println!("\n{table}");
    let wrong: Vec<&str> = measured.iter().flat_map(|row| &row.wrong).map(String::as_str).collect();
    if options.write && wrong.is_empty() {
        fs::write(&readme, table::insert(&read(&readme)?, &table)?).context("cannot write README.md")?;
    }
    for wrong in &wrong {
        println!("wrong: {wrong}");
    }
    Ok(wrong.is_empty())
}

/// The rows whose names begin with one of these, or all where there are none; of those the ones in which one of `sides` takes part.
fn choose(only: &[String], sides: &[Side]) -> Result<Vec<&'static Row>> {
    let rows = || ROWS.iter().filter(|row| sides.iter().any(|side| row.has(*side)));
    let names = || rows().map(|row| row.name);
    for name in only {
        let known = names().any(|row| row.starts_with(&**name));
        ensure!(known, "no row begins with `{name}`; there are {}", names().collect::<Vec<_>>().join(", "));
    }
    let wanted = |row: &&Row| only.is_empty() || only.iter().any(|name| row.name.starts_with(&**name));
    Ok(rows().filter(wanted).collect())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Builds and installs what takes part.
fn prepare(root: &Path, against: Option<&str>) -> Result<Places> {
    let sources = root.join("bench");
    let target = root.join("target/compare");
    fs::create_dir_all(&target).context("cannot make target/compare")?;
    let venv = target.join("venv");
    let before = against.map(|revision| against::programs(root, &target, revision)).transpose()?;
    if before.is_none() {
        virtual_environment(&venv, &sources.join("requirements.txt"), &versions(&[&PYTHON])?)?;
    }
    let now = step("programs: build", || programs(root, None))?;
    let (work, home) = (target.join("work"), target.join("home"));
    empty(&work)?;
    empty(&home)?;
    Ok(Places { python: venv.join("bin/python"), sources, now, before, work, home })
}

/// Builds the programs of the workspace below `root`, in `target` where that is not the folder that Cargo would take.
fn programs(root: &Path, target: Option<&Path>) -> Result<Programs> {
    let mut arguments = vec!["--release", "--package", "sbg-compare"];
    if let Some(target) = target {
        arguments
            .extend(["--target-dir", target.to_str().context("the path of the workspace is not UTF-8")?]);
    }
    let programs = build(root, &arguments)?;
    let program = |name: &str| {
        let found = programs.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
        found.cloned().with_context(|| format!("cargo did not build {name}"))
    };
    Ok(Programs {
        platform: program("compare-platform")?,
        client: program("compare-client")?,
        minimal: program("compare-minimal")?,
    })
}

impl Places {
    /// The programs of a side that is this client.
    fn programs(&self, side: Side) -> Result<&Programs> {
        match side {
            Side::Before => self.before.as_ref().context("no earlier revision was built"),
            _ => Ok(&self.now),
        }
    }
}

/// Lets all sides do the work of a row in turns.
fn measure(places: &Places, row: &'static Row, sides: &[Side], rounds: u32) -> Result<Measured> {
    let mut stage = Stage::new(places, row).with_context(|| format!("{}: cannot prepare", row.name))?;
    let sides = sides.iter().copied().filter(|side| row.has(*side));
    let mut measured = Measured::new(row);
    if row.work == Work::Start && places.before.is_none() {
        measured.sizes = places.sizes()?;
    }
    for round in 1..=rounds {
        for side in sides.clone() {
            // Who has failed once is not asked again: some failures take until the limit of the time. Nor is who takes minutes: what
            // makes the rounds of one side differ is a second or two.
            if measured.has_failed(side) || measured.takes(side).is_some_and(|time| time > LONG) {
                continue;
            }
            let name = format!("{} {round}/{rounds}: {}", row.name, side.name());
            match step(&name, || stage.trial(side)) {
                Ok(cost) => measured.add(side, cost),
                Err(error) => {
                    println!("  {}", error.root_cause());
                    measured.fail(side, &error);
                }
            }
        }
    }
    Ok(measured)
}
