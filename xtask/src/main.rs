//! The tasks of the workspace. `cargo xtask help` lists them.

mod clients;
mod compare;
mod drift;
mod emulator;
mod fuzz;
mod generate;
mod lint;
mod process;
mod soak;
mod spec;
mod witness;

use std::path::Path;
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
    /// Check recorded traffic against the specification
    Drift(drift::Options),
    /// Generate clients in Python and TypeScript, check them, and run them against the emulator
    Clients,
    /// Run transfers for minutes on every kind of storage, with random faults
    Soak(soak::Soak),
    /// Measure this client against the official Python client and curl
    Compare(compare::Options),
    /// Fuzz every parser of untrusted input
    Fuzz(fuzz::Fuzz),
    /// Check the emulator, the specification and the transfers with programs of others
    Witness {
        #[command(subcommand)]
        witness: witness::Witness,
    },
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace");
    let done = match Arguments::parse().task {
        Task::Generate { check } => generate::run(root, check).map(|()| true),
        Task::Lint { rules: true } => {
            lint::print_rules();
            Ok(true)
        }
        Task::Lint { rules: false } => lint::run(root).map(|()| true),
        Task::Drift(options) => drift::run(root, &options),
        Task::Clients => clients::run(root).map(|()| true),
        Task::Soak(soak) => say(soak::run(root, &soak)),
        Task::Compare(options) => compare::run(root, &options),
        Task::Fuzz(fuzz) => say(fuzz::run(root, &fuzz)),
        Task::Witness { witness } => say(witness::run(root, witness)),
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

/// Prints the result of a task in the last line, where `.ci/run` looks for it.
fn say(found: anyhow::Result<String>) -> anyhow::Result<bool> {
    println!("{}", found?);
    Ok(true)
}
