//! Files and folders.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::page;
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::strings,
    world::{
        World,
        files::{Alias, Container, Content, FileEdit, FileFilter, FileNode},
        permissions::Need,
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/files", list),
    Route::post("/files", create_folder),
    Route::get("/projects/{project_owner}/{project}/files", list_project),
    Route::get("/files/{file_id}", get),
    Route::patch("/files/{file_id}", edit),
    Route::delete("/files/{file_id}", delete),
    Route::get("/files/{file_id}/list", list_folder),
    Route::get("/files/{file_id}/download_info", download_info),
    Route::get("/files/{file_id}/metadata", get_metadata),
    Route::patch("/files/{file_id}/metadata", patch_metadata),
    Route::put("/files/{file_id}/metadata", put_metadata),
    Route::put("/files/{file_id}/tags", put_tags),
    Route::post("/files/{file_id}/actions/copy", copy),
    Route::post("/files/{file_id}/actions/move", move_),
    Route::post("/action/files/copy", copy_many),
];

pub(super) const SHORT: &[&str] = &["href", "id", "name", "project", "parent", "type"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    list_in(world, request, queried_container(request)?)
}

/// The location in the query: a project, a folder or a dataset, and only one of them.
pub(super) fn queried_container(request: &Request) -> Outcome<Container<'_>> {
    let named = |name: &str| request.query(name).filter(|text| !text.is_empty());
    match (named("dataset"), named("project"), named("parent")) {
        (None, project, parent) => Container::of(project, parent),
        (Some(dataset), None, None) => Ok(Container::Dataset(dataset)),
        _ => Err(ApiError::new(5031).detail("`dataset` cannot be combined with `project` or `parent`.")),
    }
}

fn list_project(world: &mut World, request: &Request) -> Outcome<Reply> {
    list_in(world, request, Container::Project(&request.project_id()))
}

fn list_in(world: &World, request: &Request, container: Container<'_>) -> Outcome<Reply> {
    let files = world.list_files(&request.actor, container, &read_filter(request))?;
    page::reply(request, &files, SHORT, |file| render(request, file))
}

pub(super) fn read_filter(request: &Request) -> FileFilter {
    let all = |name| request.query_all(name).map(str::to_owned).collect();
    let mut metadata: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in request.query_pairs() {
        if let Some(key) = key.strip_prefix("metadata.") {
            metadata.entry(key.to_owned()).or_default().push(value.to_owned());
        }
    }
    FileFilter {
        names: all("name"),
        tags: all("tag"),
        metadata,
        origin_task: request.query("origin.task").map(str::to_owned),
        origin_dataset: request.query("origin.dataset").map(str::to_owned),
    }
}

fn create_folder(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let name = body.text("name")?.ok_or(ApiError::new(5024))?;
    if !body.text("type")?.is_some_and(|kind| kind.eq_ignore_ascii_case("folder")) {
        return Err(ApiError::new(5012));
    }
    let container = Container::of(body.text("project")?, body.text("parent")?)?;
    let folder = world.create_folder(&request.actor, container, name)?;
    let shown = ["href", "id", "name", "parent", "type", "created_on", "modified_on"];
    Ok(Reply::json(request.fields().apply(render(request, folder), Some(&shown))))
}

fn list_folder(world: &mut World, request: &Request) -> Outcome<Reply> {
    let files = world.list_folder(&request.actor, request.param("file_id"))?;
    page::reply(request, &files, SHORT, |file| render(request, file))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let file = world.file(&request.actor, request.param("file_id"), Need::Read, 5001)?;
    Ok(Reply::object(request, render(request, file)))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let edit = FileEdit {
        name: body.text("name")?.map(str::to_owned),
        tags: body.texts("tags")?,
        metadata: body.object("metadata")?.map(|metadata| metadata.map().clone()),
    };
    let file = world.edit_file(&request.actor, request.param("file_id"), edit)?;
    Ok(Reply::object(request, render(request, file)))
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_file(&request.actor, request.param("file_id"))?;
    Ok(Reply::empty(204))
}

