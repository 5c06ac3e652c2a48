//! Other programs: whether they are there, what is installed for them, how they are run and what they say.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A program that has to be there before anything can be made.
pub struct Need {
    what: &'static str,
    program: &'static str,
    /// Arguments with which it prints its version.
    probe: &'static [&'static str],
    least: (u32, u32),
    install: &'static str,
}

pub const PYTHON: Need = Need {
    what: "Python 3.11 or newer with pip and venv",
    program: "python3",
    // Some systems leave these modules out of Python and have them in packages of their own.
    probe: &["-c", "import ensurepip, platform, venv; print(platform.python_version())"],
    least: (3, 11),
    install: "the packages python3 and python3-venv, or <https://www.python.org/downloads/>",
};

pub const NODE: Need = Need {
    what: "Node.js 20.19 or newer",
    program: "node",
    probe: &["--version"],
    least: (20, 19),
    install: "the package nodejs, or <https://nodejs.org/en/download>",
};

pub const NPM: Need = Need {
    what: "npm 10 or newer",
    program: "npm",
    probe: &["--version"],
    least: (10, 0),
    install: "the package npm, or <https://nodejs.org/en/download>, which has it",
};

/// The versions of the programs that are needed, in one line; or all that is missing, and how to get it.
pub fn versions(needs: &[&Need]) -> Result<String> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for need in needs {
        let version = output(Command::new(need.program).args(need.probe)).unwrap_or_default();
        match shortcoming(need, &version) {
            Some(message) => missing.push(message),
            None => found.push(format!("{} {}", need.program, version.trim())),
        }
    }
    ensure!(missing.is_empty(), "other programs are needed:\n{}", missing.join("\n"));
    Ok(found.join(", "))
}

/// What is to be said of a program that printed `version`, which is empty where it could not be run.
fn shortcoming(need: &Need, version: &str) -> Option<String> {
    let numbers: Vec<u32> =
        version.trim().trim_start_matches('v').split('.').map_while(|number| number.parse().ok()).collect();
    let found = match numbers[..] {
        [major, minor, ..] if (major, minor) >= need.least => return None,
        [] => format!("`{}` cannot be run", need.program),
        _ => format!("`{}` is {}", need.program, version.trim()),
    };
    Some(format!("  {} ({found}): install {}", need.what, need.install))
}

/// Makes a virtual environment of Python with the packages that `requirements` names, unless it is there.
pub fn virtual_environment(folder: &Path, requirements: &Path, versions: &str) -> Result<()> {
    once(folder, &[requirements], versions, "python: install packages", || {
        output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        output(Command::new(folder.join("bin/python")).args(pip).arg(requirements))
    })
}

/// Makes `folder` anew by `install`, unless it was made from the same `pins` by the same programs.
pub fn once(
    folder: &Path,
    pins: &[&Path],
    versions: &str,
    name: &str,
    install: impl FnOnce() -> Result<String>,
) -> Result<()> {
    // A virtual environment works only in the place for which it was made.
    let mut origin = format!("{}\n{versions}\n", folder.display());
    for pin in pins {
        origin += &fs::read_to_string(pin).with_context(|| format!("cannot read {}", pin.display()))?;
    }
    // It is written last, so that a folder that is made in part does not have it.
    let record = folder.join(".made-from");
    if fs::read_to_string(&record).is_ok_and(|recorded| recorded == origin) {
        return Ok(());
    }
    step(name, || {
        empty(folder)?;
        install()?;
        fs::write(&record, origin).with_context(|| format!("cannot write {}", record.display()))
    })
}

/// Makes `folder` one that is there and has nothing in it.
pub fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Does `work` and says how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    print!("{name} ...");
    std::io::stdout().flush()?;
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "failed" };
    println!(" {outcome}, {:.1} s", started.elapsed().as_secs_f32());
    result.with_context(|| format!("{name} failed"))
}

/// Runs a command to its end and returns what it printed. What it said on the way is shown only where it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.output().with_context(|| format!("cannot run {program}"))?;
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "{program}: {}\n{printed}{said}", ran.status);
    Ok(printed)
}

/// Runs a command whose output everybody sees, and tells `heard` of each line that it prints.
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

/// Builds a program of the workspace as the tests are built, so that nothing is compiled once more, and returns its path.
pub fn program(root: &Path, name: &str) -> Result<PathBuf> {
    // Which features the dependencies have depends on what is built of the workspace: an example may use what only tests depend on, so
    // that one is named in any case.
    let programs = build(root, &["--workspace", "--example", "quickstart", "--bin", name])?;
    let found = programs.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
    found.with_context(|| format!("cargo did not build {name}"))
}

/// Builds what `arguments` say and returns the paths of the programs among it.
pub fn build(root: &Path, arguments: &[&str]) -> Result<Vec<PathBuf>> {
    // One object in a line for each thing that was built; programs are those with an executable.
    let messages =
        output(cargo(root).arg("build").args(arguments).arg("--message-format=json-render-diagnostics"))?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect())
}

/// The cargo that runs this program, or else the one of this machine.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_or_too_old_is_named_with_its_cure() {
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
        check("", Some("`node` cannot be run"));
    }

    #[test]
    fn what_was_made_from_the_same_is_not_made_again() {
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
