//! Imports from volumes and exports to them.

use serde_json::{Value, json};

use super::{files, page};
use crate::{
    clock::rfc3339,
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        exports::Export,
        imports::{Import, JobState, Progress},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/storage/imports", list),
    Route::post("/storage/imports", start),
    Route::get("/storage/imports/{import_id}", get),
    Route::get("/storage/exports", list_exports),
    Route::post("/storage/exports", start_export),
    Route::get("/storage/exports/{export_id}", get_export),
];

const SHORT: &[&str] = &["href", "id", "state"];

fn named<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query(name).filter(|text| !text.is_empty())
}

/// Whether a job has one of the states and the volume that a list asks for.
fn listed(request: &Request, job: &Progress, volume: &str) -> bool {
    let states = || request.query_all("state").filter(|state| !state.is_empty());
    (states().next().is_none() || states().any(|state| job.state.name().eq_ignore_ascii_case(state)))
        && named(request, "volume").is_none_or(|wanted| volume == wanted)
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    JobState::check_names(request.query_all("state"))?;
    let project = named(request, "project");
    let imports = world.list_imports(&request.actor, |import| {
        listed(request, &import.progress, &import.volume)
            && project.is_none_or(|project| import.project == project)
    });
    page::reply(request, &imports, SHORT, |import| render(world, request, import))
}

fn start(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.start_import(&request.actor, request.object()?)?;
    Ok(Reply::object(request, render(world, request, world.import(&request.actor, &id)?)))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let import = world.import(&request.actor, request.param("import_id"))?;
    Ok(Reply::object(request, render(world, request, import)))
}

fn list_exports(world: &mut World, request: &Request) -> Outcome<Reply> {
    JobState::check_names(request.query_all("state"))?;
    let exports =
        world.list_exports(&request.actor, |export| listed(request, &export.progress, &export.volume));
    page::reply(request, &exports, SHORT, |export| render_export(world, request, export))
}

fn start_export(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.start_export(&request.actor, request.object()?, request.query_flag("copy_only")?)?;
    Ok(Reply::object(request, render_export(world, request, world.export(&request.actor, &id)?)))
}

fn get_export(world: &mut World, request: &Request) -> Outcome<Reply> {
    let export = world.export(&request.actor, request.param("export_id"))?;
    Ok(Reply::object(request, render_export(world, request, export)))
}

/// The properties that imports and exports share.
fn progress(world: &World, request: &Request, path: &str, job: &Progress) -> Value {
    let mut value = json!({
        "href": request.href(&format!("{path}/{}", job.id)),
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
        value["result"] = files::render(request, file);
    }
    value
}

pub(super) fn render(world: &World, request: &Request, import: &Import) -> Value {
    let mut value = progress(world, request, "/storage/imports", &import.progress);
    value["overwrite"] = import.overwrite.into();
    value["autorename"] = import.autorename.into();
    if let Some(preserve) = import.preserve {
        value["preserve_folder_structure"] = preserve.into();
    }
    value["source"] = json!({ "volume": import.volume, "location": import.location });
    value["destination"] = json!({ "project": import.project, "parent": import.parent, "name": import.name });
    value
}

pub(super) fn render_export(world: &World, request: &Request, export: &Export) -> Value {
    let mut value = progress(world, request, "/storage/exports", &export.progress);
    value["source"] = json!({ "file": export.file });
    value["destination"] = json!({ "volume": export.volume, "location": export.location });
    value["properties"] = export.properties.clone().into();
    value["overwrite"] = export.overwrite.into();
    value
}
