//! `cargo xtask ci`: everything that has to hold before a change lands, in the order in which a failure is cheapest to find, and a
//! summary of it all.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::fuzz::{self, Fuzz};
use crate::process::{cargo, output, step};
use crate::soak::{self, Soak};
use crate::witness::{self, Witness};
use crate::{clients, dependencies, flavors, generate, public_api, semver};

#[derive(Args)]
pub struct Ci {
    /// The steps to do; all of them when none is named
    #[arg(value_parser = STEPS.map(|step| step.name))]
    steps: Vec<String>,
    /// Only list the steps
    #[arg(long)]
    list: bool,
}

/// Something that has to hold.
struct Step {
    name: &'static str,
    about: &'static str,
    /// Says what was found, in one line.
    run: fn(&Path) -> Result<String>,
}

const STEPS: [Step; 16] = [
    Step { name: "build", about: "sbg and the emulator are built, and how long that takes", run: build },
    Step { name: "format", about: "the code is formatted as rustfmt.toml says", run: format },
    Step { name: "generated", about: "what is generated is what openapi says", run: generated },
    Step { name: "dependencies", about: "licences, duplicates, sources, advisories", run: dependencies::run },
    Step { name: "clippy", about: "lints, and the least version of Rust", run: clippy },
    Step { name: "documentation", about: "rustdoc has nothing to complain of", run: documentation },
    Step {
        name: "api",
        about: "the public interface is as listed, with examples",
        run: |root| public_api::run(root, false),
    },
    Step {
        name: "tests",
        about: "all tests, with their traffic held against the document",
        run: |root| witness::run(root, Witness::Traffic),
    },
    Step {
        name: "flavors",
        about: "the suites that move bytes hold over every kind of object storage",
        run: flavors::run,
    },
    Step {
        name: "clients",
        about: "Python and TypeScript clients of the document work",
        run: |root| done(clients::run(root)),
    },
    Step {
        name: "python",
        about: "the official Python client works on the emulator",
        run: |root| witness::run(root, Witness::Python),
    },
    Step { name: "schemathesis", about: "calls by chance find no breach of the document", run: schemathesis },
    Step {
        name: "storage",
        about: "transfers are right on real storage servers",
        run: |root| witness::run(root, Witness::Storage(witness::Storage::default())),
    },
    Step {
        name: "semver",
        about: "nothing public is broken since the release",
        run: |root| semver::run(root, None),
    },
    Step {
        name: "fuzz",
        about: "no input makes a parser fail",
        run: |root| fuzz::run(root, &Fuzz::default()),
    },
    Step {
        name: "soak",
        about: "sixteen transfers among faults and storages, in memory that stays flat",
        run: |root| soak::run(root, &Soak::short()),
    },
];

/// Does the steps that were asked for, and says whether all of them hold.
pub fn run(root: &Path, ci: &Ci) -> bool {
    let wanted = |step: &&Step| ci.steps.is_empty() || ci.steps.iter().any(|name| name == step.name);
    let steps = STEPS.iter().filter(wanted);
    if ci.list {
        steps.for_each(|step| println!("{:14} {}", step.name, step.about));
        return true;
    }
    let all = Instant::now();
    if steps.clone().any(|step| step.name == "semver") {
        semver::prepare(root);
    }
    let (mut summary, mut failed) = (Vec::new(), 0);
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let begun = Instant::now();
        let (verdict, found) = match (step.run)(root) {
            Ok(found) => ("holds", found),
            Err(error) => {
                failed += 1;
                println!("{error:#}");
                ("FAILS", error.to_string().lines().next().unwrap_or_default().to_owned())
            }
        };
        summary.push(format!("{:14} {verdict} {:6.1} s  {found}", step.name, begun.elapsed().as_secs_f32()));
    }
    println!("\n== summary\n{}", summary.join("\n"));
    let minutes = all.elapsed().as_secs_f32() / 60.0;
    println!("\n{} passed, {failed} failed, in {minutes:.1} minutes", summary.len() - failed);
    failed == 0
}

/// What a step found that says nothing when it is content.
fn done(result: Result<()>) -> Result<String> {
    result.map(|()| String::new())
}

/// The first of all steps, so that little has been built where this is a fresh clone: what this program itself is made of, which is not
/// built again while it runs. What is built here is what the tests use.
fn build(root: &Path) -> Result<String> {
    let begun = Instant::now();
    let mut cargo = cargo(root);
    cargo.args(["build", "--locked", "--workspace", "--examples", "--bin", "sbg-emulator"]);
    cargo.arg("--message-format=json");
    let messages = step("cargo build", || output(&mut cargo))?;
    let crates = |fresh: bool| {
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        messages
            .filter(|message| message["reason"] == "compiler-artifact" && message["fresh"] == fresh)
            .count()
    };
    let (built, there) = (crates(false), crates(true));
    Ok(format!(
        "{built} crates and build scripts built in {:.0} s, {there} were there",
        begun.elapsed().as_secs_f32()
    ))
}

fn format(root: &Path) -> Result<String> {
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        output(cargo(root).args(["fmt", "--all", "--manifest-path", manifest, "--", "--check"]))?;
    }
    Ok(String::new())
}

fn generated(root: &Path) -> Result<String> {
    done(generate::run(root, true))
}

fn clippy(root: &Path) -> Result<String> {
    // The other TLS library is that of the fuzz targets.
    let mut clippy = cargo(root);
    output(clippy.args(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    Ok(format!("no warning; Rust {} is enough", env!("CARGO_PKG_RUST_VERSION")))
}

fn documentation(root: &Path) -> Result<String> {
    let mut doc = cargo(root);
    doc.args(["doc", "--workspace", "--lib", "--no-deps", "--locked"]);
    done(output(doc.env("RUSTDOCFLAGS", "--deny warnings")).map(drop))
}

fn schemathesis(root: &Path) -> Result<String> {
    witness::run(root, Witness::Schemathesis { max_examples: 20, seed: 51 })
}
