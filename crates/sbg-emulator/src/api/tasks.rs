//! Tasks.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::page;
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::JsonObject,
    world::{
        World,
        billing::dollars,
        permissions::Need,
        tasks::{Task, TaskEdit, TaskFilter},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/tasks", list),
    Route::post("/tasks", create),
    Route::get("/projects/{project_owner}/{project}/tasks", list),
    Route::get("/tasks/{task_id}", get),
    Route::patch("/tasks/{task_id}", edit),
    Route::delete("/tasks/{task_id}", delete),
    Route::get("/tasks/{task_id}/inputs", get_inputs),
    Route::patch("/tasks/{task_id}/inputs", edit_inputs),
    Route::get("/tasks/{task_id}/execution_details", execution_details),
    Route::post("/tasks/{task_id}/actions/run", run),
    Route::post("/tasks/{task_id}/actions/abort", abort),
    Route::post("/tasks/{task_id}/actions/clone", clone),
];

const SHORT: &[&str] = &["href", "id", "name", "project"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let named = |name: &'static str| request.query(name).filter(|text: &&str| !text.is_empty());
    let time = |name| named(name).map(|text| moment(name, text)).transpose();
    let project = request.project_id();
    let filter = TaskFilter {
        project: if project == "/" { request.query("project") } else { Some(&project) },
        status: named("status"),
        parent: request.query("parent"),
        batch: optional_flag(request, "batch")?,
        origin: named("origin_id"),
        created: (time("created_from")?, time("created_to")?),
        started: (time("started_from")?, time("started_to")?),
        ended: (time("ended_from")?, time("ended_to")?),
        order_by: named("order_by"),
        descending: match named("order").map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(ApiError::bad_request("`order` must be asc or desc.")),
        },
    };
    let tasks = world.list_tasks(&request.actor, &filter)?;
    page::reply(request, &tasks, SHORT, |task| render(world, request, task))
}

/// A time with or without a zone, or a day, which means its beginning.
pub(super) fn moment(name: &str, text: &str) -> Outcome<Timestamp> {
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
        .ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be a time, not `{text}`.")))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let runs = runs_at_once(request)?;
    let batch = optional_flag(request, "batch")?;
    if batch == Some(false) && !runs {
        return Err(ApiError::new(7021));
    }
    let id = world.create_task(&request.actor, body.text("project")?, &read_edit(body)?)?;
    if runs {
        start(world, request, &id, batch)?;
    }
    show(world, request, &id)
}

/// Whether `action` starts a new task.
fn runs_at_once(request: &Request) -> Outcome<bool> {
    match request.query("action") {
        None => Ok(false),
        Some("") => Err(ApiError::new(7014)),
        Some(action) if action.eq_ignore_ascii_case("run") => Ok(true),
        Some(_) => Err(ApiError::new(7013)),
    }
}

/// Runs a new draft. One that cannot run stays a draft with its errors, because it exists by then.
fn start(world: &mut World, request: &Request, id: &str, batch: Option<bool>) -> Outcome<()> {
    match world.run_task(&request.actor, id, batch, None) {
        Err(error) if matches!(error.code, 7012 | 7024) => Ok(()),
        result => result,
    }
}

fn optional_flag(request: &Request, name: &str) -> Outcome<Option<bool>> {
    request.query(name).map(|_| request.query_flag(name)).transpose()
}

fn read_edit(body: JsonObject<'_>) -> Outcome<TaskEdit<'_>> {
    Ok(TaskEdit {
        name: body.text("name")?,
        description: body.clearable_text("description")?,
        app: body.text("app")?,
        inputs: body.value("inputs").map(read_inputs).transpose()?,
        batch: body
            .flag("batch")?
            .or_else(|| (body.clears("batch_input") || body.clears("batch_by")).then_some(false)),
        batch_input: body.text("batch_input")?,
        batch_by: body.object("batch_by")?.map(JsonObject::map),
        settings: body.object("execution_settings")?.map(JsonObject::map),
        interruptible: body.flag("use_interruptible_instances")?,
        output_location: body.object("output_location")?.and_then(|_| body.value("output_location")),
    })
}

/// Inputs by id. The contract also shows a list of such objects.
fn read_inputs(value: &Value) -> Outcome<Map<String, Value>> {
    let refused = || ApiError::bad_request("`inputs` must be an object.");
    match value {
        Value::Object(map) => Ok(map.clone()),
        Value::Array(items) => {
            let maps: Option<Vec<&Map<String, Value>>> = items.iter().map(Value::as_object).collect();
            Ok(maps
                .ok_or_else(refused)?
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect())
        }
        _ => Err(refused()),
    }
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("task_id"))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("task_id");
    world.edit_task(&request.actor, id, &read_edit(request.object()?)?)?;
    show(world, request, id)
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_task(&request.actor, request.param("task_id"))?;
    Ok(Reply::empty(204))
}

fn get_inputs(world: &mut World, request: &Request) -> Outcome<Reply> {
    let task = world.task(&request.actor, request.param("task_id"), Need::Read)?;
    Ok(Reply::object(request, Value::Object(world.shown_inputs(task))))
}

