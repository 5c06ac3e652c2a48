//! The OpenAPI document, against which strict mode checks requests: query parameters, and the names and types in bodies.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::{
    error::{ApiError, Outcome},
    http::{request::Request, router::Route},
};

const BUNDLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/sbg.openapi.json"));

/// The requests that the document describes.
pub(crate) struct Document {
    bundle: Value,
    /// By method and path without the names of its parameters.
    operations: HashMap<(String, String), Operation>,
}

struct Operation {
    /// Schemas by name.
    query: BTreeMap<String, Value>,
    /// The schema of the body, if the operation has one.
    body: Option<Value>,
}

impl Document {
    /// Parses the document of this version.
    pub(crate) fn load() -> Self {
        let bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is JSON");
        let paths = bundle["paths"].as_object().into_iter().flatten();
        let operations = paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten().filter(|(key, _)| *key != "parameters");
                let bundle = &bundle;
                methods.map(move |(method, operation)| {
                    let key = (method.to_ascii_uppercase(), unnamed(path));
                    (key, Operation::new(bundle, [item, operation]))
                })
            })
            .collect();
        Self { bundle, operations }
    }

    /// Refuses a request with anything that the document does not describe, with a message that names it.
    pub(super) fn check(&self, route: &Route, request: &Request) -> Outcome<()> {
        let refuse = |reason: String| {
            ApiError::bad_request(format_args!("Strict mode: {} {}: {reason}.", route.method, route.path))
        };
        let key = (route.method.to_owned(), unnamed(route.path));
        let operation = self
            .operations
            .get(&key)
            .ok_or_else(|| refuse("the specification does not have this operation".to_owned()))?;
        for (name, value) in request.query_pairs() {
            operation.check_query(name, value).map_err(refuse)?;
        }
        match (&request.body, &operation.body) {
            (Some(body), Some(schema)) if request.yaml.is_none() => {
                self.check_body(schema, body, "").map_err(refuse)
            }
            (Some(_), None) => Err(refuse("the specification has no body here".to_owned())),
            _ => Ok(()),
        }
    }

    fn check_body(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.follow(schema);
        if let Some(branches) = schema["oneOf"].as_array() {
            let mut failures = branches.iter().map(|branch| self.check_body(branch, value, at));
            return match failures.next() {
                Some(first @ Err(_)) if failures.all(|outcome| outcome.is_err()) => first,
                _ => Ok(()),
            };
        }
        let name = if at.is_empty() { "the body" } else { at };
        if value.is_null() {
            let nullable = schema["nullable"] == true
                || schema["enum"].as_array().is_some_and(|all| all.contains(value));
            let any = schema.get("type").is_none() && schema.get("allOf").is_none();
            return if nullable || any { Ok(()) } else { Err(format!("`{name}` must not be null")) };
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check_body(part, value, at)?;
        }
        check_constraints(schema, value, name)?;
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.check_body(&schema["items"], item, &format!("{at}[{index}]"))
            }),
            Value::Object(properties) => properties.iter().try_for_each(|(name, value)| {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                match (schema["properties"].get(name), schema.get("additionalProperties")) {
                    (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                        self.check_body(schema, value, &at)
                    }
                    (None, Some(Value::Bool(true))) => Ok(()),
                    // An object without a description may have any properties.
                    (None, None) if schema.get("properties").is_none() => Ok(()),
                    _ => Err(format!("the specification has no property `{at}`")),
                }
            }),
            _ => Ok(()),
        }
    }

    /// The schema, or the component that it refers to.
    fn follow<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.bundle.pointer(pointer).map_or(schema, |schema| self.follow(schema)),
            None => schema,
        }
    }
}

impl Operation {
    fn new(bundle: &Value, [item, operation]: [&Value; 2]) -> Self {
        let follow = |value: &Value| {
            let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
            pointer.and_then(|pointer| bundle.pointer(pointer)).unwrap_or(value).clone()
        };
        let parameters =
            [item, operation].into_iter().flat_map(|of| of["parameters"].as_array().into_iter().flatten());
        let query =
            parameters.map(follow).filter(|parameter| parameter["in"] == "query").filter_map(|parameter| {
                Some((parameter["name"].as_str()?.to_owned(), follow(&parameter["schema"])))
            });
        let body = operation.pointer("/requestBody/content/application~1json/schema").cloned();
        Self { query: query.collect(), body }
    }

    fn check_query(&self, name: &str, value: &str) -> Result<(), String> {
        let is_map = |schema: &&Value| schema["type"] == "object";
        if self.query.get(name).as_ref().is_some_and(is_map) {
            return Err(format!(
                "the query parameter `{name}` is a map: send each entry as `{name}.KEY=VALUE`"
            ));
        }
        let family = name.split_once('.').map_or(name, |(family, _)| family);
        let schema = self.query.get(name).or_else(|| self.query.get(family).filter(is_map));
        let Some(schema) = schema else {
            let known: Vec<_> = self.query.keys().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!("the specification has no query parameter `{name}`; it has {known}"));
        };
        let fits = match schema["type"].as_str() {
            Some("boolean") => matches!(value, "true" | "false"),
            Some("integer") => value.parse::<i64>().is_ok(),
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            let kind = schema["type"].as_str().unwrap_or_default();
            Err(format!("the query parameter `{name}` must be of the type {kind}, not `{value}`"))
        }
    }
}

/// Checks the type of a value, its allowed values and its size.
fn check_constraints(schema: &Value, value: &Value, name: &str) -> Result<(), String> {
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !fits {
        let kind = schema["type"].as_str().unwrap_or_default();
        return Err(format!("`{name}` must be of the type {kind}"));
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        return Err(format!("`{name}` must be {}", allowed.join(" or ")));
    }
    if let Some(length) = value.as_str().map(|text| text.chars().count() as u64) {
        let least = schema["minLength"].as_u64().unwrap_or(0);
        let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        if length < least {
            return Err(format!("`{name}` must have at least {least} characters"));
        }
        if length > most {
            return Err(format!("`{name}` must have at most {most} characters"));
        }
    }
    if let (Some(map), Some(most)) = (value.as_object(), schema["maxProperties"].as_u64())
        && map.len() as u64 > most
    {
        return Err(format!("`{name}` must have at most {most} properties"));
    }
    Ok(())
}

/// A path without the names of its parameters, which the document and the routes choose differently.
fn unnamed(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}
