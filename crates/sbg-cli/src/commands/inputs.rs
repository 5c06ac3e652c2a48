//! The inputs of a task, from text: the types of the app decide what a text means.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, anyhow, bail};
use sbg::tasks::{TaskFile, TaskFolder, TaskInput};
use sbg::{Client, types};
use serde_json::{Map, Value};

use crate::path::{self, Remote};

/// What an input of an app takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputType {
    pub(super) item: ItemType,
    pub(super) is_list: bool,
    /// It may be left out.
    pub(super) is_optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemType {
    File,
    Folder,
    Integer,
    Number,
    Boolean,
    Text,
    /// Anything else, such as a record: JSON if it is JSON, else text.
    Other,
}

/// The inputs of an app by their ids.
pub(super) type Inputs = BTreeMap<String, InputType>;

/// Reads the inputs of a CWL description: of v1.x as a list or a map, or of draft-2.
pub(super) fn inputs_of(cwl: &Value) -> Inputs {
    let mut inputs = Inputs::new();
    let mut add = |id: &str, described: &Value| {
        let id = id.rsplit(['#', '/']).next().unwrap_or(id);
        let has_default = described.get("default").is_some_and(|value| !value.is_null());
        let declared = if described.is_object() { described.get("type") } else { Some(described) };
        let mut found = type_of(declared.unwrap_or(&Value::Null));
        found.is_optional |= has_default;
        inputs.insert(id.to_owned(), found);
    };
    match cwl.get("inputs") {
        Some(Value::Array(list)) => {
            for input in list {
                add(input.get("id").and_then(Value::as_str).unwrap_or_default(), input);
            }
        }
        Some(Value::Object(map)) => map.iter().for_each(|(id, input)| add(id, input)),
        _ => {}
    }
    inputs
}

fn type_of(declared: &Value) -> InputType {
    let plain = |item| InputType { item, is_list: false, is_optional: false };
    match declared {
        Value::String(name) => {
            if let Some(name) = name.strip_suffix('?') {
                return InputType { is_optional: true, ..type_of(&name.into()) };
            }
            if let Some(name) = name.strip_suffix("[]") {
                return InputType { is_list: true, ..type_of(&name.into()) };
            }
            plain(match name.as_str() {
                "File" => ItemType::File,
                "Directory" => ItemType::Folder,
                "int" | "long" => ItemType::Integer,
                "float" | "double" => ItemType::Number,
                "boolean" => ItemType::Boolean,
                "string" => ItemType::Text,
                _ => ItemType::Other,
            })
        }
        Value::Array(choices) => {
            let is_null = |choice: &&Value| choice.as_str() == Some("null");
            let mut others = choices.iter().filter(|choice| !is_null(choice));
            let is_optional = choices.iter().any(|choice| is_null(&choice));
            match (others.next(), others.next()) {
                (Some(only), None) => InputType { is_optional, ..type_of(only) },
                _ => InputType { is_optional, ..plain(ItemType::Other) },
            }
        }
        Value::Object(map) => match map.get("type").and_then(Value::as_str) {
            Some("array") => {
                let item = map.get("items").map_or(plain(ItemType::Other), type_of);
                InputType { is_list: true, is_optional: false, ..item }
            }
            // Symbols of an enum are text.
            Some("enum") => plain(ItemType::Text),
            _ => plain(ItemType::Other),
        },
        _ => plain(ItemType::Other),
    }
}

/// The JSON of a value that was written as text. Files and folders stay text, to be looked up.
pub(super) fn value_of(item: ItemType, text: &str) -> Result<Value> {
    Ok(match item {
        ItemType::Integer => {
            text.parse::<i64>().map(Value::from).map_err(|_| anyhow!("`{text}` is not an integer"))?
        }
        ItemType::Number => {
            let number: f64 = text.parse().map_err(|_| anyhow!("`{text}` is not a number"))?;
            if !number.is_finite() {
                bail!("`{text}` is not a finite number");
            }
            number.into()
        }
        ItemType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => true.into(),
            "false" | "no" => false.into(),
            _ => bail!("`{text}` is not `true` or `false`"),
        },
        ItemType::File | ItemType::Folder => {
            text.parse::<Remote>().map_err(|error| anyhow!(error))?;
            text.into()
        }
        ItemType::Text => text.into(),
        ItemType::Other => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    })
}

/// Reads `KEY=VALUE` options. An input that takes a list collects its values.
pub(super) fn from_pairs(inputs: &Inputs, pairs: &[(String, String)]) -> Result<Map<String, Value>> {
    let mut values = Map::new();
    for (key, text) in pairs {
        let input = inputs.get(key).ok_or_else(|| unknown(inputs, key))?;
        let value = value_of(input.item, text).with_context(|| format!("the input `{key}`"))?;
        if input.is_list {
            match values.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.push(value),
                _ => bail!("the input `{key}` is both a list and a single value"),
            }
        } else if values.insert(key.clone(), value).is_some() {
            bail!("the input `{key}` is named twice, and takes one value");
        }
    }
    Ok(values)
}

/// The error about an input that the app does not have.
pub(super) fn unknown(inputs: &Inputs, key: &str) -> anyhow::Error {
    let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
    anyhow!("the app has no input `{key}`; it has {}", names.join(", "))
}

/// The inputs that must be set and are not.
pub(super) fn missing<'i>(inputs: &'i Inputs, values: &Map<String, Value>) -> Vec<&'i str> {
    let is_missing = |(id, input): &(&String, &InputType)| !input.is_optional && !values.contains_key(*id);
    inputs.iter().filter(is_missing).map(|(id, _)| id.as_str()).collect()
}

/// The files and folders that values name, looked up once each.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    found: HashMap<String, types::File>,
}

