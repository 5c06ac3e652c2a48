//! Deviations from the document that the platform accepts in requests: null for optional fields, booleans and numbers as text, names in
//! another case. Such a body is rewritten to conform to the document, with a notice for each change.

use serde_json::Value;

use crate::report::Class;
use crate::schema::{Schemas, below};

/// A change: its class, its JSON pointer, and a description.
pub(crate) type Change = (Class, String, String);

/// Rewrites `value` to conform to `schema`, as far as the platform accepts the difference.
pub(crate) fn rewrite(schemas: &Schemas, schema: &Value, value: &mut Value, changes: &mut Vec<Change>) {
    body(schemas, schema, value, "", changes);
}

fn body(schemas: &Schemas, schema: &Value, value: &mut Value, pointer: &str, changes: &mut Vec<Change>) {
    let Some(schema) = schemas.follow(schema) else { return };
    match value {
        Value::Array(items) => {
            if let Some(of) = schema.get("items") {
                for (index, item) in items.iter_mut().enumerate() {
                    body(schemas, of, item, &format!("{pointer}/{index}"), changes);
                }
            }
        }
        Value::Object(fields) => {
            let required = |name: &str| {
                schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name))
            };
            fields.retain(|name, field| {
                let property =
                    schema["properties"].get(name).filter(|property| !schemas.takes_null(property));
                let drop = field.is_null() && property.is_some() && !required(name);
                if drop {
                    changes.push((
                        Class::NullField,
                        below(pointer, name),
                        "null stands for a field that is left out".to_owned(),
                    ));
                }
                !drop
            });
            for (name, field) in fields {
                let of = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                if let Some(of) = of {
                    body(schemas, of, field, &below(pointer, name), changes);
                }
            }
        }
        _ => {
            if let Some((class, taken, what)) = scalar(schema, value) {
                changes.push((class, pointer.to_owned(), what));
                *value = taken;
            }
        }
    }
}

/// The value that a scalar represents in its schema, if it is another value.
pub(crate) fn scalar(schema: &Value, value: &Value) -> Option<(Class, Value, String)> {
    let kind = schema["type"].as_str()?;
    match (kind, value) {
        ("boolean", Value::String(text)) => {
            let taken = if text.eq_ignore_ascii_case("true") {
                true
            } else if text.eq_ignore_ascii_case("false") {
                false
            } else {
                return None;
            };
            Some((Class::Boolean, Value::Bool(taken), format!("`{text}` stands for a boolean")))
        }
        ("integer" | "number", Value::String(text)) => {
            let number = serde_json::from_str::<serde_json::Number>(text.trim()).ok()?;
            Some((Class::Scalar, Value::Number(number), "a number comes as text".to_owned()))
        }
        ("string", Value::Number(_) | Value::Bool(_)) => {
            Some((Class::Scalar, Value::String(value.to_string()), format!("{value} stands for a text")))
        }
        ("string", Value::String(text)) => {
            let values = schema["enum"].as_array()?;
            if values.contains(value) {
                return None;
            }
            let known =
                values.iter().filter_map(Value::as_str).find(|known| known.eq_ignore_ascii_case(text))?;
            Some((
                Class::LetterCase,
                Value::String(known.to_owned()),
                format!("`{text}` stands for `{known}`"),
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn body_is_normalized_as_the_platform_accepts_it() {
        let schemas = Schemas::new(&json!({"components": {"schemas": {
            "Pear": {
                "type": "object", "required": ["name"],
                "properties": {
                    "name": {"type": "string"}, "ripe": {"type": "boolean"}, "size": {"type": "integer"},
                    "note": {"type": "string", "nullable": true}, "kind": {"type": "string", "enum": ["green", "YELLOW"]},
                    "tree": {"allOf": [{"$ref": "#/components/schemas/Tree"}]},
                    "pits": {"type": "array", "items": {"type": "string"}}
                }
            },
            "Tree": {"type": "object", "properties": {"age": {"type": "integer"}}, "additionalProperties": {"type": "string"}}
        }}}))
        .unwrap();
        let check = |given: Value, expected: Value, classes: &[&str]| {
            let (mut value, mut changes) = (given, Vec::new());
            rewrite(&schemas, &json!({"$ref": "#/components/schemas/Pear"}), &mut value, &mut changes);
            let found: Vec<String> = changes.iter().map(|(class, at, _)| format!("{class} {at}")).collect();
            assert_eq!((value, found), (expected, classes.iter().map(|&class| class.to_owned()).collect()));
        };
        check(json!({"name": "a", "ripe": true}), json!({"name": "a", "ripe": true}), &[]);
        check(
            json!({"name": "a", "ripe": "True", "size": "5", "kind": "GREEN", "tree": {"age": null, "soil": 7}, "pits": [1]}),
            json!({"name": "a", "ripe": true, "size": 5, "kind": "green", "tree": {"soil": "7"}, "pits": ["1"]}),
            &[
                "boolean /ripe",
                "scalar /size",
                "letter-case /kind",
                "null-field /tree/age",
                "scalar /tree/soil",
                "scalar /pits/0",
            ],
        );
        // Nullable fields stay, and required fields are not removed.
        check(json!({"name": null, "note": null}), json!({"name": null, "note": null}), &[]);
        check(json!({"name": "a", "ripe": "perhaps"}), json!({"name": "a", "ripe": "perhaps"}), &[]);
    }
}
