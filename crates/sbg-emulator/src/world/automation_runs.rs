//! Runs of automations.
//!
//! No code is executed: a run walks through its states, returns its inputs as outputs, keeps a state and writes a log. A
//! string input that begins with `fail:` makes it fail, as with tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    World, automations::memory_limit, files::AUTOMATION, permissions::Need, scheduler::Step,
    task_inputs::texts,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
    objects::object::Object,
};

/// A run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    serial: u64,
    pub(crate) name: String,
    pub(crate) automation: String,
    pub(crate) package: String,
    pub(crate) inputs: Map<String, Value>,
    pub(crate) outputs: Map<String, Value>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) created: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) resumed_from: Option<String>,
    pub(crate) created_by: String,
    pub(crate) status: RunStatus,
    pub(crate) message: String,
    pub(crate) log: Option<String>,
    pub(crate) memory_limit: Option<u64>,
}

impl Run {
    /// The project in the settings.
    pub(crate) fn project(&self) -> Option<&str> {
        self.settings.get("project_id").and_then(Value::as_str)
    }
}

/// The state of a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum RunStatus {
    Created,
    QueuedForExecution,
    SentToExecution,
    Running,
    QueuedForTermination,
    Finished,
    Failed,
    Aborted,
}

impl RunStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::QueuedForExecution => "QUEUED_FOR_EXECUTION",
            Self::SentToExecution => "SENT_TO_EXECUTION",
            Self::Running => "RUNNING",
            Self::QueuedForTermination => "QUEUED_FOR_TERMINATION",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
        }
    }

    fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Aborted)
    }
}

/// Which runs a list contains.
#[derive(Debug, Default)]
pub(crate) struct RunFilter<'a> {
    pub(crate) automation: Option<&'a str>,
    pub(crate) package: Option<&'a str>,
    /// Part of the name, in any case.
    pub(crate) name: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) created_by: Option<&'a str>,
    pub(crate) created: (Option<Timestamp>, Option<Timestamp>),
    pub(crate) project: Option<&'a str>,
    pub(crate) order_by: Option<&'a str>,
    pub(crate) descending: bool,
}

impl World {
    /// The visible runs.
    pub(crate) fn list_runs(&self, actor: &str, filter: &RunFilter<'_>) -> Outcome<Vec<&Run>> {
        let name = filter.name.map(str::to_lowercase);
        let (from, to) = filter.created;
        let mut runs: Vec<&Run> = self
            .runs
            .values()
            .filter(|run| self.automation(actor, &run.automation, Need::Read).is_ok())
            .filter(|run| filter.automation.is_none_or(|id| run.automation == id))
            .filter(|run| filter.package.is_none_or(|id| run.package == id))
            .filter(|run| name.as_ref().is_none_or(|name| run.name.to_lowercase().contains(name)))
            .filter(|run| filter.status.is_none_or(|status| run.status.name().eq_ignore_ascii_case(status)))
            .filter(|run| filter.created_by.is_none_or(|user| run.created_by == user))
            .filter(|run| filter.project.is_none_or(|project| run.project() == Some(project)))
            .filter(|run| from.is_none_or(|from| run.created >= from) && to.is_none_or(|to| run.created < to))
            .collect();
        runs.sort_by_key(|run| run.serial);
        match filter.order_by {
            None | Some("created_on") => {}
            Some("start_time") => runs.sort_by_key(|run| run.started),
            Some("end_time") => runs.sort_by_key(|run| run.ended),
            Some("name") => runs.sort_by(|one, other| one.name.cmp(&other.name)),
            Some("created_by") => runs.sort_by(|one, other| one.created_by.cmp(&other.created_by)),
            Some("status") => runs.sort_by_key(|run| run.status.name()),
            Some(_) => {
                return Err(ApiError::bad_request(
                    "`order_by` must be created_on, start_time, end_time, name, created_by or status.",
                ));
            }
        }
        if filter.descending {
            runs.reverse();
        }
        Ok(runs)
    }

    /// A run for an action that needs a permission on its automation.
    pub(crate) fn run(&self, actor: &str, id: &str, need: Need) -> Outcome<&Run> {
        let run = self.runs.get(id).ok_or(ApiError::new(90003))?;
        self.automation(actor, &run.automation, need)?;
        Ok(run)
    }

