//! Inputs and outputs of a task: files, folders, lists, records and plain values, to and from JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::ids::check_segment;
use crate::types::{self, FileType};

/// The value of a task input.
///
/// ```no_run
/// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// use std::collections::BTreeMap;
///
/// use sbg::tasks::TaskInput;
///
/// let mut inputs: BTreeMap<String, TaskInput> = task.inputs().get().await?;
/// inputs.insert("threshold".to_owned(), 5.into());
/// # Ok(())
/// # }
/// ```
pub type TaskInput = TaskValue;

/// The value of a task output.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// use sbg::tasks::{TaskOutput, TaskExt as _};
///
/// match task.get().await?.outputs().get("aligned_reads") {
///     Some(TaskOutput::File(file)) => println!("{}", file.id),
///     Some(TaskOutput::List(files)) => println!("{} files", files.len()),
///     other => println!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
pub type TaskOutput = TaskValue;

/// The value of an input or an output. Both have one form, so the output of one task can be the input of the next.
///
/// Most values need no constructor: a [`File`](types::File) from a list, text, a number, or a `Vec` of these converts by itself. Text
/// stays text, even if it is the id of a file; [`TaskValue::file`] makes a file from an id.
///
/// ```
/// use sbg::tasks::TaskValue;
///
/// let pair = TaskValue::record([
///     ("tumor", TaskValue::file("567890abc9b0307bc0414164")),
///     ("minimum_quality", 30.into()),
///     ("regions", vec!["chr1", "chr2"].into()),
/// ]);
/// assert_eq!(pair.to_json()["tumor"]["class"], "File");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TaskValue {
    /// No value: an input that is not set, or a missing output.
    Null,
    /// A file.
    File(TaskFile),
    /// A folder, in CWL a `Directory`.
    Folder(TaskFolder),
    /// Values in order.
    List(Vec<TaskValue>),
    /// Values by name.
    Record(BTreeMap<String, TaskValue>),
    /// Any other JSON: text, a number, `true` or `false`. JSON that you build yourself is sent unchanged.
    Literal(Value),
}

/// A file among the inputs or outputs of a task.
///
/// ```no_run
/// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// use sbg::tasks::TaskExt as _;
///
/// for file in task.get().await?.output_files() {
///     let name = file.name.as_deref().unwrap_or(&file.id);
///     client.file(&file).download(name).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskFile {
    /// Id of the file.
    pub id: String,
    /// Name of the file, if the platform gives it.
    pub name: Option<String>,
    /// Files that belong to this one, such as an index. They are not sent with an input: the platform finds them from the app.
    pub secondary_files: Vec<TaskFile>,
    /// Folders that belong to this file, which is rare.
    pub secondary_folders: Vec<TaskFolder>,
}

/// A folder among the inputs or outputs of a task.
///
/// ```no_run
/// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// use sbg::tasks::TaskExt as _;
///
/// for folder in task.get().await?.output_folders() {
///     let name = folder.name.as_deref().unwrap_or(&folder.id);
///     client.file(&folder).download_tree(name).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskFolder {
    /// Id of the folder.
    pub id: String,
    /// Name of the folder, if the platform gives it.
    pub name: Option<String>,
}

impl TaskFile {
    /// The file with this id.
    ///
    /// ```
    /// use sbg::tasks::{TaskFile, TaskValue};
    ///
    /// let reads = TaskFile::new("567890abc9b0307bc0414164");
    /// assert_eq!(TaskValue::from(reads), TaskValue::file("567890abc9b0307bc0414164"));
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, secondary_files: Vec::new(), secondary_folders: Vec::new() }
    }

    /// Collects the file and its secondary files, recursively.
    fn gather<'f>(&'f self, files: &mut Vec<&'f Self>) {
        files.push(self);
        self.secondary_files.iter().for_each(|file| file.gather(files));
    }

    fn gather_folders<'f>(&'f self, folders: &mut Vec<&'f TaskFolder>) {
        folders.extend(&self.secondary_folders);
        self.secondary_files.iter().for_each(|file| file.gather_folders(folders));
    }
}

impl TaskFolder {
    /// The folder with this id.
    ///
    /// ```
    /// use sbg::tasks::{TaskFolder, TaskValue};
    ///
    /// let patterns = TaskFolder::new("567890abc4f3066bc3750180");
    /// assert_eq!(TaskValue::from(patterns).to_json()["class"], "Directory");
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }
}

