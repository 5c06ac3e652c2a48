//! Running tasks: from the queue to the end, their results, and the children of batches.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    World,
    apps::Revision,
    billing::AnalysisCharge,
    cwl::Port,
    permissions::Need,
    price::Price,
    scheduler::Step,
    task_inputs::texts,
    tasks::{Batch, Status, Task},
    tools::{Output, Tool},
};
use crate::{
    error::{ApiError, Outcome},
    objects::object::Object,
};

/// A string input with this prefix, or an input file with this tag, makes a task fail.
const FAIL: &str = "fail";

impl World {
    /// Starts a draft.
    pub(crate) fn run_task(
        &mut self,
        actor: &str,
        id: &str,
        batch: Option<bool>,
        interruptible: Option<bool>,
    ) -> Outcome<()> {
        let present = self.task(actor, id, Need::Execute)?;
        if present.status != Status::Draft {
            return Err(ApiError::new(7010));
        }
        let mut task = present.clone();
        if batch == Some(false) && task.batch.take().is_none() {
            return Err(ApiError::new(7022));
        }
        self.validate(actor, &mut task);
        if let Some(error) = task.errors.first() {
            let missing = task.errors.iter().all(|error| error["code"] == 7012);
            let reason = error["message"].as_str().unwrap_or_default().to_owned();
            return Err(ApiError::new(if missing { 7012 } else { 7024 }).detail(reason));
        }
        task.interruptible = interruptible.unwrap_or(task.interruptible);
        self.enqueue(task, actor);
        Ok(())
    }

    fn enqueue(&mut self, mut task: Task, actor: &str) {
        let now = self.clock.timestamp();
        let batch = task.batch.is_some();
        task.status = if batch { Status::Creating } else { Status::Queued };
        (if batch { "Creating tasks." } else { "Waiting for an instance." }).clone_into(&mut task.message);
        task.executed_by = Some(actor.to_owned());
        task.started = Some(now);
        self.scheduler.next(now, Step::Task(task.id.clone()));
        self.tasks.insert(task.id.clone(), task);
    }

    /// Aborts a task that is queued or running, with its children.
    pub(crate) fn abort_task(&mut self, actor: &str, id: &str) -> Outcome<()> {
        let task = self.task(actor, id, Need::Execute)?;
        if !matches!(task.status, Status::Creating | Status::Queued | Status::Running) {
            return Err(ApiError::new(7011));
        }
        let now = self.clock.timestamp();
        for child in task.children.clone() {
            self.begin_to_abort(&child, now);
        }
        self.begin_to_abort(id, now);
        Ok(())
    }

    fn begin_to_abort(&mut self, id: &str, at: Timestamp) {
        let Some(task) = self.tasks.get_mut(id).filter(|task| !task.status.is_final()) else { return };
        task.status = Status::Aborting;
        "Aborting.".clone_into(&mut task.message);
        self.scheduler.forget(&Step::Task(id.to_owned()));
        self.scheduler.next(at, Step::Task(id.to_owned()));
    }

