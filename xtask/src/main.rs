//! The tasks of the workspace. `cargo xtask help` lists them.

mod bundle;
mod caught;
mod clients;
mod decode;
mod drift;
mod finding;
mod generate;
mod lint;
#[cfg(test)]
mod orchard;
mod routes;
mod rule;
mod rust_client;
mod rust_prune;
mod rust_tables;
mod schema;
mod spec;
mod uses;
mod yaml;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The tasks of the workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the specification, bundle it and generate sbg-raw from it
    Generate {
        /// Write nothing; fail and name the files that would change
        #[arg(long)]
        check: bool,
    },
    /// Check the specification and write nothing
    Lint {
        /// List the rules
        #[arg(long)]
        rules: bool,
    },
    /// Hold recorded traffic against the specification
    Drift {
        /// The traffic, an exchange as JSON on each line
        file: PathBuf,
    },
    /// Make clients in Python and TypeScript, check them, and run them against the emulator
    Clients,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the xtask lies below the workspace");
    let done = match Arguments::parse().task {
        Task::Generate { check } => generate::run(root, check).map(|()| true),
        Task::Lint { rules: true } => {
            lint::print_rules();
            Ok(true)
        }
        Task::Lint { rules: false } => lint::run(root).map(|()| true),
        Task::Drift { file } => drift::run(root, &file),
        Task::Clients => clients::run(root).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
