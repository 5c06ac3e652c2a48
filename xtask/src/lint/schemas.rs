//! Schemas: only forms that all generators support.

use std::collections::BTreeSet;

use super::{Lint, references};
use crate::generate::tables::pascal_case;
use crate::spec::Spec;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::{Entry, Node};

/// A schema, wherever it is written.
pub struct Schema<'s> {
    /// The schema object.
    pub node: &'s Node,
    /// The location of its key.
    pub location: &'s Location,
    /// Its role.
    pub role: Role,
    /// Name of its component.
    pub component: Option<&'s str>,
}

/// The role of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A component.
    Component,
    /// A property of an object.
    Property,
    /// The items of a list.
    Items,
    /// The values of a map.
    Values,
    /// A branch of `oneOf`.
    Branch,
    /// Wrapped by `allOf`.
    Wrapped,
    /// A parameter.
    Parameter,
    /// A request body.
    Request,
    /// The body of a response.
    Response,
}

/// Every schema of the specification.
pub fn all(spec: &Spec) -> Vec<Schema<'_>> {
    let mut found = Vec::new();
    for (_, entry) in spec.components("schemas") {
        add(&mut found, entry, Role::Component, Some(&entry.key));
    }
    let named = spec.components("parameters").map(|(_, entry)| &entry.value);
    let inline = spec.operations().flat_map(|operation| operation.parameters());
    for parameter in named.chain(inline) {
        add_at(&mut found, parameter, "schema", Role::Parameter, None);
    }
    for operation in spec.operations() {
        for body in operation.node().get("requestBody").map_or(&[][..], bodies) {
            add_at(&mut found, &body.value, "schema", Role::Request, None);
        }
        for response in operation.node().get("responses").map_or(&[][..], Node::entries) {
            for body in bodies(&response.value) {
                add_at(&mut found, &body.value, "schema", Role::Response, None);
            }
        }
    }
    found
}

/// The content of a request body or a response, by media type.
fn bodies(node: &Node) -> &[Entry] {
    node.get("content").map_or(&[][..], Node::entries)
}

fn add_at<'s>(
    found: &mut Vec<Schema<'s>>,
    node: &'s Node,
    key: &str,
    role: Role,
    component: Option<&'s str>,
) {
    if let Some(entry) = node.entries().iter().find(|entry| entry.key == key) {
        add(found, entry, role, component);
    }
}

fn add<'s>(found: &mut Vec<Schema<'s>>, entry: &'s Entry, role: Role, component: Option<&'s str>) {
    let node = &entry.value;
    found.push(Schema { node, location: &entry.location, role, component });
    for property in node.get("properties").map_or(&[][..], Node::entries) {
        add(found, property, Role::Property, component);
    }
    add_at(found, node, "items", Role::Items, component);
    add_at(found, node, "additionalProperties", Role::Values, component);
    for (key, role) in [("oneOf", Role::Branch), ("allOf", Role::Wrapped)] {
        for branch in node.get(key).map_or(&[][..], Node::items) {
            found.push(Schema { node: branch, location: &branch.location, role, component });
            add_at(found, branch, "items", Role::Items, component);
        }
    }
}

/// Checks every schema on its own.
pub fn check(lint: &mut Lint<'_>) {
    for schema in all(lint.spec) {
        references::expect_kind(lint, schema.node, "schemas");
        in_place(lint, &schema);
        if schema.node.is_mapping() && schema.node.get("$ref").is_none() {
            kind(lint, &schema);
            members(lint, &schema);
            composed(lint, &schema);
            extensions(lint, &schema);
            names(lint, &schema);
        }
    }
}

/// Checks which schemas are allowed where.
fn in_place(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let Schema { node, location, role, .. } = schema;
    let refers = node.get("$ref").is_some();
    match role {
        Role::Request | Role::Response if !refers => {
            lint.report(location, Rule::InlineSchema, "make the schema a named component, and refer to it");
        }
        Role::Property if refers => {
            let message = "wrap the reference: {description: ..., allOf: [{$ref: ...}]}";
            lint.report(location, Rule::BareRef, message);
        }
        Role::Property | Role::Items | Role::Values | Role::Parameter if node.get("properties").is_some() => {
            lint.report(location, Rule::InlineSchema, "make the object a named component, and refer to it");
        }
        _ => {}
    }
    if matches!(role, Role::Component | Role::Property)
        && !refers
        && node.is_mapping()
        && node.get("description").is_none()
    {
        lint.report(location, Rule::MissingDescription, "say what it means, its unit and its limits");
    }
}

