//! The inputs of a task, from text: the types of the app decide what a text means.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, anyhow, bail};
use sbg::tasks::{InputKind, InputType, TaskFile, TaskFolder, TaskInput};
use sbg::{Client, types};
use serde_json::{Map, Value};

use crate::path::{self, Remote};

/// The inputs of an app by their ids.
pub(super) type Inputs = BTreeMap<String, InputType>;

/// The JSON of a value that was written as text. Files and folders stay text, to be looked up.
fn value_of(kind: InputKind, text: &str) -> Result<Value> {
    if matches!(kind, InputKind::File | InputKind::Folder) {
        text.parse::<Remote>().map_err(|error| anyhow!(error))?;
    }
    Ok(kind.parse(text)?)
}

/// Reads `KEY=VALUE` options. An input that takes a list collects its values.
pub(super) fn from_pairs(inputs: &Inputs, pairs: &[(String, String)]) -> Result<Map<String, Value>> {
    let mut values = Map::new();
    for (key, text) in pairs {
        let input = inputs.get(key).ok_or_else(|| unknown(inputs, key))?;
        let value = value_of(input.kind, text).with_context(|| format!("the input `{key}`"))?;
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
            let kind = inputs.get(id).map_or(InputKind::Any, |input| input.kind);
            collect(kind, value, &mut names);
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

    /// The inputs, with files and folders instead of their names.
    pub(super) fn inputs(&self, inputs: &Inputs, values: &Map<String, Value>) -> Vec<(String, TaskInput)> {
        let convert = |(id, value): (&String, &Value)| {
            let kind = inputs.get(id).map_or(InputKind::Any, |input| input.kind);
            (id.clone(), self.input(kind, value))
        };
        values.iter().map(convert).collect()
    }

    fn input(&self, kind: InputKind, value: &Value) -> TaskInput {
        match value {
            Value::Array(items) => items.iter().map(|value| self.input(kind, value)).collect(),
            Value::String(name) if matches!(kind, InputKind::File | InputKind::Folder) => self.named(name),
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
fn collect(kind: InputKind, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|value| collect(kind, value, names)),
        Value::String(name) if matches!(kind, InputKind::File | InputKind::Folder) => {
            names.push(name.clone());
        }
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
    fn missing_inputs_are_those_without_default() {
        let app =
            json!({"inputs": {"reads": "File", "label": "string?", "n": {"type": "int", "default": 3}}});
        let inputs = InputType::of_app(&app);
        assert_eq!(missing(&inputs, &Map::new()), ["reads"]);
    }

    #[test]
    fn values_have_the_type_of_their_input() {
        let inputs = InputType::of_app(&json!({"inputs": {
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
        check(&[("n", "three")], Err("the input `n`: `three` is not a whole number"));
        check(&[("n", "1"), ("n", "2")], Err("the input `n` is named twice, and takes one value"));
        check(&[("m", "1")], Err("the app has no input `m`; it has deep, label, n, other, reads, x"));
    }
}
