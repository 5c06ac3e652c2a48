//! `cargo xtask api`: the public interface of the crates as lists in `docs/api`, so that a change of it is seen when it is made; and
//! whether each public item has an example in its documentation.
//!
//! What `sbg-raw` generates is left out: its sources are committed and compared as well.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use public_api::{Builder, PublicApi};
use serde_json::Value;

use crate::process::step;
use crate::rustdoc;

/// The crates that are released.
pub const CRATES: [&str; 3] = ["sbg", "sbg-emulator", "sbg-raw"];

/// Where the files of `sbg-raw` are that nobody writes by hand.
const GENERATED: &str = "crates/sbg-raw/src/generated/";

/// Compares the lists below `root` with the crates, or with `write` makes them anew, and says how many items there are.
pub fn run(root: &Path, write: bool) -> Result<String> {
    let (mut changes, mut bare, mut count) = (String::new(), Vec::new(), 0);
    step("api: read the documentation", || rustdoc::write(root, root, &CRATES))?;
    for package in CRATES {
        let crate_ = step(&format!("api: {package}"), || Interface::read(root, package))?;
        count += crate_.items.len();
        bare.extend(crate_.without_example);
        let path = root.join("docs/api").join(package).with_extension("txt");
        let listed = fs::read_to_string(&path).unwrap_or_default();
        if write {
            let list = crate_.items.iter().fold(String::new(), |list, item| list + item + "\n");
            fs::create_dir_all(root.join("docs/api"))?;
            fs::write(&path, list).with_context(|| format!("cannot write {}", path.display()))?;
        } else {
            let listed = listed.lines().map(str::to_owned).collect();
            for item in listed_but_gone(&listed, &crate_.items) {
                writeln!(changes, "  - {item}")?;
            }
            for item in listed_but_gone(&crate_.items, &listed) {
                writeln!(changes, "  + {item}")?;
            }
        }
    }
    ensure!(
        changes.is_empty(),
        "the public interface is another than docs/api lists; if it is meant to be, run `cargo xtask api --write`:\n{changes}"
    );
    ensure!(
        bare.is_empty(),
        "{} public items have no example in their documentation:\n  {}",
        bare.len(),
        bare.join("\n  ")
    );
    Ok(format!("{count} public items as listed, each with an example where one can be"))
}

fn listed_but_gone<'l>(one: &'l BTreeSet<String>, other: &'l BTreeSet<String>) -> Vec<&'l String> {
    one.difference(other).collect()
}

/// The public interface of a crate.
struct Interface {
    /// As Rust would declare them.
    items: BTreeSet<String>,
    /// The items that can have an example and do not, with their places.
    without_example: Vec<String>,
}

impl Interface {
    fn read(root: &Path, package: &str) -> Result<Self> {
        let path = rustdoc::path(root, package);
        let api = Builder::from_rustdoc_json(&path)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(true)
            .build()?;
        let document = serde_json::from_str(&fs::read_to_string(&path)?)?;
        Ok(Self::of(&api, &document))
    }

    fn of(api: &PublicApi, document: &Value) -> Self {
        let of_traits = implementations(document);
        let (mut items, mut bare) = (BTreeSet::new(), BTreeSet::new());
        for item in api.items() {
            let id = item.id().0.to_string();
            let about = &document["index"][&id];
            let file = about["span"]["filename"].as_str().unwrap_or_default();
            if file.starts_with(GENERATED) {
                continue;
            }
            items.insert(item.to_string());
            if wants_example(about) && !of_traits.contains(&id) && !has_example(about) {
                let line = about["span"]["begin"][0].as_u64().unwrap_or_default();
                bare.insert((file.to_owned(), line, item.to_string()));
            }
        }
        let without_example =
            bare.into_iter().map(|(file, line, item)| format!("{file}:{line}: {item}")).collect();
        Self { items, without_example }
    }
}

/// The ids of what implementations of traits are made of: the trait says what it is for.
fn implementations(document: &Value) -> BTreeSet<String> {
    let index = document["index"].as_object();
    let implementations = index.into_iter().flatten().filter_map(|(_, item)| item["inner"].get("impl"));
    let of_traits = implementations.filter(|implementation| !implementation["trait"].is_null());
    of_traits
        .filter_map(|implementation| implementation["items"].as_array())
        .flatten()
        .map(ToString::to_string)
        .collect()
}

/// Whether an item is something that is used by itself: fields and variants are shown with their type.
fn wants_example(about: &Value) -> bool {
    let kinds = ["struct", "enum", "trait", "function", "type_alias", "macro"];
    kinds.iter().any(|kind| about["inner"].get(kind).is_some())
}

fn has_example(about: &Value) -> bool {
    about["docs"].as_str().is_some_and(|docs| docs.contains("```"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_is_wanted_of_what_is_used_by_itself() {
        assert!(wants_example(&json!({"inner": {"function": {}}})));
        assert!(!wants_example(&json!({"inner": {"struct_field": {}}})));
        assert!(has_example(&json!({"docs": "Adds.\n\n```\nadd(1, 2);\n```"})));
        assert!(!has_example(&json!({"docs": "Adds `1` and `2`."})));
        assert!(!has_example(&json!({"docs": null})));
    }

    #[test]
    fn methods_of_traits_are_told_from_those_of_types() {
        let document = json!({"index": {
            "1": {"inner": {"impl": {"trait": null, "items": [2, 3]}}},
            "4": {"inner": {"impl": {"trait": {"path": "Clone"}, "items": [5]}}},
            "5": {"inner": {"function": {}}},
        }});
        assert_eq!(implementations(&document), BTreeSet::from(["5".to_owned()]));
    }

    #[test]
    fn differences_have_both_directions() {
        let (old, new) = (["a", "b"].map(str::to_owned).into(), ["b", "c"].map(str::to_owned).into());
        assert_eq!(listed_but_gone(&old, &new), ["a"]);
        assert_eq!(listed_but_gone(&new, &old), ["c"]);
    }
}
