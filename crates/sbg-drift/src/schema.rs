//! Validates JSON values against schemas of the bundle, and finds fields that the schema does not name.
//!
//! The crate `jsonschema` does the validation more strictly than the generators need: numbers of any size, lengths in characters, regular
//! expressions of ECMA 262. Schemas of OpenAPI 3.0 are not quite JSON Schema. The differences in our subset are translated to draft 7:
//! `nullable`, and `oneOf`, of which more than one branch may match.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use anyhow::{Result, anyhow};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// The URI of the bundle.
const BUNDLE: &str = "sbg:bundle";

/// Maximum length of a reason, which includes values.
const LONGEST_REASON: usize = 200;

/// The schemas of a bundle.
pub struct Schemas {
    components: Value,
    registry: Registry<'static>,
    validators: RefCell<HashMap<String, Rc<Validator>>>,
}

/// A part of a value that does not conform to its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// JSON pointer to the part.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
    /// Whether it is a text that does not match a pattern, and nothing else is wrong with it.
    pub of_form: bool,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.pointer.is_empty() { "the value" } else { &self.pointer };
        write!(f, "{value}: {}", self.reason)
    }
}

impl Schemas {
    /// The schemas of `document`, a bundle.
    ///
    /// # Errors
    ///
    /// A reference cannot be resolved.
    pub fn new(document: &Value) -> Result<Self> {
        let translated = json!({"components": {"schemas": named(&document["components"]["schemas"])}});
        let registry = Registry::new().draft(Draft::Draft7).add(BUNDLE, translated)?.prepare()?;
        Ok(Self { components: document["components"].clone(), registry, validators: RefCell::default() })
    }

    /// Every part of `value` that does not conform to `schema`, a schema in the form of the bundle.
    ///
    /// # Errors
    ///
    /// The schema is invalid.
    pub fn breaches(&self, schema: &Value, value: &Value) -> Result<Vec<Breach>> {
        let mut breaches: Vec<Breach> = Vec::new();
        let validator = self.validator(schema)?;
        // Finding the breaches is slower than checking whether there are any.
        if validator.is_valid(value) {
            return Ok(breaches);
        }
        for error in validator.iter_errors(value) {
            let of_form = matches!(error.kind(), ValidationErrorKind::Pattern { .. });
            let breach =
                Breach { pointer: error.instance_path().to_string(), reason: reason(&error), of_form };
            // A wrapped schema reports the same breach as its wrapper.
            if !breaches.contains(&breach) {
                breaches.push(breach);
            }
        }
        Ok(breaches)
    }

    /// Whether `value` conforms to `schema`.
    ///
    /// # Errors
    ///
    /// The schema is invalid.
    pub fn fits(&self, schema: &Value, value: &Value) -> Result<bool> {
        Ok(self.validator(schema)?.is_valid(value))
    }

    /// Whether `schema` accepts null.
    pub(crate) fn takes_null(&self, schema: &Value) -> bool {
        self.fits(schema, &Value::Null).unwrap_or(false)
    }

