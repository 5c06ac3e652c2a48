//! The types of the inputs of an app, and values of these types from text. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TaskValue;
use crate::error::{Error, Result};
use crate::ids::excerpt;

/// Between the values of a list.
const SEPARATOR: char = ';';

/// The type of an input, as far as a text can be read by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Int,
    Float,
    Bool,
    Text,
    /// Anything else: JSON if it looks like it, else text.
    Any,
}

/// The type of an input, or of the items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputType {
    pub(super) kind: Kind,
    pub(super) is_list: bool,
}

/// The inputs of a description of an app, by id.
pub(super) fn of_app(description: &Value) -> BTreeMap<String, InputType> {
    let short = |id: &str| id.trim_start_matches('#').rsplit('/').next().unwrap_or_default().to_owned();
    match &description["inputs"] {
        Value::Array(inputs) => {
            let input = |input: &Value| Some((short(input["id"].as_str()?), of_type(&input["type"])));
            inputs.iter().filter_map(input).collect()
        }
        Value::Object(inputs) => {
            let of = |value: &Value| {
                of_type(if value.is_object() && value.get("type").is_some() { &value["type"] } else { value })
            };
            inputs.iter().map(|(id, value)| (short(id), of(value))).collect()
        }
        _ => BTreeMap::new(),
    }
}

fn of_type(value: &Value) -> InputType {
    let plain = |kind| InputType { kind, is_list: false };
    match value {
        Value::String(name) => {
            let name = name.trim_end_matches('?');
            let (name, is_list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
            let kind = match name {
                "File" => Kind::File,
                "Directory" => Kind::Folder,
                "int" | "long" => Kind::Int,
                "float" | "double" => Kind::Float,
                "boolean" => Kind::Bool,
                "string" => Kind::Text,
                _ => Kind::Any,
            };
            InputType { kind, is_list }
        }
        // Of several types the first one that is not null.
        Value::Array(types) => {
            types.iter().find(|one| one.as_str() != Some("null")).map_or(plain(Kind::Any), of_type)
        }
        Value::Object(of) => match of.get("type").and_then(Value::as_str) {
            Some("array") => InputType { is_list: true, ..of_type(&of["items"]) },
            Some("enum") => plain(Kind::Text),
            Some("record") => plain(Kind::Any),
            _ if of.contains_key("type") => of_type(&of["type"]),
            _ => plain(Kind::Any),
        },
        _ => plain(Kind::Any),
    }
}

impl InputType {
    /// The values in a cell: one, or those of a list.
    fn parts(self, cell: &str) -> impl Iterator<Item = &str> {
        let whole = (!self.is_list).then_some(cell);
        let list = self.is_list.then(|| cell.split(SEPARATOR).map(str::trim).filter(|part| !part.is_empty()));
        whole.into_iter().chain(list.into_iter().flatten())
    }

    /// The paths in a cell, where it has files or folders that are not named by id.
    pub(super) fn paths(self, cell: &str) -> impl Iterator<Item = &str> {
        let has_files = matches!(self.kind, Kind::File | Kind::Folder);
        self.parts(cell).filter(move |part| has_files && !is_id(part))
    }

    /// The value of a cell. `ids` has the ids of the files at all paths.
    pub(super) fn value(self, cell: &str, ids: &BTreeMap<String, Result<String>>) -> Result<TaskValue> {
        if !self.is_list {
            return self.kind.value(cell, ids);
        }
        let values = self.parts(cell).map(|part| self.kind.value(part, ids));
        Ok(TaskValue::List(values.collect::<Result<_>>()?))
    }
}

impl Kind {
    fn value(self, text: &str, ids: &BTreeMap<String, Result<String>>) -> Result<TaskValue> {
        let invalid = |what: &str| Error::invalid(format!("`{}` is not {what}", excerpt(text, 60)));
        let id = || match ids.get(text) {
            _ if is_id(text) => Ok(text.to_owned()),
            Some(id) => id.clone(),
            None => Err(invalid("the id or path of a file")),
        };
        Ok(match self {
            Self::File => TaskValue::file(id()?),
            Self::Folder => TaskValue::folder(id()?),
            Self::Int => text.parse::<i64>().map_err(|_| invalid("a whole number"))?.into(),
            Self::Float => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| invalid("a number"))?.into()
            }
            Self::Bool => match &*text.to_ascii_lowercase() {
                "true" | "yes" => true.into(),
                "false" | "no" => false.into(),
                _ => return Err(invalid("`true` or `false`")),
            },
            Self::Text => text.into(),
            Self::Any => match text.starts_with(['{', '[']).then(|| serde_json::from_str(text)) {
                Some(json) => TaskValue::from_json(&json.map_err(|_| invalid("valid JSON"))?),
                None => text.into(),
            },
        })
    }
}

/// Whether a text is the id of a file.
fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_read_in_every_form() {
        let check = |value: Value, kind: Kind, is_list: bool| {
            assert_eq!(of_type(&value), InputType { kind, is_list }, "{value}");
        };
        check(json!("File"), Kind::File, false);
        check(json!("File?"), Kind::File, false);
        check(json!("File[]?"), Kind::File, true);
        check(json!(["null", "int"]), Kind::Int, false);
        check(json!(["null", {"type": "array", "items": "File"}]), Kind::File, true);
        check(json!({"type": "array", "items": ["double"]}), Kind::Float, true);
        check(json!([{"type": "enum", "symbols": ["a"], "name": "n"}]), Kind::Text, false);
        check(json!({"type": "record", "fields": []}), Kind::Any, false);
        check(json!({"type": "Directory"}), Kind::Folder, false);
        check(json!(null), Kind::Any, false);
        let ids = |app: Value| of_app(&app).into_keys().collect::<Vec<_>>();
        assert_eq!(
            ids(json!({"inputs": [{"id": "#reads", "type": "File"}, {"id": "#main/n", "type": "int"}]})),
            ["n", "reads"]
        );
        assert_eq!(ids(json!({"inputs": {"reads": "File", "n": {"type": "int"}}})), ["n", "reads"]);
        assert_eq!(ids(json!({"class": "nextflow"})), [""; 0]);
    }

    #[test]
    fn cells_become_values_of_their_type() {
        let ids = BTreeMap::from([("a/b.bam".to_owned(), Ok("567890abc1e5339df0414123".to_owned()))]);
        let check = |name: Value, cell: &str, expected: Result<Value, &str>| {
            let got = of_type(&name)
                .value(cell, &ids)
                .map(|value| value.to_json())
                .map_err(|error| error.to_string());
            match (got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(word)) => assert!(got.contains(word), "{got}"),
                (got, _) => panic!("{cell}: {got:?}"),
            }
        };
        check(json!("int"), "4", Ok(json!(4)));
        check(json!("int"), "4.5", Err("`4.5` is not a whole number"));
        check(json!("double"), "4.5", Ok(json!(4.5)));
        check(json!("double"), "NaN", Err("not a number"));
        check(json!("boolean"), "TRUE", Ok(json!(true)));
        check(json!("boolean"), "1", Err("`true` or `false`"));
        check(json!("string"), "[a", Ok(json!("[a")));
        check(json!("string[]"), "a; b;", Ok(json!(["a", "b"])));
        check(json!("Any"), "{\"a\": 1}", Ok(json!({"a": 1})));
        check(json!("Any"), "{a", Err("not valid JSON"));
        check(json!("File"), "a/b.bam", Ok(json!({"class": "File", "path": "567890abc1e5339df0414123"})));
        check(json!("File"), "a/c.bam", Err("`a/c.bam` is not the id or path"));
    }
}
