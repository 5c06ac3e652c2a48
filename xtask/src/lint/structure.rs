//! The structure of the files: the keys of OpenAPI objects, which of them are supported, and their values.

use serde_json::Value;

use super::{Lint, text};
use crate::spec::finding::Location;
use crate::spec::rule::Rule;
use crate::spec::yaml::{Kind, Node};

/// The value of a key.
enum Shape {
    /// A string.
    Text,
    /// Text for people: not empty, and valid Markdown for rustdoc.
    Words,
    /// `true` or `false`.
    Flag,
    /// A whole number that is not negative.
    Count,
    /// A number.
    Number,
    /// Any value.
    Json,
    /// A list.
    List(&'static Shape),
    /// A mapping from names.
    Map(&'static Shape),
    /// A list without items.
    EmptyList,
    /// A mapping with the keys of OpenAPI.
    Object(&'static Object),
    /// A schema; the boolean that OpenAPI also allows is refused.
    Values,
}

/// A kind of OpenAPI object.
struct Object {
    /// Its name in messages.
    name: &'static str,
    /// Whether it may be a reference to a component.
    referable: bool,
    /// Key, value, and whether the key is required.
    keys: &'static [(&'static str, Shape, bool)],
    /// OpenAPI keys that we do not use, and what to do instead.
    refused: &'static [(&'static str, &'static str)],
    /// Extensions that are allowed here, and their values.
    extensions: &'static [(&'static str, Extension)],
}

enum Extension {
    True,
    Flag,
    OneOf(&'static [&'static str]),
    Texts,
}

const NEEDED: bool = true;
const LEFT_OUT: bool = false;

static ROOT: Object = Object {
    name: "the root document",
    referable: false,
    keys: &[
        ("openapi", Shape::Text, NEEDED),
        ("info", Shape::Object(&INFO), NEEDED),
        ("servers", Shape::List(&Shape::Object(&SERVER)), LEFT_OUT),
        ("security", Shape::Json, LEFT_OUT),
        ("tags", Shape::List(&Shape::Object(&TAG)), NEEDED),
        ("components", Shape::Object(&ROOT_COMPONENTS), LEFT_OUT),
    ],
    refused: &[
        ("paths", "paths belong in the area files"),
        ("externalDocs", "put the link into `info.description`"),
    ],
    extensions: &[("x-sbg-areas", Extension::Texts), ("x-sbg-documents", Extension::Texts)],
};

static INFO: Object = Object {
    name: "info",
    referable: false,
    keys: &[
        ("title", Shape::Text, NEEDED),
        ("version", Shape::Text, NEEDED),
        ("description", Shape::Words, LEFT_OUT),
        ("termsOfService", Shape::Text, LEFT_OUT),
        ("contact", Shape::Json, LEFT_OUT),
        ("license", Shape::Json, LEFT_OUT),
    ],
    refused: &[],
    extensions: &[],
};

static SERVER: Object = Object {
    name: "a server",
    referable: false,
    keys: &[("url", Shape::Text, NEEDED), ("description", Shape::Words, NEEDED)],
    refused: &[("variables", "list each server on its own")],
    extensions: &[],
};

static TAG: Object = Object {
    name: "a tag",
    referable: false,
    keys: &[("name", Shape::Text, NEEDED), ("description", Shape::Words, NEEDED)],
    refused: &[("externalDocs", "put the link into the description")],
    extensions: &[],
};

static ROOT_COMPONENTS: Object = Object {
    name: "the components of the root document",
    referable: false,
    keys: &[("securitySchemes", Shape::Map(&Shape::Json), LEFT_OUT)],
    refused: &[
        ("schemas", "schemas belong in the area files"),
        ("parameters", "parameters belong in the area files"),
    ],
    extensions: &[],
};

static AREA: Object = Object {
    name: "an area file",
    referable: false,
    keys: &[
        ("paths", Shape::Map(&Shape::Object(&PATH)), LEFT_OUT),
        ("components", Shape::Object(&COMPONENTS), LEFT_OUT),
    ],
    refused: &[],
    extensions: &[],
};

static COMPONENTS: Object = Object {
    name: "components",
    referable: false,
    keys: &[
        ("parameters", Shape::Map(&Shape::Object(&NAMED_PARAMETER)), LEFT_OUT),
        ("schemas", Shape::Map(&Shape::Object(&NAMED_SCHEMA)), LEFT_OUT),
    ],
    refused: &[
        ("responses", "write the response where it is given; its schema is a component"),
        ("requestBodies", "write the body where it is sent; its schema is a component"),
        ("examples", "write the example where it is used"),
        ("headers", "say in the description of the response which headers it has"),
        ("securitySchemes", "security schemes belong in sbg.yaml"),
        ("links", "say it in the description of the operation"),
        ("callbacks", "the platform has none"),
    ],
    extensions: &[],
};

