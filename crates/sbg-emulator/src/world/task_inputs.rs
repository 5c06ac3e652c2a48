//! Inputs of tasks: their files, and whether they fit the app.

use serde_json::{Map, Value, json};

use super::{
    World,
    apps::Revision,
    cwl::{Kind, Port},
    files::FileNode,
    permissions::Need,
    tasks::Task,
    tools::Input,
};
use crate::error::ApiError;

impl World {
    /// A value in which files have their current names.
    pub(super) fn named_files(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.named_files(item)).collect(),
            Value::Object(map) => {
                let file = file_id(value).and_then(|id| self.files.get(id));
                let mut named: Map<String, Value> =
                    map.iter().map(|(key, value)| (key.clone(), self.named_files(value))).collect();
                if let Some(file) = file {
                    named.insert("name".to_owned(), file.name.as_str().into());
                    let class = if file.is_folder() { "Directory" } else { "File" };
                    named.entry("class").or_insert_with(|| class.into());
                }
                Value::Object(named)
            }
            value => value.clone(),
        }
    }

    /// Records the errors of the inputs in a draft.
    pub(super) fn validate(&self, actor: &str, task: &mut Task) {
        let ports = self.task_app(task).map(Revision::inputs).unwrap_or_default();
        let error = |code, input: &str, reason: &str| {
            let mut body = ApiError::new(code).detail(reason).body();
            body["input"] = input.into();
            body
        };
        let mut errors = Vec::new();
        for port in &ports {
            let batched = task.batch.as_ref().is_some_and(|batch| batch.input == port.id);
            match task.inputs.get(&port.id) {
                None if port.optional && !batched => {}
                None => errors.push(error(7012, &port.id, &format!("`{}` is required.", port.id))),
                Some(value) => {
                    if let Err(reason) = check(port, value, batched) {
                        errors.push(error(7024, &port.id, &format!("`{}`: {reason}.", port.id)));
                    }
                    for id in file_ids(value) {
                        if self.file(actor, id, Need::Read, 5001).is_err() {
                            let reason = format!("`{}`: there is no file {id}.", port.id);
                            errors.push(error(7024, &port.id, &reason));
                        }
                    }
                }
            }
        }
        let known = |key: &&String| !ports.iter().any(|port| port.id == **key);
        let unknown = task.inputs.keys().filter(known);
        task.warnings = unknown
            .map(|key| json!({ "input": key, "message": format!("The app has no input `{key}`.") }))
            .collect();
        task.errors = errors;
    }

    /// The inputs of a run: those of the task, and the defaults of the app.
    pub(super) fn effective_inputs(&self, task: &Task) -> Map<String, Value> {
        let mut inputs = task.inputs.clone();
        for port in self.task_app(task).map(Revision::inputs).unwrap_or_default() {
            if let Some(default) = port.default {
                inputs.entry(port.id).or_insert(default);
            }
        }
        inputs
    }

    /// The file of a value, for a tool to read.
    pub(super) fn input_file(&self, value: &Value) -> Option<Input<'_>> {
        let file = self.files.get(file_id(value)?).filter(|file| self.is_available(file))?;
        let (_, object) = file.object(5017).ok()?;
        Some(Input { name: &file.name, object })
    }

    /// All files in some inputs, in order.
    pub(super) fn input_files(&self, inputs: &Map<String, Value>) -> Vec<&FileNode> {
        let ids = inputs.values().flat_map(file_ids);
        ids.filter_map(|id| self.files.get(id)).collect()
    }

    /// Inputs and outputs as responses show them: every port, null if it has no value.
    pub(crate) fn shown_inputs(&self, task: &Task) -> Map<String, Value> {
        let mut shown: Map<String, Value> = self
            .task_app(task)
            .map(Revision::inputs)
            .unwrap_or_default()
            .into_iter()
            .map(|port| (port.id, Value::Null))
            .collect();
        shown.extend(task.inputs.clone());
        shown
    }

    pub(crate) fn shown_outputs(&self, task: &Task) -> Map<String, Value> {
        let ports = self.task_app(task).map(Revision::outputs).unwrap_or_default();
        let mut shown: Map<String, Value> = ports.into_iter().map(|port| (port.id, Value::Null)).collect();
        shown.extend(task.outputs.clone());
        shown
    }
}

/// Checks a value against a port. The input of a batch is a list of what the app takes, or of the items of the list that it
/// takes.
fn check(port: &Port, value: &Value, batched: bool) -> Result<(), String> {
    if batched && port.kind.item().is_none() {
        return Kind::List(Box::new(port.kind.clone())).check(value);
    }
    port.kind.check(value)
}

/// The id of the file in a value.
pub(super) fn file_id(value: &Value) -> Option<&str> {
    let class = value.get("class").and_then(Value::as_str);
    let is_file =
        class.is_none_or(|class| matches!(class.to_ascii_lowercase().as_str(), "file" | "directory"));
    value.get("path").and_then(Value::as_str).filter(|_| is_file)
}

/// The ids of all files in a value.
fn file_ids(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(file_ids).collect(),
        Value::Object(map) => match file_id(value) {
            Some(id) => vec![id],
            None => map.values().flat_map(file_ids).collect(),
        },
        _ => Vec::new(),
    }
}

/// All strings in a value that do not belong to files.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) if file_id(value).is_none() => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_files_are_found_at_any_depth() {
        let inputs = json!([
            {"class": "File", "path": "1", "secondaryFiles": []},
            {"record": {"inner": {"class": "directory", "path": "2"}, "text": "t"}},
            {"class": "Record", "path": "3"},
            "4",
        ]);
        assert_eq!(file_ids(&inputs), ["1", "2"]);
        assert_eq!(texts(&inputs), ["t", "Record", "3", "4"]);
    }
}
