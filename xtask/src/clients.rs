//! `cargo xtask clients`: generates clients in other languages from the portable bundle, compiles them, and runs one scenario with each.
//!
//! `matrix.rs` lists the clients. `xtask/clients` has the programs and the pinned versions of the tools; everything else is created below
//! `target/clients`. The results are a table in `openapi/README.md`: a cell that gets worse fails the task.

mod guides;
mod lint;
mod matrix;
mod odd;
mod pins;
mod results;
mod workshop;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use self::matrix::{CLIENTS, Client};
use self::workshop::Workshop;
use crate::emulator::Emulator;
use crate::marks;
use xtask_process::step;

/// The arguments of `cargo xtask clients`.
#[derive(clap::Args)]
pub struct Options {
    /// Run these clients only
    #[arg(conflicts_with = "all")]
    names: Vec<String>,
    /// Run all clients, not only those that CI runs
    #[arg(long)]
    all: bool,
    /// Write the results into the table of openapi/README.md
    #[arg(long)]
    write: bool,
}

/// The document with the table, and the name of its marks.
const DOCUMENT: &str = "openapi/README.md";
const MARKS: &str = "clients";

/// Generates, compiles and runs the chosen clients; returns a summary.
pub fn run(root: &Path, options: &Options) -> Result<String> {
    let chosen = choose(options)?;
    // The scenario uploads a few kilobytes in two parts, and all clients together make more calls than a token may.
    let arguments = ["--strict", "--min-part-size", "1024", "--rate-limit", "1000000"];
    let emulator = step("emulator: build and start", || Emulator::start(root, &arguments))?;
    // The programs of the guides find sample data, and have to wait out the rate limit.
    let arguments = ["--demo", "--strict", "--min-part-size", "1024", "--fault", "api:every=5:429"];
    let demo = Emulator::start(root, &arguments)?;
    let workshop = Workshop::open(root, &emulator, &demo)?;
    // The table has all linters.
    lint::run(&workshop, options.all || options.write)?;

    let waiting = Mutex::new(chosen.iter());
    let outcomes = Mutex::new(Vec::new());
    // Generators and compilers use one core most of the time.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(client) = { waiting.lock().expect("no panic").next() } {
                    let started = Instant::now();
                    let outcome = workshop.run(client);
                    println!("{}: {outcome}, {:.0} s", client.name, started.elapsed().as_secs_f32());
                    outcomes.lock().expect("no panic").push((client.name, outcome));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no panic");

    let path = root.join(DOCUMENT);
    let document = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let recorded = results::read(marks::between(&document, MARKS)?);
    if options.write {
        let table = results::table(&workshop.pins, &recorded, &outcomes);
        fs::write(&path, marks::replace(&document, MARKS, &table)?)
            .with_context(|| format!("cannot write {DOCUMENT}"))?;
    } else {
        let worse = results::regressions(&recorded, &outcomes);
        ensure!(worse.is_empty(), "worse than in {DOCUMENT}:\n{}", worse.join("\n"));
    }
    Ok(results::summary(&outcomes))
}

/// The clients to run.
fn choose(options: &Options) -> Result<Vec<&'static Client>> {
    for name in &options.names {
        let known: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
        ensure!(known.contains(&name.as_str()), "there is no client `{name}`, but {}", known.join(", "));
    }
    let chosen = |client: &&Client| {
        if options.names.is_empty() {
            options.all || client.cheap
        } else {
            options.names.iter().any(|name| name == client.name)
        }
    };
    Ok(CLIENTS.iter().filter(chosen).collect())
}
