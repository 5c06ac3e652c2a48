//! Decoded results of a task: its outputs, price, errors, and the logs of its jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::value::{TaskFile, TaskFolder, TaskOutput, values_from_json};
use crate::types::{self, TaskStatus};

/// Decoded results of a task. Import the trait to call these methods on a [`Task`](types::Task).
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::tasks::TaskExt as _;
///
/// let task = client.task(id).wait().await?;
/// match task.failure() {
///     None => println!("{} files, {:?}", task.output_files().len(), task.duration()),
///     Some(reason) => eprintln!("the task failed: {reason}"),
/// }
/// # Ok(())
/// # }
/// ```
pub trait TaskExt {
    /// The outputs of a task by id. Empty if the task was fetched without its outputs, as in lists.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::tasks::{TaskOutput, TaskExt as _};
    ///
    /// let task = client.task(id).get().await?;
    /// if let Some(TaskOutput::File(bam)) = task.outputs().get("aligned_reads") {
    ///     for index in &bam.secondary_files {
    ///         println!("{} has the index {}", bam.id, index.id);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    fn outputs(&self) -> BTreeMap<String, TaskOutput>;

    /// All files among the outputs of a task, at any depth, with their secondary files. Each appears once.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
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
    /// let names: Vec<_> = task.output_files().into_iter().filter_map(|file| file.name).collect();
    /// assert_eq!(names, ["S1.bam", "S1.bam.bai"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn output_files(&self) -> Vec<TaskFile>;

    /// All folders among the outputs of a task, at any depth. Each appears once.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let task: sbg::types::Task = serde_json::from_str(
    ///     r#"{
    ///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    ///         "outputs": {"logs": {"class": "Directory", "path": "567890abc4f3066bc3750180"}}
    ///     }"#,
    /// )?;
    /// assert_eq!(task.output_folders()[0].id, "567890abc4f3066bc3750180");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn output_folders(&self) -> Vec<TaskFolder>;

    /// The cost of a task so far, in the currency that its `price` names; `None` if not known, as before it has run.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let task: sbg::types::Task = serde_json::from_str(
    ///     r#"{"id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11", "price": {"currency": "USD", "amount": 0.23}}"#,
    /// )?;
    /// assert_eq!(task.price(), Some(0.23));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn price(&self) -> Option<f64>;

    /// The errors of a task, which keep it from running.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let draft: sbg::types::Task = serde_json::from_str(
    ///     r#"{"id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11", "errors": ["Required input is not set: reads"]}"#,
    /// )?;
    /// for problem in draft.errors() {
    ///     assert_eq!(problem.to_string(), "Required input is not set: reads");
    /// }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn errors(&self) -> Vec<TaskProblem>;

    /// The warnings of a task.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskExt as _;
    ///
    /// for problem in task.get().await?.warnings() {
    ///     println!("{:?}: {problem}", problem.input);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    fn warnings(&self) -> Vec<TaskProblem>;

    /// Why the task failed, as the platform puts it; `None` unless it has failed.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let task: sbg::types::Task = serde_json::from_str(
    ///     r#"{
    ///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    ///         "status": "FAILED",
    ///         "execution_status": {"message": "Task execution failed."},
    ///         "errors": [{"message": "Docker image not found."}]
    ///     }"#,
    /// )?;
    /// assert_eq!(task.failure().as_deref(), Some("Task execution failed.; Docker image not found."));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// The output of a tool is in the logs of the jobs; see [`execution_details`](super::TaskHandle::execution_details) and
    /// [`TaskJobExt::log_files`].
    fn failure(&self) -> Option<String>;

    /// How long the task ran, from start to end; `None` unless it has started and ended.
    ///
    /// ```
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let task: sbg::types::Task = serde_json::from_str(
    ///     r#"{
    ///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    ///         "start_time": "2026-11-30T10:00:00Z",
    ///         "end_time": "2026-11-30T11:30:00Z"
    ///     }"#,
    /// )?;
    /// assert_eq!(task.duration(), Some(std::time::Duration::from_secs(90 * 60)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn duration(&self) -> Option<Duration>;
}

impl TaskExt for types::Task {
    fn outputs(&self) -> BTreeMap<String, TaskOutput> {
        self.outputs.as_ref().map(values_from_json).unwrap_or_default()
    }

