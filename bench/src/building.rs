//! What it costs to build a program that depends on a revision of this client.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::Programs;

const MANIFEST: &str = r#"[package]
name = "program"
version = "0.0.0"
edition = "2024"

[dependencies]
sbg = { path = "SBG"FEATURES }
tokio = { version = "1", features = ["macros", "rt"] }

[profile.release]
strip = true

[workspace]
"#;

/// What a program depends on that only calls the API.
const CALLS_ONLY: &str = r#", default-features = false, features = ["rustls"]"#;

/// What the program depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// The client as it is by default.
    Default,
    /// Only the calls of the API, where the revision can leave out the rest.
    CallsOnly,
}

/// Prepares the minimal program in the empty `folder`; returns the command that builds it there, with the versions that the revision
/// has locked and without the network.
pub fn command(programs: &Programs, folder: &Path, features: Features) -> Result<Command> {
    let client = programs.workspace.join("crates/sbg");
    let manifest =
        fs::read_to_string(client.join("Cargo.toml")).context("the revision has no crate `sbg`")?;
    let divided = manifest.lines().any(|line| line.starts_with("transfer = "));
    let features = if features == Features::CallsOnly && divided { CALLS_ONLY } else { "" };
    let client = client.to_str().context("the path of the workspace is not UTF-8")?;
    let manifest = MANIFEST.replace("FEATURES", features).replace("SBG", client);
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(programs.workspace.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::create_dir(folder.join("src"))?;
    fs::write(folder.join("src/main.rs"), include_str!("../programs/minimal.rs"))?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--offline"]).current_dir(folder);
    // Whatever this run was started with is for itself alone.
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    Ok(cargo)
}

/// The size of the program that was built in `folder`, in bytes.
pub fn size(folder: &Path) -> Result<u64> {
    let program = folder.join("target/release").join(format!("program{}", std::env::consts::EXE_SUFFIX));
    Ok(fs::metadata(program).context("no program was built")?.len())
}
