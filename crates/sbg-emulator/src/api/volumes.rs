//! Volumes, their objects and their members.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{
    cursor,
    members::{self, MemberView},
    page,
};
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        buckets::Entry,
        members::Member,
        permissions::{Need, Permissions},
        service::Cloud,
        volumes::{Listed, Volume},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/storage/volumes", list),
    Route::post("/storage/volumes", create),
    Route::get("/storage/volumes/{volume_owner}/{volume_name}", get),
    Route::patch("/storage/volumes/{volume_owner}/{volume_name}", edit),
    Route::delete("/storage/volumes/{volume_owner}/{volume_name}", delete),
    Route::get("/storage/volumes/{volume_owner}/{volume_name}/list", list_objects),
    Route::get("/storage/volumes/{volume_owner}/{volume_name}/object", get_object),
    Route::get("/storage/volumes/{volume_owner}/{volume_name}/members", list_members),
    Route::post("/storage/volumes/{volume_owner}/{volume_name}/members", add_member),
    Route::get("/storage/volumes/{volume_owner}/{volume_name}/members/{username}", get_member),
    Route::delete("/storage/volumes/{volume_owner}/{volume_name}/members/{username}", remove_member),
    Route::patch(
        "/storage/volumes/{volume_owner}/{volume_name}/members/{username}/permissions",
        patch_permissions,
    ),
    Route::put(
        "/storage/volumes/{volume_owner}/{volume_name}/members/{username}/permissions",
        put_permissions,
    ),
];

const SHORT: &[&str] = &["href", "id", "name"];

fn id(request: &Request) -> String {
    format!("{}/{}", request.param("volume_owner"), request.param("volume_name"))
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let volumes = world.list_volumes(&request.actor);
    page::reply(request, &volumes, SHORT, |volume| render(request, volume))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.create_volume(&request.actor, request.object()?)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, &id(request))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.edit_volume(&request.actor, &id(request), request.object()?, request.query_flag("force")?)?;
    show(world, request, &id(request))
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_volume(&request.actor, &id(request))?;
    Ok(Reply::empty(204))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let volume = world.volume(&request.actor, id, Need::Read)?;
    Ok(Reply::object(request, render(request, volume)))
}

fn render(request: &Request, volume: &Volume) -> Value {
    json!({
        "href": request.href(&format!("/storage/volumes/{}", volume.id)),
        "id": volume.id,
        "name": volume.name,
        "description": volume.description,
        "access_mode": if volume.writable { "RW" } else { "RO" },
        "service": volume.service.shown(),
        "created_on": rfc3339(volume.created),
        "modified_on": rfc3339(volume.modified),
        "active": volume.active,
    })
}

/// One page of a folder. Pages can only be followed forwards.
fn list_objects(world: &mut World, request: &Request) -> Outcome<Reply> {
    let volume = world.active_volume(&request.actor, &id(request), Need::Read)?;
    let prefix = request.query("prefix").unwrap_or_default();
    let limit = page::limit(request)?;
    let list = format!("{}?{prefix}", volume.id);
    let given = request.query("continuation_token").filter(|token| !token.is_empty());
    let after = given.map(|token| cursor::open(&list, token)).transpose()?;
    let after = after.as_ref().and_then(Value::as_str);
    let listed = world.list_volume(volume, prefix);
    let mut rest = listed.iter().filter(|entry| after.is_none_or(|after| entry.position() > after));
    let shown: Vec<&Listed> = rest.by_ref().take(limit).collect();
    let truncated = rest.next().is_some();
    let mut links = Vec::new();
    if let (Some(last), true) = (shown.last(), truncated) {
        let next = cursor::seal(&list, &last.position().into());
        links.push(json!({ "next": listing(request, volume, prefix, &[("limit", &limit.to_string()), ("continuation_token", &next)]) }));
    }
    let fields = request.fields();
    let mut items = Vec::new();
    let mut prefixes = Vec::new();
    for entry in shown {
        match entry {
            Listed::Object(object) => items.push(fields.apply(render_object(request, volume, object), None)),
            Listed::Folder(prefix) => prefixes.push(json!({
                "href": listing(request, volume, prefix, &[]),
                "prefix": prefix,
                "volume": volume.id,
            })),
        }
    }
    Ok(Reply::json(json!({
        "href": listing(request, volume, prefix, &[("limit", &limit.to_string())]),
        "prefix": prefix,
        "limit": limit,
        "truncated": truncated,
        "items": items,
        "prefixes": prefixes,
        "links": links,
    })))
}

