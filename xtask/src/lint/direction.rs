//! Requests are strict, answers are liberal: what may stand on one side only.

use super::Lint;
use super::schemas::{Role, Schema, all};
use crate::spec::rule::Rule;
use crate::spec::schema_usage::Uses;

/// Checks every schema for the side of the API that uses it.
pub fn check(lint: &mut Lint<'_>) {
    let uses = Uses::of(lint.spec);
    for schema in all(lint.spec) {
        let (requests, answers) = match (schema.component, schema.role) {
            (Some(name), _) => (uses.requests(name), uses.answers(name)),
            (None, Role::Answer) => (false, true),
            (None, _) => (true, false),
        };
        if let (Role::Component, Some(name), true, true) = (schema.role, schema.component, requests, answers)
        {
            let message = format!(
                "requests and answers use `{name}`: write a schema for each, such as `{name}Edit` and `{name}`"
            );
            lint.report(schema.place, Rule::TwoSides, message);
        }
        match (requests, answers) {
            (true, _) => of_request(lint, &schema),
            (false, true) => of_answer(lint, &schema),
            (false, false) => {}
        }
    }
}

fn of_request(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if node.get("x-extensible-enum").is_some() {
        let message = "a client sends what is known: write `enum`";
        lint.report(node.place_of("/x-extensible-enum"), Rule::OpenEnumInRequest, message);
    }
    if node.get("default").is_some() {
        let message = "generated clients would always send it: take it out, and say in the description what the platform takes";
        lint.report(node.place_of("/default"), Rule::DefaultInRequest, message);
    }
    if node.get("properties").is_some() && node.get("additionalProperties").is_some() {
        let message = "take it out: what a request may say is named, and a builder would ask for the rest";
        lint.report(node.place_of("/additionalProperties"), Rule::ExtraInRequest, message);
    }
}

fn of_answer(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if node.get("enum").is_some() {
        let message =
            "one new value would make a page unreadable: write `x-extensible-enum` in a named component";
        lint.report(node.place_of("/enum"), Rule::ClosedEnum, message);
    }
}
