//! The records of `--json`: one function for each kind. `docs/cli-json.md` lists their fields, and a test compares the two.
//!
//! Records are a promise: fields have one name and one type, whatever the platform adds or leaves out.

use std::collections::BTreeMap;
use std::path::Path;

use sbg::tasks::TaskExt as _;
use sbg::transfer::Outcome;
use sbg::types;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::exit;

/// A line of output.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Record(Map<String, Value>);

impl Record {
    pub(crate) fn new(kind: &str) -> Self {
        Self(Map::from_iter([("kind".to_owned(), kind.into())]))
    }

    /// A record with these fields of a resource, as far as it has them.
    fn of(kind: &str, resource: &impl Serialize, fields: &[&str]) -> Self {
        let mut record = Self::new(kind);
        if let Ok(Value::Object(mut all)) = serde_json::to_value(resource) {
            for field in fields {
                record = record.with(field, all.remove(*field));
            }
        }
        record
    }

    /// With a field; one without a value is left out.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => {}
            value => drop(self.0.insert(field.to_owned(), value)),
        }
        self
    }

    /// With the error of an item.
    pub(crate) fn failed(self, error: &anyhow::Error) -> Self {
        let (message, _) = exit::explain(error);
        self.with("error", message)
    }

    /// The text of a field, or nothing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field as text for people.
    pub(crate) fn cell(&self, field: &str) -> String {
        self.0.get(field).map(cell).unwrap_or_default()
    }

    /// All fields as text for people; objects field by field.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "kind") {
            match value {
                Value::Object(inner) => {
                    all.extend(inner.iter().map(|(inner, value)| (format!("{name}.{inner}"), cell(value))));
                }
                value => all.push((name.clone(), cell(value))),
            }
        }
        all
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A number that the platform sends as one or as text.
fn number(value: Option<&types::Number>) -> Value {
    value.and_then(types::Number::as_f64).map_or(Value::Null, |number| json!(number))
}

fn price(price: Option<&types::Price>) -> Value {
    price.map_or(
        Value::Null,
        |price| json!({"amount": number(price.amount.as_ref()), "currency": price.currency}),
    )
}

/// Metadata in the order of its keys, as text: the platform sends numbers as text, too.
pub(crate) fn metadata(metadata: &impl Serialize) -> Value {
    match serde_json::to_value(metadata) {
        Ok(Value::Object(fields)) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            let sorted: BTreeMap<String, String> = fields.map(|(name, value)| (name, cell(&value))).collect();
            json!(sorted)
        }
        _ => Value::Null,
    }
}

/// A file or a folder; `path` is relative to the project.
pub(crate) fn file(file: &types::File, path: Option<&str>) -> Record {
    let is_folder = file.type_ == Some(types::FileType::Folder);
    let kind = if is_folder { "folder" } else { "file" };
    let record = Record::of(kind, file, &["id", "name"]).with("path", path);
    let rest = Record::of(kind, file, &["size", "project", "parent", "created_on", "modified_on"]);
    let record = rest.0.into_iter().fold(record, |record, (field, value)| record.with(&field, value));
    let task = file.origin.as_ref().and_then(|origin| origin.task.clone());
    let tags = file.tags.clone().filter(|tags| !tags.is_empty());
    let metadata = file.metadata.as_ref().map_or(Value::Null, metadata);
    let has_fields = metadata.as_object().is_some_and(|fields| !fields.is_empty());
    let metadata = if has_fields { metadata } else { Value::Null };
    record.with("origin_task", task).with("tags", tags).with("metadata", metadata)
}

pub(crate) fn user(user: &types::User, endpoint: &str) -> Record {
    Record::of("user", user, &["username", "email", "first_name", "last_name"]).with("endpoint", endpoint)
}

pub(crate) fn project(project: &types::Project) -> Record {
    let fields =
        ["id", "name", "description", "tags", "billing_group", "created_by", "created_on", "modified_on"];
    Record::of("project", project, &fields)
}

pub(crate) fn member(member: &types::Member, project: &str) -> Record {
    let permissions = member.permissions.as_ref().map_or(Value::Null, |granted| {
        let all = [
            ("read", granted.read),
            ("copy", granted.copy),
            ("write", granted.write),
            ("execute", granted.execute),
            ("admin", granted.admin),
        ];
        all.into_iter().filter(|(_, granted)| *granted == Some(true)).map(|(name, _)| name).collect()
    });
    Record::of("member", member, &["id", "username", "email", "type"])
        .with("project", project)
        .with("permissions", permissions)
}

pub(crate) fn app(app: &types::App) -> Record {
    Record::of("app", app, &["id", "name", "project", "revision"])
}

