//! Imports from DRS servers, many files at a time.

use serde_json::{Value, json};

use super::{bulk, files};
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{World, drs::DrsImport},
};

pub(super) static ROUTES: &[Route] =
    &[Route::post("/bulk/drs/imports/create", start), Route::get("/bulk/drs/imports/{id}", get)];

fn start(world: &mut World, request: &Request) -> Outcome<Reply> {
    let items = bulk::entries(request, "items")?;
    let id = world.start_drs_import(&request.actor, request.object()?, items)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("id"))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let import = world.drs_import(&request.actor, id)?;
    Ok(Reply::object(request, render(world, request, import)))
}

fn render(world: &World, request: &Request, import: &DrsImport) -> Value {
    let result = |result: &Outcome<String>| match result {
        Ok(id) => match world.any_file(id) {
            Some(file) => json!({ "resource": files::render(request, file) }),
            None => json!({ "error": ApiError::new(5002).body() }),
        },
        Err(error) => json!({ "error": error.body() }),
    };
    json!({
        "id": import.id,
        "href": request.href(&format!("/bulk/drs/imports/{}", import.id)),
        "state": import.state.name(),
        "result": import.results.iter().map(result).collect::<Vec<Value>>(),
        "started_on": rfc3339(import.started),
        "finished_on": import.finished.map(rfc3339),
    })
}
