//! Bulk calls: each item succeeds or fails separately.

use serde_json::{Map, Value, json};

use super::{files, imports, tasks};
use crate::{
    body_schema::{Kind, check},
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::JsonObject,
    world::{World, files::FileEdit, permissions::Need},
};

pub(super) static ROUTES: &[Route] = &[
    Route::post("/bulk/files/get", get_files),
    Route::post("/bulk/files/delete", delete_files),
    Route::post("/bulk/files/update", update_files),
    Route::post("/bulk/files/edit", edit_files),
    Route::post("/bulk/tasks/get", get_tasks),
    Route::post("/bulk/storage/imports/get", get_imports),
    Route::post("/bulk/storage/imports/create", start_imports),
    Route::post("/bulk/storage/exports/get", get_exports),
    Route::post("/bulk/storage/exports/create", start_exports),
];

/// The maximum number of items.
pub(super) const MAX_ITEMS: usize = 100;

/// Handles each item of the body. All items are checked against the schema before anything is changed.
fn each_item(
    request: &Request,
    shape: &[(&str, Kind)],
    mut act: impl FnMut(JsonObject<'_>) -> Outcome<Value>,
) -> Outcome<Reply> {
    for item in entries(request, "items")? {
        check(object(item)?, shape)?;
    }
    each(request, "items", |item| act(object(item)?))
}

/// Handles each item that names a file.
fn each_file(
    request: &Request,
    mut act: impl FnMut(&str, JsonObject<'_>) -> Outcome<Value>,
) -> Outcome<Reply> {
    for item in entries(request, "items")? {
        file_id(object(item)?)?;
    }
    each_item(request, FILE, |item| act(file_id(item)?, item))
}

/// The file of an item: the Python client sends `id`, the pages of the provider show `file_id`.
fn file_id(item: JsonObject<'_>) -> Outcome<&str> {
    match item.text("file_id")? {
        Some(id) if !id.is_empty() => Ok(id),
        _ => item.required("id", 90000),
    }
}

/// Handles each entry of a list in the body. `fields` selects from each result.
fn each(request: &Request, list: &str, mut act: impl FnMut(&Value) -> Outcome<Value>) -> Outcome<Reply> {
    let entries = entries(request, list)?;
    let fields = request.fields();
    let items: Vec<Value> = entries
        .iter()
        .map(|entry| match act(entry) {
            Ok(resource) => {
                let id = resource.get("id").cloned();
                let mut item = fields.apply(json!({ "resource": resource }), None);
                // The id is shown whatever is selected.
                if let (Some(id), Some(Value::Object(shown))) = (id, item.get_mut("resource")) {
                    shown.entry("id").or_insert(id);
                }
                item["error"] = Value::Null;
                item
            }
            Err(error) => json!({ "resource": null, "error": error.body() }),
        })
        .collect();
    Ok(Reply::json(json!({ "href": request.href(&request.path), "items": items })))
}

/// The entries of a list in the body: ids, or objects in a list of items. An empty list, one that is too long and a
/// list of anything else are refused as a whole.
pub(super) fn entries<'a>(request: &'a Request, list: &str) -> Outcome<&'a [Value]> {
    let entries = request.object()?.list(list)?.unwrap_or_default();
    let fits = if list == "items" { Value::is_object } else { Value::is_string };
    if !entries.iter().all(fits) {
        let kind = if list == "items" { "objects" } else { "strings" };
        return Err(ApiError::bad_request(format_args!("`{list}` must be an array of {kind}.")));
    }
    if (1..=MAX_ITEMS).contains(&entries.len()) {
        Ok(entries)
    } else {
        Err(ApiError::bad_request(format_args!("`{list}` must have 1 to {MAX_ITEMS} entries.")))
    }
}

fn text(entry: &Value) -> Outcome<&str> {
    entry.as_str().ok_or_else(|| ApiError::bad_request("An id must be a string."))
}

fn object(entry: &Value) -> Outcome<JsonObject<'_>> {
    JsonObject::of(entry).ok_or_else(|| ApiError::bad_request("An item must be an object."))
}

const FILE: &[(&str, Kind)] = &[
    ("id", Kind::Text),
    ("file_id", Kind::Text),
    ("name", Kind::Text),
    ("tags", Kind::Texts),
    ("metadata", Kind::Metadata),
];