    fn output_files(&self) -> Vec<TaskFile> {
        let outputs = TaskExt::outputs(self);
        let mut seen = BTreeSet::new();
        let files = outputs.values().flat_map(TaskOutput::files);
        files.filter(|file| seen.insert(file.id.as_str())).cloned().collect()
    }

    fn output_folders(&self) -> Vec<TaskFolder> {
        let outputs = TaskExt::outputs(self);
        let mut seen = BTreeSet::new();
        let folders = outputs.values().flat_map(TaskOutput::folders);
        folders.filter(|folder| seen.insert(folder.id.as_str())).cloned().collect()
    }

    fn price(&self) -> Option<f64> {
        self.price.as_ref()?.amount.as_ref()?.as_f64()
    }

    fn errors(&self) -> Vec<TaskProblem> {
        self.errors.iter().flatten().map(TaskProblem::read).collect()
    }

    fn warnings(&self) -> Vec<TaskProblem> {
        self.warnings.iter().flatten().map(TaskProblem::read).collect()
    }

    fn failure(&self) -> Option<String> {
        if self.status != Some(TaskStatus::Failed) {
            return None;
        }
        let said = self.execution_status.as_ref().and_then(|status| status.message.clone());
        let problems = TaskExt::errors(self).into_iter().map(|problem| problem.message);
        let mut reasons: Vec<String> = Vec::new();
        for reason in said.into_iter().chain(problems) {
            if !reason.trim().is_empty() && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        if reasons.is_empty() {
            return Some("the platform gave no reason; see the logs of its jobs".to_owned());
        }
        Some(reasons.join("; "))
    }

    fn duration(&self) -> Option<Duration> {
        let time = |time: &Option<types::Timestamp>| time.as_ref()?.to_jiff();
        Duration::try_from(time(&self.end_time)?.duration_since(time(&self.start_time)?)).ok()
    }
}

/// Decoded results of a job. Import the trait to call its method on a [`TaskJob`](types::TaskJob).
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::tasks::TaskJobExt as _;
///
/// for job in client.task(id).execution_details().await?.jobs.unwrap_or_default() {
///     println!("{:?} {:?}", job.name, job.log_files());
/// }
/// # Ok(())
/// # }
/// ```
pub trait TaskJobExt {
    /// The logs of a job: file ids by log name, such as `cmd.log`.
    ///
    /// The platform returns download URLs. The ids in them work for downloads and for all other calls.
    ///
    /// ```
    /// use sbg::tasks::TaskJobExt as _;
    ///
    /// let job: sbg::types::TaskJob = serde_json::from_str(
    ///     r#"{"logs": {"cmd.log": "https://api.sbgenomics.com/v2/files/567890abc4f3066bc3750177/download_info"}}"#,
    /// )?;
    /// assert_eq!(job.log_files()["cmd.log"], "567890abc4f3066bc3750177");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn log_files(&self) -> BTreeMap<String, String>;
}

impl TaskJobExt for types::TaskJob {
    fn log_files(&self) -> BTreeMap<String, String> {
        let logs = self.logs.iter().flatten();
        logs.filter_map(|(name, address)| Some((name.clone(), file_of(address.as_deref()?)?.to_owned())))
            .collect()
    }
}

/// An error or a warning about a task.
///
/// ```
/// use sbg::tasks::TaskExt as _;
///
/// let task: sbg::types::Task = serde_json::from_str(
///     r#"{
///         "id": "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
///         "errors": [{"message": "The file is not in the project.", "input": "reads", "more": 1}]
///     }"#,
/// )?;
/// let problem = &task.errors()[0];
/// assert_eq!(problem.to_string(), "The file is not in the project.");
/// assert_eq!(problem.input.as_deref(), Some("reads"));
/// assert_eq!(problem.json["more"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskProblem {
    /// The message.
    pub message: String,
    /// The input concerned, if the platform names one.
    pub input: Option<String>,
    /// Error code, if the platform gives one.
    pub code: Option<i64>,
    /// The full JSON from the platform.
    pub json: Value,
}

impl TaskProblem {
    /// The form is not documented, so this accepts several.
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

/// The id in a URL such as `https://api.sbgenomics.com/v2/files/ID/download_info`.
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
    fn output_files_are_listed_once() {
        let outputs = json!({
            "bam": {"class": "File", "path": "1", "secondaryFiles": [{"class": "File", "path": "2"}]},
            "bai": {"class": "File", "path": "2"},
            "logs": [{"class": "Directory", "path": "d"}, null],
            "count": 5,
        });
        let done = task(json!({"outputs": outputs}));
        let files: Vec<_> = done.output_files().into_iter().map(|file| file.id).collect();
        // Outputs are in the order of their ids.
        assert_eq!(files, ["2", "1"]);
        assert_eq!(done.output_folders(), [TaskFolder::new("d")]);
        assert_eq!(done.outputs()["count"], 5.into());
        for without in [json!({}), json!({"outputs": null}), json!({"outputs": {"bam": null}})] {
            assert_eq!(task(without).output_files(), []);
        }
    }