    fn validator(&self, schema: &Value) -> Result<Rc<Validator>> {
        let key = schema.to_string();
        if let Some(validator) = self.validators.borrow().get(&key) {
            return Ok(validator.clone());
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(false)
            .with_registry(&self.registry)
            .build(&translate(schema))
            .map_err(|error| anyhow!("{error}"))?;
        let validator = Rc::new(validator);
        self.validators.borrow_mut().insert(key, validator.clone());
        Ok(validator)
    }

    /// JSON pointers to the fields of `value` that `schema` does not name. Maps and schemas for any JSON have none.
    pub fn unnamed(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.find_unnamed(schema, value, "", &mut found);
        found
    }

    fn find_unnamed(&self, schema: &Value, value: &Value, pointer: &str, found: &mut Vec<String>) {
        let Some(schema) = self.follow(schema) else { return };
        match value {
            Value::Array(items) => {
                if let Some(of) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.find_unnamed(of, item, &format!("{pointer}/{index}"), found);
                    }
                }
            }
            Value::Object(fields) => {
                let Some(properties) = schema.get("properties") else {
                    if let Some(of) = schema.get("additionalProperties") {
                        for (name, field) in fields {
                            self.find_unnamed(of, field, &below(pointer, name), found);
                        }
                    }
                    return;
                };
                for (name, field) in fields {
                    match properties.get(name) {
                        Some(of) if field.is_object() || field.is_array() => {
                            self.find_unnamed(of, field, &below(pointer, name), found);
                        }
                        Some(_) => {}
                        None => found.push(below(pointer, name)),
                    }
                }
            }
            _ => {}
        }
    }

    /// The schema itself, or the component that it references or wraps.
    pub fn follow<'a>(&'a self, mut schema: &'a Value) -> Option<&'a Value> {
        loop {
            let or_null = schema.pointer("/oneOf/1").filter(|branch| is_null(branch));
            let wrapped = or_null
                .and_then(|_| schema.pointer("/oneOf/0/$ref"))
                .or_else(|| schema.pointer("/allOf/0/$ref"));
            match schema.get("$ref").or(wrapped).and_then(Value::as_str) {
                Some(reference) => {
                    schema = self.components.pointer(reference.strip_prefix("#/components")?)?;
                }
                None => return Some(schema),
            }
        }
    }
}

pub(crate) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn reason(error: &ValidationError<'_>) -> String {
    let reason = match error.kind() {
        ValidationErrorKind::AnyOf { .. } => {
            format!("{} matches no alternative of the schema", error.instance())
        }
        _ => error.to_string(),
    };
    match reason.char_indices().nth(LONGEST_REASON) {
        // A long reason starts with the value and ends with what is wrong, so the middle is cut.
        Some(_) => {
            let half = LONGEST_REASON / 2;
            let (start, end): (String, Vec<char>) =
                (reason.chars().take(half).collect(), reason.chars().rev().take(half).collect());
            format!("{start} ... {}", end.into_iter().rev().collect::<String>())
        }
        None => reason,
    }
}

/// Whether a branch of `oneOf` accepts only null, which is how the bundle makes references to components nullable.
fn is_null(schema: &Value) -> bool {
    schema["enum"] == json!([null])
}

/// Schemas by name.
fn named(schemas: &Value) -> Value {
    let schemas = schemas.as_object().into_iter().flatten();
    Value::Object(schemas.map(|(name, schema)| (name.clone(), translate(schema))).collect())
}