impl Lookup {
    /// Looks up everything that these values name. The error says which name is wrong.
    pub(super) async fn find<'v>(
        &mut self,
        client: &Client,
        inputs: &Inputs,
        all: impl IntoIterator<Item = &'v Map<String, Value>>,
    ) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        for (id, value) in all.into_iter().flatten() {
            let item = inputs.get(id).map_or(ItemType::Other, |input| input.item);
            collect(item, value, &mut names);
        }
        names.sort();
        names.dedup();
        let remotes = names.iter().map(|name| name.parse().map_err(|error: String| anyhow!(error)));
        let remotes: Vec<Remote> = remotes.collect::<Result<_>>()?;
        for (name, found) in names.into_iter().zip(path::find_files(client, &remotes).await?) {
            let file = found.with_context(|| format!("cannot use `{name}`"))?;
            self.found.insert(name, file);
        }
        Ok(())
    }

    /// The inputs with files and folders in place of their names.
    pub(super) fn inputs(&self, inputs: &Inputs, values: &Map<String, Value>) -> Vec<(String, TaskInput)> {
        let convert = |(id, value): (&String, &Value)| {
            let item = inputs.get(id).map_or(ItemType::Other, |input| input.item);
            (id.clone(), self.input(item, value))
        };
        values.iter().map(convert).collect()
    }

    fn input(&self, item: ItemType, value: &Value) -> TaskInput {
        match value {
            Value::Array(items) => items.iter().map(|value| self.input(item, value)).collect(),
            Value::String(name) if matches!(item, ItemType::File | ItemType::Folder) => self.named(name),
            Value::Object(map) => match name_of(map) {
                Some(name) if self.found.contains_key(name) => self.named(name),
                _ => TaskInput::from_json(value),
            },
            other => TaskInput::from_json(other),
        }
    }

    fn named(&self, name: &str) -> TaskInput {
        match self.found.get(name) {
            Some(file) if file.type_ == Some(types::FileType::Folder) => {
                TaskInput::Folder(TaskFolder::new(&file.id))
            }
            Some(file) => TaskInput::File(TaskFile::new(&file.id)),
            None => TaskInput::file(name),
        }
    }
}

/// The names of files and folders in a value.
fn collect(item: ItemType, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|value| collect(item, value, names)),
        Value::String(name) if matches!(item, ItemType::File | ItemType::Folder) => names.push(name.clone()),
        Value::Object(map) => names.extend(name_of(map).map(str::to_owned)),
        _ => {}
    }
}

/// The path of a file or folder in CWL form. An id needs no lookup.
fn name_of(map: &Map<String, Value>) -> Option<&str> {
    let class = map.get("class")?.as_str()?;
    let path = map.get("path").or_else(|| map.get("location"))?.as_str()?;
    (matches!(class, "File" | "Directory") && path.contains('/')).then_some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_read_from_every_form_of_cwl() {
        let check = |declared: Value, item: ItemType, is_list: bool, is_optional: bool| {
            assert_eq!(type_of(&declared), InputType { item, is_list, is_optional }, "{declared}");
        };
        check(json!("File"), ItemType::File, false, false);
        check(json!("File[]?"), ItemType::File, true, true);
        check(json!(["null", "Directory"]), ItemType::Folder, false, true);
        check(json!(["null", {"type": "array", "items": "File"}]), ItemType::File, true, true);
        check(json!({"type": "enum", "symbols": ["a"]}), ItemType::Text, false, false);
        check(json!(["int", "string"]), ItemType::Other, false, false);
        check(json!("long"), ItemType::Integer, false, false);
        check(Value::Null, ItemType::Other, false, false);
    }

    #[test]
    fn ids_of_inputs_have_no_prefix() {
        let list = json!({"inputs": [{"id": "#reads", "type": ["File"]}, {"id": "#main/n", "type": "int", "default": 3}]});
        let map = json!({"inputs": {"reads": "File", "n": {"type": "int", "default": 3}}});
        let names = |cwl: &Value| inputs_of(cwl).into_keys().collect::<Vec<_>>();
        assert_eq!(names(&list), ["n", "reads"]);
        assert_eq!(inputs_of(&list), inputs_of(&map));
        assert!(inputs_of(&map)["n"].is_optional);
        assert_eq!(missing(&inputs_of(&map), &Map::new()), ["reads"]);
    }

    #[test]
    fn values_have_the_type_of_their_input() {
        let inputs = inputs_of(&json!({"inputs": {
            "reads": "File[]", "n": "int", "x": "double", "deep": "boolean", "label": "string", "other": "Any",
        }}));
        let check = |pairs: &[(&str, &str)], expected: Result<Value, &str>| {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            let got = from_pairs(&inputs, &pairs).map(Value::Object).map_err(|error| format!("{error:#}"));
            assert_eq!(got, expected.map_err(str::to_owned));
        };
        check(&[("reads", "a/b/c"), ("reads", "a/b/d")], Ok(json!({"reads": ["a/b/c", "a/b/d"]})));
        check(&[("n", "3"), ("x", "0.5"), ("deep", "yes")], Ok(json!({"n": 3, "x": 0.5, "deep": true})));
        check(&[("label", "3")], Ok(json!({"label": "3"})));
        check(&[("other", "{\"a\": 1}")], Ok(json!({"other": {"a": 1}})));
        check(&[("other", "a=b")], Ok(json!({"other": "a=b"})));
        check(&[("n", "three")], Err("the input `n`: `three` is not an integer"));
        check(&[("n", "1"), ("n", "2")], Err("the input `n` is named twice, and takes one value"));
        check(&[("m", "1")], Err("the app has no input `m`; it has deep, label, n, other, reads, x"));
    }
}
