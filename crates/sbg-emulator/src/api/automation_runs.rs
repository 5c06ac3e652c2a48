//! Runs of automations.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    clock::rfc3339,
    error::{ApiError, Outcome},
    page,
    route::Route,
    world::{
        World,
        automation_runs::{Run, RunFilter},
        projects::Need,
    },
};

use super::{
    automations,
    files::{self, Case},
    tasks::moment,
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/automation/runs", list),
    Route::post("/automation/runs", create),
    Route::get("/automation/runs/{run_id}", get),
    Route::patch("/automation/runs/{run_id}", edit),
    Route::post("/automation/runs/{run_id}/actions/rerun", rerun),
    Route::post("/automation/runs/{run_id}/actions/stop", stop),
    Route::get("/automation/runs/{run_id}/state", state),
];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let named = |name: &'static str| call.query(name).filter(|text: &&str| !text.is_empty());
    let time = |name| call.query(name).map(|text| moment(name, text)).transpose();
    let filter = RunFilter {
        automation: named("automation_id"),
        package: named("package_id"),
        name: named("name"),
        status: named("status"),
        created_by: named("created_by"),
        created: (time("created_from")?, time("created_to")?),
        project: named("project_id"),
        order_by: call.query("order_by"),
        descending: match named("order").map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(ApiError::bad_request("`order` must be asc or desc.")),
        },
    };
    let runs = world.list_runs(&call.actor, &filter)?;
    page::whole(call, &runs, |run| render(world, call, run))
}

fn create(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = world.start_run(&call.actor, call.object()?, None)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, call.param("run_id"))
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = call.param("run_id");
    world.edit_run(&call.actor, id, call.object()?)?;
    show(world, call, id)
}

fn rerun(world: &mut World, call: &Call) -> Outcome<Reply> {
    let before = world.run(&call.actor, call.param("run_id"), Need::Execute)?.clone();
    let id = world.start_run(&call.actor, call.object()?, Some(&before))?;
    show(world, call, &id)
}

fn stop(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.stop_run(&call.actor, call.param("run_id"))?;
    Ok(Reply::empty(200))
}

fn state(world: &mut World, call: &Call) -> Outcome<Reply> {
    Ok(Reply::json(world.run_state(&call.actor, call.param("run_id"))?))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let run = world.run(&call.actor, id, Need::Read)?;
    Ok(Reply::object(call, render(world, call, run)))
}

fn render(world: &World, call: &Call, run: &Run) -> Value {
    let automation = world.automation(&call.actor, &run.automation, Need::Read).ok();
    let package = world.package(&call.actor, &run.package, Need::Read).ok();
    let log = run.log.as_deref().and_then(|id| world.any_file(id));
    json!({
        "href": call.href(&format!("/automation/runs/{}", run.id)),
        "id": run.id,
        "name": run.name,
        "automation": automation.map(|automation| automations::render(world, call, automation)),
        "package": package.map(automations::render_package),
        "inputs": run.inputs,
        "outputs": run.outputs,
        "settings": run.settings,
        "created_on": rfc3339(run.created),
        "start_time": run.started.map(rfc3339),
        "end_time": run.ended.map(rfc3339),
        "resumed_from": run.resumed_from,
        "created_by": run.created_by,
        "status": run.status.name(),
        "message": run.message,
        "execution_details": { "log_file": log.map(|log| files::render(call, log, Case::Small)) },
        "memory_limit": run.memory_limit,
        "project_id": run.project(),
    })
}
