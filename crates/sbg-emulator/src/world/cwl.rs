//! The part of the Common Workflow Language that the emulator understands: inputs and outputs of an app and their types.

use serde_json::Value;

/// An input or an output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Port {
    /// Without the `#` and the name of the app in front.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// Whether it is optional.
    pub(crate) optional: bool,
    pub(crate) default: Option<Value>,
}

/// The type of a port.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    File,
    Directory,
    Text,
    Integer,
    Number,
    Flag,
    Enum(Vec<String>),
    List(Box<Kind>),
    OneOf(Vec<Kind>),
    /// Records and everything else.
    Any,
}

impl Kind {
    /// Checks a value; the error says what is expected.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let class = |wanted: &str| {
            let class = value.get("class").and_then(Value::as_str);
            class.is_some_and(|class| class.eq_ignore_ascii_case(wanted)) && value["path"].is_string()
        };
        let fits = match self {
            Self::Any => true,
            // The class of a file is optional.
            Self::File => class("File") || (value.get("class").is_none() && value["path"].is_string()),
            Self::Directory => class("Directory"),
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Enum(symbols) => {
                value.as_str().is_some_and(|text| symbols.iter().any(|symbol| symbol == text))
            }
            Self::List(inner) => match value.as_array() {
                Some(items) => return items.iter().try_for_each(|item| inner.check(item)),
                None => false,
            },
            Self::OneOf(kinds) => kinds.iter().any(|kind| kind.check(value).is_ok()),
        };
        if fits { Ok(()) } else { Err(format!("{} is expected", self.name())) }
    }

    fn name(&self) -> String {
        match self {
            Self::File => "a file".to_owned(),
            Self::Directory => "a folder".to_owned(),
            Self::Text => "a string".to_owned(),
            Self::Integer => "an integer".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Enum(symbols) => format!("one of {}", symbols.join(", ")),
            Self::List(_) => "a list".to_owned(),
            Self::OneOf(kinds) => kinds.iter().map(Self::name).collect::<Vec<_>>().join(" or "),
            Self::Any => "anything".to_owned(),
        }
    }

    /// The type of the items of a list.
    pub(crate) fn item(&self) -> Option<&Self> {
        match self {
            Self::List(inner) => Some(inner),
            Self::OneOf(kinds) => kinds.iter().find_map(Self::item),
            _ => None,
        }
    }
}

/// The ports of a description: a list of objects with ids, or a map.
pub(crate) fn ports(described: Option<&Value>) -> Vec<Port> {
    match described {
        Some(Value::Array(items)) => {
            let named = items.iter().filter_map(|item| Some((item.get("id")?.as_str()?, item)));
            named.map(|(id, item)| port(id, item)).collect()
        }
        Some(Value::Object(map)) => map.iter().map(|(id, item)| port(id, item)).collect(),
        _ => Vec::new(),
    }
}

fn port(id: &str, item: &Value) -> Port {
    let described = item.get("type").unwrap_or(item);
    let (kind, optional) = kind(described);
    let default = item.get("default").filter(|value| !value.is_null()).cloned();
    let id = id.rsplit(['#', '/']).next().unwrap_or(id).to_owned();
    Port { id, kind, optional: optional || default.is_some(), default }
}

