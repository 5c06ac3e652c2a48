//! The types of the inputs of an app, and values of these types from text. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TaskValue;
use crate::error::{Error, Result};
use crate::ids::excerpt;

/// Between the values of a list.
const SEPARATOR: char = ';';

/// The type of the values of an input, as far as text can be read by it.
///
/// ```
/// use sbg::tasks::InputKind;
///
/// assert_eq!(InputKind::Integer.parse("4")?, 4);
/// assert_eq!(InputKind::Integer.parse("four").unwrap_err().message(), "`four` is not a whole number");
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Text, or a symbol of an enum.
    Text,
    /// Anything else, such as a record or one of several types.
    Any,
}

/// The type of an input of an app.
///
/// ```
/// use sbg::tasks::InputType;
///
/// let app = serde_json::json!({"inputs": {"reads": "File[]", "threads": "int?"}});
/// let inputs = InputType::of_app(&app);
/// assert!(inputs["reads"].is_list && inputs["threads"].is_optional);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputType {
    /// The type of the value, or of the items of a list.
    pub kind: InputKind,
    /// Whether the input takes a list.
    pub is_list: bool,
    /// Whether the input may be left out.
    pub is_optional: bool,
}

impl InputType {
    /// The inputs of a CWL description, by id: of v1.x as a list or a map, or of draft-2. Other descriptions have none.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/helix-angle").raw().await?;
    /// for (id, input) in sbg::tasks::InputType::of_app(&app) {
    ///     println!("{id} {:?}", input.kind);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn of_app(description: &Value) -> BTreeMap<String, Self> {
        let short = |id: &str| id.rsplit(['#', '/']).next().unwrap_or_default().to_owned();
        match &description["inputs"] {
            Value::Array(inputs) => {
                let input = |input: &Value| Some((short(input["id"].as_str()?), of_input(input)));
                inputs.iter().filter_map(input).collect()
            }
            Value::Object(inputs) => inputs.iter().map(|(id, input)| (short(id), of_input(input))).collect(),
            _ => BTreeMap::new(),
        }
    }

    /// The values in a cell: one, or those of a list.
    fn parts(self, cell: &str) -> impl Iterator<Item = &str> {
        let whole = (!self.is_list).then_some(cell);
        let list = self.is_list.then(|| cell.split(SEPARATOR).map(str::trim).filter(|part| !part.is_empty()));
        whole.into_iter().chain(list.into_iter().flatten())
    }

    /// The files and folders in a cell that are not named by id.
    pub(super) fn paths(self, cell: &str) -> impl Iterator<Item = &str> {
        let has_files = matches!(self.kind, InputKind::File | InputKind::Folder);
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

/// The type of an input that is declared by a map with `type`, or by the type alone.
fn of_input(input: &Value) -> InputType {
    let declared = if input.is_object() { input.get("type").unwrap_or(input) } else { input };
    let found = of_type(declared);
    let has_default = input.get("default").is_some_and(|value| !value.is_null());
    InputType { is_optional: found.is_optional || has_default, ..found }
}

fn of_type(declared: &Value) -> InputType {
    let plain = |kind| InputType { kind, is_list: false, is_optional: false };
    match declared {
        Value::String(name) => {
            let (name, is_optional) = name.strip_suffix('?').map_or((&**name, false), |name| (name, true));
            let (name, is_list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
            let kind = match name {
                "File" => InputKind::File,
                "Directory" => InputKind::Folder,
                "int" | "long" => InputKind::Integer,
                "float" | "double" => InputKind::Number,
                "boolean" => InputKind::Boolean,
                "string" => InputKind::Text,
                _ => InputKind::Any,
            };
            InputType { kind, is_list, is_optional }
        }
        Value::Array(types) => {
            let is_optional = types.iter().any(|one| one.as_str() == Some("null"));
            let mut others = types.iter().filter(|one| one.as_str() != Some("null"));
            let found = match (others.next(), others.next()) {
                (Some(only), None) => of_type(only),
                _ => plain(InputKind::Any),
            };
            InputType { is_optional, ..found }
        }
        Value::Object(of) => match of.get("type").and_then(Value::as_str) {
            Some("array") => InputType { is_list: true, is_optional: false, ..of_type(&of["items"]) },
            Some("enum") => plain(InputKind::Text),
            Some("record") => plain(InputKind::Any),
            _ if of.contains_key("type") => of_type(&of["type"]),
            _ => plain(InputKind::Any),
        },
        _ => plain(InputKind::Any),
    }
}

impl InputKind {
    /// Reads a text as JSON of this type. Files and folders stay text.
    ///
    /// ```
    /// use sbg::tasks::InputKind;
    ///
    /// assert_eq!(InputKind::Boolean.parse("yes")?, true);
    /// assert_eq!(InputKind::Any.parse("[1, 2]")?, serde_json::json!([1, 2]));
    /// assert_eq!(InputKind::Any.parse("a=b")?, "a=b");
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for text that is not of this type.
    pub fn parse(self, text: &str) -> Result<Value> {
        let invalid = |what: &str| Error::invalid(format!("`{}` is not {what}", excerpt(text, 60)));
        Ok(match self {
            Self::File | Self::Folder | Self::Text => text.into(),
            Self::Integer => text.parse::<i64>().map_err(|_| invalid("a whole number"))?.into(),
            Self::Number => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| invalid("a number"))?.into()
            }
            Self::Boolean => match &*text.to_ascii_lowercase() {
                "true" | "yes" => true.into(),
                "false" | "no" => false.into(),
                _ => return Err(invalid("`true` or `false`")),
            },
            Self::Any => match serde_json::from_str(text) {
                Ok(json) => json,
                Err(_) if text.starts_with(['{', '[']) => return Err(invalid("valid JSON")),
                Err(_) => text.into(),
            },
        })
    }

    fn value(self, text: &str, ids: &BTreeMap<String, Result<String>>) -> Result<TaskValue> {
        let id = || match ids.get(text) {
            _ if is_id(text) => Ok(text.to_owned()),
            Some(id) => id.clone(),
            None => Err(Error::invalid(format!("`{}` is not the id or path of a file", excerpt(text, 60)))),
        };
        Ok(match self {
            Self::File => TaskValue::file(id()?),
            Self::Folder => TaskValue::folder(id()?),
            _ => TaskValue::from_json(&self.parse(text)?),
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
        let check = |value: Value, kind: InputKind, is_list: bool, is_optional: bool| {
            assert_eq!(of_type(&value), InputType { kind, is_list, is_optional }, "{value}");
        };
        check(json!("File"), InputKind::File, false, false);
        check(json!("File?"), InputKind::File, false, true);
        check(json!("File[]?"), InputKind::File, true, true);
        check(json!(["null", "int"]), InputKind::Integer, false, true);
        check(json!(["int", "string"]), InputKind::Any, false, false);
        check(json!(["null", {"type": "array", "items": "File"}]), InputKind::File, true, true);
        check(json!({"type": "array", "items": ["double"]}), InputKind::Number, true, false);
        check(json!([{"type": "enum", "symbols": ["a"], "name": "n"}]), InputKind::Text, false, false);
        check(json!({"type": "record", "fields": []}), InputKind::Any, false, false);
        check(json!({"type": "Directory"}), InputKind::Folder, false, false);
        check(json!(null), InputKind::Any, false, false);
    }

    #[test]
    fn inputs_are_found_in_lists_and_maps() {
        let list = json!({"inputs": [{"id": "#reads", "type": ["File"]}, {"id": "#main/n", "type": "int", "default": 3}]});
        let map = json!({"inputs": {"reads": "File", "n": {"type": "int", "default": 3}}});
        let inputs = InputType::of_app(&list);
        assert_eq!(inputs, InputType::of_app(&map));
        assert_eq!(inputs.keys().collect::<Vec<_>>(), ["n", "reads"]);
        assert!(inputs["n"].is_optional && !inputs["reads"].is_optional);
        assert!(InputType::of_app(&json!({"class": "nextflow"})).is_empty());
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
        check(json!("Any"), "a=b", Ok(json!("a=b")));
        check(json!("Any"), "{a", Err("not valid JSON"));
        check(json!("File"), "a/b.bam", Ok(json!({"class": "File", "path": "567890abc1e5339df0414123"})));
        check(json!("File"), "a/c.bam", Err("`a/c.bam` is not the id or path"));
    }
}
