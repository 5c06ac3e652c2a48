//! Datasets. All of it needs advance access.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    error::Outcome,
    page,
    route::Route,
    world::{World, datasets::Dataset, members::Member, projects::Need},
};

use super::members::{self, MemberView};

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

fn id(call: &Call) -> String {
    format!("{}/{}", call.param("owner"), call.param("dataset"))
}

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let owner = Some(call.param("owner")).filter(|owner| !owner.is_empty());
    let public = call.query("visibility").is_some_and(|value| value.eq_ignore_ascii_case("public"));
    let datasets = world.list_datasets(&call.actor, owner, public);
    page::reply(call, &datasets, SHORT, |dataset| render(call, dataset))
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call)
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    world.edit_dataset(&call.actor, &id(call), body.text("name")?, body.clearable_text("description")?)?;
    show(world, call)
}

fn delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.delete_dataset(&call.actor, &id(call))?;
    Ok(Reply::empty(204))
}

fn list_members(world: &mut World, call: &Call) -> Outcome<Reply> {
    let dataset = world.dataset(&call.actor, &id(call), Need::Read)?;
    let members = dataset.members.list();
    page::reply(call, &members, members::SHORT, |(member, found)| view(world, call, member, found))
}

fn add_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (new, permissions) = members::read_new(call.object()?)?;
    let member = world.add_dataset_member(&call.actor, &id(call), &new, permissions)?;
    let found = world.dataset_member(&call.actor, &id(call), &member)?;
    Ok(Reply::object(call, view(world, call, &member, found)))
}

fn get_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    let member = call.param("username");
    let found = world.dataset_member(&call.actor, &id(call), member)?;
    Ok(Reply::object(call, view(world, call, member, found)))
}

fn remove_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.remove_dataset_member(&call.actor, &id(call), call.param("username"))?;
    Ok(Reply::empty(204))
}

fn patch_permissions(world: &mut World, call: &Call) -> Outcome<Reply> {
    let changes = call.object()?.map();
    world.set_dataset_permissions(&call.actor, &id(call), call.param("username"), changes)?;
    // No source shows an answer, and the specification has none.
    Ok(Reply::empty(204))
}

fn show(world: &World, call: &Call) -> Outcome<Reply> {
    let dataset = world.dataset(&call.actor, &id(call), Need::Read)?;
    Ok(Reply::object(call, render(call, dataset)))
}

fn render(call: &Call, dataset: &Dataset) -> Value {
    json!({
        "href": call.href(&format!("/datasets/{}", dataset.id)),
        "id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
    })
}

fn view(world: &World, call: &Call, id: &str, member: &Member) -> Value {
    let path = format!("/datasets/{}/{}/members", call.param("owner"), call.param("dataset"));
    MemberView { world, call, path: &path, executes: true }.render(id, member)
}