impl TaskValue {
    /// The file with this id.
    ///
    /// ```
    /// use sbg::tasks::TaskValue;
    ///
    /// let reads = TaskValue::file("567890abc9b0307bc0414164");
    /// assert_ne!(reads, "567890abc9b0307bc0414164".into());
    /// ```
    pub fn file(id: impl Into<String>) -> Self {
        Self::File(TaskFile::new(id))
    }

    /// The folder with this id.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// use sbg::tasks::TaskValue;
    ///
    /// let edit = task.edit().input("patterns", TaskValue::folder("567890abc4f3066bc3750180"));
    /// # }
    /// ```
    pub fn folder(id: impl Into<String>) -> Self {
        Self::Folder(TaskFolder::new(id))
    }

    /// A record of these values by name.
    ///
    /// ```
    /// use sbg::tasks::TaskValue;
    ///
    /// let bounds = TaskValue::record([("from", 3), ("to", 34)]);
    /// assert_eq!(bounds.to_json(), serde_json::json!({"from": 3, "to": 34}));
    /// ```
    pub fn record<K: Into<String>, V: Into<Self>>(values: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Record(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// All files in the value, including those in lists and records and secondary files, in order.
    ///
    /// ```
    /// use sbg::tasks::TaskValue;
    ///
    /// let reads = TaskValue::record([("tumor", TaskValue::file("567890abc9b0307bc0414164")), ("depth", 30.into())]);
    /// assert_eq!(reads.files()[0].id, "567890abc9b0307bc0414164");
    /// ```
    pub fn files(&self) -> Vec<&TaskFile> {
        let mut files = Vec::new();
        self.visit(&mut |value| {
            if let Self::File(file) = value {
                file.gather(&mut files);
            }
        });
        files
    }

    /// All folders in the value. Their contents are not read.
    ///
    /// ```
    /// use sbg::tasks::TaskValue;
    ///
    /// let runs: TaskValue = vec![TaskValue::folder("567890abc4f3066bc3750180"), "none".into()].into();
    /// assert_eq!(runs.folders().len(), 1);
    /// ```
    pub fn folders(&self) -> Vec<&TaskFolder> {
        let mut folders = Vec::new();
        self.visit(&mut |value| match value {
            Self::Folder(folder) => folders.push(folder),
            Self::File(file) => file.gather_folders(&mut folders),
            _ => {}
        });
        folders
    }

    /// Visits the value, or its items if it is a list or a record.
    fn visit<'v>(&'v self, see: &mut impl FnMut(&'v Self)) {
        match self {
            Self::List(values) => values.iter().for_each(|value| value.visit(see)),
            Self::Record(values) => values.values().for_each(|value| value.visit(see)),
            value => see(value),
        }
    }

    /// The value as sent: a file is an object with `class` and its id as `path`.
    ///
    /// ```
    /// use sbg::tasks::TaskValue;
    ///
    /// let reads = TaskValue::file("567890abc9b0307bc0414164");
    /// assert_eq!(reads.to_json(), serde_json::json!({"class": "File", "path": "567890abc9b0307bc0414164"}));
    /// ```
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::File(file) => json!({"class": "File", "path": file.id}),
            Self::Folder(folder) => json!({"class": "Directory", "path": folder.id}),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Record(values) => values_to_json(values).into(),
            Self::Literal(value) => value.clone(),
        }
    }

    /// The value from a response. An object with the `class` of a file or a directory and an id as `path` is a file or folder; any
    /// other is a record.
    ///
    /// ```
    /// use sbg::tasks::TaskOutput;
    ///
    /// let json = serde_json::json!({
    ///     "class": "File",
    ///     "path": "567890abc9b0307bc0414164",
    ///     "name": "B-form.bam",
    ///     "secondaryFiles": [{"class": "File", "path": "567890abc4f3066bc3750174"}],
    /// });
    /// let TaskOutput::File(file) = TaskOutput::from_json(&json) else { panic!("not a file") };
    /// assert_eq!(file.secondary_files[0].id, "567890abc4f3066bc3750174");
    /// ```
    pub fn from_json(json: &Value) -> Self {
        match json {
            Value::Null => Self::Null,
            Value::Array(values) => Self::List(values.iter().map(Self::from_json).collect()),
            Value::Object(map) => match Node::read(map, None) {
                Some(Node::File(file)) => Self::File(file),
                Some(Node::Folder(folder)) => Self::Folder(folder),
                None => Self::Record(values_from_json(map)),
            },
            literal => Self::Literal(literal.clone()),
        }
    }

