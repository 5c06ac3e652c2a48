//! Request bodies and responses of operations.

use super::{Lint, references};
use crate::spec::Operation;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::Node;

/// The status of success responses.
pub const SUCCESS: &str = "2XX";

/// Checks the request body and the responses of every operation.
pub fn check(lint: &mut Lint<'_>) {
    for operation in lint.spec.operations() {
        request(lint, operation);
        responses(lint, operation);
        pagination(lint, operation);
    }
}

/// The body of the success response of an operation: its media type with schema and example.
pub fn success(operation: Operation<'_>) -> Option<&Node> {
    let content = operation.node().get("responses")?.get(SUCCESS)?.get("content")?;
    content.entries().first().map(|entry| &entry.value)
}

fn request(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let Some(body) = operation.node().get("requestBody") else { return };
    let location = operation.node().location_of("/requestBody");
    if !body.get("required").is_some_and(Node::is_true) {
        let message = "write `required: true`: generators support no other body";
        lint.report(location, Rule::RequestBody, message);
    }
    if let Some(content) = body.get("content") {
        media_type(lint, content, body.location_of("/content"));
    }
}

fn responses(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let responses = operation.node().get("responses").map_or(&[][..], Node::entries);
    for response in responses {
        let status = response.key.as_str();
        if status == "default" || status.starts_with(['4', '5']) {
            let message = format!("remove `{status}`: the bundler adds error responses to every operation");
            lint.report(&response.location, Rule::ErrorResponse, message);
        } else if status != SUCCESS {
            let message =
                format!("write '{SUCCESS}' for '{status}': generators support one success response");
            lint.report(&response.location, Rule::SuccessResponse, message);
        } else if let Some(content) = response.value.get("content") {
            let location = response.value.location_of("/content");
            media_type(lint, content, location);
            for body in content.entries().iter().filter(|body| body.value.get("example").is_none()) {
                lint.report(&body.location, Rule::MissingExample, "write an `example` of the response");
            }
        }
    }
    if operation.node().get("responses").is_some()
        && !responses.iter().any(|response| response.key == SUCCESS)
    {
        let message = format!("describe the success response, '{SUCCESS}'");
        lint.report(operation.node().location_of("/responses"), Rule::SuccessResponse, message);
    }
}

fn media_type(lint: &mut Lint<'_>, content: &Node, location: &Location) {
    match content.entries() {
        [body] => {
            if body.key != "application/json" {
                let message = match body.key.as_str() {
                    "application/yaml" => {
                        "write application/json, and `x-sbg-yaml: true` in the operation".to_owned()
                    }
                    other => format!(
                        "the generators do not send or read {other}: write application/json, or leave the body out"
                    ),
                };
                lint.report(&body.location, Rule::MediaType, message);
            }
            if let Some(schema) = body.value.get("schema") {
                references::expect_kind(lint, schema, "schemas");
            }
        }
        [] => lint.report(
            location,
            Rule::MediaType,
            "write `application/json`, or leave `content` out where there is no body",
        ),
        [_, second, ..] => {
            let message =
                format!("a body has one media type: remove {}; `x-sbg-yaml` marks YAML", second.key);
            lint.report(&second.location, Rule::MediaType, message);
        }
    }
}

/// A page has `items` and `links` to other pages. A search has items under another name, and a token.
fn pagination(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let response =
        success(operation).and_then(|body| body.get("schema")).and_then(|schema| lint.spec.follow(schema));
    let properties = response.and_then(|response| response.get("properties"));
    let has = |name: &str| properties.is_some_and(|properties| properties.get(name).is_some());
    let required = response.and_then(|response| response.get("required")).map_or(&[][..], Node::items);
    let is_page = has("links") && required.iter().any(|name| name.as_str() == Some("items"));
    match operation.node().get("x-sbg-pagination") {
        None if is_page => {
            let message = "the response is a page (`items` and `links`): write `x-sbg-pagination`, or remove `links` from the schema";
            lint.report(&operation.method.location, Rule::Pagination, message);
        }
        Some(_) if !is_page && !has("cont_token") => {
            let location = operation.node().location_of("/x-sbg-pagination");
            let message = "the response is not a page, which has `items` (required) and `links`, or a `cont_token`: remove it";
            lint.report(location, Rule::Pagination, message);
        }
        _ => {}
    }
}
