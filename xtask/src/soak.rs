//! `cargo xtask soak`: many transfers at a time on a platform that fails at random, for minutes; all bytes must be right in the end, and
//! the memory must not grow.
//!
//! The work is done by the program `soak` of the tests. The platform is a process of its own, so that its memory is not counted.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::emulator::Emulator;
use crate::programs::{Program, empty, output, program, step};

#[derive(Args)]
pub struct Soak {
    /// How long the transfers go on
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Another seed makes other files and other faults
    #[arg(long, default_value_t = 51)]
    seed: u64,
}

impl Soak {
    /// What a run for every change can afford.
    pub fn short() -> Self {
        Self { seconds: 60, seed: 51 }
    }
}

/// What goes wrong, and how often.
const FAULTS: [&str; 16] = [
    "storage:get:p=0.02:503",
    "storage:get:p=0.02:cut=100000",
    "storage:get:p=0.01:short",
    "storage:get:p=0.01:shifted",
    "storage:get:p=0.01:wrong-total",
    "storage:get:p=0.002:stall=1000",
    "storage:get:p=0.01:expired",
    "storage:put:p=0.02:503",
    "storage:put:p=0.02:lost-answer",
    "storage:put:p=0.01:expired",
    "storage:p=0.02:reset",
    "storage:p=0.05:delay=200",
    "api:p=0.01:429-no-reset",
    "api:p=0.005:maintenance",
    "api:p=0.01:html",
    "api:p=0.01:lost-answer",
];

/// Lets the transfers of the workspace below `root` go on, and says what became of them.
pub fn run(root: &Path, soak: &Soak) -> Result<String> {
    let folder = root.join("target/soak");
    empty(&folder)?;
    let program = step("soak: build", || program(root, Program::Binary("soak")))?;
    let mut arguments =
        vec!["--rate-limit".to_owned(), "10000000".to_owned(), "--min-part-size".to_owned(), "1".to_owned()];
    for (number, fault) in (soak.seed..).zip(FAULTS) {
        // The seed belongs behind the chance, so that each fault has a sequence of its own.
        let (before, after) = fault.rsplit_once(':').context("a fault has an action")?;
        arguments.extend(["--fault".to_owned(), format!("{before}/{number}:{after}")]);
    }
    let emulator = Emulator::start(root, &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
    let [endpoint, token] = emulator.address()?;
    let mut command = Command::new(program);
    command.args([endpoint, token]).arg(&folder).args([soak.seconds.to_string(), soak.seed.to_string()]);
    let said = step(&format!("soak: {} s", soak.seconds), || output(&mut command))?;
    let said = said.trim();
    ensure!(!said.is_empty(), "the program says nothing");
    empty(&folder)?;
    Ok(said.to_owned())
}
