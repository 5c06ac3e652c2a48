//! Apps and their revisions.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    error::{ApiError, Outcome},
    page,
    route::Route,
    world::{
        World,
        apps::{App, AppFilter, Strategy},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/apps", list),
    Route::get("/apps/{project_owner}/{project}/{app_short_name}", get),
    Route::get("/apps/{project_owner}/{project}/{app_short_name}/raw", get_raw),
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/raw", install).yaml(),
    Route::get("/apps/{project_owner}/{project}/{app_short_name}/{revision_number}", get),
    Route::get("/apps/{project_owner}/{project}/{app_short_name}/{revision_number}/raw", get_raw),
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/{revision_number}/raw", install).yaml(),
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/actions/copy", copy),
    // The short name may be followed by a revision wherever an app is meant.
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/{revision_number}/actions/copy", copy),
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/actions/sync", sync),
];

const SHORT: &[&str] = &["href", "id", "project", "name", "revision"];

fn id(call: &Call) -> String {
    format!("{}/{}", call.project_id(), call.param("app_short_name"))
}

fn revision(call: &Call) -> Option<&str> {
    Some(call.param("revision_number")).filter(|revision| !revision.is_empty())
}

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let named = |name| call.query(name).filter(|text: &&str| !text.is_empty());
    let public = match named("visibility").map(str::to_ascii_lowercase).as_deref() {
        None | Some("private") => false,
        Some("public") => true,
        Some(_) => return Err(ApiError::new(6012)),
    };
    let words = call.query_all("q").flat_map(str::split_whitespace).map(str::to_lowercase).collect();
    let filter = AppFilter { project: call.query("project"), public, words, id: named("id") };
    let apps = world.list_apps(&call.actor, &filter)?;
    page::reply(call, &apps, SHORT, |app| render(world, call, app, app.latest()))
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (app, number) = world.app_revision(&call.actor, &id(call), revision(call))?;
    Ok(Reply::object(call, render(world, call, app, number)))
}

fn get_raw(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (app, number) = world.app_revision(&call.actor, &id(call), revision(call))?;
    match app.revisions.get(number).and_then(|revision| revision.yaml.as_ref()) {
        Some(text) if call.accepts_yaml => Ok(Reply::yaml(text.clone())),
        _ => Ok(Reply::object(call, Value::Object(world.raw_app(app, number)))),
    }
}

fn install(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?.map();
    if body.is_empty() {
        return Err(ApiError::bad_request("The body must be the description of an app."));
    }
    let id = id(call);
    let number = world.install_app(&call.actor, &id, revision(call), body, call.yaml.as_deref())?;
    let (app, _) = world.app_revision(&call.actor, &id, None)?;
    Ok(Reply::object(call, Value::Object(world.raw_app(app, number))))
}

fn copy(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    let project = body.required("project", 6009)?;
    let name = body.text("name")?.filter(|name| !name.trim().is_empty());
    let strategy = Strategy::parse(body.text("strategy")?)?;
    let copy = world.copy_app(&call.actor, (&id(call), revision(call)), project, name, strategy)?;
    let (app, number) = world.app_revision(&call.actor, &copy, None)?;
    Ok(Reply::object(call, render(world, call, app, number)))
}

fn sync(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.sync_app(&call.actor, &id(call))?;
    let (app, number) = world.app_revision(&call.actor, &id(call), None)?;
    Ok(Reply::object(call, render(world, call, app, number)))
}

fn render(world: &World, call: &Call, app: &App, number: usize) -> Value {
    json!({
        "href": call.href(&format!("/apps/{}/{number}", app.id)),
        "id": format!("{}/{number}", app.id),
        "project": app.project,
        "name": app.name(number),
        "revision": number,
        "raw": world.raw_app(app, number),
    })
}
