//! The index, the rate limit, and users.

use serde_json::{Map, Value, json};

use crate::{
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
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

/// The areas in the index.
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
fn index(_: &mut World, request: &Request) -> Outcome<Reply> {
    let urls = INDEX.map(|area| (format!("{area}_url"), Value::String(request.href(&format!("/{area}")))));
    Ok(Reply::object(request, Value::Object(Map::from_iter(urls))))
}

fn rate_limit(_: &mut World, request: &Request) -> Outcome<Reply> {
    let rate_limit = request.rate_limit.ok_or(ApiError::new(90001))?;
    let body = json!({
        "rate": { "limit": rate_limit.limit, "remaining": rate_limit.remaining, "reset": rate_limit.reset },
        // The values by which the platform says that instances are not limited.
        "instance_limit": { "limit": -1, "remaining": i64::MAX },
    });
    Ok(Reply::object(request, body))
}

fn me(world: &mut World, request: &Request) -> Outcome<Reply> {
    let user = world.users.get(&request.actor).ok_or(ApiError::new(2002))?;
    Ok(Reply::object(request, render(world, request, user)))
}

fn user(world: &mut World, request: &Request) -> Outcome<Reply> {
    let user = world.users.get(request.param("username")).ok_or(ApiError::new(2002))?;
    if user.username != request.actor {
        return Err(ApiError::new(2001));
    }
    Ok(Reply::object(request, render(world, request, user)))
}

pub(super) fn render(world: &World, request: &Request, user: &User) -> Value {
    let role = world.divisions.values().find_map(|division| division.members.get(&user.username));
    json!({
        "href": request.href(&format!("/users/{}", user.username)),
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
