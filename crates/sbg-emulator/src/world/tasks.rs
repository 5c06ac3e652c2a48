//! Tasks: creation, changes, lists and deletion. How they run is in [`super::task_runs`].

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    World,
    apps::{Revision, split_id},
    ids::{is_project_id, is_uuid},
    permissions::Need,
    price::Price,
};
use crate::error::{ApiError, Outcome};

/// A run of an app, or the draft of one.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// Orders tasks that were created at the same time.
    pub(super) serial: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) project: String,
    /// With the revision.
    pub(crate) app: String,
    pub(crate) status: Status,
    pub(crate) created_by: String,
    pub(crate) executed_by: Option<String>,
    pub(crate) created: Timestamp,
    /// When it was started.
    pub(crate) started: Option<Timestamp>,
    /// When it began to run.
    pub(crate) running: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// The inputs as they were sent.
    pub(crate) inputs: Map<String, Value>,
    pub(crate) outputs: Map<String, Value>,
    pub(crate) errors: Vec<Value>,
    pub(crate) warnings: Vec<Value>,
    pub(crate) batch: Option<Batch>,
    pub(crate) children: Vec<String>,
    pub(crate) batch_group: Option<Value>,
    pub(crate) parent: Option<String>,
    pub(crate) interruptible: bool,
    pub(crate) settings: Map<String, Value>,
    pub(crate) output_location: Option<Value>,
    /// The automation run that created it.
    pub(crate) origin: Option<String>,
    pub(crate) price: Price,
    pub(crate) message: String,
    /// Names of logs and the files that contain them.
    pub(crate) logs: Vec<(String, String)>,
    pub(crate) command: String,
}

/// How a batch divides its inputs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Batch {
    pub(crate) input: String,
    /// Metadata fields with the prefix `metadata.`; empty for a child per item.
    pub(crate) criteria: Vec<String>,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Status {
    Draft,
    Creating,
    Queued,
    Running,
    Completed,
    Aborting,
    Aborted,
    Failed,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Creating => "CREATING",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Aborting => "ABORTING",
            Self::Aborted => "ABORTED",
            Self::Failed => "FAILED",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted | Self::Failed)
    }
}

/// The states that lists can be filtered by: the platform has one more.
const STATUS_NAMES: [&str; 7] = ["QUEUED", "DRAFT", "RUNNING", "COMPLETED", "ABORTED", "ABORTING", "FAILED"];

/// The properties of a new task, or the changes of an edit.
#[derive(Debug, Default)]
pub(crate) struct TaskEdit<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) app: Option<&'a str>,
    /// Merged into the current inputs.
    pub(crate) inputs: Option<Map<String, Value>>,
    pub(crate) batch: Option<bool>,
    pub(crate) batch_input: Option<&'a str>,
    pub(crate) batch_by: Option<&'a Map<String, Value>>,
    pub(crate) settings: Option<&'a Map<String, Value>>,
    pub(crate) interruptible: Option<bool>,
    pub(crate) output_location: Option<&'a Value>,
}

impl TaskEdit<'_> {
    /// Whether only the name is changed, which is allowed for tasks that run or have run.
    fn only_renames(&self) -> bool {
        matches!(
            self,
            TaskEdit {
                description: None,
                app: None,
                inputs: None,
                batch: None,
                batch_input: None,
                batch_by: None,
                settings: None,
                interruptible: None,
                output_location: None,
                ..
            }
        )
    }
}

/// Which tasks a list contains.
#[derive(Debug, Default)]
pub(crate) struct TaskFilter<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) parent: Option<&'a str>,
    pub(crate) batch: Option<bool>,
    pub(crate) origin: Option<&'a str>,
    /// Bounds: the first is inclusive, the second exclusive.
    pub(crate) created: (Option<Timestamp>, Option<Timestamp>),
    pub(crate) started: (Option<Timestamp>, Option<Timestamp>),
    pub(crate) ended: (Option<Timestamp>, Option<Timestamp>),
    pub(crate) order_by: Option<&'a str>,
    pub(crate) descending: bool,
}

