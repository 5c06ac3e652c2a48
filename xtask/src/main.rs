//! The tasks of the workspace. `cargo xtask help` lists them.

mod bundle;
mod finding;
mod generate;
mod lint;
mod rust_client;
mod rust_tables;
mod spec;
mod yaml;

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
    Lint,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the xtask lies below the workspace");
    let result = match Arguments::parse().task {
        Task::Generate { check } => generate::run(root, check),
        Task::Lint => lint::run(root),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
