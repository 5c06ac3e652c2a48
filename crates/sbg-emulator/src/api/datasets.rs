//! Datasets. They need advance access.

use serde_json::{Value, json};

use super::{
    members::{self, MemberView},
    page,
};
use crate::{
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{World, datasets::Dataset, members::Member, permissions::Need},
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/datasets", list).advance(),
    Route::get("/datasets/{owner}", list).advance(),
    Route::get("/datasets/{owner}/{dataset}", get).advance(),
    Route::patch("/datasets/{owner}/{dataset}", edit).advance(),
    Route::delete("/datasets/{owner}/{dataset}", delete).advance(),
    Route::get("/datasets/{owner}/{dataset}/members", list_members).advance(),
    Route::post("/datasets/{owner}/{dataset}/members", add_member).advance(),
    Route::get("/datasets/{owner}/{dataset}/members/{username}", get_member).advance(),
    Route::delete("/datasets/{owner}/{dataset}/members/{username}", remove_member).advance(),
    Route::patch("/datasets/{owner}/{dataset}/members/{username}/permissions", patch_permissions).advance(),
];

const SHORT: &[&str] = &["href", "id", "name"];

fn id(request: &Request) -> String {
    format!("{}/{}", request.param("owner"), request.param("dataset"))
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let owner = Some(request.param("owner")).filter(|owner| !owner.is_empty());
    let public = request.query("visibility").is_some_and(|value| value.eq_ignore_ascii_case("public"));
    let datasets = world.list_datasets(&request.actor, owner, public);
    page::reply(request, &datasets, SHORT, |dataset| render(request, dataset))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request)
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    world.edit_dataset(
        &request.actor,
        &id(request),
        body.text("name")?,
        body.clearable_text("description")?,
    )?;
    show(world, request)
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_dataset(&request.actor, &id(request))?;
    Ok(Reply::empty(204))
}

fn list_members(world: &mut World, request: &Request) -> Outcome<Reply> {
    let dataset = world.dataset(&request.actor, &id(request), Need::Read)?;
    let members = dataset.members.list();
    page::reply(request, &members, members::SHORT, |(member, found)| view(world, request, member, found))
}

fn add_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (new, permissions) = members::read_new(request.object()?)?;
    let member = world.add_dataset_member(&request.actor, &id(request), &new, permissions)?;
    let found = world.dataset_member(&request.actor, &id(request), &member)?;
    Ok(Reply::object(request, view(world, request, &member, found)))
}

fn get_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let member = request.param("username");
    let found = world.dataset_member(&request.actor, &id(request), member)?;
    Ok(Reply::object(request, view(world, request, member, found)))
}

fn remove_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.remove_dataset_member(&request.actor, &id(request), request.param("username"))?;
    Ok(Reply::empty(204))
}

fn patch_permissions(world: &mut World, request: &Request) -> Outcome<Reply> {
    let changes = request.object()?.map();
    world.set_dataset_permissions(&request.actor, &id(request), request.param("username"), changes)?;
    // No source shows a response, and the specification has none.
    Ok(Reply::empty(204))
}

fn show(world: &World, request: &Request) -> Outcome<Reply> {
    let dataset = world.dataset(&request.actor, &id(request), Need::Read)?;
    Ok(Reply::object(request, render(request, dataset)))
}

fn render(request: &Request, dataset: &Dataset) -> Value {
    json!({
        "href": request.href(&format!("/datasets/{}", dataset.id)),
        "id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
    })
}

fn view(world: &World, request: &Request, id: &str, member: &Member) -> Value {
    let path = format!("/datasets/{}/{}/members", request.param("owner"), request.param("dataset"));
    MemberView { world, request, path: &path, executes: true }.render(id, member)
}
