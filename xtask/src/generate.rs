//! `cargo xtask generate`: from the specification to everything that is generated from it.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{bundle, lint, rust_client, rust_tables, spec::Spec};

/// Writes the generated files below `root`, or with `check` only compares them.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, content) in files(root)? {
        let on_disk = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        if on_disk == content {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            std::fs::write(root.join(path), content).with_context(|| format!("cannot write {path}"))?;
            println!("wrote {path}");
        }
    }
    if !stale.is_empty() {
        bail!("stale, run `cargo xtask generate`: {}", stale.join(", "));
    }
    Ok(())
}

/// Path and content of every generated file.
fn files(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let openapi = root.join("openapi");
    let spec = Spec::read(&openapi)?;
    lint::check(&spec)?;
    let document = bundle::bundle(&spec);
    let error_codes =
        std::fs::read_to_string(openapi.join("error-codes.tsv")).context("openapi/error-codes.tsv")?;
    Ok(vec![
        ("openapi/sbg.openapi.json", pretty_json(&document)?),
        ("crates/sbg-raw/src/generated/client.rs", rust_client::generate(&document)?),
        ("crates/sbg-raw/src/generated/enums.rs", rust_tables::open_enums(&document)?),
        ("crates/sbg-raw/src/generated/operations.rs", rust_tables::operations(&document)?),
        ("crates/sbg-raw/src/generated/error_codes.rs", rust_tables::error_codes(&error_codes)?),
    ])
}

fn pretty_json(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