static PATH: Object = Object {
    name: "a path",
    referable: false,
    keys: &[
        ("parameters", Shape::List(&Shape::Object(&PARAMETER)), LEFT_OUT),
        ("get", Shape::Object(&OPERATION), LEFT_OUT),
        ("put", Shape::Object(&OPERATION), LEFT_OUT),
        ("post", Shape::Object(&OPERATION), LEFT_OUT),
        ("delete", Shape::Object(&OPERATION), LEFT_OUT),
        ("patch", Shape::Object(&OPERATION), LEFT_OUT),
    ],
    refused: &[
        ("head", "the platform has no such operation"),
        ("options", "the platform has no such operation"),
        ("trace", "the platform has no such operation"),
        ("summary", "each operation has its own"),
        ("description", "each operation has its own"),
        ("servers", "servers belong in sbg.yaml"),
        ("$ref", "write the path out"),
    ],
    extensions: &[],
};

static OPERATION: Object = Object {
    name: "an operation",
    referable: false,
    keys: &[
        // A separate rule reports a missing operation id or tag.
        ("operationId", Shape::Text, LEFT_OUT),
        ("tags", Shape::List(&Shape::Text), LEFT_OUT),
        ("summary", Shape::Words, NEEDED),
        ("description", Shape::Words, NEEDED),
        ("deprecated", Shape::Flag, LEFT_OUT),
        ("security", Shape::EmptyList, LEFT_OUT),
        ("parameters", Shape::List(&Shape::Object(&PARAMETER)), LEFT_OUT),
        ("requestBody", Shape::Object(&REQUEST_BODY), LEFT_OUT),
        ("responses", Shape::Map(&Shape::Object(&RESPONSE)), NEEDED),
    ],
    refused: &[
        ("servers", "servers belong in sbg.yaml"),
        ("callbacks", "the platform has none"),
        ("externalDocs", "put the link into the description"),
    ],
    extensions: &[
        ("x-sbg-advance-access", Extension::True),
        ("x-sbg-idempotent", Extension::Flag),
        ("x-sbg-pagination", Extension::OneOf(&["offset", "cont_token", "volume"])),
        ("x-sbg-yaml", Extension::True),
    ],
};

static PARAMETER_KEYS: [(&str, Shape, bool); 9] = [
    ("name", Shape::Text, NEEDED),
    ("in", Shape::Text, NEEDED),
    ("required", Shape::Flag, LEFT_OUT),
    ("description", Shape::Words, NEEDED),
    ("deprecated", Shape::Flag, LEFT_OUT),
    ("style", Shape::Text, LEFT_OUT),
    ("explode", Shape::Flag, LEFT_OUT),
    ("schema", Shape::Object(&SCHEMA), NEEDED),
    ("example", Shape::Json, LEFT_OUT),
];

const PARAMETER_REFUSED: &[(&str, &str)] = &[
    ("content", "write `schema`"),
    ("examples", "write one `example`"),
    ("allowEmptyValue", "leave it out"),
    ("allowReserved", "leave it out: values are percent-encoded"),
    ("$ref", "a component that is nothing but another one is of no use: refer to that one"),
];

static PARAMETER: Object = Object {
    name: "a parameter",
    referable: true,
    keys: &PARAMETER_KEYS,
    refused: PARAMETER_REFUSED,
    extensions: PARAMETER_EXTENSIONS,
};

const PARAMETER_EXTENSIONS: &[(&str, Extension)] = &[("x-sbg-slashes", Extension::True)];

static NAMED_PARAMETER: Object = Object {
    name: "a parameter",
    referable: false,
    keys: &PARAMETER_KEYS,
    refused: PARAMETER_REFUSED,
    extensions: PARAMETER_EXTENSIONS,
};

static REQUEST_BODY: Object = Object {
    name: "a request body",
    referable: false,
    keys: &[
        ("required", Shape::Flag, LEFT_OUT),
        ("description", Shape::Words, LEFT_OUT),
        ("content", Shape::Map(&Shape::Object(&MEDIA_TYPE)), NEEDED),
    ],
    refused: &[("$ref", "write the body where it is sent; its schema is a component")],
    extensions: &[],
};

static RESPONSE: Object = Object {
    name: "a response",
    referable: false,
    keys: &[
        ("description", Shape::Words, NEEDED),
        ("content", Shape::Map(&Shape::Object(&MEDIA_TYPE)), LEFT_OUT),
    ],
    refused: &[
        ("headers", "say in the description which headers the response has"),
        ("links", "say it in the description of the operation"),
        ("$ref", "write the response where it is given; its schema is a component"),
    ],
    extensions: &[],
};