/// Translates a schema of OpenAPI 3.0 to draft 7 of JSON Schema, without keywords that do not constrain values.
fn translate(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else { return schema.clone() };
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return json!({"$ref": format!("{BUNDLE}{reference}")});
    }
    let mut translated = Map::new();
    for (key, value) in schema {
        let (key, value) = match key.as_str() {
            "properties" => ("properties", named(value)),
            "items" | "additionalProperties" => (key.as_str(), translate(value)),
            "allOf" => ("allOf", value.as_array().into_iter().flatten().map(translate).collect()),
            "oneOf" => (
                "anyOf",
                value.as_array().into_iter().flatten().filter(|b| !is_null(b)).map(translate).collect(),
            ),
            "type" | "required" | "enum" | "minimum" | "maximum" | "minLength" | "maxLength" | "pattern"
            | "maxProperties" | "minItems" | "maxItems" | "uniqueItems" => (key.as_str(), value.clone()),
            _ => continue,
        };
        translated.insert(key.to_owned(), value);
    }
    // With a single alternative, report its own errors.
    if let Some([only]) = translated.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        let only = json!([only]);
        translated.remove("anyOf");
        translated.insert("allOf".to_owned(), only);
    }
    let alternatives = schema.get("oneOf").and_then(Value::as_array);
    let or_null = alternatives.is_some_and(|branches| branches.iter().any(is_null));
    if or_null || schema.get("nullable") == Some(&Value::Bool(true)) {
        json!({"if": {"type": "null"}, "else": translated})
    } else {
        Value::Object(translated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> Schemas {
        Schemas::new(&json!({"components": {"schemas": {
            "Pear": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "size": {"type": "integer", "format": "int64", "nullable": true, "minimum": 0},
                    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
                    "price": {"allOf": [{"$ref": "#/components/schemas/Number"}], "nullable": true},
                    "kind": {"type": "string", "enum": ["green", "yellow"]},
                    "picked": {"type": "string", "format": "date-time"},
                    "tree": {"type": "object", "nullable": true, "allOf": [{"$ref": "#/components/schemas/Tree"}]},
                    "notes": {"type": "object", "additionalProperties": {}},
                    "root": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"enum": [null]}]},
                    "others": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}}
                },
                "additionalProperties": {}
            },
            "Number": {"oneOf": [{"type": "number"}, {"type": "string"}]},
            "Tree": {
                "type": "object",
                "properties": {"age": {"type": "integer", "format": "int32"}, "code": {"type": "string", "pattern": "^[A-Z]+$"}},
                "additionalProperties": {}
            }
        }}}))
        .unwrap()
    }

    #[test]
    fn schema_violations_are_located() {
        let schemas = schemas();
        let pear = json!({"$ref": "#/components/schemas/Pear"});
        let check = |value: Value, expected: &[&str]| {
            let breaches = schemas.breaches(&pear, &value).unwrap();
            let found: Vec<_> = breaches.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{value}");
        };
        check(
            json!({"id": "p", "size": null, "price": null, "tree": null, "root": null, "picked": "yesterday"}),
            &[],
        );
        check(json!({"id": "p", "size": 9_223_372_036_854_775_807_i64, "price": "0.23"}), &[]);
        check(json!({"id": "p", "price": 0.23, "tree": {"age": 3, "height": 4}, "worm": true}), &[]);
        check(json!([]), &["the value: [] is not of type \"object\""]);
        check(json!({}), &["the value: \"id\" is a required property"]);
        check(json!({"id": null}), &["/id: null is not of type \"string\""]);
        check(json!({"id": ""}), &["/id: \"\" is shorter than 1 character"]);
        check(json!({"id": "p", "size": "big"}), &["/size: \"big\" is not of type \"integer\""]);
        check(json!({"id": "p", "size": -1}), &["/size: -1 is less than the minimum of 0"]);
        check(json!({"id": "p", "tags": ["a", 1]}), &["/tags/1: 1 is not of type \"string\""]);
        check(
            json!({"id": "p", "tags": ["a", "b", "c"]}),
            &["/tags: [\"a\",\"b\",\"c\"] has more than 2 items"],
        );
        check(json!({"id": "p", "price": []}), &["/price: [] matches no alternative of the schema"]);
        check(json!({"id": "p", "kind": "red"}), &["/kind: \"red\" is not one of \"green\" or \"yellow\""]);
        check(json!({"id": "p", "tree": {"code": "a"}}), &["/tree/code: \"a\" does not match \"^[A-Z]+$\""]);
        check(json!({"id": "p", "root": {"age": "a"}}), &["/root/age: \"a\" is not of type \"integer\""]);
        check(
            json!({"id": "p", "others": {"a/b": {"age": "x"}}}),
            &["/others/a~1b/age: \"x\" is not of type \"integer\""],
        );
    }

    #[test]
    fn violation_reason_is_short() {
        let long = json!({"id": ["x".repeat(5000)]});
        let breaches = schemas().breaches(&json!({"$ref": "#/components/schemas/Pear"}), &long).unwrap();
        assert!(
            breaches[0].reason.len() < 250 && breaches[0].reason.ends_with("is not of type \"string\""),
            "{breaches:?}"
        );
    }

    #[test]
    fn undeclared_fields_are_found() {
        let value = json!({
            "id": "p", "worm": 1, "notes": {"any": {"thing": 1}}, "tree": {"age": 1, "height": 2},
            "root": {"deep": 1}, "others": {"a/b": {"age": 1, "width": 2}}
        });
        let found = schemas().unnamed(&json!({"$ref": "#/components/schemas/Pear"}), &value);
        assert_eq!(found, ["/worm", "/tree/height", "/root/deep", "/others/a~1b/width"]);
    }

    #[test]
    fn invalid_pattern_is_an_error() {
        assert!(schemas().breaches(&json!({"type": "string", "pattern": "("}), &json!("")).is_err());
    }
}
