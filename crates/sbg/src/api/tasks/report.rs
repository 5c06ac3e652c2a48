//! What a task tells: its outputs, its price, what is wrong with it, the logs of its jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::value::{TaskFile, TaskFolder, TaskOutput, values_from_json};
use crate::types;

/// The outputs of a task by their identifier. There are none where the task was got without its outputs, as in lists.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::tasks::{TaskOutput, task_outputs};
///
/// let task = client.task(id).get().await?;
/// if let Some(TaskOutput::File(bam)) = task_outputs(&task).get("aligned_reads") {
///     for index in &bam.secondary_files {
///         println!("{} has the index {}", bam.id, index.id);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub fn task_outputs(task: &types::Task) -> BTreeMap<String, TaskOutput> {
    task.outputs.as_ref().map(values_from_json).unwrap_or_default()
}

/// All files among the outputs of a task, however deep they stand, with their secondary files. Each is there once.
///
/// ```
/// use sbg::tasks::output_files;
///
/// let task: sbg::types::Task = serde_json::from_str(
///     r#"{
///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
///         "outputs": {"aligned": {
///             "class": "File", "path": "567890abc9b0307bc0414164", "name": "S1.bam",
///             "secondaryFiles": [{"class": "File", "path": "567890abc4f3066bc3750174", "name": "S1.bam.bai"}]
///         }}
///     }"#,
/// )?;
/// let names: Vec<_> = output_files(&task).into_iter().filter_map(|file| file.name).collect();
/// assert_eq!(names, ["S1.bam", "S1.bam.bai"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn output_files(task: &types::Task) -> Vec<TaskFile> {
    let outputs = task_outputs(task);
    let mut seen = BTreeSet::new();
    let files = outputs.values().flat_map(TaskOutput::files);
    files.filter(|file| seen.insert(file.id.as_str())).cloned().collect()
}

/// All folders among the outputs of a task, however deep they stand. Each is there once.
///
/// ```
/// use sbg::tasks::output_folders;
///
/// let task: sbg::types::Task = serde_json::from_str(
///     r#"{
///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
///         "outputs": {"logs": {"class": "Directory", "path": "567890abc4f3066bc3750180"}}
///     }"#,
/// )?;
/// assert_eq!(output_folders(&task)[0].id, "567890abc4f3066bc3750180");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn output_folders(task: &types::Task) -> Vec<TaskFolder> {
    let outputs = task_outputs(task);
    let mut seen = BTreeSet::new();
    let folders = outputs.values().flat_map(TaskOutput::folders);
    folders.filter(|folder| seen.insert(folder.id.as_str())).cloned().collect()
}

/// What a task has cost so far, in the currency that its `price` names; `None` where that is not known, as before it has run.
///
/// ```
/// use sbg::tasks::task_price;
///
/// let task: sbg::types::Task = serde_json::from_str(
///     r#"{"id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11", "price": {"currency": "USD", "amount": 0.23}}"#,
/// )?;
/// assert_eq!(task_price(&task), Some(0.23));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn task_price(task: &types::Task) -> Option<f64> {
    task.price.as_ref()?.amount.as_ref()?.as_f64()
}

/// What is wrong with a task and keeps it from running.
///
/// ```
/// use sbg::tasks::task_errors;
///
/// let draft: sbg::types::Task = serde_json::from_str(
///     r#"{"id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11", "errors": ["Required input is not set: reads"]}"#,
/// )?;
/// for problem in task_errors(&draft) {
///     assert_eq!(problem.to_string(), "Required input is not set: reads");
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn task_errors(task: &types::Task) -> Vec<TaskProblem> {
    task.errors.iter().flatten().map(TaskProblem::read).collect()
}

/// What may be wrong with a task.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// for problem in sbg::tasks::task_warnings(&task.get().await?) {
///     println!("{:?}: {problem}", problem.input);
/// }
/// # Ok(())
/// # }
/// ```
pub fn task_warnings(task: &types::Task) -> Vec<TaskProblem> {
    task.warnings.iter().flatten().map(TaskProblem::read).collect()
}

/// An error or a warning about a task.
///
/// ```
/// let task: sbg::types::Task = serde_json::from_str(
///     r#"{
///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
///         "errors": [{"message": "The file is not in the project.", "input": "reads", "more": 1}]
///     }"#,
/// )?;
/// let problem = &sbg::tasks::task_errors(&task)[0];
/// assert_eq!(problem.to_string(), "The file is not in the project.");
/// assert_eq!(problem.input.as_deref(), Some("reads"));
/// assert_eq!(problem.json["more"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskProblem {
    /// What is wrong, in words.
    pub message: String,
    /// The input that it is about, where the platform names one.
    pub input: Option<String>,
    /// Error code, where the platform gives one.
    pub code: Option<i64>,
    /// All that the platform said.
    pub json: Value,
}

