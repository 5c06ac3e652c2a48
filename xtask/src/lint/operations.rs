//! Operations: ids, tags, summaries, and the list of operations.

use std::collections::BTreeMap;

use super::Lint;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::{Kind, Node};
use crate::spec::{Operation, same_path};

/// Checks every operation, and that the list is complete.
pub fn check(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    duplicate_paths(lint);
    let mut ids: BTreeMap<&str, &Location> = BTreeMap::new();
    for operation in spec.operations() {
        if let Some((id, location)) = id(operation) {
            if let Some(first) = ids.get(id) {
                let message =
                    format!("`{id}` is already the operation at {first}: use the id in operations.tsv");
                lint.report(location, Rule::DuplicateOperationId, message);
            } else {
                ids.insert(id, location);
            }
        }
        listed(lint, operation);
        tags(lint, operation);
        idempotent(lint, operation);
        if let Some(summary) = operation.node().get("summary").and_then(Node::as_str)
            && summary.ends_with('.')
        {
            let location = operation.node().location_of("/summary");
            lint.report(location, Rule::SummaryFullStop, "a summary is a phrase: take the full stop off");
        }
    }
    for row in &spec.listed {
        if !spec.operations().any(|operation| is(operation, &row.method, &row.path)) {
            let message = format!(
                "no area has `{} {}`: write `{}` in {}.yaml",
                row.method, row.path, row.operation_id, row.area
            );
            lint.report(&row.location, Rule::Coverage, message);
        }
    }
}

fn is(operation: Operation<'_>, method: &str, path: &str) -> bool {
    operation.method.key.eq_ignore_ascii_case(method) && same_path(&operation.path.key, path)
}

fn id(operation: Operation<'_>) -> Option<(&str, &Location)> {
    let node = operation.node();
    Some((node.get("operationId")?.as_str()?, node.location_of("/operationId")))
}

fn duplicate_paths(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    let paths = || spec.areas.iter().flat_map(|area| area.root.get("paths").map_or(&[][..], Node::entries));
    for (index, path) in paths().enumerate() {
        if let Some(first) = paths().take(index).find(|first| same_path(&first.key, &path.key)) {
            let message = format!(
                "same path as `{}` in {} except for parameter names: write the operations there",
                first.key, first.location
            );
            lint.report(&path.location, Rule::DuplicatePath, message);
        }
    }
}

fn listed(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let (method, path) = (operation.method.key.to_ascii_uppercase(), &operation.path.key);
    let row = lint.spec.listed.iter().find(|row| is(operation, &row.method, &row.path));
    match row {
        None => {
            let message =
                format!("`{method} {path}` is not in operations.tsv: add a row, or correct the path");
            lint.report(&operation.method.location, Rule::UnlistedOperation, message);
        }
        Some(row) if row.area != operation.area.name() => {
            let message = format!("operations.tsv has it in the area `{}`: write it in {0}.yaml", row.area);
            lint.report(&operation.method.location, Rule::UnlistedOperation, message);
        }
        Some(_) => {}
    }
    match (id(operation), row) {
        (None, Some(row)) => {
            let message = format!("write `operationId: {}`", row.operation_id);
            lint.report(&operation.method.location, Rule::OperationId, message);
        }
        (None, None) => {
            lint.report(
                &operation.method.location,
                Rule::OperationId,
                "write an `operationId`: `<noun>_<verb>`",
            );
        }
        (Some((id, location)), Some(row)) if id != row.operation_id => {
            let message = format!("operations.tsv calls it `{}`, not `{id}`", row.operation_id);
            lint.report(location, Rule::OperationId, message);
        }
        (Some((id, location)), _) if !is_snake_case(id) => {
            lint.report(location, Rule::OperationId, format!("`{id}` is not in snake_case: `<noun>_<verb>`"));
        }
        _ => {}
    }
}

fn is_snake_case(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !id.ends_with('_')
        && !id.contains("__")
}

fn tags(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let area = operation.area.name();
    let tags = operation.node().get("tags").map_or(&[][..], Node::items);
    let location = operation
        .node()
        .get("tags")
        .map_or(&operation.method.location, |_| operation.node().location_of("/tags"));
    if tags.iter().filter_map(Node::as_str).ne([area]) {
        lint.report(location, Rule::OperationTag, format!("write `tags: [{area}]`, the name of the file"));
        return;
    }
    let declared = lint.spec.root.get("tags").map_or(&[][..], Node::items);
    if !declared.iter().any(|tag| tag.get("name").and_then(Node::as_str) == Some(area)) {
        lint.report(location, Rule::OperationTag, format!("declare the tag `{area}` in `tags` of sbg.yaml"));
    }
}

fn idempotent(lint: &mut Lint<'_>, operation: Operation<'_>) {
    let said = operation.node().get("x-sbg-idempotent");
    match (operation.method.key.as_str(), said) {
        ("post" | "patch", None) => {
            let message = "write `x-sbg-idempotent: true` if sending it twice has the effect of sending it once, else `false`";
            lint.report(&operation.method.location, Rule::Idempotent, message);
        }
        ("post" | "patch", Some(_)) | (_, None) => {}
        (method, Some(_)) => {
            let location = operation.node().location_of("/x-sbg-idempotent");
            let message = format!("a {} is idempotent by definition: remove it", method.to_ascii_uppercase());
            lint.report(location, Rule::Idempotent, message);
        }
    }
    let yaml = operation.node().get("x-sbg-yaml").is_some_and(|node| matches!(node.kind, Kind::Scalar(_)));
    if yaml && operation.node().get("requestBody").is_none() {
        let location = operation.node().location_of("/x-sbg-yaml");
        lint.report(
            location,
            Rule::ExtensionValue,
            "an operation without a request body sends no YAML: remove it",
        );
    }
}
