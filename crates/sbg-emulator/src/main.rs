//! The program `sbg-emulator`.

use std::process::ExitCode;

use clap::Parser as _;
use sbg_emulator::program::{self, Options};

fn main() -> ExitCode {
    match program::run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sbg-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}
