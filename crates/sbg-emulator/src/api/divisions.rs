//! Divisions and the users in them.

use serde_json::{Value, json};

use super::{page, platform, teams};
use crate::{
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{World, users::Division},
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/divisions", list),
    Route::get("/divisions/{division}", get),
    Route::get("/divisions/{division}/teams", teams::list_of_division),
    Route::get("/users", list_users),
    Route::delete("/users/{username}", disable_user),
];

const SHORT: &[&str] = &["href", "id", "name"];
const USER_SHORT: &[&str] = &["href", "username", "email", "first_name", "last_name", "role"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let divisions = world.list_divisions(&request.actor);
    page::reply(request, &divisions, SHORT, |division| render(request, division))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let division = world.division(&request.actor, request.param("division"))?;
    Ok(Reply::object(request, render(request, division)))
}

fn list_users(world: &mut World, request: &Request) -> Outcome<Reply> {
    let division = request.query_required("division", 2105)?;
    let role = request.query("role").filter(|role| !role.is_empty());
    let users = world.division_users(&request.actor, division, role)?;
    page::reply(request, &users, USER_SHORT, |user| platform::render(world, request, user))
}

fn disable_user(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.disable_user(&request.actor, request.param("username"))?;
    Ok(Reply::empty(204))
}

fn render(request: &Request, division: &Division) -> Value {
    json!({
        "href": request.href(&format!("/divisions/{}", division.id)),
        "id": division.id,
        "name": division.name,
    })
}
