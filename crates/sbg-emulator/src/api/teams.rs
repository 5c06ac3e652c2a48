//! Teams of a division.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    error::Outcome,
    page,
    route::Route,
    world::{World, users::Team},
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/teams", list),
    Route::post("/teams", create),
    Route::get("/divisions/{division}/teams", list_of_division),
    Route::get("/teams/{team_id}", get),
    Route::patch("/teams/{team_id}", edit),
    Route::delete("/teams/{team_id}", delete),
    Route::get("/teams/{team_id}/members", list_members),
    Route::post("/teams/{team_id}/members", add_member),
    Route::delete("/teams/{team_id}/members/{username}", remove_member),
];

const SHORT: &[&str] = &["href", "id", "name"];
const MEMBER_SHORT: &[&str] = &["href", "id", "username", "role"];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    page_of(world, call, call.query_required("division", 2105)?)
}

fn list_of_division(world: &mut World, call: &Call) -> Outcome<Reply> {
    page_of(world, call, call.param("division"))
}

fn page_of(world: &World, call: &Call, division: &str) -> Outcome<Reply> {
    let teams = world.list_teams(&call.actor, division, call.query_flag("_all")?)?;
    page::reply(call, &teams, SHORT, |team| render(call, team))
}

fn create(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    let (name, division) = (body.required("name", 90000)?, body.required("division", 2105)?);
    let id = world.create_team(&call.actor, division, name)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, call.param("team_id"))
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = call.param("team_id");
    let body = call.object()?;
    let name = body.map().contains_key("name").then(|| body.required("name", 90000)).transpose()?;
    world.edit_team(&call.actor, id, name)?;
    show(world, call, id)
}

fn delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.delete_team(&call.actor, call.param("team_id"))?;
    Ok(Reply::empty(204))
}

fn list_members(world: &mut World, call: &Call) -> Outcome<Reply> {
    let team = world.team(&call.actor, call.param("team_id"))?;
    let members: Vec<&String> = team.members.iter().collect();
    page::reply(call, &members, MEMBER_SHORT, |username| member(world, call, team, username))
}

fn add_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (id, username) = (call.param("team_id"), call.object()?.required("id", 90000)?);
    world.add_team_member(&call.actor, id, username)?;
    let team = world.team(&call.actor, id)?;
    Ok(Reply::json(member(world, call, team, username)))
}

fn remove_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.remove_team_member(&call.actor, call.param("team_id"), call.param("username"))?;
    Ok(Reply::empty(204))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let team = world.team(&call.actor, id)?;
    Ok(Reply::object(call, render(call, team)))
}

fn render(call: &Call, team: &Team) -> Value {
    json!({ "href": call.href(&format!("/teams/{}", team.id)), "id": team.id, "name": team.name })
}

fn member(world: &World, call: &Call, team: &Team, username: &str) -> Value {
    let division = world.divisions.get(&team.division);
    json!({
        "href": call.href(&format!("/teams/{}/members/{username}", team.id)),
        "id": username,
        "username": username,
        "role": division.and_then(|division| division.members.get(username)),
    })
}