    /// Moves a task to its next state. A task that was aborted or deleted in the meantime stays unchanged.
    pub(super) fn step_task(&mut self, id: &str, at: Timestamp) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        match task.status {
            Status::Queued => {
                task.status = Status::Running;
                task.running = Some(at);
                "Running.".clone_into(&mut task.message);
                self.scheduler.next(at, Step::Task(id.to_owned()));
            }
            Status::Creating => {
                task.status = Status::Running;
                task.running = Some(at);
                "Running.".clone_into(&mut task.message);
                self.divide(id, at);
            }
            Status::Running if task.batch.is_none() => match self.compute(id, at) {
                Ok(()) => self.end_task(id, Status::Completed, "Completed.", at),
                Err(reason) => self.end_task(id, Status::Failed, &reason, at),
            },
            Status::Aborting => self.end_task(id, Status::Aborted, "Aborted.", at),
            _ => {}
        }
    }

    /// Ends a task: fixes its price, writes its logs, updates its parent.
    fn end_task(&mut self, id: &str, status: Status, message: &str, at: Timestamp) {
        let Some(task) = self.tasks.get_mut(id).filter(|task| !task.status.is_final()) else { return };
        task.status = status;
        task.ended = Some(at);
        message.clone_into(&mut task.message);
        if task.batch.is_some() {
            let children = task.children.clone();
            let prices = children.iter().filter_map(|child| self.tasks.get(child)).map(|child| child.price);
            let price = prices.fold(Price::default(), |sum, price| Price {
                computation: sum.computation + price.computation,
                storage: sum.storage + price.storage,
            });
            if let Some(task) = self.tasks.get_mut(id) {
                task.price = price;
            }
            return;
        }
        let running = task.running.map(|from| at.duration_since(from));
        let task = task.clone();
        let bytes = self.kept_bytes(&task.outputs);
        let price = running.map_or(Price::default(), |time| Price::of(time, bytes, task.interruptible));
        let logs = if task.running.is_some() { self.write_logs(&task) } else { Vec::new() };
        if let Some(project) = self.project_ref(&task.project) {
            self.charge_analysis(AnalysisCharge {
                project,
                app: task.app.rsplit('/').nth(1).unwrap_or_default().to_owned(),
                name: task.name.clone(),
                id: task.id.clone(),
                ran_by: task.executed_by.clone().unwrap_or_default(),
                status,
                started: task.started.unwrap_or(at),
                finished: at,
                price,
            });
        }
        if let Some(task) = self.tasks.get_mut(id) {
            task.price = price;
            task.logs = logs;
        }
        if let Some(parent) = &task.parent {
            self.end_batch(parent, at);
        }
    }

    /// Ends a batch when all its children have ended.
    fn end_batch(&mut self, id: &str, at: Timestamp) {
        let Some(batch) = self.tasks.get(id).filter(|task| task.status == Status::Running) else { return };
        let states: Vec<Status> = batch
            .children
            .iter()
            .filter_map(|child| self.tasks.get(child))
            .map(|child| child.status)
            .collect();
        if !states.iter().all(|status| status.is_final()) {
            return;
        }
        let failed = states.contains(&Status::Failed);
        let (status, message) = if failed {
            (Status::Failed, "Some of the tasks have failed.")
        } else if states.contains(&Status::Completed) || states.is_empty() {
            (Status::Completed, "Completed.")
        } else {
            (Status::Aborted, "Aborted.")
        };
        self.end_task(id, status, message, at);
    }

    /// Creates and starts the children of a batch.
    fn divide(&mut self, id: &str, at: Timestamp) {
        let Some(parent) = self.tasks.get(id).cloned() else { return };
        let Some(batch) = &parent.batch else { return };
        let ports = self.task_app(&parent).map(Revision::inputs).unwrap_or_default();
        let port = ports.into_iter().find(|port| port.id == batch.input);
        let takes_list = port.is_some_and(|Port { kind, .. }| kind.item().is_some());
        let actor = parent.executed_by.clone().unwrap_or_default();
        let mut children = Vec::new();
        for (group, items) in self.groups(&parent, batch) {
            let mut child = Task {
                id: self.ids.uuid(),
                serial: self.tasks_made,
                name: format!("{} - {}", parent.name, group["value"].as_str().unwrap_or_default()),
                status: Status::Queued,
                created: at,
                started: Some(at),
                running: None,
                batch: None,
                children: Vec::new(),
                batch_group: Some(group),
                parent: Some(parent.id.clone()),
                message: "Waiting for an instance.".to_owned(),
                ..parent.clone()
            };
            let value = match <[Value; 1]>::try_from(items) {
                Ok([only]) if !takes_list => only,
                Ok(items) => Value::Array(items.into()),
                Err(items) => Value::Array(items),
            };
            child.inputs.insert(batch.input.clone(), value);
            self.validate(&actor, &mut child);
            self.tasks_made += 1;
            children.push(child);
        }
        if let Some(parent) = self.tasks.get_mut(id) {
            parent.children = children.iter().map(|child| child.id.clone()).collect();
        }
        for child in children {
            let (id, fault) = (child.id.clone(), child.errors.first().cloned());
            self.tasks.insert(id.clone(), child);
            match fault {
                None => self.scheduler.next(at, Step::Task(id)),
                Some(error) => {
                    self.end_task(&id, Status::Failed, error["message"].as_str().unwrap_or_default(), at);
                }
            }
        }
        self.end_batch(id, at);
    }

    /// The groups of a batch with their items: one an item, or one for each set of values of the criteria.
    fn groups(&self, task: &Task, batch: &Batch) -> Vec<(Value, Vec<Value>)> {
        let items = match task.inputs.get(&batch.input) {
            Some(Value::Array(items)) => items.clone(),
            Some(item) => vec![item.clone()],
            None => Vec::new(),
        };
        if batch.criteria.is_empty() {
            let name = |item: &Value| match item.get("name").unwrap_or(item) {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return items
                .into_iter()
                .map(|item| (json!({ "value": name(&item), "fields": {} }), vec![item]))
                .collect();
        }
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for item in items {
            let file = super::task_inputs::file_id(&item).and_then(|id| self.files.get(id));
            let fields: Map<String, Value> = batch
                .criteria
                .iter()
                .map(|name| {
                    let key = name.strip_prefix("metadata.").unwrap_or(name);
                    let value = file.and_then(|file| file.metadata.get(key)).cloned();
                    (name.clone(), value.unwrap_or(Value::Null))
                })
                .collect();
            let texts: Vec<&str> = fields.values().map(|value| value.as_str().unwrap_or("null")).collect();
            let group = json!({ "value": texts.join(", "), "fields": fields });
            match groups.iter_mut().find(|(present, _)| *present == group) {
                Some((_, items)) => items.push(item),
                None => groups.push((group, vec![item])),
            }
        }
        groups
    }

    /// Runs the tool of a task and stores its results. The error is the reason of the failure.
    fn compute(&mut self, id: &str, at: Timestamp) -> Result<(), String> {
        let task = self.tasks.get(id).ok_or("The task is gone.")?;
        let inputs = self.effective_inputs(task);
        let files = self.input_files(&inputs);
        if self.failing_tasks > 0 {
            self.failing_tasks -= 1;
            return Err("The task was told to fail.".to_owned());
        }
        for text in inputs.values().flat_map(texts) {
            if let Some(message) = text.strip_prefix(FAIL).and_then(|rest| rest.strip_prefix(':')) {
                return Err(message.trim().to_owned());
            }
        }
        if let Some(file) = files.iter().find(|file| file.tags.iter().any(|tag| tag == FAIL)) {
            return Err(format!("The file {} has the tag `{FAIL}`.", file.name));
        }
        let tool = self.task_app(task).map_or(Tool::Nothing, |app| app.tool);
        let metadata = files.first().map(|file| file.metadata.clone()).unwrap_or_default();
        let readable: Vec<_> = files
            .iter()
            .filter_map(|file| self.input_file(&json!({ "class": "File", "path": file.id })))
            .collect();
        let command = tool.command(&readable);
        let made = tool.run(&inputs, at, |value| self.input_file(value))?;
        let task = task.clone();
        let mut outputs = Map::new();
        for (port, output) in made {
            let value = match output {
                Output::Value(value) => value,
                Output::File { name, object } => {
                    let made = self.place_output(&task, port, &name, object, at)?;
                    let file = self.file_mut(&made).map_err(|_| "An output is gone.")?;
                    file.origin_task = Some(id.to_owned());
                    file.metadata.clone_from(&metadata);
                    json!({ "class": "File", "path": made, "name": file.name })
                }
            };
            outputs.insert(port.to_owned(), value);
        }
        if let Some(task) = self.tasks.get_mut(id) {
            task.outputs = outputs;
            task.command = command;
        }
        Ok(())
    }

    fn kept_bytes(&self, outputs: &Map<String, Value>) -> u64 {
        let files = self.input_files(outputs);
        files.iter().filter_map(|file| file.object(5017).ok()).map(|(_, object)| object.size()).sum()
    }

    /// Writes the logs of a task. They are files that are not listed.
    fn write_logs(&mut self, task: &Task) -> Vec<(String, String)> {
        let now = self.clock.timestamp();
        let logs = [
            ("cmd.log", format!("{}\n", task.command)),
            (
                "job.err.log",
                if task.status == Status::Failed { format!("{}\n", task.message) } else { String::new() },
            ),
            ("job.tree.log", format!("{}/\n", task.id)),
        ];
        logs.into_iter()
            .map(|(name, text)| {
                let id = self.add_hidden_file(&task.project, name, Object::new(vec![text.into()], now));
                (name.to_owned(), id)
            })
            .collect()
    }

    /// Adds a file outside of any folder, which is found by its id only.
    pub(super) fn add_hidden_file(&mut self, project: &str, name: &str, object: Object) -> String {
        let id = self.add_file(project, "", name, object);
        if let Ok(file) = self.file_mut(&id) {
            file.parent = None;
        }
        id
    }
}

impl Task {
    /// Time in the queue, time of running, and both, until now or until the end.
    pub(crate) fn durations(&self, now: Timestamp) -> [SignedDuration; 3] {
        let end = self.ended.unwrap_or(now);
        let since = |from: Option<Timestamp>, to: Timestamp| {
            from.map_or(SignedDuration::ZERO, |from| to.duration_since(from))
        };
        [since(self.started, self.running.unwrap_or(end)), since(self.running, end), since(self.started, end)]
    }
}

impl World {
    /// Makes the next tasks fail that start running.
    pub(crate) fn fail_next_tasks(&mut self, count: u32) {
        self.failing_tasks = count;
    }

    /// The number of children of a batch in each state that a batch counts.
    pub(crate) fn batch_counts(&self, task: &Task) -> [(&'static str, usize); 5] {
        let count = |status| {
            let children = task.children.iter().filter_map(|child| self.tasks.get(child));
            children.filter(|child| child.status == status).count()
        };
        [
            ("queued", count(Status::Queued)),
            ("running", count(Status::Running)),
            ("completed", count(Status::Completed)),
            ("failed", count(Status::Failed)),
            ("aborted", count(Status::Aborted)),
        ]
    }
}
