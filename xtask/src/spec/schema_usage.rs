//! Which components requests and responses use. Components that only responses use become lenient and have no builders.

use std::collections::BTreeSet;

use crate::spec::yaml::{Kind, Node};
use crate::spec::{Spec, component_name};

/// The components that requests and responses use, directly or indirectly: kind (`schemas`, `parameters`) and name.
#[derive(Debug, Default)]
pub struct Uses<'s> {
    requests: BTreeSet<(&'s str, &'s str)>,
    responses: BTreeSet<(&'s str, &'s str)>,
}

impl<'s> Uses<'s> {
    /// The usage by the operations of `spec`. Parameters belong to requests; all error responses have the schema `Error`.
    pub fn of(spec: &'s Spec) -> Self {
        let mut uses = Self::default();
        for operation in spec.operations() {
            for parameter in operation.parameters() {
                collect(spec, parameter, &mut uses.requests);
            }
            if let Some(body) = operation.node().get("requestBody") {
                collect(spec, body, &mut uses.requests);
            }
            if let Some(responses) = operation.node().get("responses") {
                collect(spec, responses, &mut uses.responses);
            }
        }
        if let Some((_, error)) = spec.components("schemas").find(|(_, entry)| entry.key == "Error") {
            uses.responses.insert(("schemas", "Error"));
            collect(spec, &error.value, &mut uses.responses);
        }
        uses
    }

    /// Whether any operation uses the component `name` of this kind.
    pub fn anywhere(&self, kind: &str, name: &str) -> bool {
        self.requests.contains(&(kind, name)) || self.responses.contains(&(kind, name))
    }

    /// Whether requests use the schema `name`.
    pub fn requests(&self, name: &str) -> bool {
        self.requests.contains(&("schemas", name))
    }

    /// Whether responses use the schema `name`.
    pub fn responses(&self, name: &str) -> bool {
        self.responses.contains(&("schemas", name))
    }

    /// Whether responses use the schema `name`, and requests do not.
    pub fn only_responses(&self, name: &str) -> bool {
        self.responses(name) && !self.requests(name)
    }
}

/// Adds every component that `node` refers to, directly or indirectly, to `names`.
fn collect<'s>(spec: &'s Spec, node: &'s Node, names: &mut BTreeSet<(&'s str, &'s str)>) {
    for reference in references(node) {
        let Some(component) = reference.as_str().and_then(component_name) else { continue };
        if names.insert(component)
            && let Some(node) = reference.as_str().and_then(|reference| spec.resolve(reference))
        {
            collect(spec, node, names);
        }
    }
}

/// The value of every `$ref` in `node`, except in examples, which are data.
pub fn references(node: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    gather(node, false, &mut found);
    found
}

fn gather<'s>(node: &'s Node, keys_are_names: bool, found: &mut Vec<&'s Node>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| gather(item, false, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                match entry.key.as_str() {
                    "$ref" if !keys_are_names => found.push(&entry.value),
                    "example" | "default" | "enum" if !keys_are_names => {}
                    key => gather(&entry.value, !keys_are_names && key == "properties", found),
                }
            }
        }
    }
}