static MEDIA_TYPE: Object = Object {
    name: "a body",
    referable: false,
    keys: &[("schema", Shape::Object(&SCHEMA), NEEDED), ("example", Shape::Json, LEFT_OUT)],
    refused: &[
        ("examples", "write one `example`: generators and tests read that"),
        ("encoding", "leave it out: bodies are JSON"),
    ],
    extensions: &[],
};

static SCHEMA_KEYS: [(&str, Shape, bool); 23] = [
    ("type", Shape::Text, LEFT_OUT),
    ("format", Shape::Text, LEFT_OUT),
    ("description", Shape::Words, LEFT_OUT),
    ("deprecated", Shape::Flag, LEFT_OUT),
    ("nullable", Shape::Flag, LEFT_OUT),
    ("required", Shape::List(&Shape::Text), LEFT_OUT),
    ("properties", Shape::Map(&Shape::Object(&SCHEMA)), LEFT_OUT),
    ("additionalProperties", Shape::Values, LEFT_OUT),
    ("items", Shape::Object(&SCHEMA), LEFT_OUT),
    ("enum", Shape::List(&Shape::Text), LEFT_OUT),
    ("allOf", Shape::List(&Shape::Object(&SCHEMA)), LEFT_OUT),
    ("oneOf", Shape::List(&Shape::Object(&SCHEMA)), LEFT_OUT),
    ("minimum", Shape::Number, LEFT_OUT),
    ("maximum", Shape::Number, LEFT_OUT),
    ("minLength", Shape::Count, LEFT_OUT),
    ("maxLength", Shape::Count, LEFT_OUT),
    ("pattern", Shape::Text, LEFT_OUT),
    ("minItems", Shape::Count, LEFT_OUT),
    ("maxItems", Shape::Count, LEFT_OUT),
    ("uniqueItems", Shape::Flag, LEFT_OUT),
    ("maxProperties", Shape::Count, LEFT_OUT),
    ("default", Shape::Json, LEFT_OUT),
    ("example", Shape::Json, LEFT_OUT),
];

const SCHEMA_REFUSED: &[(&str, &str)] = &[
    (
        "anyOf",
        "write `oneOf` of scalars, one object with optional properties, or any JSON (a description alone)",
    ),
    ("not", "say it in the description"),
    ("discriminator", "write one object with optional properties"),
    ("const", "OpenAPI 3.0 has no `const`: write an `enum` of one value"),
    ("exclusiveMinimum", "write `minimum`"),
    ("exclusiveMaximum", "write `maximum`"),
    ("multipleOf", "say it in the description"),
    ("minProperties", "say it in the description"),
    ("title", "the name of the component is its title"),
    ("examples", "write one `example`"),
    ("readOnly", "write a schema for requests and one for responses"),
    ("writeOnly", "write a schema for requests and one for responses"),
    ("externalDocs", "put the link into the description"),
    ("xml", "bodies are JSON"),
    ("$ref", "a component that is nothing but another one is of no use: refer to that one"),
];

const SCHEMA_EXTENSIONS: &[(&str, Extension)] =
    &[("x-extensible-enum", Extension::Texts), ("x-sbg-secret", Extension::True)];

static SCHEMA: Object = Object {
    name: "a schema",
    referable: true,
    keys: &SCHEMA_KEYS,
    refused: SCHEMA_REFUSED,
    extensions: SCHEMA_EXTENSIONS,
};

static NAMED_SCHEMA: Object = Object {
    name: "a schema",
    referable: false,
    keys: &SCHEMA_KEYS,
    refused: SCHEMA_REFUSED,
    extensions: SCHEMA_EXTENSIONS,
};

/// Checks the root document and the area files as a whole.
pub fn check(lint: &mut Lint<'_>) {
    let spec = lint.spec;
    object(lint, &spec.root, &spec.root.location, &ROOT);
    for area in &spec.areas {
        object(lint, &area.root, &area.root.location, &AREA);
    }
    let version = spec.root.get("openapi");
    if let Some(text) = version.and_then(Node::as_str).filter(|text| !text.starts_with("3.0.")) {
        let message = format!("the generators only support OpenAPI 3.0: write `3.0.3` instead of `{text}`");
        lint.report(spec.root.location_of("/openapi"), Rule::OpenapiVersion, message);
    }
}

