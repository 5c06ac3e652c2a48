//! Settings common to creating and editing a task: inputs, batch, execution.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::value::{TaskValue, values_to_json};
use crate::error::{Error, Result};
use crate::types;

/// Writes the setters common to the task builders, which have the fields `body`, `inputs` and `settings`. `$task` is the expression
/// that makes the builder in the examples, which have a project, an app and a task.
macro_rules! setup_setters {
    ($task:literal) => {
        $crate::request::call::body_setters! {
            /// What the task is for.
            ///
            /// ```
            /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
            #[doc = concat!(" let task = ", $task, ".description(\"Angle of the helix in the B form\");")]
            /// # }
            /// ```
            description(description: String);
            /// Whether to run on interruptible (spot) instances. Default: the project's setting.
            ///
            /// ```
            /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
            #[doc = concat!(" let task = ", $task, ".interruptible(true);")]
            /// # }
            /// ```
            interruptible(use_interruptible_instances: bool);
        }

        /// Sets an input: a [`File`](crate::types::File) from a list, text, a number, a `Vec` of these, or any
        /// [`TaskValue`](super::TaskValue).
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
        /// use sbg::tasks::TaskValue;
        ///
        /// let reads = TaskValue::file("567890abc9b0307bc0414164");
        #[doc = concat!("let task = ", $task, ".input(\"reads\", reads).input(\"threshold\", 3);")]
        /// # }
        /// ```
        pub fn input(mut self, input: impl Into<String>, value: impl Into<super::TaskInput>) -> Self {
            self.inputs.insert(input.into(), value.into());
            self
        }

        /// Sets several inputs.
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
        #[doc = concat!("let task = ", $task, ".inputs([(\"threshold\", 3), (\"minimum_quality\", 30)]);")]
        /// # }
        /// ```
        pub fn inputs<K, V>(mut self, inputs: impl IntoIterator<Item = (K, V)>) -> Self
        where
            K: Into<String>,
            V: Into<super::TaskInput>,
        {
            self.inputs.extend(inputs.into_iter().map(|(input, value)| (input.into(), value.into())));
            self
        }

        /// Makes it a batch task with a child for each item of this input.
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
        /// use sbg::tasks::TaskValue;
        ///
        /// let ids = ["567890abc9b0307bc0414164", "567890abc4f3066bc3750174"];
        /// let reads = ids.map(TaskValue::file);
        #[doc = concat!("let task = ", $task, ".input(\"reads\", reads).batch_by_item(\"reads\");")]
        /// # }
        /// ```
        pub fn batch_by_item(mut self, input: impl Into<String>) -> Self {
            self.body.batch = Some(true);
            let input: String = input.into();
            self.body.batch_input = input.into();
            self.body.batch_by = super::setup::by_item().into();
            self
        }

        /// Makes it a batch task with a child for each group of this input's files that have the same values in these metadata fields,
        /// such as `sample_id` or `metadata.sample_id`.
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
        #[doc = concat!("let task = ", $task, ".batch_by_metadata(\"reads\", [\"sample_id\", \"library_id\"]);")]
        /// # }
        /// ```
        pub fn batch_by_metadata<F: AsRef<str>>(
            mut self,
            input: impl Into<String>,
            fields: impl IntoIterator<Item = F>,
        ) -> Self {
            self.body.batch = Some(true);
            let input: String = input.into();
            self.body.batch_input = input.into();
            self.body.batch_by = super::setup::by_metadata(fields).into();
            self
        }

        /// Execution settings.
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, task: sbg::tasks::TaskHandle) {
        /// use sbg::tasks::ExecutionSettings;
        ///
        /// let settings = ExecutionSettings::new().instance_type("c4.2xlarge;ebs-gp2;2000");
        #[doc = concat!("let task = ", $task, ".execution_settings(settings);")]
        /// # }
        /// ```
        pub fn execution_settings(mut self, settings: super::ExecutionSettings) -> Self {
            self.settings = Some(settings);
            self
        }
    };
}

pub(super) use setup_setters;

pub(super) fn by_item() -> types::TaskBatchCriteria {
    types::TaskBatchCriteria { type_: "ITEM".to_owned(), criteria: Vec::new() }
}

/// Adds `metadata.` before the fields, as the platform requires.
pub(super) fn by_metadata<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> types::TaskBatchCriteria {
    let criterion = |field: F| {
        let field = field.as_ref();
        if field.starts_with("metadata.") { field.to_owned() } else { format!("metadata.{field}") }
    };
    types::TaskBatchCriteria {
        type_: "CRITERIA".to_owned(),
        criteria: fields.into_iter().map(criterion).collect(),
    }
}

/// A batch needs an input; a batch by metadata needs fields.
pub(super) fn check_batch(input: Option<&str>, by: Option<&types::TaskBatchCriteria>) -> Result<()> {
    if input.is_some_and(|input| input.trim().is_empty()) {
        return Err(Error::invalid("the batch input is empty: set the id of an input of the app"));
    }
    let Some(by) = by.filter(|by| *by != &by_item()) else { return Ok(()) };
    if by.criteria.is_empty() {
        return Err(Error::invalid("a batch by metadata needs at least one field, such as `sample_id`"));
    }
    match by.criteria.iter().find(|field| field.trim() == "metadata.") {
        Some(_) => Err(Error::invalid("a metadata field to batch by is empty")),
        None => Ok(()),
    }
}

/// The inputs as sent in a request.
pub(super) fn checked_inputs(inputs: &BTreeMap<String, TaskValue>) -> Result<Map<String, Value>> {
    for (input, value) in inputs {
        if input.trim().is_empty() {
            return Err(Error::invalid("the identifier of an input is empty"));
        }
        value.check()?;
    }
    Ok(values_to_json(inputs))
}

/// A new task may have no name, but not an empty one.
pub(super) fn check_task_name(name: Option<&str>) -> Result<()> {
    match name.filter(|name| name.trim().is_empty()) {
        Some(_) => Err(Error::invalid("the name of the task is empty")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_criteria_are_metadata_fields() {
        let by = by_metadata(["sample_id", "metadata.library_id"]);
        assert_eq!(by.criteria, ["metadata.sample_id", "metadata.library_id"]);
        assert_eq!(by.type_, "CRITERIA");
    }

    #[test]
    fn invalid_batch_settings_are_rejected() {
        let check = |input: &str, by: types::TaskBatchCriteria, expected: Option<&str>| {
            let error = check_batch(Some(input), Some(&by)).err();
            assert_eq!(error.map(|error| error.message().to_owned()).as_deref(), expected);
        };
        check("reads", by_item(), None);
        check("reads", by_metadata(["sample_id"]), None);
        let input = "the batch input is empty: set the id of an input of the app";
        check("", by_item(), Some(input));
        let fields = "a batch by metadata needs at least one field, such as `sample_id`";
        check("reads", by_metadata([""; 0]), Some(fields));
        check("reads", by_metadata(["a", ""]), Some("a metadata field to batch by is empty"));
        assert!(check_batch(None, None).is_ok());
    }
}
