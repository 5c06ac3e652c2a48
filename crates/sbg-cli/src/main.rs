//! `sbg`, the command line of the Seven Bridges genomics platform.
//!
//! Thin over the crate `sbg`: a command parses its arguments, calls the library, and prints records. `cli` has the arguments, `commands`
//! one file for each family of commands, and the other modules what they share.

mod cli;
mod commands;
mod context;
mod exit;
mod failures;
mod global;
mod input_file;
mod output;
mod path;
mod progress;
mod records;
mod signals;
mod text;
mod units;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
