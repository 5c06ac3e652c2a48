//! `cargo xtask clients`: clients in other languages from the bundle, each of them checked and put to work against the emulator.
//!
//! What is written by hand lies in `xtask/clients`: a scenario for each language, the pinned versions of the tools, and their
//! configuration. Everything else comes into being below `target/clients`, where it may be deleted at any time. The tools get the
//! bundle as it is: all of them understand the ranges of statuses (`2XX`) by which the answers are listed.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A program that has to be there before anything can be made.
struct Need {
    what: &'static str,
    program: &'static str,
    /// Arguments with which it prints its version.
    probe: &'static [&'static str],
    least: (u32, u32),
    install: &'static str,
}

const NEEDS: [Need; 3] = [
    Need {
        what: "Python 3.11 or newer with pip and venv",
        program: "python3",
        // Some systems leave these modules out of Python and have them in packages of their own.
        probe: &["-c", "import ensurepip, platform, venv; print(platform.python_version())"],
        least: (3, 11),
        install: "the packages python3 and python3-venv, or <https://www.python.org/downloads/>",
    },
    Need {
        what: "Node.js 20.19 or newer",
        program: "node",
        probe: &["--version"],
        least: (20, 19),
        install: "the package nodejs, or <https://nodejs.org/en/download>",
    },
    Need {
        what: "npm 10 or newer",
        program: "npm",
        probe: &["--version"],
        least: (10, 0),
        install: "the package npm, or <https://nodejs.org/en/download>, which has it",
    },
];

/// Where things are.
struct Places {
    bundle: PathBuf,
    /// `xtask/clients`.
    sources: PathBuf,
    /// `target/clients`.
    target: PathBuf,
}

/// Makes the clients of the bundle below `root`, checks them, and runs their scenarios.
pub fn run(root: &Path) -> Result<()> {
    let versions = versions()?;
    let places = Places {
        bundle: root.join("openapi/sbg.openapi.json"),
        sources: root.join("xtask/clients"),
        target: root.join("target/clients"),
    };
    fs::create_dir_all(&places.target).context("cannot make target/clients")?;
    let emulator = step("emulator: build and start", || Emulator::start(root))?;
    install_packages(&places, &versions)?;
    let document = step("document: redocly lint", || lint(&places))?;
    let python = python(&places, &emulator)?;
    let typescript = typescript(&places, &emulator)?;
    println!("document: ok ({document})\npython: ok ({python})\ntypescript: ok ({typescript})");
    Ok(())
}

/// The versions of the programs that are needed, in one line; or all that is missing, and how to get it.
fn versions() -> Result<String> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for need in &NEEDS {
        let version = output(Command::new(need.program).args(need.probe)).unwrap_or_default();
        match shortcoming(need, &version) {
            Some(message) => missing.push(message),
            None => found.push(format!("{} {}", need.program, version.trim())),
        }
    }
    ensure!(missing.is_empty(), "cargo xtask clients needs other programs:\n{}", missing.join("\n"));
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

/// Puts the tools in place: a virtual environment of Python and the modules of Node.
fn install_packages(places: &Places, versions: &str) -> Result<()> {
    let requirements = places.sources.join("requirements.txt");
    let venv = places.target.join("venv");
    once(&venv, &[&requirements], versions, "python: install packages", || {
        output(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        output(Command::new(venv.join("bin/python")).args(pip).arg(&requirements))
    })?;

    let folder = places.target.join("typescript");
    fs::create_dir_all(&folder).context("cannot make target/clients/typescript")?;
    let names = [".npmrc", "package.json", "package-lock.json", "tsconfig.json", "scenario.ts"];
    for name in names {
        fs::copy(places.sources.join(name), folder.join(name))
            .with_context(|| format!("cannot copy {name}"))?;
    }
    let [npmrc, manifest, lock, ..] = names.map(|name| folder.join(name));
    let modules = folder.join("node_modules");
    once(&modules, &[&npmrc, &manifest, &lock], versions, "typescript: install packages", || {
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        output(Command::new("npm").args(npm).current_dir(&folder))
    })
}

/// Makes `folder` anew by `install`, unless it was made from the same `pins` by the same programs.
fn once(
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
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
        }
        install()?;
        fs::write(&record, origin).with_context(|| format!("cannot write {}", record.display()))
    })
}

/// What redocly says of the bundle. An error of its rules is an error here; warnings are shown.
fn lint(places: &Places) -> Result<String> {
    let mut redocly = Command::new(node_program(places, "redocly"));
    redocly.args(["lint", "--format=json", "--config"]).arg(places.sources.join("redocly.yaml"));
    // It would ask the registry for newer versions of itself.
    redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true").env("REDOCLY_TELEMETRY", "off");
    // Its exit code does not tell an error in the document from one of its own, so the report has to be there.
    let ran = redocly.arg(&places.bundle).output().context("cannot run redocly")?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let report: Value = serde_json::from_slice(&ran.stdout).with_context(|| format!("no report: {said}"))?;
    let problems = report["problems"].as_array().context("the report of redocly lists no problems")?;
    let shown: Vec<String> = (problems.iter())
        .map(|problem| {
            let [severity, rule, message, place] =
                ["/severity", "/ruleId", "/message", "/location/0/pointer"]
                    .map(|pointer| problem.pointer(pointer).and_then(Value::as_str).unwrap_or("?"));
            format!("{severity}: {message} [{rule}]\n  at {place}")
        })
        .collect();
    let warnings = problems.iter().filter(|problem| problem["severity"] == "warn").count();
    ensure!(
        ran.status.success() && problems.len() == warnings,
        "redocly refuses the bundle:\n{}",
        shown.join("\n")
    );
    for problem in shown {
        println!("{problem}");
    }
    Ok(format!("redocly: 0 errors, {warnings} warnings"))
}