/// Keywords and the types that they belong to.
const KEYWORDS: [(&str, &[&str]); 15] = [
    ("properties", &["object"]),
    ("required", &["object"]),
    ("additionalProperties", &["object"]),
    ("maxProperties", &["object"]),
    ("items", &["array"]),
    ("minItems", &["array"]),
    ("maxItems", &["array"]),
    ("uniqueItems", &["array"]),
    ("enum", &["string"]),
    ("x-extensible-enum", &["string"]),
    ("pattern", &["string"]),
    ("minLength", &["string"]),
    ("maxLength", &["string"]),
    ("minimum", &["integer", "number"]),
    ("maximum", &["integer", "number"]),
];

/// The types of JSON schemas. OpenAPI 3.0 has no null type.
const TYPES: [&str; 6] = ["object", "array", "string", "boolean", "integer", "number"];

fn kind(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    let kind = node.get("type").and_then(Node::as_str);
    if node.get("allOf").is_some() || node.get("oneOf").is_some() {
        composed_type(lint, schema, kind);
    } else if let Some(other) = kind.filter(|kind| !TYPES.contains(kind)) {
        let message = format!("`{other}` is not a type: write {}", TYPES.join(", "));
        lint.report(node.location_of("/type"), Rule::UnsupportedType, message);
    }
    for (keyword, types) in KEYWORDS.iter().filter(|(keyword, _)| node.get(keyword).is_some()) {
        if !kind.is_some_and(|kind| types.contains(&kind)) {
            let message = format!("`{keyword}` goes with `type: {}`", types.join("` or `type: "));
            lint.report(node.location_of(&format!("/{keyword}")), Rule::UnsupportedType, message);
        }
    }
    let format = node.get("format").and_then(Node::as_str);
    let advice = match (kind, format) {
        (Some("integer"), Some("int32" | "int64"))
        | (Some("string"), Some("date-time" | "password"))
        | (Some("number"), Some("double")) => return,
        (Some("integer"), _) => "write `format: int64`, or `int32` where that is always enough",
        (_, None) => return,
        (Some("string"), Some("date" | "uuid" | "uri" | "email")) => {
            "an unexpected value would make a page unreadable: remove it and describe it instead"
        }
        (Some("string"), _) => "the format of a string is `date-time` or `password`: remove it",
        (Some("number"), _) => "the format of a number is `double`: remove it",
        _ => "only numbers and strings have a format: remove it",
    };
    let location = node.get("format").map_or(schema.location, |_| node.location_of("/format"));
    lint.report(location, Rule::UnsupportedFormat, advice);
}

/// A composed schema takes the type of its parts. Only a nullable reference repeats that type, because `nullable` has no effect without
/// one.
fn composed_type(lint: &mut Lint<'_>, schema: &Schema<'_>, kind: Option<&str>) {
    let node = schema.node;
    let wrapped = node.get("allOf").and_then(|all_of| lint.spec.follow(all_of.items().first()?));
    let expected =
        wrapped.filter(|_| node.get("nullable").is_some()).and_then(|wrapped| wrapped.get("type")?.as_str());
    match (kind, expected) {
        (Some(kind), Some(expected)) if kind == expected => {}
        (_, Some(expected)) => {
            let message = format!("`nullable` has no effect without a type: write `type: {expected}`");
            lint.report(node.location_of("/nullable"), Rule::UnsupportedType, message);
        }
        (Some(_), None) => {
            let message = "`allOf` and `oneOf` have the type of their content: remove `type`";
            lint.report(node.location_of("/type"), Rule::UnsupportedType, message);
        }
        (None, None) => {}
    }
}

