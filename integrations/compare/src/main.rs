//! `cargo xtask compare --only in-place`: programs that read files of a project in place, against `samtools`, DataFusion on another store,
//! and each other, on one emulator with a latency of 50 ms. Processes are measured from start to end, in turns; results are compared. The
//! table is that of `docs/speed.md`.

mod fixtures;
mod launcher;
mod rows;
mod stage;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::rows::ROWS;
use crate::stage::Stage;

const USAGE: &str = "usage: compare_in_place [--rounds N] [--row NAME] [--write]";

fn main() -> Result<()> {
    if std::env::args().nth(1).is_some_and(|argument| argument == launcher::LAUNCH) {
        return launcher::launch(std::env::args_os().skip(2));
    }
    let (mut rounds, mut only, mut write) = (5, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().context(USAGE)?.parse()?,
            "--row" => only = Some(arguments.next().context(USAGE)?),
            "--write" => write = true,
            _ => bail!(USAGE),
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the workspace")?;
    let folder = root.join("target/compare/in-place");
    std::fs::create_dir_all(&folder)?;
    let stage = Stage::start(&folder, programs()?)?;
    let chosen: Vec<_> =
        ROWS.iter().filter(|row| only.as_ref().is_none_or(|name| row.name == *name)).collect();
    let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    anyhow::ensure!(!chosen.is_empty(), "no such row; rows: {}", names.join(", "));
    anyhow::ensure!(!write || only.is_none(), "only a whole table is written");
    let measured: Vec<_> =
        chosen.into_iter().map(|row| row.measure(&stage, rounds)).collect::<Result<_>>()?;
    let text = table::markdown(&measured, rounds);
    println!("\n{text}");
    if write {
        let page = root.join("docs/speed.md");
        std::fs::write(&page, table::insert(&std::fs::read_to_string(&page)?, &text)?)?;
    }
    Ok(())
}

/// The folder of the built programs.
fn programs() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.parent().context("a folder of programs")?.to_owned())
}
