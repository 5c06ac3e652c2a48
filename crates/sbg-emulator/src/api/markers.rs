//! Markers on the genome.

use serde_json::{Value, json};

use super::page;
use crate::{
    clock::rfc3339,
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
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

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let markers = world.list_markers(&request.actor, request.query_required("file", 5004)?)?;
    page::reply(request, &markers, SHORT, |marker| render(request, marker))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.create_marker(&request.actor, request.object()?)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("marker_id"))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("marker_id");
    world.edit_marker(&request.actor, id, request.object()?)?;
    show(world, request, id)
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_marker(&request.actor, request.param("marker_id"))?;
    Ok(Reply::empty(204))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let marker = world.marker(&request.actor, id)?;
    Ok(Reply::object(request, render(request, marker)))
}

fn render(request: &Request, marker: &Marker) -> Value {
    json!({
        "href": request.href(&format!("/genome/markers/{}", marker.id)),
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
