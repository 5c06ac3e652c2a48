//! The tasks of the workspace. `cargo xtask help` lists them.

mod ci;
mod clients;
mod compare;
mod dependencies;
mod drift;
mod emulator;
mod flavors;
mod fuzz;
mod generate;
mod lint;
mod process;
mod public_api;
mod rustdoc;
mod semver;
mod soak;
mod spec;
mod witness;

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
    /// Everything that has to hold before a change lands
    Ci(ci::Ci),
    /// Compare the public interface of the crates with the lists in docs/api, and look for items without an example
    Api {
        /// Write the lists anew
        #[arg(long)]
        write: bool,
    },
    /// Look for what is broken that was public at an earlier revision
    Semver {
        /// The revision; without it, the release of the present version
        #[arg(long)]
        since: Option<String>,
    },
    /// Check the licences, duplicates and sources of dependencies, and what is known against them
    Dependencies,
    /// Let sixteen transfers at a time go on for minutes, over all kinds of object storage, among random faults
    Soak(soak::Soak),
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
    if let Some(called) = rustdoc::stand_in() {
        return called.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        });
    }
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
        Task::Ci(ci) => Ok(ci::run(root, &ci)),
        Task::Api { write } => say(public_api::run(root, write)),
        Task::Semver { since } => say(semver::run(root, since.as_deref())),
        Task::Dependencies => say(dependencies::run(root)),
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

/// Prints what a task found.
fn say(found: anyhow::Result<String>) -> anyhow::Result<bool> {
    println!("{}", found?);
    Ok(true)
}
