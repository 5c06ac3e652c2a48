//! Apps and their revisions.

use serde_json::{Value, json};

use super::page;
use crate::{
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
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
    // An app id may end with a revision.
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/{revision_number}/actions/copy", copy),
    Route::post("/apps/{project_owner}/{project}/{app_short_name}/actions/sync", sync),
];

const SHORT: &[&str] = &["href", "id", "project", "name", "revision"];

fn id(request: &Request) -> String {
    format!("{}/{}", request.project_id(), request.param("app_short_name"))
}

fn revision(request: &Request) -> Option<&str> {
    Some(request.param("revision_number")).filter(|revision| !revision.is_empty())
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let named = |name| request.query(name).filter(|text: &&str| !text.is_empty());
    let public = match named("visibility").map(str::to_ascii_lowercase).as_deref() {
        None | Some("private") => false,
        Some("public") => true,
        Some(_) => return Err(ApiError::new(6012)),
    };
    let words = request.query_all("q").flat_map(str::split_whitespace).map(str::to_lowercase).collect();
    let filter = AppFilter { project: request.query("project"), public, words, id: named("id") };
    let apps = world.list_apps(&request.actor, &filter)?;
    page::reply(request, &apps, SHORT, |app| render(world, request, app, app.latest()))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (app, number) = world.app_revision(&request.actor, &id(request), revision(request))?;
    Ok(Reply::object(request, render(world, request, app, number)))
}

fn get_raw(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (app, number) = world.app_revision(&request.actor, &id(request), revision(request))?;
    match app.revisions.get(number).and_then(|revision| revision.yaml.as_ref()) {
        Some(text) if request.accepts_yaml => Ok(Reply::yaml(text.clone())),
        _ => Ok(Reply::object(request, raw(world, request, app, number))),
    }
}

fn install(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?.map();
    if body.is_empty() {
        return Err(ApiError::bad_request("The body must be the description of an app."));
    }
    let id = id(request);
    let number = world.install_app(&request.actor, &id, revision(request), body, request.yaml.as_deref())?;
    let (app, _) = world.app_revision(&request.actor, &id, None)?;
    Ok(Reply::object(request, raw(world, request, app, number)))
}

fn copy(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let project = body.required("project", 6009)?;
    let name = body.text("name")?.filter(|name| !name.trim().is_empty());
    let strategy = Strategy::parse(body.text("strategy")?)?;
    let copy = world.copy_app(&request.actor, (&id(request), revision(request)), project, name, strategy)?;
    let (app, number) = world.app_revision(&request.actor, &copy, None)?;
    Ok(Reply::object(request, render(world, request, app, number)))
}

fn sync(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.sync_app(&request.actor, &id(request))?;
    let (app, number) = world.app_revision(&request.actor, &id(request), None)?;
    Ok(Reply::object(request, render(world, request, app, number)))
}

fn render(world: &World, request: &Request, app: &App, number: usize) -> Value {
    json!({
        "href": request.href(&format!("/apps/{}/{number}", app.id)),
        "id": format!("{}/{number}", app.id),
        "project": app.project,
        "name": app.name(number),
        "revision": number,
        "raw": raw(world, request, app, number),
    })
}

/// The description of a revision, whose id is its URL.
fn raw(world: &World, request: &Request, app: &App, number: usize) -> Value {
    let mut raw = world.raw_app(app, number);
    raw.insert("id".to_owned(), request.href(&format!("/apps/{}/{number}/raw/", app.id)).into());
    Value::Object(raw)
}
