//! Runs other programs: checks that they are installed, installs packages for them, and reads their output.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A program that must be installed.
pub struct Need {
    what: &'static str,
    program: &'static str,
    /// Arguments that print its version.
    probe: &'static [&'static str],
    least: (u32, u32),
    install: &'static str,
}

/// Python with the modules for virtual environments.
pub const PYTHON: Need = Need {
    what: "Python 3.11 or newer with pip and venv",
    program: "python3",
    // Some systems have these modules in separate packages.
    probe: &["-c", "import ensurepip, platform, venv; print(platform.python_version())"],
    least: (3, 11),
    install: "the packages python3 and python3-venv, or <https://www.python.org/downloads/>",
};

/// Node.js.
pub const NODE: Need = Need {
    what: "Node.js 20.19 or newer",
    program: "node",
    probe: &["--version"],
    least: (20, 19),
    install: "the package nodejs, or <https://nodejs.org/en/download>",
};

/// The package manager of Node.js.
pub const NPM: Need = Need {
    what: "npm 10 or newer",
    program: "npm",
    probe: &["--version"],
    least: (10, 0),
    install: "the package npm, or <https://nodejs.org/en/download>, which has it",
};

/// The versions of the programs in one line.
///
/// # Errors
///
/// Lists every program that is missing or too old, and how to install it.
pub fn versions(needs: &[&Need]) -> Result<String> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for need in needs {
        let version = output(Command::new(need.program).args(need.probe)).unwrap_or_default();
        match shortcoming(need, &version) {
            Some(message) => missing.push(message),
            None => found.push(format!("{} {}", need.program, version.trim())),
        }
    }
    ensure!(missing.is_empty(), "missing programs:\n{}", missing.join("\n"));
    Ok(found.join(", "))
}

/// What is wrong with a program that printed `version`, which is empty if it could not run.
fn shortcoming(need: &Need, version: &str) -> Option<String> {
    let numbers: Vec<u32> =
        version.trim().trim_start_matches('v').split('.').map_while(|number| number.parse().ok()).collect();
    let found = match numbers[..] {
        [major, minor, ..] if (major, minor) >= need.least => return None,
        [] => format!("cannot run `{}`", need.program),
        _ => format!("`{}` is {}", need.program, version.trim()),
    };
    Some(format!("  {} ({found}): install {}", need.what, need.install))
}

/// Creates a Python virtual environment with the packages in `requirements`, unless it exists.
///
/// # Errors
///
/// Python or pip fails.
pub fn virtual_environment(folder: &Path, requirements: &Path, versions: &str) -> Result<()> {
    once(folder, &[requirements], versions, "python: install packages", || {
        output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        output(Command::new(folder.join("bin/python")).args(pip).arg(requirements))
    })
}

/// Recreates `folder` with `install`, unless it was created from the same `pins` by the same programs.
///
/// # Errors
///
/// A file cannot be read or written, or `install` fails.
pub fn once(
    folder: &Path,
    pins: &[&Path],
    versions: &str,
    name: &str,
    install: impl FnOnce() -> Result<String>,
) -> Result<()> {
    // A virtual environment does not work after a move.
    let mut origin = format!("{}\n{versions}\n", folder.display());
    for pin in pins {
        origin += &fs::read_to_string(pin).with_context(|| format!("cannot read {}", pin.display()))?;
    }
    // Written last, so that an incomplete folder does not have it.
    let record = folder.join(".created-from");
    if fs::read_to_string(&record).is_ok_and(|recorded| recorded == origin) {
        return Ok(());
    }
    step(name, || {
        empty(folder)?;
        install()?;
        fs::write(&record, origin).with_context(|| format!("cannot write {}", record.display()))
    })
}

/// Creates `folder`, or empties it.
///
/// # Errors
///
/// The folder cannot be deleted or created.
pub fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// Runs `work` and prints how long it took.
///
/// # Errors
///
/// `work` fails.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    print!("{name} ...");
    std::io::stdout().flush()?;
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "failed" };
    println!(" {outcome}, {:.1} s", started.elapsed().as_secs_f32());
    result.with_context(|| format!("{name} failed"))
}

/// Runs a command and returns its output.
///
/// # Errors
///
/// The command cannot run or fails; the error has its output.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.output().with_context(|| format!("cannot run {program}"))?;
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "{program}: {}\n{printed}{said}", ran.status);
    Ok(printed)
}

/// Runs a command, prints its output, and passes each line to `heard`.
///
/// # Errors
///
/// The command cannot run or fails.
pub fn tee(command: &mut Command, mut heard: impl FnMut(&str)) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = || format!("cannot run {program}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(failed)?;
    let printed = BufReader::new(child.stdout.take().with_context(failed)?);
    for line in printed.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        heard(&line);
    }
    let status = child.wait().with_context(failed)?;
    ensure!(status.success(), "{program}: {status}");
    Ok(())
}

/// A program of the workspace.
#[derive(Clone, Copy)]
pub enum Program<'n> {
    /// A binary by name.
    Binary(&'n str),
    /// An example by name.
    Example(&'n str),
}

/// Builds a program of the workspace in the same way as the tests, so that nothing is compiled twice, and returns its path.
///
/// # Errors
///
/// It cannot be built.
pub fn program(root: &Path, program: Program<'_>) -> Result<PathBuf> {
    // The features of dependencies depend on what is built. Examples use dev-dependencies, so one is always built.
    let (name, binary, example) = match program {
        Program::Binary(name) => (name, Some(name), "quickstart"),
        Program::Example(name) => (name, None, name),
    };
    let mut arguments = vec!["--workspace", "--example", example];
    arguments.extend(binary.into_iter().flat_map(|name| ["--bin", name]));
    let programs = build(root, &arguments)?;
    let found = programs.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
    found.with_context(|| format!("cargo did not build {name}"))
}

/// Runs `cargo build` with `arguments` and returns the paths of the programs that it built.
///
/// # Errors
///
/// The build fails.
pub fn build(root: &Path, arguments: &[&str]) -> Result<Vec<PathBuf>> {
    // One JSON object per line and artifact; programs have an executable.
    let messages =
        output(cargo(root).arg("build").args(arguments).arg("--message-format=json-render-diagnostics"))?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect())
}

/// The cargo that runs this program, or else the one in the path.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_old_programs_are_named() {
        let check = |version: &str, expected: Option<&str>| {
            let said = shortcoming(&NODE, version);
            let expected = expected.map(|found| {
                format!("  Node.js 20.19 or newer ({found}): install the package nodejs, or <https://nodejs.org/en/download>")
            });
            assert_eq!(said, expected, "{version:?}");
        };
        check("v20.19.0\n", None);
        check("v22.1.0\n", None);
        check("v20.18.3\n", Some("`node` is v20.18.3"));
        check("v18.20.2\n", Some("`node` is v18.20.2"));
        check("", Some("cannot run `node`"));
    }

    #[test]
    fn same_pins_are_installed_once() {
        let root = tempfile::tempdir().unwrap();
        let (folder, pins) = (root.path().join("made"), root.path().join("pins"));
        let mut count = 0;
        let mut make = |pinned: &str, versions: &str| {
            fs::write(&pins, pinned).unwrap();
            once(&folder, &[&pins], versions, "make", || {
                count += 1;
                Ok(String::new())
            })
            .unwrap();
            count
        };
        assert_eq!(make("one", "python3 3.11"), 1);
        assert_eq!(make("one", "python3 3.11"), 1);
        assert_eq!(make("two", "python3 3.11"), 2);
        assert_eq!(make("two", "python3 3.12"), 3);
    }
}
