//! Runs of automations.

use serde_json::{Value, json};

use super::{automations, files, page, tasks::moment};
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        automation_runs::{Run, RunFilter},
        permissions::Need,
    },
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

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let named = |name: &'static str| request.query(name).filter(|text: &&str| !text.is_empty());
    let time = |name| request.query(name).map(|text| moment(name, text)).transpose();
    let filter = RunFilter {
        automation: named("automation_id"),
        package: named("package_id"),
        name: named("name"),
        status: named("status"),
        created_by: named("created_by"),
        created: (time("created_from")?, time("created_to")?),
        project: named("project_id"),
        order_by: request.query("order_by"),
        descending: match named("order").map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(ApiError::bad_request("`order` must be asc or desc.")),
        },
    };
    let runs = world.list_runs(&request.actor, &filter)?;
    page::whole(request, &runs, |run| render(world, request, run))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.start_run(&request.actor, request.object()?, None)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("run_id"))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("run_id");
    world.edit_run(&request.actor, id, request.object()?)?;
    show(world, request, id)
}

fn rerun(world: &mut World, request: &Request) -> Outcome<Reply> {
    let before = world.run(&request.actor, request.param("run_id"), Need::Execute)?.clone();
    let id = world.start_run(&request.actor, request.object()?, Some(&before))?;
    show(world, request, &id)
}

fn stop(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.stop_run(&request.actor, request.param("run_id"))?;
    Ok(Reply::empty(200))
}

fn state(world: &mut World, request: &Request) -> Outcome<Reply> {
    Ok(Reply::json(world.run_state(&request.actor, request.param("run_id"))?))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let run = world.run(&request.actor, id, Need::Read)?;
    Ok(Reply::object(request, render(world, request, run)))
}

fn render(world: &World, request: &Request, run: &Run) -> Value {
    let automation = world.automation(&request.actor, &run.automation, Need::Read).ok();
    let package = world.package(&request.actor, &run.package, Need::Read).ok();
    let log = run.log.as_deref().and_then(|id| world.any_file(id));
    json!({
        "href": request.href(&format!("/automation/runs/{}", run.id)),
        "id": run.id,
        "name": run.name,
        "automation": automation.map(|automation| automations::render(world, request, automation)),
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
        "execution_details": { "log_file": log.map(|log| files::render(request, log)) },
        "memory_limit": run.memory_limit,
        "project_id": run.project(),
    })
}