/// A type and whether it may be null.
fn kind(described: &Value) -> (Kind, bool) {
    match described {
        Value::String(name) => named(name),
        Value::Array(options) => {
            let mut kinds = Vec::new();
            let mut optional = false;
            for option in options {
                if option == "null" {
                    optional = true;
                    continue;
                }
                let (kind, may_miss) = kind(option);
                optional |= may_miss;
                kinds.push(kind);
            }
            match kinds.len() {
                0 => (Kind::Any, true),
                1 => (kinds.remove(0), optional),
                _ => (Kind::OneOf(kinds), optional),
            }
        }
        Value::Object(map) => match map.get("type") {
            Some(Value::String(name)) if name == "array" => {
                (Kind::List(Box::new(map.get("items").map_or(Kind::Any, |items| kind(items).0))), false)
            }
            Some(Value::String(name)) if name == "enum" => {
                let symbols = map.get("symbols").and_then(Value::as_array).into_iter().flatten();
                let symbols = symbols.filter_map(Value::as_str);
                let short = |symbol: &str| symbol.rsplit(['#', '/']).next().unwrap_or(symbol).to_owned();
                (Kind::Enum(symbols.map(short).collect()), false)
            }
            Some(inner @ (Value::Object(_) | Value::Array(_))) => kind(inner),
            Some(Value::String(name)) if name != "record" => named(name),
            _ => (Kind::Any, false),
        },
        _ => (Kind::Any, true),
    }
}

fn named(name: &str) -> (Kind, bool) {
    if let Some(inner) = name.strip_suffix('?') {
        return (named(inner).0, true);
    }
    if let Some(inner) = name.strip_suffix("[]") {
        return (Kind::List(Box::new(named(inner).0)), false);
    }
    let kind = match name {
        "File" | "stdin" | "stdout" | "stderr" => Kind::File,
        "Directory" => Kind::Directory,
        "string" => Kind::Text,
        "int" | "long" => Kind::Integer,
        "float" | "double" => Kind::Number,
        "boolean" => Kind::Flag,
        "null" => return (Kind::Any, true),
        _ => Kind::Any,
    };
    (kind, false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(described: &Value) -> Port {
        ports(Some(&json!({"x": described}))).remove(0)
    }

    #[test]
    fn cwl_types_parse_in_every_form() {
        let check = |described: Value, kind: Kind, optional: bool| {
            let port = one(&described);
            assert_eq!((port.kind, port.optional), (kind, optional), "{described}");
        };
        let files = || Kind::List(Box::new(Kind::File));
        check(json!("File"), Kind::File, false);
        check(json!("File[]?"), files(), true);
        check(json!({"type": ["null", {"type": "array", "items": "File"}]}), files(), true);
        check(json!({"type": {"type": "array", "items": "File"}}), files(), false);
        check(json!({"type": "int", "default": 3}), Kind::Integer, true);
        check(json!(["string", "long"]), Kind::OneOf(vec![Kind::Text, Kind::Integer]), false);
        check(
            json!({"type": {"type": "enum", "symbols": ["#a/x", "y"]}}),
            Kind::Enum(vec!["x".into(), "y".into()]),
            false,
        );
        check(json!({"type": {"type": "record", "fields": []}}), Kind::Any, false);
        check(json!(["null"]), Kind::Any, true);
        check(json!(3), Kind::Any, true);
    }

    #[test]
    fn ports_parse_in_both_cwl_versions() {
        let draft = json!([{"id": "#file", "type": ["File"]}, {"type": "int"}]);
        assert_eq!(ports(Some(&draft)).into_iter().map(|port| port.id).collect::<Vec<_>>(), ["file"]);
        assert!(ports(Some(&json!(3))).is_empty());
    }

    #[test]
    fn values_are_checked_against_cwl_types() {
        let check = |described: Value, value: Value, fits: bool| {
            assert_eq!(one(&described).kind.check(&value).is_ok(), fits, "{value}");
        };
        check(json!("File"), json!({"class": "File", "path": "1"}), true);
        check(json!("File"), json!({"path": "1"}), true);
        check(json!("File"), json!({"class": "Directory", "path": "1"}), false);
        check(json!("File"), json!("1"), false);
        check(json!("File[]"), json!([{"class": "File", "path": "1"}]), true);
        check(json!("File[]"), json!({"class": "File", "path": "1"}), false);
        check(json!("int"), json!(1.5), false);
        check(json!("float"), json!(1), true);
        check(json!({"type": {"type": "enum", "symbols": ["a"]}}), json!("b"), false);
        check(json!(["string", "int"]), json!(1), true);
    }
}
