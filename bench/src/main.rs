//! `cargo xtask compare`: the official Python client, this client and curl do the same work on the same emulator, in turns, and a table
//! shows the cost of each. With `--against REV`, this client is compared with itself at that revision.
//!
//! Whole processes are measured: elapsed time, CPU time, peak memory. After each trial the result is checked on the platform and on
//! disk; a wrong result fails the run, a slow one does not. The measured programs are in `bench/programs`, the rows of the table in
//! [`rows`]; [`trial`] prepares and checks a row. The table and its [`chart`] are in `docs/speed.md`. [`command_line`] has a table of its
//! own.

mod against;
mod building;
mod chart;
mod command_line;
mod curl;
mod machine;
mod measure;
mod platform;
mod rows;
mod side;
mod table;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use xtask_process::{PYTHON, build, empty, step, versions, virtual_environment};

use crate::rows::{ROWS, Row, Work};
use crate::side::Side;
use crate::table::Measured;
use crate::trial::Stage;

/// How often each row runs by default.
const ROUNDS: u32 = 3;

/// A client that needs longer than this runs a row only once.
const LONG: Duration = Duration::from_secs(60);

/// Measures this client against the official Python client and curl, on the same emulator
#[derive(Parser)]
#[command(name = "cargo xtask compare")]
struct Options {
    /// How often each row runs, 3 times by default and 5 times in place; medians are shown
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Run only the rows whose names start with NAME; may be repeated. Two tables have peers of their own: `in-place` runs the programs that
    /// read in place, `command-line` the rows of the program `sbg`, or `command-line-ROW` one of them
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Write the table and the chart to docs/speed.md and docs/speed.svg, or the table of `--only in-place` or `command-line`
    #[arg(long)]
    write: bool,
    /// Measure nothing; draw docs/speed.svg from the table in docs/speed.md
    #[arg(long, conflicts_with_all = ["write", "only", "against"])]
    chart: bool,
    /// Compare only with this client at an earlier revision
    #[arg(long, value_name = "REV", conflicts_with = "write")]
    against: Option<String>,
}

/// The programs of one revision.
struct Programs {
    /// The workspace that they are built from.
    workspace: PathBuf,
    platform: PathBuf,
    client: PathBuf,
    minimal: PathBuf,
}

/// Where the programs and the files of a run are.
struct Paths {
    python: PathBuf,
    /// `bench/programs`, with the scripts.
    sources: PathBuf,
    now: Programs,
    before: Option<Programs>,
    /// For transferred files; deleted at the end.
    work: PathBuf,
    /// An empty home folder, so that the settings of the user have no effect.
    home: PathBuf,
}

fn main() -> Result<ExitCode> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("bench is a folder of the workspace")?;
    Ok(if run(root, &Options::parse())? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures the clients of the workspace at `root`; returns whether all results were correct.
fn run(root: &Path, options: &Options) -> Result<bool> {
    if options.against.is_none() {
        match options.only.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["in-place"] => return in_place(root, options),
            [name] if name.starts_with(command_line::NAME) => return command_line::run(root, name, options),
            _ => {}
        }
    }
    let (page, rounds) = (root.join("docs/speed.md"), options.rounds.unwrap_or(ROUNDS));
    ensure!(!options.write || options.only.is_empty(), "only a whole table is written: leave out `--only`");
    if options.chart {
        return draw(root, &read(&page)?).map(|()| true);
    }
    let sides: &[Side] = if options.against.is_some() { &Side::REVISIONS } else { &Side::ALL };
    let chosen = choose(&options.only, sides)?;
    if options.write {
        // Fail now rather than after an hour.
        table::insert(&read(&page)?, table::NAME, "")?;
    }
    let paths = prepare(root, options.against.as_deref())?;
    let mut measured = Vec::new();
    for row in chosen {
        measured.push(measure(&paths, row, sides, rounds)?);
    }
    fs::remove_dir_all(&paths.work).context("cannot delete the transferred files")?;

    let table = match &options.against {
        None => format!("{}\n{}", table::markdown(&measured), machine::describe(&paths, rounds)?),
        Some(revision) => {
            let machine = machine::measured_on(&format!("sbg now and at {revision}"), rounds)?;
            format!("{}\n{machine}", against::markdown(&measured, revision))
        }
    };
    println!("\n{table}");
    let wrong: Vec<&str> = measured.iter().flat_map(|row| &row.wrong).map(String::as_str).collect();
    if options.write && wrong.is_empty() {
        let text = table::insert(&read(&page)?, table::NAME, &table)?;
        fs::write(&page, &text).context("cannot write docs/speed.md")?;
        draw(root, &text)?;
    }
    for wrong in &wrong {
        println!("wrong: {wrong}");
    }
    Ok(wrong.is_empty())
}

