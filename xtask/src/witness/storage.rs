//! `cargo xtask witness storage`: the transfer engine on real storage servers.
//!
//! moto, s3rver, Azurite, nginx, Apache and lighttpd run on loopback behind a gateway that plays the transfer routes of the platform
//! (`tests/witness/storage/gateway.py`). Every scenario runs on every store with the program `transfer` of the tests, and every byte is
//! compared. The results are printed and kept in `docs/storage.md`.

mod cell;
mod facts;
mod gateway;
mod scenarios;
mod servers;
mod stores;
mod table;
mod transfer;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use self::cell::Cell;
use self::facts::Facts;
use self::gateway::Gateway;
use self::scenarios::{Lab, SCENARIOS, Scenario};
use self::servers::Servers;
use self::stores::{STORES, Store};
use self::table::Row;
use crate::marks;
use xtask_process::{NODE, NPM, PYTHON, Program, program, step, versions};

/// The document with the results.
const DOCUMENT: &str = "docs/storage.md";

#[derive(Args, Clone, Default)]
pub struct Options {
    /// Write the tables to docs/storage.md
    #[arg(long)]
    write: bool,
    /// Run only stores whose names contain this
    #[arg(long)]
    store: Option<String>,
    /// Run only scenarios whose names contain this
    #[arg(long)]
    scenario: Option<String>,
    /// Keep the folder with the server logs and print its path
    #[arg(long)]
    keep: bool,
}

impl Options {
    fn is_all(&self) -> bool {
        self.store.is_none() && self.scenario.is_none()
    }

    fn stores(&self) -> Vec<&'static Store> {
        STORES.iter().filter(|store| is_wanted(self.store.as_ref(), store.name)).collect()
    }

    fn scenarios(&self) -> Vec<&'static Scenario> {
        SCENARIOS.iter().filter(|scenario| is_wanted(self.scenario.as_ref(), scenario.name)).collect()
    }
}

fn is_wanted(part: Option<&String>, name: &str) -> bool {
    part.is_none_or(|part| name.contains(part.as_str()))
}

/// Runs the scenarios on the stores and compares the tables with `docs/storage.md`.
pub fn run(root: &Path, options: &Options) -> Result<String> {
    let (stores, scenarios) = (options.stores(), options.scenarios());
    ensure!(!stores.is_empty() && !scenarios.is_empty(), "no store or scenario has this name");
    ensure!(!options.write || options.is_all(), "`--write` needs all stores and scenarios");
    let found = versions(&[&PYTHON, &NODE, &NPM])?;
    let installed = servers::install(root, &found)?;
    let transfer = step("transfer: build", || program(root, Program::Binary("transfer")))?;
    let mut folder = tempfile::Builder::new().prefix("sbg-storage-").tempdir()?;
    folder.disable_cleanup(options.keep);
    if options.keep {
        println!("logs of the servers: {}", folder.path().display());
    }
    let servers = step("servers: start", || Servers::start(root, &installed, folder.path()))?;
    let gateway = step("gateway: start", || Gateway::start(root, &installed, &servers, folder.path()))?;
    let lab = step("files: write", || Lab::new(gateway, transfer, &folder.path().join("work")))?;

    let facts = stores.iter().map(|store| Facts::of(&lab, store)).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    let rows = run_all(&lab, &stores, &scenarios);
    let tables = table::tables(&stores, &rows, &facts);
    println!("\n{tables}");
    if options.write {
        // Failures are written as well; the task still fails.
        write_document(root, &tables, &servers.versions())?;
    }
    let summary = table::summary(&stores, &rows)?;
    if options.is_all() {
        check_document(root, &tables)?;
    }
    Ok(format!("{summary} in {:.0} s", began.elapsed().as_secs_f32()))
}

/// Runs every scenario on every store, stores in parallel: most scenarios wait for their bandwidth limit.
fn run_all(lab: &Lab, stores: &[&'static Store], scenarios: &[&'static Scenario]) -> Vec<Row> {
    let output = Mutex::new(());
    let column = |store: &'static Store| {
        let cells = scenarios.iter().map(|scenario| {
            let began = Instant::now();
            let cell = scenario.run(lab, store);
            let _output = output.lock();
            if !matches!(cell, Cell::None(_)) {
                println!(
                    "{}: {} ... {cell}, {:.1} s",
                    store.name,
                    scenario.name,
                    began.elapsed().as_secs_f32()
                );
            }
            cell
        });
        cells.collect::<Vec<_>>()
    };
    let columns: Vec<Vec<Cell>> = thread::scope(|scope| {
        let columns: Vec<_> = stores.iter().map(|store| scope.spawn(move || column(store))).collect();
        columns.into_iter().map(|column| column.join().unwrap_or_default()).collect()
    });
    let row = |(number, scenario): (usize, &&'static Scenario)| {
        let cells = columns.iter().map(|column| column.get(number).cloned().unwrap_or_default()).collect();
        Row { name: scenario.name, cells }
    };
    scenarios.iter().enumerate().map(row).collect()
}

/// Writes the tables and the server versions to the document.
fn write_document(root: &Path, tables: &str, versions: &str) -> Result<()> {
    let document = marks::replace(&document(root)?, "tables", tables)?;
    let document = marks::replace(&document, "versions", versions)?;
    fs::write(root.join(DOCUMENT), document).with_context(|| format!("cannot write {DOCUMENT}"))
}

/// Fails if the document has different tables. Versions may differ between machines, results may not.
fn check_document(root: &Path, tables: &str) -> Result<()> {
    let document = document(root)?;
    let same = marks::replace(&document, "tables", tables)? == document;
    ensure!(same, "{DOCUMENT} is out of date: run `cargo xtask witness storage --write`");
    Ok(())
}

fn document(root: &Path) -> Result<String> {
    fs::read_to_string(root.join(DOCUMENT)).with_context(|| format!("cannot read {DOCUMENT}"))
}
