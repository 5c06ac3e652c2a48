//! Imports from volumes and exports to them.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    clock::rfc3339,
    error::Outcome,
    page,
    route::Route,
    world::{
        World,
        exports::Export,
        imports::{Import, JobState, Progress},
    },
};

use super::files::{self, Case};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/storage/imports", list),
    Route::post("/storage/imports", start),
    Route::get("/storage/imports/{import_id}", get),
    Route::get("/storage/exports", list_exports),
    Route::post("/storage/exports", start_export),
    Route::get("/storage/exports/{export_id}", get_export),
];

const SHORT: &[&str] = &["href", "id", "state"];

fn named<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query(name).filter(|text| !text.is_empty())
}

/// Whether a job is in one of the states and on the volume that a list asks for.
fn listed(call: &Call, job: &Progress, volume: &str) -> bool {
    let states = || call.query_all("state").filter(|state| !state.is_empty());
    (states().next().is_none() || states().any(|state| job.state.name().eq_ignore_ascii_case(state)))
        && named(call, "volume").is_none_or(|wanted| volume == wanted)
}

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    JobState::check_names(call.query_all("state"))?;
    let project = named(call, "project");
    let imports = world.list_imports(&call.actor, |import| {
        listed(call, &import.progress, &import.volume)
            && project.is_none_or(|project| import.project == project)
    });
    page::reply(call, &imports, SHORT, |import| render(world, call, import))
}

fn start(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = world.start_import(&call.actor, call.object()?)?;
    Ok(Reply::object(call, render(world, call, world.import(&call.actor, &id)?)))
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    let import = world.import(&call.actor, call.param("import_id"))?;
    Ok(Reply::object(call, render(world, call, import)))
}

fn list_exports(world: &mut World, call: &Call) -> Outcome<Reply> {
    JobState::check_names(call.query_all("state"))?;
    let exports = world.list_exports(&call.actor, |export| listed(call, &export.progress, &export.volume));
    page::reply(call, &exports, SHORT, |export| render_export(world, call, export))
}

fn start_export(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = world.start_export(&call.actor, call.object()?, call.query_flag("copy_only")?)?;
    Ok(Reply::object(call, render_export(world, call, world.export(&call.actor, &id)?)))
}

fn get_export(world: &mut World, call: &Call) -> Outcome<Reply> {
    let export = world.export(&call.actor, call.param("export_id"))?;
    Ok(Reply::object(call, render_export(world, call, export)))
}

/// What jobs in both directions have: where they are, how they ended, and when.
fn progress(world: &World, call: &Call, path: &str, job: &Progress) -> Value {
    let mut value = json!({
        "href": call.href(&format!("{path}/{}", job.id)),
        "id": job.id,
        "state": job.state.name(),
        "started_on": rfc3339(job.started),
    });
    if let Some(finished) = job.finished {
        value["finished_on"] = rfc3339(finished).into();
    }
    if let Some(error) = &job.error {
        value["error"] = error.body();
    }
    if let Some(file) = job.result.as_deref().and_then(|id| world.any_file(id)) {
        value["result"] = files::render(call, file, Case::Small);
    }
    value
}

pub(super) fn render(world: &World, call: &Call, import: &Import) -> Value {
    let mut value = progress(world, call, "/storage/imports", &import.progress);
    value["overwrite"] = import.overwrite.into();
    value["autorename"] = import.autorename.into();
    if let Some(preserve) = import.preserve {
        value["preserve_folder_structure"] = preserve.into();
    }
    value["source"] = json!({ "volume": import.volume, "location": import.location });
    value["destination"] = json!({ "project": import.project, "parent": import.parent, "name": import.name });
    value
}

pub(super) fn render_export(world: &World, call: &Call, export: &Export) -> Value {
    let mut value = progress(world, call, "/storage/exports", &export.progress);
    value["source"] = json!({ "file": export.file });
    value["destination"] = json!({ "volume": export.volume, "location": export.location });
    value["properties"] = export.properties.clone().into();
    value["overwrite"] = export.overwrite.into();
    value
}
