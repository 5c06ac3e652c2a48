//! Imports from DRS servers, many files at a time.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    clock::rfc3339,
    error::{ApiError, Outcome},
    route::Route,
    world::{World, drs::DrsImport},
};

use super::{
    bulk,
    files::{self, Case},
};

pub(super) static ROUTES: &[Route] =
    &[Route::post("/bulk/drs/imports/create", start), Route::get("/bulk/drs/imports/{id}", get)];

fn start(world: &mut World, call: &Call) -> Outcome<Reply> {
    let items = bulk::entries(call, "items")?;
    let id = world.start_drs_import(&call.actor, call.object()?, items)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, call.param("id"))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let import = world.drs_import(&call.actor, id)?;
    Ok(Reply::object(call, render(world, call, import)))
}

fn render(world: &World, call: &Call, import: &DrsImport) -> Value {
    let result = |result: &Outcome<String>| match result {
        Ok(id) => match world.any_file(id) {
            Some(file) => json!({ "resource": files::render(call, file, Case::Small) }),
            None => json!({ "error": ApiError::new(5002).body() }),
        },
        Err(error) => json!({ "error": error.body() }),
    };
    json!({
        "id": import.progress.id,
        "href": call.href(&format!("/bulk/drs/imports/{}", import.progress.id)),
        "state": import.progress.state.name(),
        "result": import.results.iter().map(result).collect::<Vec<Value>>(),
        "started_on": rfc3339(import.progress.started),
        "finished_on": import.progress.finished.map(rfc3339),
    })
}
