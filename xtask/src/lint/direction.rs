//! Requests are strict, responses are lenient: what is allowed in one of them only.

use super::Lint;
use super::schemas::{Role, Schema, all};
use crate::spec::rule::Rule;
use crate::spec::schema_usage::Uses;

/// Checks every schema by whether requests or responses use it.
pub fn check(lint: &mut Lint<'_>) {
    let uses = Uses::of(lint.spec);
    for schema in all(lint.spec) {
        let (requests, responses) = match (schema.component, schema.role) {
            (Some(name), _) => (uses.requests(name), uses.responses(name)),
            (None, Role::Response) => (false, true),
            (None, _) => (true, false),
        };
        if let (Role::Component, Some(name), true, true) =
            (schema.role, schema.component, requests, responses)
        {
            let message = format!(
                "requests and responses use `{name}`: write a schema for each, such as `{name}Edit` and `{name}`"
            );
            lint.report(schema.location, Rule::TwoSides, message);
        }
        match (requests, responses) {
            (true, _) => of_request(lint, &schema),
            (false, true) => of_response(lint, &schema),
            (false, false) => {}
        }
    }
}

fn of_request(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if node.get("x-extensible-enum").is_some() {
        let message = "clients send known values only: write `enum`";
        lint.report(node.location_of("/x-extensible-enum"), Rule::OpenEnumInRequest, message);
    }
    if node.get("default").is_some() {
        let message =
            "generated clients would always send it: remove it, and describe the default of the platform";
        lint.report(node.location_of("/default"), Rule::DefaultInRequest, message);
    }
    if node.get("properties").is_some() && node.get("additionalProperties").is_some() {
        let message = "remove it: the fields of a request are known";
        lint.report(node.location_of("/additionalProperties"), Rule::ExtraInRequest, message);
    }
}

fn of_response(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if node.get("enum").is_some() {
        let message =
            "one new value would make a page unreadable: write `x-extensible-enum` in a named component";
        lint.report(node.location_of("/enum"), Rule::ClosedEnum, message);
    }
}
