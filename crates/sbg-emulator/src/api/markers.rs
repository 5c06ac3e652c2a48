//! Markers on the genome.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    clock::rfc3339,
    error::Outcome,
    page,
    route::Route,
    world::{World, markers::Marker},
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/genome/markers", list),
    Route::post("/genome/markers", create),
    Route::get("/genome/markers/{marker_id}", get),
    Route::patch("/genome/markers/{marker_id}", edit),
    Route::delete("/genome/markers/{marker_id}", delete),
];

const SHORT: &[&str] = &["href", "id", "file", "name"];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let markers = world.list_markers(&call.actor, call.query_required("file", 5004)?)?;
    page::reply(call, &markers, SHORT, |marker| render(call, marker))
}

fn create(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = world.create_marker(&call.actor, call.object()?)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, call.param("marker_id"))
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = call.param("marker_id");
    world.edit_marker(&call.actor, id, call.object()?)?;
    show(world, call, id)
}

fn delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.delete_marker(&call.actor, call.param("marker_id"))?;
    Ok(Reply::empty(204))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let marker = world.marker(&call.actor, id)?;
    Ok(Reply::object(call, render(call, marker)))
}

fn render(call: &Call, marker: &Marker) -> Value {
    json!({
        "href": call.href(&format!("/genome/markers/{}", marker.id)),
        "id": marker.id,
        "file": marker.file,
        "name": marker.name,
        "chromosome": marker.chromosome,
        "position": { "start": marker.start, "end": marker.end },
        "private": marker.private,
        "created_time": rfc3339(marker.created),
        "created_by": marker.created_by,
    })
}
