//! Divisions and the users in them.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    error::Outcome,
    page,
    route::Route,
    world::{World, users::Division},
};

use super::platform;

pub(super) static ROUTES: &[Route] = &[
    Route::get("/divisions", list),
    Route::get("/divisions/{division}", get),
    Route::get("/users", list_users),
    Route::delete("/users/{username}", disable_user),
];

const SHORT: &[&str] = &["href", "id", "name"];
const USER_SHORT: &[&str] = &["href", "username", "email", "first_name", "last_name", "role"];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let divisions = world.list_divisions(&call.actor);
    page::reply(call, &divisions, SHORT, |division| render(call, division))
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    let division = world.division(&call.actor, call.param("division"))?;
    Ok(Reply::object(call, render(call, division)))
}

fn list_users(world: &mut World, call: &Call) -> Outcome<Reply> {
    let division = call.query_required("division", 2105)?;
    let role = call.query("role").filter(|role| !role.is_empty());
    let users = world.division_users(&call.actor, division, role)?;
    page::reply(call, &users, USER_SHORT, |user| platform::render(world, call, user))
}

fn disable_user(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.disable_user(&call.actor, call.param("username"))?;
    Ok(Reply::empty(204))
}

fn render(call: &Call, division: &Division) -> Value {
    json!({
        "href": call.href(&format!("/divisions/{}", division.id)),
        "id": division.id,
        "name": division.name,
    })
}
