//! `cargo xtask fuzz`: coverage-guided fuzzing of every parser of untrusted input.
//!
//! The targets in `fuzz/fuzz_targets` use libFuzzer, so `cargo fuzz` can run them as well. Here they are built with the stable compiler,
//! without sanitizers, which safe code hardly needs. Seed inputs are in `fuzz/corpus`. Runs with a time limit keep interesting inputs in
//! `target/fuzz/corpus` and continue from there; inputs that fail are saved in `target/fuzz/failures`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use xtask_process::{cargo, output, step};

/// Compiler flags that report coverage and comparisons to libFuzzer.
const INSTRUMENTATION: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// Number of inputs of a run without a time limit.
const RUNS: u32 = 10_000;
const SEED: u32 = 51;

#[derive(Args)]
pub struct Fuzz {
    /// Targets to run (files of `fuzz/fuzz_targets` without extension); all by default
    targets: Vec<String>,
    /// Run each target for this long, starting from earlier findings; without it, the same inputs run every time
    #[arg(long)]
    seconds: Option<u32>,
    /// Seed of the generated inputs
    #[arg(long, default_value_t = SEED)]
    seed: u32,
}

/// Runs targets of the workspace at `root`, one per CPU at a time; returns the number of inputs.
pub fn run(root: &Path, fuzz: &Fuzz) -> Result<String> {
    let known = names(&root.join("fuzz/fuzz_targets"))?;
    let unknown = fuzz.targets.iter().find(|target| !known.contains(*target));
    if let Some(unknown) = unknown {
        bail!("no target `{unknown}`; targets: {}", known.into_iter().collect::<Vec<_>>().join(", "));
    }
    let host = host(root)?;
    step("fuzz: build", || build(root, &host))?;
    let words = root.join("target/fuzz/words");
    fs::write(&words, dictionary(root)?).with_context(|| format!("cannot write {}", words.display()))?;
    let targets: Vec<&String> =
        if fuzz.targets.is_empty() { known.iter().collect() } else { fuzz.targets.iter().collect() };
    // Each target uses one CPU.
    let (queue, tried) = (Mutex::new(targets.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                // The lock of the queue must not be held while a target runs.
                while let Some(target) = { queue.lock().expect("nobody panics").next() } {
                    let result = attempt(root, &host, target, fuzz);
                    let outcome = result
                        .as_ref()
                        .map_or_else(|_| "failed".to_owned(), |count| format!("{count} inputs"));
                    println!("fuzz: {target}: {outcome}");
                    tried.lock().expect("nobody panics").push(result);
                }
            });
        }
    });
    let tried = tried.into_inner().expect("nobody panics");
    let inputs: usize = tried.into_iter().sum::<Result<_>>()?;
    Ok(format!("{inputs} inputs to {} targets", targets.len()))
}

/// The names of the files in a folder, without extension.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries
        .map(|entry| {
            let path = entry?.path();
            Ok(path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        })
        .collect()
}

/// The target triple of this machine. With an explicit target, the flags do not apply to build scripts and macros.
fn host(root: &Path) -> Result<String> {
    let version = output(Command::new("rustc").arg("-vV").current_dir(root))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not print its host")
}

fn build(root: &Path, host: &str) -> Result<String> {
    let mut cargo = cargo(root);
    cargo.args([
        "build",
        "--locked",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target/fuzz",
    ]);
    cargo.args(["--target", host]).env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTATION.join("\u{1f}"));
    output(&mut cargo)
}

/// The dictionary for libFuzzer: names of properties and parameters, and values, from the bundle.
fn dictionary(root: &Path) -> Result<String> {
    let bundle = root.join("openapi/sbg.openapi.json");
    let text = fs::read_to_string(&bundle).with_context(|| format!("cannot read {}", bundle.display()))?;
    let (document, mut words) = (serde_json::from_str(&text)?, BTreeSet::new());
    collect(&document, &mut words);
    let plain =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    let mut lines = String::new();
    for word in words.iter().copied().filter(plain).filter(|word| (2..40).contains(&word.len())) {
        writeln!(lines, "\"{word}\"")?;
    }
    Ok(lines)
}

fn collect<'v>(value: &'v Value, words: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                words.extend(properties.keys().map(String::as_str));
            }
            words.extend(map.get("name").and_then(Value::as_str));
            for values in ["enum", "x-extensible-enum"] {
                let values = map.get(values).and_then(Value::as_array).into_iter().flatten();
                words.extend(values.filter_map(Value::as_str));
            }
            map.values().for_each(|value| collect(value, words));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        _ => {}
    }
}

/// Runs one target; returns the number of inputs.
fn attempt(root: &Path, host: &str, target: &str, fuzz: &Fuzz) -> Result<usize> {
    let work = root.join("target/fuzz");
    let (found, limit) = match fuzz.seconds {
        Some(seconds) => (work.join("corpus").join(target), format!("-max_total_time={seconds}")),
        None => (work.join("fresh").join(target), format!("-runs={RUNS}")),
    };
    if fuzz.seconds.is_none() && found.exists() {
        fs::remove_dir_all(&found).with_context(|| format!("cannot empty {}", found.display()))?;
    }
    let failures = work.join("failures");
    let seeds = root.join("fuzz/corpus").join(target);
    for folder in [&found, &failures] {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut program = Command::new(work.join(host).join("debug").join(target));
    program.arg(&found).arg(&seeds);
    program
        .arg(argument("dict", &work.join("words")))
        .arg(argument("artifact_prefix", &failures.join(format!("{target}-"))));
    program.args(["-print_final_stats=1", "-timeout=60", "-rss_limit_mb=4096", "-max_len=8192"]);
    program.arg(limit).arg(format!("-seed={}", fuzz.seed));
    let ran = program.env("RUST_BACKTRACE", "0").output().with_context(|| format!("cannot run {target}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "{target} failed:\n{}", tail(&said, 60));
    let executed = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let executed: usize =
        executed.and_then(|count| count.trim().parse().ok()).context("libFuzzer prints no count")?;
    let seeded = names(&seeds)?.len();
    ensure!(seeded > 0 && executed > seeded, "{target} ran {executed} inputs, of which {seeded} are seeds");
    Ok(executed)
}

fn argument(name: &str, path: &Path) -> String {
    format!("-{name}={}", path.display())
}

/// The last lines of a text.
fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_target_is_built_and_has_seeds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let targets = names(&root.join("fuzz/fuzz_targets")).unwrap();
        assert!(!targets.is_empty());
        assert_eq!(targets, names(&root.join("fuzz/corpus")).unwrap());
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        for target in targets {
            let path = format!("path = \"fuzz_targets/{target}.rs\"");
            assert!(manifest.contains(&path), "fuzz/Cargo.toml has no {target}");
        }
    }

    #[test]
    fn dictionary_has_names_and_values() {
        let document = json!({
            "parameters": [{"name": "limit", "in": "query"}],
            "schema": {"properties": {"colour": {"enum": ["RED", 3]}, "size": {"x-extensible-enum": ["L"]}}},
        });
        let mut words = BTreeSet::new();
        collect(&document, &mut words);
        assert_eq!(words.into_iter().collect::<Vec<_>>(), ["L", "RED", "colour", "limit", "size"]);
    }
}