fn listing(request: &Request, volume: &Volume, prefix: &str, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("prefix", prefix).extend_pairs(more);
    if let Some(fields) = request.query("fields") {
        query.append_pair("fields", fields);
    }
    format!("{}?{}", request.href(&format!("/storage/volumes/{}/list", volume.id)), query.finish())
}

fn get_object(world: &mut World, request: &Request) -> Outcome<Reply> {
    let volume = world.active_volume(&request.actor, &id(request), Need::Read)?;
    let object = world.volume_object(volume, request.query_required("location", 9011)?)?;
    Ok(Reply::object(request, render_object(request, volume, &object)))
}

/// An object with its metadata in the format of its cloud.
fn render_object(request: &Request, volume: &Volume, object: &Entry) -> Value {
    let location: String = form_urlencoded::byte_serialize(object.key.as_bytes()).collect();
    let bucket = &volume.service.bucket;
    let key = volume.service.key(&object.key);
    let metadata = match volume.service.cloud {
        Cloud::Gcs => json!({
            "bucket": bucket,
            "kind": "storage#object",
            "name": key,
            "id": format!("{bucket}/{key}"),
            "size": object.size,
            "contentType": "application/octet-stream",
            "storageClass": "STANDARD",
            "updated": { "value": object.modified.as_millisecond(), "dateOnly": false, "timeZoneShift": 0 },
        }),
        _ => json!({
            "bucket": bucket,
            "key": key,
            "size": object.size,
            "content_type": "application/octet-stream",
            "last_modified": rfc3339(object.modified),
        }),
    };
    json!({
        "href": format!("{}?location={location}", request.href(&format!("/storage/volumes/{}/object", volume.id))),
        "location": object.key,
        "volume": volume.id,
        "type": volume.service.cloud.name(),
        "metadata": metadata,
    })
}

fn list_members(world: &mut World, request: &Request) -> Outcome<Reply> {
    let volume = world.volume(&request.actor, &id(request), Need::Read)?;
    let found = volume.members.list();
    page::reply(request, &found, members::SHORT, |(id, member)| view(world, request, id, member))
}

fn add_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (new, permissions) = members::read_new(request.object()?)?;
    let member = world.add_volume_member(&request.actor, &id(request), &new, permissions)?;
    show_member(world, request, &member)
}

fn get_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    show_member(world, request, request.param("username"))
}

fn remove_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.remove_volume_member(&request.actor, &id(request), request.param("username"))?;
    Ok(Reply::empty(204))
}

fn patch_permissions(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_permissions(world, request, false)
}

fn put_permissions(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_permissions(world, request, true)
}

fn set_permissions(world: &mut World, request: &Request, replace: bool) -> Outcome<Reply> {
    let changes: &Map<String, Value> = request.object()?.map();
    let set: Permissions = world.set_volume_permissions(
        &request.actor,
        &id(request),
        request.param("username"),
        changes,
        replace,
    )?;
    let mut permissions = members::permissions(set);
    if let Value::Object(permissions) = &mut permissions {
        permissions.shift_remove("execute");
    }
    Ok(Reply::json(permissions))
}

fn show_member(world: &World, request: &Request, member: &str) -> Outcome<Reply> {
    let found =
        world.volume_member(&request.actor, &id(request), member).map_err(|error| match error.code {
            90003 => ApiError::new(90003).detail("The volume has no such member."),
            _ => error,
        })?;
    Ok(Reply::object(request, view(world, request, member, found)))
}

fn view(world: &World, request: &Request, id: &str, member: &Member) -> Value {
    let path = format!(
        "/storage/volumes/{}/{}/members",
        request.param("volume_owner"),
        request.param("volume_name")
    );
    MemberView { world, request, path: &path, executes: false }.render(id, member)
}
