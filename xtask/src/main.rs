//! The tasks of the workspace. `cargo xtask help` lists them.

mod bundle;
mod caught;
mod clients;
mod compare;
mod decode;
mod drift;
mod emulator;
mod finding;
mod fuzz;
mod generate;
mod lint;
#[cfg(test)]
mod orchard;
mod programs;
mod rule;
mod rust_client;
mod rust_nullable;
mod rust_prune;
mod rust_read;
mod rust_tables;
mod spec;
mod uses;
mod witness;
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
    /// Measure this client against the official Python client and curl, and print a table
    Compare(compare::Options),
    /// Give inputs by chance to everything that must never fail
    Fuzz(fuzz::Fuzz),
    /// Ask outside programs what they say of the emulator and of the specification
    Witness {
        #[command(subcommand)]
        witness: witness::Witness,
    },
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
        Task::Compare(options) => compare::run(root, &options),
        Task::Fuzz(fuzz) => fuzz::run(root, &fuzz).map(|()| true),
        Task::Witness { witness } => witness::run(root, witness),
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