fn python(places: &Places, emulator: &Emulator) -> Result<String> {
    let programs = places.target.join("venv/bin");
    let project = places.target.join("python");
    let package = project.join("sbg_client");
    let scenario = places.sources.join("scenario.py");
    step("python: generate", || {
        let mut generator = Command::new(programs.join("openapi-python-client"));
        generator.args(["generate", "--overwrite", "--fail-on-warning", "--path"]).arg(&places.bundle);
        generator.arg("--config").arg(places.sources.join("python-client.yaml"));
        generator.arg("--output-path").arg(&project);
        // It formats what it wrote with the ruff that it finds.
        let path = env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(programs.clone()).chain(env::split_paths(&path));
        output(generator.env("PATH", env::join_paths(path)?))
    })?;
    let files = count_files(&package, "py")?;
    step("python: mypy", || {
        let mut mypy = Command::new(programs.join("mypy"));
        mypy.arg("--config-file").arg(places.sources.join("mypy.ini"));
        mypy.arg("--cache-dir").arg(places.target.join("mypy"));
        output(mypy.args([&package, &scenario]).env("MYPYPATH", &project))
    })?;
    step("python: scenario", || {
        let mut python = Command::new(programs.join("python"));
        output(emulator.introduce(python.arg(&scenario)).env("PYTHONPATH", &project))
    })?;
    Ok(format!("{files} files generated, mypy clean, scenario passed"))
}

fn typescript(places: &Places, emulator: &Emulator) -> Result<String> {
    let folder = places.target.join("typescript");
    step("typescript: generate", || {
        let mut generator = Command::new(node_program(places, "openapi-typescript"));
        output(generator.arg(&places.bundle).arg("--output").arg(folder.join("sbg.d.ts")))
    })?;
    // One run checks the types and the scenario and, where nothing is wrong, writes the scenario as JavaScript.
    step("typescript: tsc --strict", || {
        output(Command::new(node_program(places, "tsc")).args(["--strict", "--project"]).arg(&folder))
    })?;
    step("typescript: scenario", || {
        output(emulator.introduce(Command::new("node").arg(folder.join("out/scenario.js"))))
    })?;
    Ok("1 file generated, tsc clean, scenario passed".to_owned())
}

/// A program of a package of Node.
fn node_program(places: &Places, name: &str) -> PathBuf {
    places.target.join("typescript/node_modules/.bin").join(name)
}

fn count_files(folder: &Path, extension: &str) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            count += count_files(&path, extension)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            count += 1;
        }
    }
    Ok(count)
}

/// Does `work` and says how long it took.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    print!("{name} ...");
    std::io::stdout().flush()?;
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "failed" };
    println!(" {outcome}, {:.1} s", started.elapsed().as_secs_f32());
    result.with_context(|| format!("{name} failed"))
}

/// Runs a command to its end and returns what it printed. What it said on the way is shown only where it fails.
fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.output().with_context(|| format!("cannot run {program}"))?;
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "{program}: {}\n{printed}{said}", ran.status);
    Ok(printed)
}

/// A running emulator. It is stopped when this is dropped, however the task ends.
struct Emulator {
    process: Child,
    /// Where it is and the token for it, as names and values of environment variables.
    environment: Vec<(String, String)>,
    /// Kept open: a program whose output nobody can take any more ends at the next line.
    printed: BufReader<ChildStdout>,
}

impl Emulator {
    /// Builds the emulator of the workspace below `root` and starts it on free ports.
    fn start(root: &Path) -> Result<Self> {
        let mut process = Command::new(Self::build(root)?)
            // The scenarios upload a few kilobytes in two parts.
            .args(["--listen", "127.0.0.1:0", "--min-part-size", "1024"])
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the emulator")?;
        let printed = BufReader::new(process.stdout.take().context("the emulator has no output")?);
        // From here on it is stopped, also where it does not print what is expected.
        let mut emulator = Self { process, environment: Vec::new(), printed };
        for _ in 0..2 {
            let mut line = String::new();
            emulator.printed.read_line(&mut line)?;
            let variable = line.trim_end().strip_prefix("export ").and_then(|rest| rest.split_once('='));
            let (name, value) = variable.with_context(|| format!("the emulator printed {line:?}"))?;
            emulator.environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(emulator)
    }

    /// Path of the program.
    fn build(root: &Path) -> Result<PathBuf> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--package", "sbg-emulator", "--message-format=json-render-diagnostics"]);
        // One object in a line for each thing that was built; the program is the only one with an executable.
        let messages = output(cargo.current_dir(root))?;
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs.next().context("cargo names no program that it built")
    }

    /// Tells a command where the emulator is.
    fn introduce<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        // A proxy of this machine does not lead to it.
        let proxy = ["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1"));
        command.envs(proxy).envs(self.environment.iter().map(|(name, value)| (name, value)))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_or_too_old_is_named_with_its_cure() {
        let check = |version: &str, expected: Option<&str>| {
            let said = shortcoming(&NEEDS[1], version);
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
}
