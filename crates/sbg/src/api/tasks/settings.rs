//! Execution settings and output locations of a task.

use crate::error::{Error, Result};
use crate::types;

/// Execution settings of a task. The app and the project decide what is not set.
///
/// ```
/// use sbg::tasks::ExecutionSettings;
///
/// let settings = ExecutionSettings::new().instance_type("c4.2xlarge;ebs-gp2;2000").max_parallel_instances(4);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ExecutionSettings {
    edit: types::TaskExecutionSettingsEdit,
    max_parallel_instances: Option<u32>,
}

impl ExecutionSettings {
    /// Empty settings.
    ///
    /// ```
    /// # fn example(draft: sbg::tasks::TaskCreate) {
    /// use sbg::tasks::ExecutionSettings;
    ///
    /// let draft = draft.execution_settings(ExecutionSettings::new().instance_type("AUTO"));
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Instance type with its disk and its size in GB, such as `c4.2xlarge;ebs-gp2;2000`, or `AUTO`.
    ///
    /// ```
    /// use sbg::tasks::ExecutionSettings;
    ///
    /// let settings = ExecutionSettings::new().instance_type("c4.2xlarge;ebs-gp2;2000");
    /// assert_ne!(settings, ExecutionSettings::new().instance_type("AUTO"));
    /// ```
    pub fn instance_type(mut self, instance_type: impl Into<String>) -> Self {
        self.edit.instance_type = Some(types::TaskInstanceType::String(instance_type.into()));
        self
    }

    /// Instance types to choose from.
    ///
    /// ```
    /// let settings = sbg::tasks::ExecutionSettings::new().instance_types(["c5.4xlarge", "c5.9xlarge"]);
    /// ```
    pub fn instance_types<T: Into<String>>(mut self, instance_types: impl IntoIterator<Item = T>) -> Self {
        let instance_types = instance_types.into_iter().map(Into::into).collect();
        self.edit.instance_type = Some(types::TaskInstanceType::Array(instance_types));
        self
    }

    /// Maximum number of parallel instances, at least 1.
    ///
    /// ```
    /// let settings = sbg::tasks::ExecutionSettings::new().max_parallel_instances(4);
    /// ```
    pub fn max_parallel_instances(mut self, count: u32) -> Self {
        self.max_parallel_instances = Some(count);
        self
    }

    /// Whether to reuse results of earlier identical jobs. Default of the platform: no.
    ///
    /// ```
    /// let settings = sbg::tasks::ExecutionSettings::new().use_memoization(true);
    /// ```
    pub fn use_memoization(mut self, on: bool) -> Self {
        self.edit.use_memoization = Some(on);
        self
    }

    /// Whether instance disks may grow when needed.
    ///
    /// ```
    /// let settings = sbg::tasks::ExecutionSettings::new().use_elastic_disk(true);
    /// ```
    pub fn use_elastic_disk(mut self, on: bool) -> Self {
        self.edit.use_elastic_disk = Some(on);
        self
    }

    pub(super) fn checked(self) -> Result<types::TaskExecutionSettingsEdit> {
        let Self { mut edit, max_parallel_instances } = self;
        edit.max_parallel_instances = match max_parallel_instances.map(i32::try_from) {
            None => None,
            Some(Ok(count)) if count > 0 => Some(count),
            Some(_) => {
                return Err(Error::invalid("`max_parallel_instances` must be from 1 to 2^31-1"));
            }
        };
        let blank = match &edit.instance_type {
            None => false,
            Some(types::TaskInstanceType::String(name)) => name.trim().is_empty(),
            Some(types::TaskInstanceType::Array(names)) => {
                names.is_empty() || names.iter().any(|name| name.trim().is_empty())
            }
        };
        if blank {
            return Err(Error::invalid("the instance type is empty; `AUTO` lets the platform choose"));
        }
        if edit == types::TaskExecutionSettingsEdit::default() {
            return Err(Error::invalid("the execution settings are empty: set one, or leave them out"));
        }
        Ok(edit)
    }
}

/// Where to put the outputs of a task.
///
/// Paths name folders of the project, such as `/Analysis/run-1`, or of a volume, such as `volumes://my-volume/run-1`.
///
/// ```
/// use sbg::tasks::OutputLocation;
///
/// let location = OutputLocation::new("/Analysis/run-1").output("report", "/Reports");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct OutputLocation(types::TaskOutputLocation);

impl OutputLocation {
    /// The path of all outputs without a separate path.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// use sbg::tasks::OutputLocation;
    ///
    /// let edit = task.edit().output_location(OutputLocation::new("volumes://results/run-1"));
    /// # }
    /// ```
    pub fn new(path: impl Into<String>) -> Self {
        Self(types::TaskOutputLocation { main_location: Some(path.into()), ..Default::default() })
    }