    #[test]
    fn failure_has_every_reason_once() {
        let check = |json: Value, expected: Option<&str>| {
            assert_eq!(task(json).failure().as_deref(), expected);
        };
        let status = json!({"message": "It failed."});
        check(json!({"status": "FAILED", "execution_status": status}), Some("It failed."));
        check(
            json!({"status": "FAILED", "execution_status": status, "errors": ["It failed.", "No disk."]}),
            Some("It failed.; No disk."),
        );
        check(json!({"status": "FAILED"}), Some("the platform gave no reason; see the logs of its jobs"));
        check(json!({"status": "COMPLETED", "execution_status": status}), None);
        check(json!({"status": "RUNNING", "errors": ["x"]}), None);
    }

    #[test]
    fn duration_needs_start_and_end() {
        let check = |json: Value, expected: Option<u64>| {
            assert_eq!(task(json).duration(), expected.map(Duration::from_secs));
        };
        let (start, end) = ("2026-11-30T10:00:00Z", "2026-11-30T10:01:00Z");
        check(json!({"start_time": start, "end_time": end}), Some(60));
        check(json!({"start_time": start}), None);
        check(json!({"start_time": end, "end_time": start}), None);
        check(json!({"start_time": "soon", "end_time": end}), None);
    }

    #[test]
    fn price_parses_from_any_form() {
        let check = |price: Value, expected: Option<f64>| {
            assert_eq!((task(json!({"price": price}))).price(), expected);
        };
        check(json!({"currency": "USD", "amount": "0.23"}), Some(0.23));
        check(json!({"amount": 1}), Some(1.0));
        check(json!({"currency": "USD"}), None);
        check(json!(null), None);
    }

    #[test]
    fn task_problems_parse_from_any_form() {
        let check = |json: Value, message: &str, input: Option<&str>, code: Option<i64>| {
            let problems = (task(json!({"errors": [json.clone()]}))).errors();
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
        assert_eq!((task(json!({"warnings": null}))).warnings(), []);
    }

    #[test]
    fn job_logs_map_to_file_ids() {
        let job: types::TaskJob = serde_json::from_value(json!({"logs": {
            "cmd.log": "https://api.sbgenomics.com/v2/files/567890abc4f3066bc3750177/download_info",
            "stderr": null,
            "other": "https://example.com/x",
        }}))
        .unwrap();
        let expected = [("cmd.log".to_owned(), "567890abc4f3066bc3750177".to_owned())];
        assert_eq!(job.log_files(), BTreeMap::from(expected));
    }
}
