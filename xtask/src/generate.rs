//! `cargo xtask generate`: generates everything that depends on the specification.

mod caught;
mod client;
mod exchange;
mod nullable;
mod prune;
mod slashes;
pub mod tables;

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::lint;
use crate::spec::schema_usage::Uses;
use crate::spec::{Spec, bundle, portable};

/// Writes the generated files that are out of date, or with `check` only reports them.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, content) in files(root)? {
        let on_disk = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        if on_disk != content {
            stale.push((path, content));
        }
    }
    if stale.is_empty() {
        println!("generated files are up to date");
        return Ok(());
    }
    if check {
        let names: Vec<_> = stale.into_iter().map(|(path, _)| path).collect();
        bail!("out of date, run `cargo xtask generate`: {}", names.join(", "));
    }
    for (path, content) in stale {
        let file = root.join(&path);
        file.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .with_context(|| format!("cannot create the folder of {path}"))?;
        std::fs::write(file, content).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Path and content of every generated file.
fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let dir = root.join("openapi");
    let spec = Spec::read(&dir)?;
    lint::check(&spec)?;
    let document = bundle::bundle(&spec);
    let portable = portable::portable(&spec, document.clone()).0;
    let file = |path: &str, content: String| (path.to_owned(), content);
    let mut files = vec![
        file("openapi/sbg.openapi.json", pretty_json(&document)?),
        file("openapi/sbg.portable.openapi.json", pretty_json(&portable)?),
        file("crates/sbg-raw/src/generated/enums.rs", tables::open_enums(&document)?),
        file("crates/sbg-raw/src/generated/operations.rs", tables::operations(&document)?),
        file("crates/sbg-raw/src/generated/error_codes.rs", tables::error_codes(&spec.error_codes)?),
        file("crates/sbg-drift/src/decode/table.rs", tables::decoders(&document)?),
        file("crates/sbg-drift/src/document.json", compact_json(&document)?),
    ];
    files.extend(client::generate(&document, &Uses::of(&spec), "")?);
    for name in spec.documents() {
        let spec = Spec::read_document(&dir, &name)?;
        lint::check(&spec)?;
        let document = bundle::bundle(&spec);
        let module = name.trim_end_matches(".yaml").replace('-', "_");
        let operations = format!("crates/sbg-raw/src/generated/{module}/operations.rs");
        files.push((operations, tables::operations_only(&document)?));
        files.extend(client::generate(&document, &Uses::of(&spec), &module)?);
    }
    Ok(files)
}

fn pretty_json(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// The document without descriptions and examples, which are not needed to validate values.
fn compact_json(document: &Value) -> Result<String> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                // A property may have the name of a keyword; its schema is an object.
                map.retain(|key, value| match key.as_str() {
                    "description" | "summary" => !value.is_string(),
                    "example" => value.get("description").is_some(),
                    _ => true,
                });
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut document = document.clone();
    strip(&mut document);
    Ok(serde_json::to_string(&document)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::orchard;

    #[test]
    fn check_names_stale_files_and_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("openapi")).unwrap();
        orchard::plant(&root.path().join("openapi"));
        let stale = || run(root.path(), true).err().map(|error| error.to_string());
        let every = stale().unwrap();
        for file in [
            "sbg.openapi.json",
            "sbg.portable.openapi.json",
            "client.rs",
            "client/types.rs",
            "client/builder.rs",
            "enums.rs",
            "operations.rs",
            "decode/table.rs",
            "document.json",
        ] {
            assert!(every.contains(file), "{file} in {every}");
        }
        assert!(!root.path().join("crates").exists());

        run(root.path(), false).unwrap();
        assert_eq!(stale(), None);

        let enums = root.path().join("crates/sbg-raw/src/generated/enums.rs");
        std::fs::write(&enums, "edited").unwrap();
        let expected = "out of date, run `cargo xtask generate`: crates/sbg-raw/src/generated/enums.rs";
        assert_eq!(stale().as_deref(), Some(expected));
        assert_eq!(std::fs::read_to_string(enums).unwrap(), "edited");
    }

    #[test]
    fn lint_findings_stop_the_generator() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("openapi")).unwrap();
        orchard::plant(&root.path().join("openapi"));
        let figs = root.path().join("openapi/figs.yaml");
        std::fs::write(&figs, std::fs::read_to_string(&figs).unwrap().replace("List figs", "List figs."))
            .unwrap();
        let error = run(root.path(), false).unwrap_err().to_string();
        assert!(error.starts_with("openapi/figs.yaml:7: summary-full-stop: "), "{error}");
    }
}
