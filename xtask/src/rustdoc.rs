//! The JSON that rustdoc writes about a crate: what its public interface is, item by item, with the documentation.
//!
//! The format is unstable, so the stable rustdoc gives it only where it is told that it may. Only rustdoc itself is told: build scripts
//! look at the same variable, and everything would be built anew, and once more for the next task. That is why this program stands
//! in for rustdoc and calls it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::process::{cargo, output};

/// Names the rustdoc that this program stands in for.
const RUSTDOC: &str = "XTASK_RUSTDOC";

/// Where the JSON about the library of `package` lies, once [`write()`] has written it.
pub fn path(root: &Path, package: &str) -> PathBuf {
    root.join("target/doc").join(package.replace('-', "_")).with_extension("json")
}

/// Writes the JSON about the libraries of `packages`, members of the workspace in `folder`, below `root`. All members are documented
/// together, as `cargo xtask ci documentation` does it: one by one, their dependencies are compiled for each.
pub fn write(root: &Path, folder: &Path, packages: &[&str]) -> Result<String> {
    for package in packages {
        let path = path(root, package);
        // The folder may be that of another revision, whose JSON must not be taken for up to date.
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?;
        }
    }
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let mut cargo = cargo(folder);
    cargo.args(["doc", "--quiet", "--locked", "--workspace", "--lib", "--no-deps", "--target-dir"]);
    cargo.arg(root.join("target"));
    // Another revision is documented by the compiler of this one, which may find something in it that it did not find before.
    cargo.env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json --cap-lints=allow");
    output(cargo.env("RUSTDOC", env::current_exe()?).env(RUSTDOC, rustdoc))
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
