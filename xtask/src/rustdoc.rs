//! The JSON that rustdoc writes about a crate: what its public interface is, item by item, with the documentation.
//!
//! The format is unstable, so the stable rustdoc gives it only where it is told that it may. Only rustdoc itself is told: build scripts
//! look at the same variable, and everything would be built anew, and once more for the next task. That is why this program stands
//! in for rustdoc and calls it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::programs::{cargo, output};

/// Names the rustdoc that this program stands in for.
const RUSTDOC: &str = "XTASK_RUSTDOC";

/// The JSON about the library of `package`, a member of the workspace in `folder`; what is built lies in `target`. All members are
/// documented together, as `cargo xtask ci documentation` does it: one by one, their dependencies are compiled for each.
pub fn json(folder: &Path, target: &Path, package: &str) -> Result<PathBuf> {
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let mut cargo = cargo(folder);
    cargo
        .args(["doc", "--quiet", "--locked", "--workspace", "--lib", "--no-deps", "--target-dir"])
        .arg(target);
    cargo.env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json --cap-lints=allow");
    // The folder may be that of another revision, which is documented by the compiler of this one.
    cargo.env("RUSTDOC", env::current_exe()?).env(RUSTDOC, rustdoc);
    output(&mut cargo)?;
    Ok(target.join("doc").join(package.replace('-', "_")).with_extension("json"))
}

/// Does what rustdoc does, if this program was called in its place.
pub fn stand_in() -> Option<Result<ExitCode>> {
    let rustdoc = env::var_os(RUSTDOC)?;
    Some(call(&rustdoc))
}

fn call(rustdoc: &OsString) -> Result<ExitCode> {
    let mut command = Command::new(rustdoc);
    command.args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").env_remove(RUSTDOC);
    let status = command.status().with_context(|| format!("cannot run {}", rustdoc.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