fn within(time: Option<Timestamp>, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> bool {
    let after = from.is_none_or(|from| time.is_some_and(|time| time >= from));
    after && to.is_none_or(|to| time.is_some_and(|time| time < to))
}

impl World {
    /// The visible tasks. Children of batches are listed with their parent only.
    pub(crate) fn list_tasks(&self, actor: &str, filter: &TaskFilter<'_>) -> Outcome<Vec<&Task>> {
        if let Some(project) = filter.project {
            if !is_project_id(project) {
                return Err(ApiError::new(3012));
            }
            self.project(actor, project, Need::Read)?;
        }
        let status = filter.status.map(str::to_ascii_uppercase);
        if status.as_deref().is_some_and(|status| !STATUS_NAMES.contains(&status)) {
            return Err(ApiError::new(7006));
        }
        if let Some(parent) = filter.parent {
            self.task(actor, parent, Need::Read)?;
        }
        let visible: std::collections::HashSet<&str> = self
            .projects
            .values()
            .filter(|project| self.access(project, actor).is_some())
            .map(|project| project.id.as_str())
            .collect();
        let mut tasks: Vec<&Task> = self
            .tasks
            .values()
            .filter(|task| visible.contains(task.project.as_str()))
            .filter(|task| filter.project.is_none_or(|project| task.project == project))
            .filter(|task| task.parent.as_deref() == filter.parent)
            .filter(|task| status.as_deref().is_none_or(|status| task.status.name() == status))
            .filter(|task| filter.batch.is_none_or(|batch| task.batch.is_some() == batch))
            .filter(|task| filter.origin.is_none_or(|origin| task.origin.as_deref() == Some(origin)))
            .filter(|task| within(Some(task.created), filter.created))
            .filter(|task| within(task.started, filter.started))
            .filter(|task| within(task.ended, filter.ended))
            .collect();
        let compare: fn(&Task, &Task) -> Ordering = match filter.order_by.unwrap_or("created_time") {
            "created_time" => |one, other| one.created.cmp(&other.created),
            "start_time" => |one, other| one.started.cmp(&other.started),
            "end_time" => |one, other| one.ended.cmp(&other.ended),
            "name" => |one, other| one.name.cmp(&other.name),
            "created_by" => |one, other| one.created_by.cmp(&other.created_by),
            _ => {
                return Err(ApiError::bad_request(
                    "`order_by` must be created_time, start_time, name, end_time or created_by.",
                ));
            }
        };
        // A direction counts only with a column.
        let descending = filter.descending && filter.order_by.is_some();
        tasks.sort_by(|one, other| {
            let order = compare(one, other).then(one.serial.cmp(&other.serial));
            if descending { order.reverse() } else { order }
        });
        Ok(tasks)
    }

    /// A task for an action that needs a permission.
    pub(crate) fn task(&self, actor: &str, id: &str, need: Need) -> Outcome<&Task> {
        if !is_uuid(id) {
            return Err(ApiError::new(7005));
        }
        let task = self.tasks.get(id).ok_or(ApiError::new(7002))?;
        self.project(actor, &task.project, need).map_err(|_| ApiError::new(7001))?;
        Ok(task)
    }

    /// The revision that a task runs; `None` if the app was deleted.
    pub(crate) fn task_app(&self, task: &Task) -> Option<&Revision> {
        let (id, revision) = split_id(&task.app)?;
        self.apps.get(id)?.revisions.get(revision?.parse::<usize>().ok()?)
    }

    /// The app in a request, as an id with its revision.
    fn named_app(&self, actor: &str, id: &str) -> Outcome<String> {
        let (app, revision) = split_id(id).ok_or(ApiError::new(6011))?;
        let (found, number) = self.app_revision(actor, app, revision)?;
        if !found.revisions.get(number).is_some_and(Revision::is_cwl) {
            return Err(ApiError::new(7017));
        }
        Ok(format!("{app}/{number}"))
    }

    /// Creates a draft and returns its id. Errors of its inputs are recorded in it and do not refuse it.
    pub(crate) fn create_task(
        &mut self,
        actor: &str,
        project: Option<&str>,
        edit: &TaskEdit<'_>,
    ) -> Outcome<String> {
        let project = project.filter(|id| !id.is_empty()).ok_or(ApiError::new(3006))?;
        if !is_project_id(project) {
            return Err(ApiError::new(3012));
        }
        let interruptible = self
            .project(actor, project, Need::Execute)?
            .settings
            .get("use_interruptible_instances")
            .is_some_and(|value| *value == true);
        let app = edit.app.filter(|id| !id.is_empty()).ok_or(ApiError::new(7015))?;
        let app = self.named_app(actor, app)?;
        let created = self.clock.timestamp();
        let name = edit.name.filter(|name| !name.trim().is_empty()).map_or_else(
            || {
                format!(
                    "{} run - {}",
                    app.split('/').nth(2).unwrap_or("Task"),
                    created.strftime("%m-%d-%y %H:%M:%S")
                )
            },
            str::to_owned,
        );
        let mut task = Task {
            id: self.ids.uuid(),
            serial: self.tasks_made,
            name,
            description: String::new(),
            project: project.to_owned(),
            app,
            status: Status::Draft,
            created_by: actor.to_owned(),
            executed_by: None,
            created,
            started: None,
            running: None,
            ended: None,
            inputs: Map::new(),
            outputs: Map::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            batch: None,
            children: Vec::new(),
            batch_group: None,
            parent: None,
            interruptible,
            settings: Map::new(),
            output_location: None,
            origin: None,
            price: Price::default(),
            message: String::new(),
            logs: Vec::new(),
            command: String::new(),
        };
        self.apply(actor, &mut task, edit)?;
        let id = task.id.clone();
        self.tasks_made += 1;
        self.tasks.insert(id.clone(), task);
        Ok(id)
    }

    /// Changes a draft, or the name of any task.
    pub(crate) fn edit_task(&mut self, actor: &str, id: &str, edit: &TaskEdit<'_>) -> Outcome<()> {
        let present = self.task(actor, id, Need::Execute)?;
        if present.status != Status::Draft && !edit.only_renames() {
            return Err(ApiError::new(7026));
        }
        if edit.name.is_some_and(|name| name.trim().is_empty()) {
            return Err(ApiError::bad_request("`name` must not be blank."));
        }
        let mut task = present.clone();
        if let Some(name) = edit.name {
            name.clone_into(&mut task.name);
        }
        if task.status == Status::Draft {
            if let Some(app) = edit.app {
                task.app = self.named_app(actor, app)?;
            }
            self.apply(actor, &mut task, edit)?;
        }
        self.tasks.insert(id.to_owned(), task);
        Ok(())
    }

    /// Sets inputs of a draft.
    pub(crate) fn edit_inputs(&mut self, actor: &str, id: &str, inputs: Map<String, Value>) -> Outcome<()> {
        if self.task(actor, id, Need::Execute)?.status != Status::Draft {
            return Err(ApiError::new(7007));
        }
        self.edit_task(actor, id, &TaskEdit { inputs: Some(inputs), ..TaskEdit::default() })
    }

    /// Applies a request to a draft, and then checks the inputs.
    fn apply(&self, actor: &str, task: &mut Task, edit: &TaskEdit<'_>) -> Outcome<()> {
        if let Some(description) = edit.description {
            description.clone_into(&mut task.description);
        }
        if let Some(interruptible) = edit.interruptible {
            task.interruptible = interruptible;
        }
        if let Some(location) = edit.output_location {
            task.output_location = Some(location.clone());
        }
        if let Some(settings) = edit.settings {
            let instances = settings.get("max_parallel_instances").filter(|value| !value.is_null());
            if instances.is_some_and(|value| value.as_u64().is_none_or(|count| count == 0)) {
                return Err(ApiError::bad_request(
                    "`max_parallel_instances` must be a number of at least 1.",
                ));
            }
            task.settings.extend(settings.clone());
        }
        for (key, value) in edit.inputs.iter().flatten() {
            if value.is_null() {
                task.inputs.shift_remove(key);
            } else {
                task.inputs.insert(key.clone(), self.named_files(value));
            }
        }
        self.apply_batch(task, edit)?;
        self.validate(actor, task);
        Ok(())
    }

    fn apply_batch(&self, task: &mut Task, edit: &TaskEdit<'_>) -> Outcome<()> {
        if edit.batch == Some(false) {
            task.batch = None;
            return Ok(());
        }
        if edit.batch.is_none() && edit.batch_input.is_none() && edit.batch_by.is_none() {
            return Ok(());
        }
        let app = self.task_app(task).ok_or(ApiError::new(6002))?;
        let default = |key: &str| app.raw.get(key).filter(|value| !value.is_null());
        let present = task.batch.as_ref();
        let input = match edit.batch_input {
            Some("") => return Err(ApiError::new(7018)),
            Some(input) => Some(input),
            None => {
                let present = present.map(|batch| batch.input.as_str());
                present.or_else(|| default("sbg:batchInput").and_then(Value::as_str))
            }
        };
        let by = edit.batch_by.or_else(|| default("sbg:batchBy").and_then(Value::as_object));
        let criteria = match (by, present) {
            (Some(by), _) => Some(criteria(by)?),
            (None, Some(batch)) => Some(batch.criteria.clone()),
            (None, None) => None,
        };
        let (input, criteria) = match (input, criteria) {
            (Some(input), Some(criteria)) => (input.trim_start_matches('#'), criteria),
            (None, None) => return Err(ApiError::new(7019)),
            _ => return Err(ApiError::new(7023)),
        };
        if !app.inputs().iter().any(|port| port.id == input) {
            return Err(ApiError::new(7018).detail(format_args!("There is no input `{input}`.")));
        }
        task.batch = Some(Batch { input: input.to_owned(), criteria });
        Ok(())
    }

    /// Creates a draft from a task and returns its id.
    pub(crate) fn clone_task(&mut self, actor: &str, id: &str) -> Outcome<String> {
        let source = self.task(actor, id, Need::Execute)?;
        let mut task = Task {
            status: Status::Draft,
            created_by: actor.to_owned(),
            executed_by: None,
            created: self.clock.timestamp(),
            started: None,
            running: None,
            ended: None,
            outputs: Map::new(),
            children: Vec::new(),
            batch_group: None,
            parent: None,
            price: Price::default(),
            message: String::new(),
            logs: Vec::new(),
            command: String::new(),
            ..source.clone()
        };
        task.id = self.ids.uuid();
        task.serial = self.tasks_made;
        self.tasks_made += 1;
        self.validate(actor, &mut task);
        let id = task.id.clone();
        self.tasks.insert(id.clone(), task);
        Ok(id)
    }

    /// Deletes a task that is not running, with its children and logs. Its output files are kept.
    pub(crate) fn delete_task(&mut self, actor: &str, id: &str) -> Outcome<()> {
        let task = self.task(actor, id, Need::Execute)?;
        if !task.status.is_final() && task.status != Status::Draft {
            return Err(ApiError::new(7013).detail("A running task cannot be deleted: abort it first."));
        }
        self.forget_task(id);
        Ok(())
    }

    pub(super) fn forget_task(&mut self, id: &str) {
        let Some(task) = self.tasks.remove(id) else { return };
        for (_, log) in &task.logs {
            self.remove(log);
        }
        for child in &task.children {
            self.forget_task(child);
        }
    }
}

/// The criteria of a `batch_by` object; empty for a child per item.
fn criteria(by: &Map<String, Value>) -> Outcome<Vec<String>> {
    let kind = by.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    match kind.as_str() {
        "ITEM" => Ok(Vec::new()),
        "CRITERIA" => {
            let list = by.get("criteria").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let names: Option<Vec<String>> =
                list.iter().map(|name| name.as_str().map(str::to_owned)).collect();
            let names = names.filter(|names| !names.is_empty()).ok_or(ApiError::new(7019))?;
            Ok(names)
        }
        _ => Err(ApiError::new(7020)),
    }
}

impl Batch {
    /// As requests and responses write it.
    pub(crate) fn by(&self) -> Value {
        if self.criteria.is_empty() {
            json!({ "type": "ITEM" })
        } else {
            json!({ "type": "CRITERIA", "criteria": self.criteria })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_by_item_or_criteria() {
        let read = |by: Value| criteria(by.as_object().unwrap()).map_err(|error| error.code);
        assert_eq!(read(json!({"type": "item"})), Ok(vec![]));
        assert_eq!(
            read(json!({"type": "CRITERIA", "criteria": ["metadata.a"]})),
            Ok(vec!["metadata.a".to_owned()])
        );
        assert_eq!(read(json!({"type": "criteria"})), Err(7019));
        assert_eq!(read(json!({"type": "criteria", "criteria": [1]})), Err(7019));
        assert_eq!(read(json!({"type": "all"})), Err(7020));
        assert_eq!(read(json!({})), Err(7020));
    }

    #[test]
    fn time_range_excludes_its_end() {
        let at = |second| Timestamp::from_second(second).ok();
        assert!(within(at(5), (at(5), at(6))));
        assert!(!within(at(6), (at(5), at(6))));
        assert!(within(None, (None, None)));
        assert!(!within(None, (at(5), None)));
    }
}