fn edit_inputs(world: &mut World, request: &Request) -> Outcome<Reply> {
    let inputs = read_inputs(request.body.as_ref().unwrap_or(&Value::Null))?;
    world.edit_inputs(&request.actor, request.param("task_id"), inputs)?;
    get_inputs(world, request)
}

fn run(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("task_id");
    let (batch, interruptible) =
        (optional_flag(request, "batch")?, optional_flag(request, "use_interruptible_instances")?);
    world.run_task(&request.actor, id, batch, interruptible)?;
    show(world, request, id)
}

fn abort(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("task_id");
    world.abort_task(&request.actor, id)?;
    show(world, request, id)
}

fn clone(world: &mut World, request: &Request) -> Outcome<Reply> {
    let runs = runs_at_once(request)?;
    let id = world.clone_task(&request.actor, request.param("task_id"))?;
    if runs {
        start(world, request, &id, None)?;
    }
    show(world, request, &id)
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let task = world.task(&request.actor, id, Need::Read)?;
    Ok(Reply::object(request, render(world, request, task)))
}

pub(super) fn render(world: &World, request: &Request, task: &Task) -> Value {
    let cost = |micros| dollars(micros);
    let mut settings =
        json!({ "instance_type": "AUTO", "max_parallel_instances": 1, "use_memoization": false });
    if let Value::Object(settings) = &mut settings {
        settings.extend(task.settings.clone());
    }
    json!({
        "href": request.href(&format!("/tasks/{}", task.id)),
        "id": task.id,
        "name": task.name,
        "description": task.description,
        "status": task.status.name(),
        "project": task.project,
        "app": task.app,
        "type": "v2",
        "created_by": task.created_by,
        "executed_by": task.executed_by,
        "created_time": rfc3339(task.created),
        "start_time": task.started.map(rfc3339),
        "end_time": task.ended.map(rfc3339),
        "batch": task.batch.is_some(),
        "batch_input": task.batch.as_ref().map(|batch| &batch.input),
        "batch_by": task.batch.as_ref().map(crate::world::tasks::Batch::by),
        "batch_group": task.batch_group,
        "parent": task.parent,
        "origin_id": task.origin,
        "use_interruptible_instances": task.interruptible,
        "execution_settings": settings,
        "execution_status": execution_status(world, task),
        "price": task.running.map(|_| json!({
            "currency": "USD",
            "amount": cost(task.price.total()),
            "breakdown": { "storage": cost(task.price.storage), "computation": cost(task.price.computation) },
        })),
        "inputs": world.shown_inputs(task),
        "outputs": world.shown_outputs(task),
        "output_location": task.output_location,
        "errors": task.errors,
        "warnings": task.warnings,
    })
}

fn execution_status(world: &World, task: &Task) -> Value {
    if task.started.is_none() {
        return Value::Null;
    }
    let durations = task.durations(world.clock.timestamp()).map(|duration| duration.as_millis());
    let [queued, running, whole] = durations.map(|millis| u64::try_from(millis).unwrap_or_default());
    let mut status = json!({
        "message": task.message,
        "message_code": task.status.name(),
        "system_limit": false,
        "account_limit": false,
        "instance_init": false,
        "queued_duration": queued,
        "running_duration": running,
        "execution_duration": running,
        "duration": whole,
    });
    if task.batch.is_some() {
        for (name, count) in world.batch_counts(task) {
            status[name] = count.into();
        }
    } else {
        status["steps_completed"] = u8::from(task.status.name() == "COMPLETED").into();
        status["steps_total"] = 1.into();
    }
    status
}

fn execution_details(world: &mut World, request: &Request) -> Outcome<Reply> {
    let task = world.task(&request.actor, request.param("task_id"), Need::Read)?;
    let mut jobs = Vec::new();
    if task.running.is_some() && task.batch.is_none() {
        let name = task.app.rsplit('/').nth(1).unwrap_or_default();
        let logs = task
            .logs
            .iter()
            .map(|(name, file)| (name.clone(), request.href(&format!("/files/{file}/download_info")).into()));
        jobs.push(json!({
            "name": name,
            "start_time": task.running.map(rfc3339),
            "end_time": task.ended.map(rfc3339),
            "status": task.status.name(),
            "command_line": task.command,
            "instance": {
                "id": format!("i-{}", task.id.replace('-', "").get(..17).unwrap_or_default()),
                "type": "c4.2xlarge",
                "provider": "AWS",
                "disk": { "size": 1024, "unit": "GB", "type": "amazon-gp2" },
            },
            "logs": logs.collect::<Map<String, Value>>(),
            "docker": { "checksum": null },
        }));
    }
    let body = json!({
        "href": request.href(&format!("/tasks/{}/execution_details", task.id)),
        "start_time": task.started.map(rfc3339),
        "end_time": task.ended.map(rfc3339),
        "status": task.status.name(),
        "message": task.message,
        "jobs": jobs,
    });
    Ok(Reply::object(request, body))
}