fn members(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    match node.get("type").and_then(Node::as_str) {
        _ if node.get("allOf").is_some() => {}
        Some("array") if node.get("items").is_none() => {
            lint.report(schema.location, Rule::MissingKey, "write `items`, `{}` where anything is allowed");
        }
        Some("object") if node.get("properties").is_none() && node.get("additionalProperties").is_none() => {
            let message =
                "write `properties`, or the `additionalProperties` of a map: `{}` where anything is allowed";
            lint.report(schema.location, Rule::AdditionalProperties, message);
        }
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for name in node.get("required").map_or(&[][..], Node::items) {
        let Some(text) = name.as_str() else { continue };
        if node.get("properties").is_none_or(|properties| properties.get(text).is_none()) {
            let message = format!("`{text}` is required and no property: describe it, or correct the name");
            lint.report(&name.location, Rule::RequiredProperty, message);
        } else if !seen.insert(text) {
            lint.report(&name.location, Rule::RequiredProperty, format!("`{text}` is named already"));
        }
    }
}

fn composed(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if let Some(all_of) = node.get("allOf") {
        let wraps = matches!(all_of.items(), [one] if one.get("$ref").is_some());
        if !wraps || schema.role == Role::Component {
            let message =
                "`allOf` only wraps the single `$ref` of a property: write the properties of the others out";
            lint.report(node.location_of("/allOf"), Rule::AllOf, message);
        }
    }
    let Some(one_of) = node.get("oneOf") else { return };
    for branch in one_of.items() {
        let followed = lint.spec.follow(branch).unwrap_or(branch);
        let scalar = |node: &Node| {
            matches!(
                node.get("type").and_then(Node::as_str),
                Some("string" | "boolean" | "integer" | "number")
            )
        };
        let list = followed.get("items").is_some_and(scalar);
        if !scalar(followed) && !list {
            let message = "a branch of `oneOf` is a scalar or a list of scalars: write one object with optional properties, or \
                           any JSON (a description alone)";
            lint.report(&branch.location, Rule::OneOf, message);
        }
    }
    if one_of.items().len() < 2 {
        lint.report(node.location_of("/oneOf"), Rule::OneOf, "a choice is between two things at least");
    }
    if schema.role != Role::Component {
        lint.report(
            node.location_of("/oneOf"),
            Rule::InlineSchema,
            "make the choice a named component, and refer to it",
        );
    } else if node.get("nullable").is_some() {
        let message =
            "write `nullable` where the component is used: the generated type does not compile otherwise";
        lint.report(node.location_of("/nullable"), Rule::OneOf, message);
    }
}

fn extensions(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    if node.get("x-sbg-secret").is_some() && schema.role != Role::Property {
        let message = "a secret is masked by its name: say it of the property";
        lint.report(node.location_of("/x-sbg-secret"), Rule::ExtensionValue, message);
    }
    if node.get("x-extensible-enum").is_none() {
        return;
    }
    let location = node.location_of("/x-extensible-enum");
    if schema.role != Role::Component {
        lint.report(location, Rule::ExtensionValue, "make the open enum a named component, and refer to it");
    }
    if node.get("enum").is_some() {
        lint.report(
            location,
            Rule::ExtensionValue,
            "a set of values is open or closed: remove one of the two",
        );
    }
}

/// Checks the names in Rust: values become variants of an enum, properties become fields of a struct.
fn names(lint: &mut Lint<'_>, schema: &Schema<'_>) {
    let node = schema.node;
    for (key, taken) in [("enum", None), ("x-extensible-enum", Some("Other"))] {
        let Some(values) = node.get(key) else { continue };
        let mut variants: BTreeSet<String> = taken.into_iter().map(str::to_owned).collect();
        for value in values.items() {
            let variant = value.as_str().map(pascal_case).unwrap_or_default();
            if variant.is_empty() || !variants.insert(variant) {
                let message =
                    "this value has no unique name in Rust: remove it, or write a `pattern` for the set";
                lint.report(&value.location, Rule::NamesInRust, message);
            }
        }
        if values.items().is_empty() {
            lint.report(
                node.location_of(&format!("/{key}")),
                Rule::NamesInRust,
                "a set of values has one at least",
            );
        }
    }
    // Undocumented fields are in the field `extra` of a response.
    let mut fields = BTreeSet::from(["extra".to_owned()]);
    for property in node.get("properties").map_or(&[][..], Node::entries) {
        let field = snake_case(&property.key);
        if field.is_empty() || !fields.insert(field) {
            let message = format!("`{}` has no name of its own in Rust: leave it to `extra`", property.key);
            lint.report(&property.location, Rule::NamesInRust, message);
        }
    }
}

/// `picked_on`, `picked-on` and `pickedOn` all become `picked_on`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        let starts_word = !c.is_ascii_alphanumeric()
            || c.is_ascii_uppercase() && snake.ends_with(|c: char| !c.is_ascii_uppercase());
        if starts_word && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if c.is_ascii_alphanumeric() {
            snake.push(c.to_ascii_lowercase());
        }
    }
    snake.trim_end_matches('_').to_owned()
}