const IMPORT: &[(&str, Kind)] = &[
    ("source", Kind::Part(&[("volume", Kind::Id), ("location", Kind::Id)])),
    ("destination", Kind::Part(&[("project", Kind::Text), ("parent", Kind::Text), ("name", Kind::Name)])),
    ("overwrite", Kind::Flag),
    ("autorename", Kind::Flag),
    ("preserve_folder_structure", Kind::Flag),
    ("properties", Kind::Map),
];

const EXPORT: &[(&str, Kind)] = &[
    ("source", Kind::Part(&[("file", Kind::Id)])),
    ("destination", Kind::Part(&[("volume", Kind::Id), ("location", Kind::Id)])),
    ("overwrite", Kind::Flag),
    (
        "properties",
        Kind::Object(&[
            ("sse_algorithm", Kind::Text),
            ("sse_aws_kms_key_id", Kind::Text),
            ("aws_canned_acl", Kind::Text),
            ("aws_storage_class", Kind::Text),
        ]),
    ),
];

fn get_files(world: &mut World, request: &Request) -> Outcome<Reply> {
    each(request, "file_ids", |id| {
        let file = world.file(&request.actor, text(id)?, Need::Read, 5001)?;
        Ok(files::render(request, file))
    })
}

/// Returns each file as it was last.
fn delete_files(world: &mut World, request: &Request) -> Outcome<Reply> {
    each(request, "file_ids", |id| {
        let id = text(id)?;
        let last = files::render(request, world.file(&request.actor, id, Need::Write, 5001)?);
        world.delete_file(&request.actor, id)?;
        Ok(last)
    })
}

/// Missing tags and metadata are cleared. A name cannot be.
fn update_files(world: &mut World, request: &Request) -> Outcome<Reply> {
    each_file(request, |id, item| {
        let edit = FileEdit {
            name: item.text("name")?.map(str::to_owned),
            tags: Some(item.texts("tags")?.unwrap_or_default()),
            metadata: Some(item.object("metadata")?.map_or_else(Map::new, |metadata| metadata.map().clone())),
        };
        let file = world.edit_file(&request.actor, id, edit)?;
        Ok(files::render(request, file))
    })
}

/// Missing properties stay unchanged.
fn edit_files(world: &mut World, request: &Request) -> Outcome<Reply> {
    each_file(request, |id, item| {
        let metadata = match item.object("metadata")? {
            None => None,
            Some(changes) => {
                let mut merged = world.file(&request.actor, id, Need::Write, 5009)?.metadata.clone();
                merged.extend(changes.map().clone());
                Some(merged)
            }
        };
        let edit =
            FileEdit { name: item.text("name")?.map(str::to_owned), tags: item.texts("tags")?, metadata };
        let file = world.edit_file(&request.actor, id, edit)?;
        Ok(files::render(request, file))
    })
}

fn get_tasks(world: &mut World, request: &Request) -> Outcome<Reply> {
    each(request, "task_ids", |id| {
        let task = world.task(&request.actor, text(id)?, Need::Read)?;
        Ok(tasks::render(world, request, task))
    })
}

fn get_imports(world: &mut World, request: &Request) -> Outcome<Reply> {
    each(request, "import_ids", |id| {
        Ok(imports::render(world, request, world.import(&request.actor, text(id)?)?))
    })
}

fn start_imports(world: &mut World, request: &Request) -> Outcome<Reply> {
    each_item(request, IMPORT, |item| {
        let id = world.start_import(&request.actor, item)?;
        Ok(imports::render(world, request, world.import(&request.actor, &id)?))
    })
}

fn get_exports(world: &mut World, request: &Request) -> Outcome<Reply> {
    each(request, "export_ids", |id| {
        Ok(imports::render_export(world, request, world.export(&request.actor, text(id)?)?))
    })
}

fn start_exports(world: &mut World, request: &Request) -> Outcome<Reply> {
    let copy_only = request.query_flag("copy_only")?;
    each_item(request, EXPORT, |item| {
        let id = world.start_export(&request.actor, item, copy_only)?;
        Ok(imports::render_export(world, request, world.export(&request.actor, &id)?))
    })
}
