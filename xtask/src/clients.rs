//! `cargo xtask clients`: clients in other languages from the bundle, each of them checked and put to work against the emulator.
//!
//! What is written by hand lies in `xtask/clients`: a scenario for each language, the pinned versions of the tools, and their
//! configuration. Everything else comes into being below `target/clients`, where it may be deleted at any time. The tools get the
//! bundle as it is: all of them understand the ranges of statuses (`2XX`) by which the answers are listed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::emulator::Emulator;
use xtask_process::{NODE, NPM, PYTHON, once, output, step, versions, virtual_environment};

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
    let versions = versions(&[&PYTHON, &NODE, &NPM])?;
    let places = Places {
        bundle: root.join("openapi/sbg.openapi.json"),
        sources: root.join("xtask/clients"),
        target: root.join("target/clients"),
    };
    fs::create_dir_all(&places.target).context("cannot make target/clients")?;
    // The scenarios upload a few kilobytes in two parts.
    let emulator = step("emulator: build and start", || Emulator::start(root, &["--min-part-size", "1024"]))?;
    install_packages(&places, &versions)?;
    let document = step("document: redocly lint", || lint(&places))?;
    let python = python(&places, &emulator)?;
    let typescript = typescript(&places, &emulator)?;
    println!("document: ok ({document})\npython: ok ({python})\ntypescript: ok ({typescript})");
    Ok(())
}

/// Puts the tools in place: a virtual environment of Python and the modules of Node.
fn install_packages(places: &Places, versions: &str) -> Result<()> {
    virtual_environment(&places.target.join("venv"), &places.sources.join("requirements.txt"), versions)?;

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
