//! The index of addresses, the rate limit, and the users themselves.

use serde_json::{Map, Value, json};

use crate::{
    call::{Call, Reply},
    error::{ApiError, Outcome},
    route::Route,
    world::{
        World,
        users::{Role, User},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/", index).anonymous(),
    Route::get("/rate_limit", rate_limit),
    Route::get("/user", me),
    Route::get("/users/{username}", user),
];

/// The areas that the index names.
const INDEX: [&str; 11] = [
    "rate_limit",
    "user",
    "users",
    "billing",
    "projects",
    "files",
    "tasks",
    "apps",
    "action",
    "upload",
    "storage",
];

#[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
fn index(_: &mut World, call: &Call) -> Outcome<Reply> {
    let urls = INDEX.map(|area| (format!("{area}_url"), Value::String(call.href(&format!("/{area}")))));
    Ok(Reply::object(call, Value::Object(Map::from_iter(urls))))
}

fn rate_limit(_: &mut World, call: &Call) -> Outcome<Reply> {
    let standing = call.standing.ok_or(ApiError::new(90001))?;
    let body = json!({
        "rate": { "limit": standing.limit, "remaining": standing.remaining, "reset": standing.reset },
        // No limit of instances, in the numbers by which the platform says so.
        "instance_limit": { "limit": -1, "remaining": i64::MAX },
    });
    Ok(Reply::object(call, body))
}

fn me(world: &mut World, call: &Call) -> Outcome<Reply> {
    let user = world.users.get(&call.actor).ok_or(ApiError::new(2002))?;
    Ok(Reply::object(call, render(world, call, user)))
}

fn user(world: &mut World, call: &Call) -> Outcome<Reply> {
    let user = world.users.get(call.param("username")).ok_or(ApiError::new(2002))?;
    if user.username != call.actor {
        return Err(ApiError::new(2001));
    }
    Ok(Reply::object(call, render(world, call, user)))
}

pub(super) fn render(world: &World, call: &Call, user: &User) -> Value {
    let role = world.divisions.values().find_map(|division| division.members.get(&user.username));
    json!({
        "href": call.href(&format!("/users/{}", user.username)),
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": role.copied().unwrap_or(Role::Member),
        "tags": [],
        "affiliation": user.affiliation,
        "phone": "",
        "address": "",
        "city": "London",
        "state": "",
        "country": "United Kingdom",
        "zip_code": "",
    })
}