impl TaskProblem {
    /// No source tells the form, so this takes what it finds.
    fn read(json: &Value) -> Self {
        let text = |names: &[&str]| names.iter().find_map(|name| json.get(name)?.as_str().map(str::to_owned));
        let message = json.as_str().map(str::to_owned).or_else(|| text(&["message", "description", "title"]));
        Self {
            message: message.unwrap_or_else(|| json.to_string()),
            input: text(&["input", "input_id", "id"]),
            code: json.get("code").and_then(Value::as_i64),
            json: json.clone(),
        }
    }
}

impl fmt::Display for TaskProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The logs of a job: the ids of their files by the names of the logs, such as `cmd.log`.
///
/// The platform gives addresses to download from; the ids in them serve for that as well, and for everything else.
///
/// ```
/// let job: sbg::types::TaskJob = serde_json::from_str(
///     r#"{"logs": {"cmd.log": "https://api.sbgenomics.com/v2/files/567890abc4f3066bc3750177/download_info"}}"#,
/// )?;
/// assert_eq!(sbg::tasks::job_logs(&job)["cmd.log"], "567890abc4f3066bc3750177");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn job_logs(job: &types::TaskJob) -> BTreeMap<String, String> {
    let logs = job.logs.iter().flatten();
    logs.filter_map(|(name, address)| Some((name.clone(), file_of(address.as_deref()?)?.to_owned())))
        .collect()
}

/// The id in an address such as `https://api.sbgenomics.com/v2/files/ID/download_info`.
fn file_of(address: &str) -> Option<&str> {
    let (_, rest) = address.rsplit_once("/files/")?;
    rest.split(['/', '?']).next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(mut json: Value) -> types::Task {
        json["id"] = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11".into();
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn output_files_are_listed_once_each() {
        let outputs = json!({
            "bam": {"class": "File", "path": "1", "secondaryFiles": [{"class": "File", "path": "2"}]},
            "bai": {"class": "File", "path": "2"},
            "logs": [{"class": "Directory", "path": "d"}, null],
            "count": 5,
        });
        let done = task(json!({"outputs": outputs}));
        let files: Vec<_> = output_files(&done).into_iter().map(|file| file.id).collect();
        // The outputs come in the order of their identifiers.
        assert_eq!(files, ["2", "1"]);
        assert_eq!(output_folders(&done), [TaskFolder::new("d")]);
        assert_eq!(task_outputs(&done)["count"], 5.into());
        for without in [json!({}), json!({"outputs": null}), json!({"outputs": {"bam": null}})] {
            assert_eq!(output_files(&task(without)), []);
        }
    }

    #[test]
    fn prices_are_read_however_they_are_written() {
        let check = |price: Value, expected: Option<f64>| {
            assert_eq!(task_price(&task(json!({"price": price}))), expected);
        };
        check(json!({"currency": "USD", "amount": "0.23"}), Some(0.23));
        check(json!({"amount": 1}), Some(1.0));
        check(json!({"currency": "USD"}), None);
        check(json!(null), None);
    }

    #[test]
    fn problems_are_read_whatever_their_form() {
        let check = |json: Value, message: &str, input: Option<&str>, code: Option<i64>| {
            let problems = task_errors(&task(json!({"errors": [json.clone()]})));
            let [problem] = &problems[..] else { panic!("{problems:?}") };
            assert_eq!(
                (problem.to_string().as_str(), problem.input.as_deref(), problem.code),
                (message, input, code)
            );
            assert_eq!(problem.json, json);
        };
        check(json!("Missing."), "Missing.", None, None);
        check(
            json!({"message": "Missing.", "input": "reads", "code": 7012}),
            "Missing.",
            Some("reads"),
            Some(7012),
        );
        check(json!({"reads": []}), r#"{"reads":[]}"#, None, None);
        assert_eq!(task_warnings(&task(json!({"warnings": null}))), []);
    }

    #[test]
    fn logs_are_named_by_the_ids_of_their_files() {
        let job: types::TaskJob = serde_json::from_value(json!({"logs": {
            "cmd.log": "https://api.sbgenomics.com/v2/files/567890abc4f3066bc3750177/download_info",
            "stderr": null,
            "other": "https://example.com/x",
        }}))
        .unwrap();
        let expected = [("cmd.log".to_owned(), "567890abc4f3066bc3750177".to_owned())];
        assert_eq!(job_logs(&job), BTreeMap::from(expected));
    }
}