    /// Starts a run and returns its id. Properties that the body does not have are taken from `before`.
    pub(crate) fn start_run(
        &mut self,
        actor: &str,
        body: JsonObject<'_>,
        before: Option<&Run>,
    ) -> Outcome<String> {
        let package = match (body.text("package")?, before) {
            (Some(package), _) if !package.is_empty() => package,
            (_, Some(before)) => &before.package,
            _ => return Err(ApiError::bad_request("`package` is required.")),
        };
        let package = self.package(actor, package, Need::Execute)?;
        let automation = self.automation(actor, &package.automation, Need::Execute)?;
        if package.archived || automation.archived {
            return Err(ApiError::new(90007).detail("An archived automation or package cannot run."));
        }
        let resumed_from = body.text("resume_from")?.filter(|id| !id.is_empty());
        if let Some(earlier) = resumed_from {
            self.run(actor, earlier, Need::Read)?;
        }
        body.object("secret_settings")?;
        let merges = body.flag("merge")?.unwrap_or(true);
        let laid_over = |name: &str, present: Option<&Map<String, Value>>| {
            let mut map = present.filter(|_| merges).cloned().unwrap_or_default();
            map.extend(body.object(name)?.map(JsonObject::map).cloned().unwrap_or_default());
            Ok(map)
        };
        let created = self.clock.timestamp();
        let name = match (body.text("name")?.filter(|name| !name.trim().is_empty()), before) {
            (Some(name), _) => name.to_owned(),
            (None, Some(before)) => before.name.clone(),
            (None, None) => format!("{} - {}", automation.name, created.strftime("%Y-%m-%d %H:%M:%S")),
        };
        let mut run = Run {
            id: String::new(),
            serial: self.jobs_made,
            name,
            inputs: laid_over("inputs", before.map(|before| &before.inputs))?,
            outputs: Map::new(),
            settings: laid_over("settings", before.map(|before| &before.settings))?,
            created,
            started: None,
            ended: None,
            resumed_from: resumed_from.map(str::to_owned),
            created_by: actor.to_owned(),
            status: RunStatus::Created,
            message: "Created.".to_owned(),
            log: None,
            memory_limit: memory_limit(body)?.or(package.memory_limit).or(automation.memory_limit),
            package: package.id.clone(),
            automation: automation.id.clone(),
        };
        run.id = self.ids.uuid();
        self.jobs_made += 1;
        let id = run.id.clone();
        self.scheduler.next(created, Step::Run(id.clone()));
        self.runs.insert(id.clone(), run);
        Ok(id)
    }

    /// Changes a run: its name at any time, the rest before it ends.
    pub(crate) fn edit_run(&mut self, actor: &str, id: &str, body: JsonObject<'_>) -> Outcome<()> {
        let mut run = self.run(actor, id, Need::Execute)?.clone();
        let changes = ["inputs", "settings", "memory_limit"].iter().any(|name| body.value(name).is_some());
        if run.status.is_final() && changes {
            return Err(ApiError::new(90007).detail("A finished run can only be renamed."));
        }
        if body.value("name").is_some() {
            body.required("name", 90000)?.clone_into(&mut run.name);
        }
        if let Some(inputs) = body.object("inputs")? {
            run.inputs.extend(inputs.map().clone());
        }
        if let Some(settings) = body.object("settings")? {
            run.settings.extend(settings.map().clone());
        }
        run.memory_limit = memory_limit(body)?.or(run.memory_limit);
        self.runs.insert(id.to_owned(), run);
        Ok(())
    }

    /// Requests a run to stop.
    pub(crate) fn stop_run(&mut self, actor: &str, id: &str) -> Outcome<()> {
        if self.run(actor, id, Need::Execute)?.status.is_final() {
            return Err(ApiError::new(90007).detail("The run has already finished."));
        }
        let now = self.clock.timestamp();
        if let Some(run) = self.runs.get_mut(id)
            && run.status != RunStatus::QueuedForTermination
        {
            run.status = RunStatus::QueuedForTermination;
            "Stopping.".clone_into(&mut run.message);
            self.scheduler.next(now, Step::Run(id.to_owned()));
        }
        Ok(())
    }

    /// The state that a run has saved for the runs that resume it.
    pub(crate) fn run_state(&self, actor: &str, id: &str) -> Outcome<Value> {
        let run = self.run(actor, id, Need::Read)?;
        Ok(json!({ "status": run.status.name(), "inputs": run.inputs, "outputs": run.outputs }))
    }

    pub(super) fn step_run(&mut self, id: &str, at: Timestamp) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let next = match run.status {
            RunStatus::Created => RunStatus::QueuedForExecution,
            RunStatus::QueuedForExecution => RunStatus::SentToExecution,
            RunStatus::SentToExecution => {
                run.started = Some(at);
                RunStatus::Running
            }
            RunStatus::Running => {
                let failure = run.inputs.values().flat_map(texts).find_map(|text| text.strip_prefix("fail:"));
                let failure = failure.map(|message| message.trim().to_owned());
                return match failure {
                    Some(message) => self.end_run(id, RunStatus::Failed, &message, at),
                    None => self.end_run(id, RunStatus::Finished, "Finished.", at),
                };
            }
            RunStatus::QueuedForTermination => return self.end_run(id, RunStatus::Aborted, "Stopped.", at),
            RunStatus::Finished | RunStatus::Failed | RunStatus::Aborted => return,
        };
        run.status = next;
        run.message = format!("{}.", next.name());
        self.scheduler.next(at, Step::Run(id.to_owned()));
    }

    fn end_run(&mut self, id: &str, status: RunStatus, message: &str, at: Timestamp) {
        let Some(run) = self.runs.get(id) else { return };
        let text = format!("run {id}\ninputs {}\n{message}\n", Value::Object(run.inputs.clone()));
        let home = format!("{AUTOMATION}{}", run.automation);
        let log = self.add_hidden_file(&home, "automation.log", Object::new(vec![text.into()], at));
        if let Some(run) = self.runs.get_mut(id) {
            if status == RunStatus::Finished {
                run.outputs.clone_from(&run.inputs);
            }
            run.status = status;
            message.clone_into(&mut run.message);
            run.ended = Some(at);
            run.log = Some(log);
        }
    }
}