    /// Checks the value, without a request.
    pub(super) fn check(&self) -> Result<()> {
        for file in self.files() {
            check_segment("file id", &file.id)?;
        }
        for folder in self.folders() {
            check_segment("folder id", &folder.id)?;
        }
        Ok(())
    }
}

/// Values by name, from a response.
pub(super) fn values_from_json(map: &Map<String, Value>) -> BTreeMap<String, TaskValue> {
    map.iter().map(|(name, value)| (name.clone(), TaskValue::from_json(value))).collect()
}

/// Values by name, as sent in a request.
pub(super) fn values_to_json(values: &BTreeMap<String, TaskValue>) -> Map<String, Value> {
    values.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
}

/// An object that stands for a file or a folder.
enum Node {
    File(TaskFile),
    Folder(TaskFolder),
}

impl Node {
    /// `class` is the default for an object without one; secondary files do not always have a class.
    fn read(map: &Map<String, Value>, class: Option<&str>) -> Option<Self> {
        let text = |name: &str| map.get(name).and_then(Value::as_str);
        let class = text("class").or(class)?;
        let id = text("path").filter(|id| !id.is_empty())?.to_owned();
        // Legacy tasks use the CWL name.
        let name = text("name").or_else(|| text("basename")).map(str::to_owned);
        if class.eq_ignore_ascii_case("directory") {
            return Some(Self::Folder(TaskFolder { id, name }));
        }
        if !class.eq_ignore_ascii_case("file") {
            return None;
        }
        let mut file = TaskFile { name, ..TaskFile::new(id) };
        let secondary = map.get("secondaryFiles").and_then(Value::as_array).into_iter().flatten();
        for node in secondary.filter_map(|value| Self::read(value.as_object()?, Some("File"))) {
            match node {
                Self::File(secondary) => file.secondary_files.push(secondary),
                Self::Folder(folder) => file.secondary_folders.push(folder),
            }
        }
        Some(Self::File(file))
    }
}

impl From<&types::File> for TaskValue {
    fn from(file: &types::File) -> Self {
        let (id, name) = (file.id.clone(), file.name.clone());
        if file.type_ == Some(FileType::Folder) {
            Self::Folder(TaskFolder { id, name })
        } else {
            Self::File(TaskFile { name, ..TaskFile::new(id) })
        }
    }
}

impl From<types::File> for TaskValue {
    fn from(file: types::File) -> Self {
        Self::from(&file)
    }
}

impl From<TaskFile> for TaskValue {
    fn from(file: TaskFile) -> Self {
        Self::File(file)
    }
}

impl From<TaskFolder> for TaskValue {
    fn from(folder: TaskFolder) -> Self {
        Self::Folder(folder)
    }
}

/// Any JSON, sent unchanged.
impl From<Value> for TaskValue {
    fn from(value: Value) -> Self {
        if value.is_null() { Self::Null } else { Self::Literal(value) }
    }
}

macro_rules! from_literals {
    ($($literal:ty),* $(,)?) => {
        $(impl From<$literal> for TaskValue {
            fn from(literal: $literal) -> Self {
                Self::from(Value::from(literal))
            }
        })*
    };
}

// JSON has no infinity or NaN, so such a float becomes null, as everywhere in `serde_json`.
from_literals!(bool, i32, i64, u32, u64, usize, f32, f64, &str, String);

