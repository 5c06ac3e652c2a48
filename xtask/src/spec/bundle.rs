//! Merges the files of the specification into one OpenAPI document for generators and other languages.
//!
//! The bundler adds what the area files omit: error responses, the advance access header, and leniency of responses (see
//! `openapi/README.md`). The specification must have passed the lint.

use serde_json::{Map, Value, json};

use crate::spec::Spec;
use crate::spec::schema_usage::Uses;
use crate::spec::yaml::Node;

/// The whole document.
pub fn bundle(spec: &Spec) -> Value {
    let mut document = Map::new();
    for entry in spec.root.entries() {
        if !["x-sbg-areas", "x-sbg-documents", "components"].contains(&entry.key.as_str()) {
            document.insert(entry.key.clone(), entry.value.to_json());
        }
    }
    let mut paths = Map::new();
    for area in &spec.areas {
        for path in area.root.get("paths").map_or(&[][..], Node::entries) {
            paths.insert(path.key.clone(), path.value.to_json());
        }
    }
    let mut components = match spec.root.get("components").map(Node::to_json) {
        Some(Value::Object(components)) => components,
        _ => Map::new(),
    };
    for kind in ["parameters", "schemas"] {
        let merged = spec.components(kind).map(|(_, entry)| (entry.key.clone(), entry.value.to_json()));
        components.insert(kind.to_owned(), Value::Object(merged.collect()));
    }
    document.insert("paths".to_owned(), Value::Object(paths));
    document.insert("components".to_owned(), Value::Object(components));
    let mut document = Value::Object(document);
    shorten_references(&mut document);
    complete_operations(&mut document);
    let uses = Uses::of(spec);
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        for (name, schema) in schemas.iter_mut() {
            complete_schema(schema, uses.only_responses(name));
        }
    }
    document
}

/// Replaces references to other files by references within the bundle.
pub fn shorten_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref")
                && let Some(at) = reference.find('#')
            {
                reference.drain(..at);
            }
            map.values_mut().for_each(shorten_references);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten_references),
        _ => {}
    }
}

fn complete_operations(document: &mut Value) {
    let advance_access = json!({
        "name": "X-SBG-Advance-Access",
        "in": "header",
        "required": true,
        "description": "Consent to use an operation that may still change. The platform refuses the call without it.",
        "schema": {"type": "string", "enum": ["advance"]},
    });
    let mut needed = false;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operation in
        paths.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut()).flat_map(|item| {
            item.iter_mut()
                .filter(|(key, _)| !key.starts_with("x-") && *key != "parameters")
                .map(|(_, operation)| operation)
        })
    {
        for (status, description) in [("4XX", "The call was refused."), ("5XX", "The platform failed.")] {
            operation["responses"][status] = json!({
                "description": description,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            });
        }
        if operation.get("x-sbg-advance-access") == Some(&Value::Bool(true)) {
            needed = true;
            let parameters = &mut operation["parameters"];
            if parameters.is_null() {
                *parameters = json!([]);
            }
            if let Some(parameters) = parameters.as_array_mut() {
                parameters.push(json!({"$ref": "#/components/parameters/AdvanceAccess"}));
            }
        }
    }
    if needed {
        document["components"]["parameters"]["AdvanceAccess"] = advance_access;
    }
}

/// Makes a schema accept null if its file says so. If only responses use it, also null for every property that is not required, and
/// undocumented fields, because the platform sends both.
fn complete_schema(schema: &mut Value, only_responses: bool) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("type").and_then(Value::as_str) != Some("object") {
        return;
    }
    let required: Vec<String> = (object.get("required").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    for (name, property) in object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        let Some(property) = property.as_object_mut() else { continue };
        if property.get("nullable") == Some(&Value::Bool(true))
            || (only_responses && !required.contains(name))
        {
            make_nullable(property);
        }
    }
    if only_responses && object.contains_key("properties") && !object.contains_key("additionalProperties") {
        object.insert("additionalProperties".to_owned(), json!({}));
    }
}

fn make_nullable(property: &mut Map<String, Value>) {
    let anything = !["type", "allOf", "oneOf", "anyOf", "$ref"].iter().any(|key| property.contains_key(*key));
    if anything {
        return;
    }
    // An `allOf` never accepts null, and `nullable` has no effect without a `type`, which a component that is a number or a string does
    // not have. Generators for other languages follow these rules.
    if let Some(Value::Array(mut alternatives)) = property.shift_remove("allOf") {
        alternatives.push(json!({"enum": [null]}));
        property.insert("oneOf".to_owned(), Value::Array(alternatives));
        property.retain(|key, _| key != "type" && key != "nullable");
    } else {
        property.insert("nullable".to_owned(), Value::Bool(true));
    }
}