/// Checks `node`, the value of the key at `location`.
fn value(lint: &mut Lint<'_>, node: &Node, location: &Location, shape: &Shape) {
    let wrong = |lint: &mut Lint<'_>, expected: &str| {
        lint.report(location, Rule::WrongShape, format!("expected {expected}"));
    };
    match (shape, &node.kind) {
        (Shape::Json, _)
        | (Shape::Flag, Kind::Scalar(Value::Bool(_)))
        | (Shape::Number, Kind::Scalar(Value::Number(_)))
        | (Shape::Text, Kind::Scalar(Value::String(_))) => {}
        (Shape::Words, Kind::Scalar(Value::String(words))) => text::check(lint, location, words),
        (Shape::Count, Kind::Scalar(Value::Number(number))) if number.is_u64() => {}
        (Shape::EmptyList, Kind::Sequence(items)) if items.is_empty() => {}
        (Shape::List(of), Kind::Sequence(items)) => {
            for item in items {
                value(lint, item, &item.location, of);
            }
        }
        (Shape::Map(of), Kind::Mapping(entries)) => {
            for entry in entries {
                value(lint, &entry.value, &entry.location, of);
            }
        }
        (Shape::Object(of), Kind::Mapping(_)) => object(lint, node, location, of),
        (Shape::Values, Kind::Mapping(_)) => object(lint, node, location, &SCHEMA),
        (Shape::Values, _) => {
            let message = "write `{}` where anything is allowed, a schema where something is, and leave it out where nothing is";
            lint.report(location, Rule::AdditionalProperties, message);
        }
        (Shape::Text | Shape::Words, _) => wrong(lint, "a string: put it into quotes"),
        (Shape::Flag, _) => wrong(lint, "`true` or `false`"),
        (Shape::Count, _) => wrong(lint, "a whole number"),
        (Shape::Number, _) => wrong(lint, "a number"),
        (Shape::EmptyList, _) => wrong(lint, "`[]`: common settings belong in sbg.yaml"),
        (Shape::List(_), _) => wrong(lint, "a list"),
        (Shape::Map(_), _) => wrong(lint, "a mapping from names"),
        (Shape::Object(of), _) => wrong(lint, &format!("{}, which is a mapping", of.name)),
    }
}

fn object(lint: &mut Lint<'_>, node: &Node, location: &Location, of: &Object) {
    if !node.is_mapping() {
        lint.report(location, Rule::WrongShape, format!("expected {}, a mapping", of.name));
        return;
    }
    if let (Some(reference), true) = (node.entries().iter().find(|entry| entry.key == "$ref"), of.referable) {
        if reference.value.as_str().is_none() {
            lint.report(&reference.location, Rule::WrongShape, "a `$ref` is a string");
        }
        if let Some(sibling) = node.entries().iter().find(|entry| entry.key != "$ref") {
            let message = format!(
                "`{}` beside a `$ref` says nothing: write {{{0}: ..., allOf: [{{$ref: ...}}]}}",
                sibling.key
            );
            lint.report(&sibling.location, Rule::RefSiblings, message);
        }
        return;
    }
    for entry in node.entries() {
        let (key, at) = (entry.key.as_str(), &entry.location);
        if let Some((_, shape, _)) = of.keys.iter().find(|(name, ..)| *name == key) {
            value(lint, &entry.value, at, shape);
        } else if let Some((_, advice)) = of.refused.iter().find(|(name, _)| *name == key) {
            lint.report(at, Rule::UnsupportedKeyword, format!("`{key}` is not used here: {advice}"));
        } else if let Some((_, values)) = of.extensions.iter().find(|(name, _)| *name == key) {
            extension(lint, &entry.value, at, values);
        } else if key.starts_with("x-") {
            let known: Vec<_> = of.extensions.iter().map(|(name, _)| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let message = format!("`{key}` means nothing here: {} has {known}", of.name);
            lint.report(at, Rule::UnknownExtension, message);
        } else {
            let known: Vec<_> = of.keys.iter().map(|(name, ..)| *name).collect();
            lint.report(
                at,
                Rule::UnknownKey,
                format!("`{key}` is not a key of {}: it has {}", of.name, known.join(", ")),
            );
        }
    }
    for (key, ..) in of.keys.iter().filter(|(key, _, needed)| *needed && node.get(key).is_none()) {
        let rule = match *key {
            "summary" => Rule::MissingSummary,
            "description" => Rule::MissingDescription,
            _ => Rule::MissingKey,
        };
        lint.report(location, rule, format!("give {} its `{key}`", of.name));
    }
}

fn extension(lint: &mut Lint<'_>, node: &Node, location: &Location, values: &Extension) {
    let texts = || node.items().iter().filter_map(Node::as_str);
    let (fits, expected) = match values {
        Extension::True => (node.is_true(), "`true`; leave it out otherwise".to_owned()),
        Extension::Flag => {
            (matches!(node.kind, Kind::Scalar(Value::Bool(_))), "`true` or `false`".to_owned())
        }
        Extension::OneOf(known) => {
            (node.as_str().is_some_and(|text| known.contains(&text)), format!("one of {}", known.join(", ")))
        }
        Extension::Texts => {
            let count = texts().count();
            let distinct = texts().collect::<std::collections::BTreeSet<_>>().len() == count;
            (count > 0 && count == node.items().len() && distinct, "a list of strings, each once".to_owned())
        }
    };
    if !fits {
        lint.report(location, Rule::ExtensionValue, format!("expected {expected}"));
    }
}
