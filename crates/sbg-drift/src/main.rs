//! Checks recorded traffic against the OpenAPI document of the Seven Bridges API.

use std::process::ExitCode;

use clap::Parser as _;
use sbg_drift::program::{self, Arguments};

fn main() -> ExitCode {
    program::main(&Arguments::parse())
}
