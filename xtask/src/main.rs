//! The tasks of the workspace. `cargo xtask help` lists them.

mod clients;
mod docs;
mod drift;
mod emulator;
mod fuzz;
mod generate;
mod lint;
mod marks;
mod soak;
mod spec;
mod witness;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use xtask_process::cargo;

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
    /// Generate clients in other languages, compile them, and run them against the emulator
    Clients(clients::Options),
    /// Write the reference of the API as one HTML file into target/docs
    Docs,
    /// Run transfers for minutes on every kind of storage, with random faults
    Soak(soak::Soak),
    /// Measure this client against the official Python client and curl: `cargo xtask compare --help`
    #[command(disable_help_flag = true)]
    Compare {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Fuzz every parser of untrusted input
    Fuzz(fuzz::Fuzz),
    /// Check the emulator, the specification and the transfers with third-party programs
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
        Task::Clients(options) => say(clients::run(root, &options)),
        Task::Docs => say(docs::run(root).map(|page| format!("wrote {}", page.display()))),
        Task::Soak(soak) => say(soak::run(root, &soak)),
        Task::Compare { arguments } => compare(root, &arguments),
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

/// Runs the benchmarks in `bench/`, which do not need the generator that this program is built with.
fn compare(root: &Path, arguments: &[OsString]) -> anyhow::Result<bool> {
    let mut run = cargo(root);
    run.args(["run", "--quiet", "--package", "sbg-compare", "--"]).args(arguments);
    Ok(run.status().context("cannot run cargo")?.success())
}

/// Prints the result of a task in the last line, where `.ci/run` looks for it.
fn say(found: anyhow::Result<String>) -> anyhow::Result<bool> {
    println!("{}", found?);
    Ok(true)
}
