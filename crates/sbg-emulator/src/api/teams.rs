//! Teams of a division.

use serde_json::{Value, json};

use super::page;
use crate::{
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{World, users::Team},
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/teams", list),
    Route::post("/teams", create),
    Route::get("/teams/{team_id}", get),
    Route::patch("/teams/{team_id}", edit),
    Route::delete("/teams/{team_id}", delete),
    Route::get("/teams/{team_id}/members", list_members),
    Route::post("/teams/{team_id}/members", add_member),
    Route::delete("/teams/{team_id}/members/{username}", remove_member),
];

const SHORT: &[&str] = &["href", "id", "name"];
const MEMBER_SHORT: &[&str] = &["href", "id", "username", "role"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    list_in(world, request, request.query_required("division", 2105)?)
}

pub(super) fn list_of_division(world: &mut World, request: &Request) -> Outcome<Reply> {
    list_in(world, request, request.param("division"))
}

fn list_in(world: &World, request: &Request, division: &str) -> Outcome<Reply> {
    let teams = world.list_teams(&request.actor, division, request.query_flag("_all")?)?;
    page::reply(request, &teams, SHORT, |team| render(request, team))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let (name, division) = (body.required("name", 90000)?, body.required("division", 2105)?);
    let id = world.create_team(&request.actor, division, name)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("team_id"))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = request.param("team_id");
    let body = request.object()?;
    let name = body.value("name").map(|_| body.required("name", 90000)).transpose()?;
    world.edit_team(&request.actor, id, name)?;
    show(world, request, id)
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_team(&request.actor, request.param("team_id"))?;
    Ok(Reply::empty(204))
}

fn list_members(world: &mut World, request: &Request) -> Outcome<Reply> {
    let team = world.team(&request.actor, request.param("team_id"))?;
    let members: Vec<&String> = team.members.iter().collect();
    page::reply(request, &members, MEMBER_SHORT, |username| member(world, request, team, username))
}

fn add_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (id, username) = (request.param("team_id"), request.object()?.required("id", 90000)?);
    world.add_team_member(&request.actor, id, username)?;
    let username = world.plain_username(username);
    let team = world.team(&request.actor, id)?;
    Ok(Reply::json(member(world, request, team, username)))
}

fn remove_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.remove_team_member(&request.actor, request.param("team_id"), request.param("username"))?;
    Ok(Reply::empty(204))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let team = world.team(&request.actor, id)?;
    Ok(Reply::object(request, render(request, team)))
}

fn render(request: &Request, team: &Team) -> Value {
    json!({ "href": request.href(&format!("/teams/{}", team.id)), "id": team.id, "name": team.name })
}

fn member(world: &World, request: &Request, team: &Team, username: &str) -> Value {
    let division = world.divisions.get(&team.division);
    json!({
        "href": request.href(&format!("/teams/{}/members/{username}", team.id)),
        "id": username,
        "username": username,
        "role": division.and_then(|division| division.members.get(username)),
    })
}
