//! The portable bundle: the same API in the subset of OpenAPI that generators for other languages read correctly.
//!
//! Rust gets ranges of statuses, and types for values that come as a number or as text. Many generators return nothing for a range, and
//! lose the value of a choice. Each rewrite is a function of its own. What a rewrite cannot do is a finding of its rule.

mod choices;
mod names;
mod query_maps;
mod responses;

use serde_json::Value;

use crate::spec::Spec;
use crate::spec::finding::{Finding, Location};
use crate::spec::rule::Rule;

/// Changes a document, and reports what it cannot change.
type Rewrite = fn(&mut Portable<'_>);

/// The rewrites in their order: name, and function.
const REWRITES: &[(&str, Rewrite)] = &[
    ("enum constants differ in more than case and punctuation", names::check_enums),
    ("a choice between types is any JSON, in a parameter a string", choices::rewrite),
    ("a query parameter has the schema of its map inline", query_maps::rewrite),
    ("component parameters are not named like schemas", names::rename_parameters),
    ("the schema `File` is not named like a class of most languages", names::rename_schemas),
    ("statuses are listed, and errors are the default", responses::rewrite),
    ("undocumented fields are allowed without a keyword", choices::open_objects),
];

/// The portable form of `document`, the bundle of `spec`, and the findings of the rewrites.
pub fn portable(spec: &Spec, document: Value) -> (Value, Vec<Finding>) {
    let mut portable = Portable { spec, document, findings: Vec::new() };
    for (_, rewrite) in REWRITES {
        rewrite(&mut portable);
    }
    (portable.document, portable.findings)
}

/// A document that is rewritten.
struct Portable<'s> {
    spec: &'s Spec,
    document: Value,
    findings: Vec<Finding>,
}

impl Portable<'_> {
    /// Adds a finding about the value at a JSON pointer of the bundle.
    fn report(&mut self, pointer: &str, rule: Rule, message: impl Into<String>) {
        self.findings.push(Finding::new(&location(self.spec, pointer), rule, message));
    }

    /// The names and schemas of all components of a kind.
    fn components(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.document["components"][kind].as_object().into_iter().flatten()
    }
}

/// The line of an area file from which the value at a JSON pointer of the bundle comes.
fn location(spec: &Spec, pointer: &str) -> Location {
    let mut parts = pointer.splitn(5, '/').skip(1);
    let (top, second, third, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
    if let (Some("components"), Some(kind), Some(name)) = (top, second, third)
        && let Some((_, entry)) = spec.components(kind).find(|(_, entry)| entry.key == name)
    {
        return match rest {
            Some(rest) => entry.value.location_of(&format!("/{rest}")).clone(),
            None => entry.location.clone(),
        };
    }
    let path = second.unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let area =
        spec.areas.iter().find(|area| area.root.get("paths").is_some_and(|paths| paths.get(&path).is_some()));
    area.map_or_else(|| spec.root.location.clone(), |area| area.root.location_of(pointer).clone())
}

/// Calls `visit` with every object of `value` and its JSON pointer, outer ones first, except in examples, which are data.
fn each_object(
    value: &mut Value,
    pointer: &str,
    visit: &mut impl FnMut(&str, &mut serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(map) => {
            visit(pointer, map);
            for (key, value) in map.iter_mut().filter(|(key, _)| *key != "example") {
                let key = key.replace('~', "~0").replace('/', "~1");
                each_object(value, &format!("{pointer}/{key}"), visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                each_object(item, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// The component that `schema` refers to, if it is of this kind.
fn reference<'v>(schema: &'v serde_json::Map<String, Value>, kind: &str) -> Option<&'v str> {
    let reference = schema.get("$ref")?.as_str()?;
    reference.strip_prefix("#/components/")?.strip_prefix(kind)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::bundle::bundle;
    use crate::spec::orchard;

    /// The portable bundle of the orchard.
    pub(super) fn orchard() -> Value {
        let dir = tempfile::tempdir().unwrap();
        orchard::plant(dir.path());
        let spec = Spec::read(dir.path()).unwrap();
        let (document, findings) = portable(&spec, bundle(&spec));
        assert_eq!(findings, []);
        document
    }

    #[test]
    fn every_rewrite_has_a_name() {
        let mut names: Vec<_> = REWRITES.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), REWRITES.len());
    }

    #[test]
    fn references_of_the_bundle_lead_somewhere() {
        let mut document = orchard();
        let known = document.clone();
        each_object(&mut document, "", &mut |pointer, object| {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                assert!(known.pointer(&reference[1..]).is_some(), "{reference} at {pointer}");
            }
        });
    }
}