impl From<&String> for TaskValue {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl<T: Into<TaskValue>> From<Option<T>> for TaskValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<TaskValue>> From<Vec<T>> for TaskValue {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Into<TaskValue>, const N: usize> From<[T; N]> for TaskValue {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Into<TaskValue>> FromIterator<T> for TaskValue {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: Value) -> types::File {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn inputs_serialize_as_the_platform_expects() {
        let check = |value: TaskValue, expected: Value| assert_eq!(value.to_json(), expected);
        let reads = file(json!({"id": "5f1", "name": "a.fastq", "type": "FILE", "size": 7}));
        let folder = file(json!({"id": "5f2", "type": "folder"}));
        check((&reads).into(), json!({"class": "File", "path": "5f1"}));
        check(folder.clone().into(), json!({"class": "Directory", "path": "5f2"}));
        check(file(json!({"id": "5f3"})).into(), json!({"class": "File", "path": "5f3"}));
        check(
            vec![reads, folder].into(),
            json!([
                {"class": "File", "path": "5f1"},
                {"class": "Directory", "path": "5f2"},
            ]),
        );
        check(TaskValue::folder("5f4"), json!({"class": "Directory", "path": "5f4"}));
        check(3.into(), json!(3));
        check(0.5.into(), json!(0.5));
        check(true.into(), json!(true));
        check("5f1".into(), json!("5f1"));
        check(None::<i64>.into(), json!(null));
        check(Vec::<String>::new().into(), json!([]));
        check(["chr1", "chr2"].into(), json!(["chr1", "chr2"]));
        check([Some(1), None].into(), json!([1, null]));
        check(vec![vec![1], vec![2, 3]].into(), json!([[1], [2, 3]]));
        let inner = TaskValue::record([("files", vec![TaskValue::file("5f5")])]);
        check(
            TaskValue::record([("inner", inner), ("on", false.into())]),
            json!({"inner": {"files": [{"class": "File", "path": "5f5"}]}, "on": false}),
        );
        let by_hand = json!({"class": "File", "path": "5f6", "metadata": {"sample_id": "S1"}});
        check(by_hand.clone().into(), by_hand);
        check(Value::Null.into(), Value::Null);
    }

    #[test]
    fn any_output_becomes_a_task_value() {
        let check = |json: Value, expected: TaskValue| assert_eq!(TaskValue::from_json(&json), expected);
        check(json!(null), TaskValue::Null);
        check(json!("text"), "text".into());
        check(json!(0.23), 0.23.into());
        check(json!([1, null]), TaskValue::List(vec![1.into(), TaskValue::Null]));
        check(json!({}), TaskValue::Record(BTreeMap::new()));
        check(
            json!({"class": "Directory", "path": "5f2", "name": "logs"}),
            TaskValue::Folder(TaskFolder { id: "5f2".to_owned(), name: Some("logs".to_owned()) }),
        );
        check(json!({"class": "file", "path": "5f1", "basename": "a.bam", "secondaryFiles": null}), {
            TaskValue::File(TaskFile { name: Some("a.bam".to_owned()), ..TaskFile::new("5f1") })
        });
        // A file without an id cannot be fetched, so it is read as a record.
        check(
            json!({"class": "File", "path": null}),
            TaskValue::record([("class", "File".into()), ("path", TaskValue::Null)]),
        );
        check(json!({"angle": {"class": "Helix", "path": "5f1"}}), {
            TaskValue::record([("angle", TaskValue::record([("class", "Helix"), ("path", "5f1")]))])
        });
    }

    #[test]
    fn files_are_found_at_any_depth() {
        let json = json!({
            "bams": [
                {"class": "File", "path": "1", "secondaryFiles": [
                    {"class": "File", "path": "2", "secondaryFiles": [{"path": "3"}]},
                    {"class": "Directory", "path": "d1"},
                    null,
                ]},
                [{"class": "File", "path": "4"}],
            ],
            "count": 2,
            "logs": {"class": "Directory", "path": "d2"},
            "none": null,
        });
        let value = TaskValue::from_json(&json);
        assert_eq!(value.files().iter().map(|file| &*file.id).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
        assert_eq!(value.folders().iter().map(|folder| &*folder.id).collect::<Vec<_>>(), ["d1", "d2"]);
    }

    #[test]
    fn outputs_become_inputs_of_the_next_task() {
        let json =
            json!([{"class": "File", "path": "1", "name": "a", "secondaryFiles": [{"path": "2"}]}, "x", 3]);
        assert_eq!(TaskValue::from_json(&json).to_json(), json!([{"class": "File", "path": "1"}, "x", 3]));
    }

    #[test]
    fn nested_ids_are_validated() {
        let check = |value: TaskValue, expected: Option<&str>| {
            assert_eq!(value.check().err().map(|error| error.message().to_owned()).as_deref(), expected);
        };
        check(vec![TaskValue::file("5f1")].into(), None);
        check("a/b".into(), None);
        check(
            TaskValue::record([("x", vec![TaskValue::file("a/b")])]),
            Some("not a file id: `a/b` (`/` is not allowed)"),
        );
        check(TaskValue::folder(""), Some("not a folder id: `` (it is empty)"));
    }
}
