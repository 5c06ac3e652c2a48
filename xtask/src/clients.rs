//! `cargo xtask clients`: generates clients in other languages from the bundle, checks them, and runs them against the emulator.
//!
//! `xtask/clients` has a scenario for each language, pinned versions of the tools, and their configuration. Everything else is created
//! below `target/clients`. The tools read the bundle unchanged; all of them support ranges of statuses (`2XX`).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::emulator::Emulator;
use xtask_process::{NODE, NPM, PYTHON, once, output, step, versions, virtual_environment};

/// Paths.
struct Places {
    bundle: PathBuf,
    /// `xtask/clients`.
    sources: PathBuf,
    /// `target/clients`.
    target: PathBuf,
}

/// Generates the clients, checks them, and runs their scenarios.
pub fn run(root: &Path) -> Result<()> {
    let versions = versions(&[&PYTHON, &NODE, &NPM])?;
    let places = Places {
        bundle: root.join("openapi/sbg.openapi.json"),
        sources: root.join("xtask/clients"),
        target: root.join("target/clients"),
    };
    fs::create_dir_all(&places.target).context("cannot create target/clients")?;
    // The scenarios upload a few kilobytes in two parts.
    let emulator = step("emulator: build and start", || Emulator::start(root, &["--min-part-size", "1024"]))?;
    install_packages(&places, &versions)?;
    let document = step("document: redocly lint", || lint(&places))?;
    let python = python(&places, &emulator)?;
    let typescript = typescript(&places, &emulator)?;
    println!("document: ok ({document})\npython: ok ({python})\ntypescript: ok ({typescript})");
    Ok(())
}

/// Installs the tools: a Python virtual environment and Node modules.
fn install_packages(places: &Places, versions: &str) -> Result<()> {
    virtual_environment(&places.target.join("venv"), &places.sources.join("requirements.txt"), versions)?;

    let folder = places.target.join("typescript");
    fs::create_dir_all(&folder).context("cannot create target/clients/typescript")?;
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

/// Checks the bundle with redocly. Its errors fail the task; its warnings are printed.
fn lint(places: &Places) -> Result<String> {
    let mut redocly = Command::new(node_program(places, "redocly"));
    redocly.args(["lint", "--format=json", "--config"]).arg(places.sources.join("redocly.yaml"));
    // Otherwise it asks the registry for newer versions.
    redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true").env("REDOCLY_TELEMETRY", "off");
    // Its exit code does not distinguish errors in the document from its own failures, so a report is required.
    let ran = redocly.arg(&places.bundle).output().context("cannot run redocly")?;
    let errors = String::from_utf8_lossy(&ran.stderr);
    let report: Value =
        serde_json::from_slice(&ran.stdout).with_context(|| format!("no report: {errors}"))?;
    let problems = report["problems"].as_array().context("the report of redocly has no list of problems")?;
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
        "redocly found errors in the bundle:\n{}",
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
        // It formats its output with the ruff in the path.
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
        output(emulator.configure(python.arg(&scenario)).env("PYTHONPATH", &project))
    })?;
    Ok(format!("{files} files generated, mypy clean, scenario passed"))
}

fn typescript(places: &Places, emulator: &Emulator) -> Result<String> {
    let folder = places.target.join("typescript");
    step("typescript: generate", || {
        let mut generator = Command::new(node_program(places, "openapi-typescript"));
        output(generator.arg(&places.bundle).arg("--output").arg(folder.join("sbg.d.ts")))
    })?;
    // Checks types and scenario, then writes the scenario as JavaScript.
    step("typescript: tsc --strict", || {
        output(Command::new(node_program(places, "tsc")).args(["--strict", "--project"]).arg(&folder))
    })?;
    step("typescript: scenario", || {
        output(emulator.configure(Command::new("node").arg(folder.join("out/scenario.js"))))
    })?;
    Ok("1 file generated, tsc clean, scenario passed".to_owned())
}

/// A program of a Node package.
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