/// Measures the programs that read in place. They are in a workspace of their own, which needs much more than this one.
fn in_place(root: &Path, options: &Options) -> Result<bool> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--workspace",
        "--bins",
        "--manifest-path",
        "integrations/Cargo.toml",
    ]);
    cargo.current_dir(root).env("CARGO_TARGET_DIR", "target/integrations");
    ensure!(cargo.status().context("cannot run cargo")?.success(), "the programs were not built");
    let mut compare = Command::new(root.join("target/integrations/release/compare_in_place"));
    if let Some(rounds) = options.rounds {
        compare.args(["--rounds", &rounds.to_string()]);
    }
    if options.write {
        compare.arg("--write");
    }
    Ok(compare.status().context("cannot run the measurements")?.success())
}

/// Draws the chart of the table in `page`.
fn draw(root: &Path, page: &str) -> Result<()> {
    fs::write(root.join("docs/speed.svg"), chart::svg(page)).context("cannot write docs/speed.svg")
}

/// The rows whose names start with one of `only`, or all if it is empty, as far as one of `sides` takes part.
fn choose(only: &[String], sides: &[Side]) -> Result<Vec<&'static Row>> {
    let rows = || ROWS.iter().filter(|row| sides.iter().any(|side| row.has(*side)));
    let names = || rows().map(|row| row.name);
    for name in only {
        let known = names().any(|row| row.starts_with(&**name));
        ensure!(known, "no row name starts with `{name}`; rows: {}", names().collect::<Vec<_>>().join(", "));
    }
    let wanted = |row: &&Row| only.is_empty() || only.iter().any(|name| row.name.starts_with(&**name));
    Ok(rows().filter(wanted).collect())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Builds and installs the programs.
fn prepare(root: &Path, against: Option<&str>) -> Result<Paths> {
    let sources = root.join("bench/programs");
    let target = root.join("target/compare");
    fs::create_dir_all(&target).context("cannot create target/compare")?;
    let venv = target.join("venv");
    let before = against.map(|revision| against::programs(root, &target, revision)).transpose()?;
    if before.is_none() {
        virtual_environment(&venv, &root.join("bench/requirements.txt"), &versions(&[&PYTHON])?)?;
    }
    let now = step("programs: build", || programs(root, None))?;
    let (work, home) = (target.join("work"), target.join("home"));
    empty(&work)?;
    empty(&home)?;
    Ok(Paths { python: venv.join("bin/python"), sources, now, before, work, home })
}

/// Builds the programs of the workspace at `root`, in `target` or else in its usual target folder.
fn programs(root: &Path, target: Option<&Path>) -> Result<Programs> {
    let mut arguments = vec!["--release", "--package", "sbg-compare"];
    for program in ["compare-platform", "compare-client", "compare-minimal"] {
        arguments.extend(["--bin", program]);
    }
    if let Some(target) = target {
        arguments
            .extend(["--target-dir", target.to_str().context("the path of the workspace is not UTF-8")?]);
    }
    let programs = build(root, &arguments)?;
    let program = |name: &str| built(&programs, name);
    Ok(Programs {
        workspace: root.to_owned(),
        platform: program("compare-platform")?,
        client: program("compare-client")?,
        minimal: program("compare-minimal")?,
    })
}

/// The program of this name.
fn built(programs: &[PathBuf], name: &str) -> Result<PathBuf> {
    let found = programs.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
    found.cloned().with_context(|| format!("cargo did not build {name}"))
}

impl Paths {
    /// The programs of this client, now or at the earlier revision.
    fn programs(&self, side: Side) -> Result<&Programs> {
        match side {
            Side::Before => self.before.as_ref().context("no earlier revision was built"),
            _ => Ok(&self.now),
        }
    }
}

/// Runs a row with all clients in turns.
fn measure(paths: &Paths, row: &'static Row, sides: &[Side], rounds: u32) -> Result<Measured> {
    let mut stage = Stage::new(paths, row).with_context(|| format!("{}: cannot prepare", row.name))?;
    let sides = sides.iter().copied().filter(|side| row.has(*side));
    let mut measured = Measured::new(row);
    if row.work == Work::Start && paths.before.is_none() {
        measured.sizes = paths.sizes()?;
    }
    for round in 1..=rounds {
        for side in sides.clone() {
            // A failed client is not run again, because some failures take until the time limit. Neither is one that takes minutes:
            // its rounds differ by a second or two.
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