    /// Path in the project under which outputs on a volume appear.
    ///
    /// ```
    /// let location = sbg::tasks::OutputLocation::new("volumes://results/run-1").alias("/Analysis/run-1");
    /// ```
    pub fn alias(mut self, path: impl Into<String>) -> Self {
        self.0.main_location_alias = Some(path.into());
        self
    }

    /// Path of one output.
    ///
    /// ```
    /// use sbg::tasks::OutputLocation;
    ///
    /// let location = OutputLocation::new("/Analysis/run-1").output("report", "/Reports").output("logs", "/Logs");
    /// ```
    pub fn output(mut self, output: impl Into<String>, path: impl Into<String>) -> Self {
        self.node(output.into()).output_location = Some(path.into());
        self
    }

    /// Path in the project under which one output on a volume appears.
    ///
    /// ```
    /// use sbg::tasks::OutputLocation;
    ///
    /// let location = OutputLocation::new("/Analysis/run-1");
    /// let location = location.output("bam", "volumes://results/bam").output_alias("bam", "/Alignments");
    /// ```
    pub fn output_alias(mut self, output: impl Into<String>, path: impl Into<String>) -> Self {
        self.node(output.into()).output_location_alias = Some(path.into());
        self
    }

    fn node(&mut self, output: String) -> &mut types::TaskNodeLocation {
        self.0.nodes_override = Some(true);
        self.0.nodes_location.entry(output).or_default()
    }

    pub(super) fn checked(self) -> Result<types::TaskOutputLocation> {
        let location = self.0;
        let main = [&location.main_location, &location.main_location_alias];
        let nodes = location
            .nodes_location
            .values()
            .flat_map(|node| [&node.output_location, &node.output_location_alias]);
        if main.into_iter().chain(nodes).flatten().any(|path| path.trim().is_empty()) {
            return Err(Error::invalid("a path of an output location is empty"));
        }
        if let Some(output) = location
            .nodes_location
            .iter()
            .find(|(_, node)| node.output_location.is_none())
            .map(|(name, _)| name)
        {
            return Err(Error::invalid(format!(
                "the output `{output}` has an alias and no path: set `output` as well"
            )));
        }
        Ok(location)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn execution_settings_are_sent_as_set() {
        let check = |settings: ExecutionSettings, expected: Result<Value, &str>| {
            let got = settings.checked().map(|edit| serde_json::to_value(edit).unwrap());
            assert_eq!(got.map_err(|error| error.message().to_owned()), expected.map_err(str::to_owned));
        };
        let new = ExecutionSettings::new;
        check(new().instance_type("AUTO"), Ok(json!({"instance_type": "AUTO"})));
        check(
            new()
                .instance_types(["a", "b"])
                .max_parallel_instances(2)
                .use_memoization(true)
                .use_elastic_disk(false),
            Ok(json!({
                "instance_type": ["a", "b"],
                "max_parallel_instances": 2,
                "use_memoization": true,
                "use_elastic_disk": false,
            })),
        );
        let count = "`max_parallel_instances` must be from 1 to 2^31-1";
        check(new().max_parallel_instances(0), Err(count));
        check(new().max_parallel_instances(u32::MAX), Err(count));
        let blank = "the instance type is empty; `AUTO` lets the platform choose";
        check(new().instance_type(" "), Err(blank));
        check(new().instance_types([""; 0]), Err(blank));
        check(new(), Err("the execution settings are empty: set one, or leave them out"));
    }

    #[test]
    fn output_paths_enable_the_override() {
        let check = |location: OutputLocation, expected: Result<Value, &str>| {
            let got = location.checked().map(|location| serde_json::to_value(location).unwrap());
            assert_eq!(got.map_err(|error| error.message().to_owned()), expected.map_err(str::to_owned));
        };
        check(OutputLocation::new("/a"), Ok(json!({"main_location": "/a"})));
        check(
            OutputLocation::new("volumes://v/a")
                .alias("/a")
                .output("vcf", "volumes://v/b")
                .output_alias("vcf", "/b"),
            Ok(json!({
                "main_location": "volumes://v/a",
                "main_location_alias": "/a",
                "nodes_override": true,
                "nodes_location": {"vcf": {"output_location": "volumes://v/b", "output_location_alias": "/b"}},
            })),
        );
        check(OutputLocation::new(""), Err("a path of an output location is empty"));
        check(
            OutputLocation::new("/a").output_alias("vcf", "/b"),
            Err("the output `vcf` has an alias and no path: set `output` as well"),
        );
    }
}