pub(crate) fn task(task: &types::Task) -> Record {
    let fields = ["id", "name", "status", "project", "app", "batch", "parent", "created_by", "created_time"];
    let record = Record::of("task", task, &fields);
    let times = Record::of("task", task, &["start_time", "end_time"]);
    let record = times.0.into_iter().fold(record, |record, (field, value)| record.with(&field, value));
    record.with("price", price(task.price.as_ref())).with("failure", task.failure())
}

pub(crate) fn volume(volume: &types::Volume) -> Record {
    let service = volume.service.as_ref().and_then(|service| serde_json::to_value(service).ok());
    let of_service = |field: &str| service.as_ref().and_then(|service| service.get(field)).cloned();
    Record::of("volume", volume, &["id", "name", "access_mode", "active"])
        .with("service", of_service("type"))
        .with("bucket", of_service("bucket").or_else(|| of_service("container")))
}

pub(crate) fn import(job: &types::Import) -> Record {
    storage_job(Record::of("import", job, &["id", "state", "started_on", "finished_on"]), job)
}

pub(crate) fn export(job: &types::Export) -> Record {
    storage_job(Record::of("export", job, &["id", "state", "started_on", "finished_on"]), job)
}

/// What imports and exports have in common: a file, and an object on a volume.
fn storage_job(record: Record, job: &impl Serialize) -> Record {
    let job = serde_json::to_value(job).unwrap_or_default();
    let first = |paths: &[&str]| paths.iter().find_map(|path| job.pointer(path)).cloned();
    record
        .with("volume", first(&["/source/volume", "/destination/volume"]))
        .with("location", first(&["/source/location", "/destination/location"]))
        .with("project", first(&["/destination/project"]))
        .with("file", first(&["/result/id", "/source/file"]))
        .with("error", first(&["/error/message"]))
}

pub(crate) fn job(job: &types::AsyncJob) -> Record {
    let record = Record::of("job", job, &["id", "type", "state", "started_on", "finished_on"]);
    let counts = Record::of("job", job, &["total_files", "completed_files", "failed_files"]);
    counts.0.into_iter().fold(record, |record, (field, value)| {
        let count = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        record.with(&field, count)
    })
}

pub(crate) fn upload(upload: &types::MultipartUpload) -> Record {
    let fields = ["name", "project", "parent", "size", "part_size", "initiated"];
    let record = Record::new("upload").with("id", upload.upload_id.clone());
    Record::of("upload", upload, &fields)
        .0
        .into_iter()
        .fold(record, |record, (field, value)| record.with(&field, value))
}

pub(crate) fn billing_group(group: &types::BillingGroup) -> Record {
    Record::of("billing_group", group, &["id", "name", "type", "owner"])
        .with("balance", price(group.balance.as_ref()))
        .with("disabled", group.disabled)
}

/// One file of a transfer: `direction` is `up` or `down`.
pub(crate) fn transfer(
    direction: &str,
    path: &str,
    local: &Path,
    id: Option<&str>,
    outcome: &anyhow::Result<Outcome>,
) -> Record {
    let record = Record::new("transfer")
        .with("direction", direction)
        .with("path", path)
        .with("local", local.to_string_lossy())
        .with("id", id);
    match outcome {
        Ok(Outcome::Transferred(bytes)) => record.with("outcome", "transferred").with("bytes", *bytes),
        Ok(Outcome::Identical) => record.with("outcome", "identical"),
        Ok(Outcome::Assumed) => record.with("outcome", "assumed"),
        Ok(_) => record.with("outcome", "skipped"),
        Err(error) => record.with("outcome", "failed").failed(error),
    }
}

/// Something that was changed on the platform.
pub(crate) fn change(action: &str, path: &str, id: &str) -> Record {
    let id = (!id.is_empty()).then_some(id);
    Record::new("change").with("action", action).with("path", path).with("id", id)
}

/// A price, for totals.
pub(crate) fn cost(what: &str, amount: Option<f64>, currency: Option<&str>) -> Record {
    Record::new("cost").with("what", what).with("amount", amount).with("currency", currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_are_left_out() {
        let record = Record::new("x").with("a", Value::Null).with("b", Option::<String>::None).with("c", 1);
        assert_eq!(serde_json::to_value(&record).unwrap(), json!({"kind": "x", "c": 1}));
    }

    #[test]
    fn nested_fields_have_dotted_names() {
        let record = Record::new("x").with("a", json!({"b": 1, "c": ["d", "e"]}));
        let expected =
            [("a.b", "1"), ("a.c", "d, e")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(record.fields(), expected);
    }
}
