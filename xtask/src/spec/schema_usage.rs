//! Which side of the API uses which component: what only answers use is made liberal, and needs no builders.

use std::collections::BTreeSet;

use crate::spec::yaml::{Kind, Node};
use crate::spec::{Spec, component_name};

/// The components that each side of the API uses, directly or through another component: kind (`schemas`, `parameters`) and name.
#[derive(Debug, Default)]
pub struct Uses<'s> {
    requests: BTreeSet<(&'s str, &'s str)>,
    answers: BTreeSet<(&'s str, &'s str)>,
}

impl<'s> Uses<'s> {
    /// What the operations of `spec` use. Parameters are part of requests; all error answers are the schema `Error`.
    pub fn of(spec: &'s Spec) -> Self {
        let mut uses = Self::default();
        for operation in spec.operations() {
            for parameter in operation.parameters() {
                collect(spec, parameter, &mut uses.requests);
            }
            if let Some(body) = operation.node().get("requestBody") {
                collect(spec, body, &mut uses.requests);
            }
            if let Some(answers) = operation.node().get("responses") {
                collect(spec, answers, &mut uses.answers);
            }
        }
        if let Some((_, error)) = spec.components("schemas").find(|(_, entry)| entry.key == "Error") {
            uses.answers.insert(("schemas", "Error"));
            collect(spec, &error.value, &mut uses.answers);
        }
        uses
    }

    /// Whether any operation uses the component `name` of this kind.
    pub fn anywhere(&self, kind: &str, name: &str) -> bool {
        self.requests.contains(&(kind, name)) || self.answers.contains(&(kind, name))
    }

    /// Whether requests use the schema `name`.
    pub fn requests(&self, name: &str) -> bool {
        self.requests.contains(&("schemas", name))
    }

    /// Whether answers use the schema `name`.
    pub fn answers(&self, name: &str) -> bool {
        self.answers.contains(&("schemas", name))
    }

    /// Whether answers use the schema `name`, and requests do not.
    pub fn only_answers(&self, name: &str) -> bool {
        self.answers(name) && !self.requests(name)
    }
}

/// Adds to `names` every component that `node` refers to, and what those refer to.
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

/// The value of every `$ref` in `node`. Examples and the like are data: what looks like a reference there is none.
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