fn download_info(world: &mut World, request: &Request) -> Outcome<Reply> {
    let url = world.download_url(&request.actor, request.param("file_id"), request.url_lifetime)?;
    Ok(Reply::json(json!({ "url": url })))
}

fn get_metadata(world: &mut World, request: &Request) -> Outcome<Reply> {
    let file = world.file(&request.actor, request.param("file_id"), Need::Read, 5001)?;
    Ok(Reply::object(request, Value::Object(file.metadata.clone())))
}

fn patch_metadata(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_metadata(world, request, false)
}

fn put_metadata(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_metadata(world, request, true)
}

fn set_metadata(world: &mut World, request: &Request, replace: bool) -> Outcome<Reply> {
    let changes = request.object()?.map();
    let metadata = world.set_metadata(&request.actor, request.param("file_id"), changes, replace)?;
    Ok(Reply::object(request, Value::Object(metadata.clone())))
}

fn put_tags(world: &mut World, request: &Request) -> Outcome<Reply> {
    let tags = strings(request.body.as_ref().unwrap_or(&Value::Null), "The body")?;
    let tags = world.set_tags(&request.actor, request.param("file_id"), tags)?;
    Ok(Reply::json(json!(tags)))
}

fn copy(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let container = Container::of(body.text("project")?, body.text("parent")?)?;
    let copy = world.copy_file(&request.actor, request.param("file_id"), container, body.text("name")?)?;
    Ok(Reply::object(request, render(request, copy)))
}

fn move_(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let parent = body.text("parent")?.ok_or_else(|| ApiError::new(5033).detail("`parent` is required."))?;
    let file = world.move_file(&request.actor, request.param("file_id"), parent, body.text("name")?)?;
    Ok(Reply::object(request, render(request, file)))
}

/// Copies many files. Each succeeds or fails separately, unless the destination does not exist.
fn copy_many(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let container = Container::of(body.text("project")?, None)?;
    let ids = body.texts("file_ids")?.unwrap_or_default();
    if ids.len() > 100 {
        return Err(ApiError::bad_request("`file_ids` has at most 100 entries."));
    }
    world.destination(&request.actor, container)?;
    let mut results = Map::new();
    for id in ids {
        let result = match world.copy_file(&request.actor, &id, container, None) {
            Ok(copy) => json!({ "status": "OK", "new_file_id": copy.id, "new_file_name": copy.name }),
            Err(error) => json!({ "status": "ERROR", "error": error.body() }),
        };
        results.insert(id, result);
    }
    Ok(Reply::json(Value::Object(results)))
}

pub(super) fn render(request: &Request, file: &FileNode) -> Value {
    let mut value = json!({
        "href": request.href(&format!("/files/{}", file.id)),
        "id": file.id,
        "name": file.name,
        "size": null,
        "project": file.project_id(),
        "parent": file.parent,
        "type": if file.is_folder() { "folder" } else { "file" },
        "created_on": rfc3339(file.created),
        "modified_on": rfc3339(file.modified),
        "storage": null,
        "origin": {},
        "tags": file.tags,
        "metadata": file.metadata,
    });
    if let Some(task) = &file.origin_task {
        value["origin"]["task"] = task.as_str().into();
    }
    if let Some(dataset) = file.dataset().or(file.origin_dataset.as_deref()) {
        value["origin"]["dataset"] = dataset.into();
    }
    if let Content::File { object, .. } = &file.content {
        value["size"] = object.size().into();
        value["storage"] = match &file.alias {
            Some(Alias { volume, location }) => {
                json!({ "type": "VOLUME", "volume": volume, "location": location })
            }
            None => json!({ "type": "PLATFORM", "hosted_on_locations": ["aws:us-east-1"] }),
        };
    }
    value
}
