//! Linters of others, which check both bundles.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::workshop::Workshop;
use xtask_process::{output, step};

/// Checks both bundles; with `all`, also with the linters that take longer.
pub fn run(workshop: &Workshop<'_>, all: bool) -> Result<()> {
    for (name, config) in
        [("sbg.openapi.json", "redocly.yaml"), ("sbg.portable.openapi.json", "redocly-portable.yaml")]
    {
        step(&format!("{name}: redocly"), || redocly(workshop, name, config))?;
    }
    step("sbg.portable.openapi.json: openapi-spec-validator", || {
        output(Command::new(workshop.python("openapi-spec-validator")).arg(&workshop.document))
    })?;
    if all {
        step("sbg.portable.openapi.json: spectral", || {
            let mut spectral = workshop.node("spectral");
            spectral.args(["lint", "--quiet", "--fail-severity=warn", "--ruleset"]);
            output(spectral.arg(workshop.sources.join("typescript/spectral.yaml")).arg(&workshop.document))
        })?;
    }
    Ok(())
}

/// Checks a bundle with redocly. Its warnings fail the task as its errors do.
fn redocly(workshop: &Workshop<'_>, bundle: &str, config: &str) -> Result<()> {
    let mut redocly = workshop.node("redocly");
    redocly.args(["lint", "--format=json", "--config"]).arg(workshop.sources.join("typescript").join(config));
    // Otherwise it asks the registry for newer versions.
    redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true").env("REDOCLY_TELEMETRY", "off");
    // Its exit code does not distinguish errors in the document from its own failures, so a report is required.
    let ran =
        redocly.arg(workshop.root.join("openapi").join(bundle)).output().context("cannot run redocly")?;
    let errors = String::from_utf8_lossy(&ran.stderr);
    let report: Value =
        serde_json::from_slice(&ran.stdout).with_context(|| format!("no report: {errors}"))?;
    let problems = report["problems"].as_array().context("the report of redocly has no list of problems")?;
    let shown = problems.iter().map(|problem| {
        let [severity, rule, message, location] = ["/severity", "/ruleId", "/message", "/location/0/pointer"]
            .map(|pointer| problem.pointer(pointer).and_then(Value::as_str).unwrap_or("?"));
        format!("{severity}: {message} [{rule}]\n  at {location}\n")
    });
    let shown: String = shown.collect();
    ensure!(ran.status.success() && problems.is_empty(), "redocly has findings in {bundle}:\n{shown}");
    Ok(())
}
