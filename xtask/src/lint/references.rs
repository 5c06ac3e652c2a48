//! Components and the references to them.

use std::collections::BTreeMap;

use super::Lint;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::schema_usage::{Uses, references};
use crate::spec::yaml::Node;
use crate::spec::{Area, COMMON, Spec, component_name};

/// Kinds of components in area files.
const KINDS: [&str; 2] = ["parameters", "schemas"];

/// Checks the names of components, every reference, and that each component is used.
pub fn check(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    duplicates(lint);
    for area in &spec.areas {
        for reference in references(&area.root) {
            self::reference(lint, area, reference);
        }
    }
    cycles(lint);
    let uses = Uses::of(spec);
    for kind in KINDS {
        for (_, entry) in spec.components(kind) {
            if !uses.anywhere(kind, &entry.key) {
                let message = format!("no operation uses `{}`: remove it", entry.key);
                lint.report(&entry.location, Rule::UnusedComponent, message);
            }
        }
    }
    // A document in one file has no `x-sbg-areas`.
    let in_one_file = spec.root.get("x-sbg-areas").is_none();
    if let Some(common) = spec.areas.iter().find(|area| in_one_file || area.file == COMMON) {
        if component(common, "schemas", "Error").is_none() {
            let message = "add the schema `Error`, which the bundler uses";
            lint.report(common.root.location_of("/components/schemas"), Rule::ErrorSchema, message);
        }
    } else {
        let message = format!("list {COMMON}, with the schema `Error`, in `x-sbg-areas`");
        lint.report(&spec.root.location, Rule::ErrorSchema, message);
    }
}

fn duplicates(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    for kind in KINDS {
        let mut locations: BTreeMap<&str, &Location> = BTreeMap::new();
        for (_, entry) in spec.components(kind) {
            if let Some(first) = locations.get(entry.key.as_str()) {
                let message = format!("`{}` is already in {first}: rename it, or use that one", entry.key);
                lint.report(&entry.location, Rule::DuplicateComponent, message);
            } else {
                locations.insert(&entry.key, &entry.location);
            }
            if !is_pascal_case(&entry.key) {
                let message = format!(
                    "`{}` is not in PascalCase, such as `DrsImport`, or is a word of Rust",
                    entry.key
                );
                lint.report(&entry.location, Rule::ComponentName, message);
            }
        }
    }
}

/// Whether generators keep a name unchanged: letters and digits, no two capitals in a row.
fn is_pascal_case(name: &str) -> bool {
    let letters = name.as_bytes();
    // The only Rust keyword in PascalCase.
    name != "Self"
        && letters.first().is_some_and(u8::is_ascii_uppercase)
        && letters.iter().all(u8::is_ascii_alphanumeric)
        && !letters.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase))
}

fn component<'s>(area: &'s Area, kind: &str, name: &str) -> Option<&'s Node> {
    area.root.get("components")?.get(kind)?.get(name)
}

fn reference(lint: &mut Lint<'_>, area: &Area, node: &Node) {
    let Some(text) = node.as_str() else { return };
    let (file, Some((kind, name))) = (text.split('#').next().unwrap_or_default(), component_name(text))
    else {
        let message = format!(
            "`{text}` is not a reference: write `#/components/KIND/NAME` or `{COMMON}#/components/KIND/NAME`"
        );
        lint.report(&node.location, Rule::DanglingRef, message);
        return;
    };
    let home = match file {
        "" => Some(area),
        COMMON => lint.spec.areas.iter().find(|area| area.file == COMMON),
        _ => {
            let message =
                format!("an area may refer to itself and to {COMMON}: move `{name}` from {file} to {COMMON}");
            lint.report(&node.location, Rule::ForeignRef, message);
            return;
        }
    };
    if home.is_none_or(|home| component(home, kind, name).is_none()) {
        let elsewhere = lint.spec.areas.iter().find(|area| component(area, kind, name).is_some());
        let advice = match elsewhere {
            Some(other) if other.file == COMMON => format!("write `{COMMON}#/components/{kind}/{name}`"),
            Some(other) if other.file == area.file => format!("write `#/components/{kind}/{name}`"),
            Some(other) => format!("it is in {}: move it to {COMMON}", other.file),
            None => "write the component, or correct the name".to_owned(),
        };
        lint.report(&node.location, Rule::DanglingRef, format!("`{text}` does not exist: {advice}"));
    }
}

/// Reports a reference to a component of the wrong kind.
pub fn expect_kind(lint: &mut Lint<'_>, node: &Node, kind: &str) {
    let Some(reference) = node.get("$ref") else { return };
    let found = reference.as_str().and_then(component_name).map(|(kind, _)| kind);
    if found.is_some_and(|found| found != kind) {
        let message = format!("expected a component of `{kind}`");
        lint.report(&reference.location, Rule::DanglingRef, message);
    }
}

/// A component that contains itself by `allOf` or `oneOf` has no value; by a property or by items it may.
fn cycles(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    for (_, entry) in spec.components("schemas") {
        let mut names = vec![entry.key.as_str()];
        let mut at = 0;
        while let Some(&name) = names.get(at) {
            for made_of in parts(spec, name) {
                if made_of == entry.key {
                    let message =
                        format!("`{name}` contains itself by `allOf` or `oneOf`: make it an object");
                    lint.report(&entry.location, Rule::RefCycle, message);
                    return;
                }
                if !names.contains(&made_of) {
                    names.push(made_of);
                }
            }
            at += 1;
        }
    }
}

/// The components in a component, except in properties and items.
fn parts<'s>(spec: &'s Spec, name: &str) -> Vec<&'s str> {
    let Some((_, entry)) = spec.components("schemas").find(|(_, entry)| entry.key == name) else {
        return Vec::new();
    };
    let branches =
        ["allOf", "oneOf"].into_iter().filter_map(|key| entry.value.get(key)).flat_map(Node::items);
    branches.filter_map(|branch| Some(component_name(branch.get("$ref")?.as_str()?)?.1)).collect()
}
