//! Checks that examples conform to their schemas, in the form of the bundle, which generators and tests read.

use serde_json::json;

use super::Lint;
use super::schemas::all;
use crate::spec::bundle;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::Node;
use sbg_drift::Schemas;

/// Checks the examples of bodies, parameters and schemas. The document has no other findings.
pub fn check(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    let document = bundle::bundle(spec);
    let schemas = match Schemas::new(&document) {
        Ok(schemas) => schemas,
        Err(error) => {
            lint.report(
                &spec.root.location,
                Rule::BadExample,
                format!("the schemas cannot be read: {error}"),
            );
            return;
        }
    };
    // Bodies and parameters: objects with `schema` and `example`.
    let named = spec.components("parameters").map(|(_, entry)| &entry.value);
    for parameter in named.chain(spec.operations().flat_map(|operation| operation.parameters())) {
        beside(lint, &schemas, parameter);
    }
    for operation in spec.operations() {
        let responses = operation
            .node()
            .get("responses")
            .map_or(&[][..], Node::entries)
            .iter()
            .map(|response| &response.value);
        for body in operation.node().get("requestBody").into_iter().chain(responses) {
            for media in body.get("content").map_or(&[][..], Node::entries) {
                beside(lint, &schemas, &media.value);
            }
        }
    }
    for schema in all(spec) {
        if let Some(pattern) = schema.node.get("pattern").and_then(Node::as_str)
            && let Err(error) = schemas.breaches(&json!({"type": "string", "pattern": pattern}), &json!(""))
        {
            lint.report(
                schema.node.location_of("/pattern"),
                Rule::WrongShape,
                format!("invalid regular expression: {error}"),
            );
        }
        if let Some(example) = schema.node.get("example") {
            fits(lint, &schemas, schema.node, example, schema.node.location_of("/example"));
        }
    }
}

fn beside(lint: &mut Lint<'_>, schemas: &Schemas, node: &Node) {
    if let (Some(schema), Some(example)) = (node.get("schema"), node.get("example")) {
        fits(lint, schemas, schema, example, node.location_of("/example"));
    }
}

fn fits(lint: &mut Lint<'_>, schemas: &Schemas, schema: &Node, example: &Node, location: &Location) {
    let mut wanted = json!({"schema": schema.to_json()});
    bundle::shorten_references(&mut wanted);
    let breaches = match schemas.breaches(&wanted["schema"], &example.to_json()) {
        Ok(breaches) => breaches,
        Err(error) => {
            lint.report(location, Rule::BadExample, format!("the schema cannot be read: {error}"));
            return;
        }
    };
    for breach in breaches {
        let at = if breach.pointer.is_empty() { location } else { example.location_of(&breach.pointer) };
        lint.report(at, Rule::BadExample, format!("{breach}: correct the example or the schema"));
    }
}
