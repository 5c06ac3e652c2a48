//! The parameters of operations.

use std::collections::BTreeSet;

use super::{Lint, references};
use crate::spec::Operation;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::Node;

/// Checks every parameter, and the parameters of each operation together.
pub fn check(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    for (_, entry) in spec.components("parameters") {
        parameter(lint, &entry.value, &entry.location);
    }
    for operation in spec.operations() {
        for node in operation.parameters() {
            references::expect_kind(lint, node, "parameters");
        }
        for node in operation.parameters().filter(|node| node.get("$ref").is_none()) {
            parameter(lint, node, &node.location);
        }
        together(lint, operation);
    }
}

fn text<'s>(node: &'s Node, key: &str) -> &'s str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

fn parameter(lint: &mut Lint<'_>, node: &Node, location: &Location) {
    let name = text(node, "name");
    match text(node, "in") {
        "path" => {
            if !node.get("required").is_some_and(Node::is_true) {
                let message = format!("write `required: true`: the path needs `{name}`");
                lint.report(location, Rule::PathParameters, message);
            }
        }
        "query" => query(lint, node),
        // A missing `in` was reported before.
        "" => {}
        "header" if name.eq_ignore_ascii_case("x-sbg-advance-access") => {
            let message = "write `x-sbg-advance-access: true` in the operation; the bundler adds the header";
            lint.report(node.location_of("/in"), Rule::ParameterLocation, message);
        }
        other => {
            let message = format!(
                "a parameter is part of the path or of the query, not of the {other}, which is the transport's"
            );
            lint.report(node.location_of("/in"), Rule::ParameterLocation, message);
        }
    }
}

fn query(lint: &mut Lint<'_>, node: &Node) {
    let style = node.get("style").and_then(Node::as_str);
    if style.is_some_and(|style| style != "form") {
        let message = "generators support `form` only; write the parts as parameters";
        lint.report(node.location_of("/style"), Rule::QueryStyle, message);
    }
    let of_list = node
        .get("schema")
        .and_then(|schema| lint.spec.follow(schema))
        .is_some_and(|s| text(s, "type") == "array");
    if of_list && node.get("explode").is_some_and(|explode| !explode.is_true()) {
        let message =
            "generators always repeat the parameter: write `type: string`, values separated by commas";
        lint.report(node.location_of("/explode"), Rule::QueryStyle, message);
    }
}

fn together(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let path = &operation.path.key;
    let mut seen = BTreeSet::new();
    for node in operation.parameters() {
        let Some(followed) = lint.spec.follow(node) else { continue };
        let (location, name) = (text(followed, "in"), text(followed, "name"));
        if !seen.insert((location, name)) {
            lint.report(
                &node.location,
                Rule::DuplicateParameter,
                format!("`{name}` is declared twice: remove one"),
            );
        }
        if location == "path" && !path.contains(&format!("{{{name}}}")) {
            let message = format!("`{path}` has no `{{{name}}}`: correct the name or remove the parameter");
            lint.report(&node.location, Rule::PathParameters, message);
        }
    }
    for name in path.split('/').filter(|segment| segment.contains(['{', '}'])) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if seen.contains(&("path", name)) => {}
            Some(name) => {
                let message = format!("declare the path parameter `{name}` of `{path}`");
                lint.report(&operation.method.location, Rule::PathParameters, message);
            }
            None => {
                let message = format!("`{name}` of `{path}` must be a whole parameter");
                lint.report(&operation.path.location, Rule::PathParameters, message);
            }
        }
    }
    if !path.starts_with('/') || (path.len() > 1 && path.ends_with('/')) {
        let message = format!("`{path}` must start with a slash and not end with one");
        lint.report(&operation.path.location, Rule::PathParameters, message);
    }
}
