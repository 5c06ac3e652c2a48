//! The Data Repository Service (DRS) of the GA4GH beside the API: files of the platform as DRS objects, with the same token.

use serde_json::{Value, json};

use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{World, files::Content, files::FileNode, permissions::Need},
};

/// What the paths of the service begin with.
pub(super) const BASE: &str = "/ga4gh/drs/v1";

/// The one access method of an object.
const ACCESS: &str = "aws-us-east-1";

pub(super) static ROUTES: &[Route] = &[
    Route::get("/service-info", service_info).anonymous(),
    Route::get("/objects/{object_id}", get),
    Route::get("/objects/{object_id}/access/{access_id}", access),
];

/// An error in the form of the service.
pub(super) fn error_body(error: &ApiError) -> Value {
    json!({ "msg": error.body()["message"], "status_code": error.status })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
fn service_info(_: &mut World, _: &Request) -> Outcome<Reply> {
    Ok(Reply::json(json!({
        "id": "org.example.sbg-emulator.drs",
        "name": "DRS of the emulator",
        "type": { "group": "org.ga4gh", "artifact": "drs", "version": "1.2.0" },
        "organization": { "name": "sbg-emulator", "url": "https://example.org" },
        "version": env!("CARGO_PKG_VERSION"),
    })))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let file = world.file(&request.actor, request.param("object_id"), Need::Read, 5001)?;
    let mut object = json!({
        "id": file.id,
        "name": file.name,
        "self_uri": uri(request, &file.id),
        "created_time": rfc3339(file.created),
        "updated_time": rfc3339(file.modified),
    });
    match &file.content {
        Content::File { object: bytes, .. } => {
            let mut checksums =
                vec![json!({ "type": "crc32c", "checksum": format!("{:08x}", bytes.crc32c()) })];
            checksums.extend(bytes.md5().map(|md5| json!({ "type": "md5", "checksum": hex::encode(md5) })));
            object["size"] = bytes.size().into();
            object["checksums"] = checksums.into();
            object["access_methods"] = json!([{ "type": "s3", "access_id": ACCESS, "region": "us-east-1" }]);
        }
        Content::Folder(_) => {
            let entry = |file: &&FileNode| json!({ "name": file.name, "id": file.id, "drs_uri": [uri(request, &file.id)] });
            let inside = world.list_folder(&request.actor, request.param("object_id"))?;
            object["contents"] = inside.iter().map(entry).collect();
        }
    }
    Ok(Reply::json(object))
}

fn access(world: &mut World, request: &Request) -> Outcome<Reply> {
    if request.param("access_id") != ACCESS {
        return Err(ApiError::new(90003));
    }
    let url = world.download_url(&request.actor, request.param("object_id"), request.url_lifetime)?;
    Ok(Reply::json(json!({ "url": url })))
}

/// The URI of an object on this emulator.
fn uri(request: &Request, id: &str) -> String {
    let host = request.base.split_once("://").map_or(&*request.base, |(_, rest)| rest);
    format!("drs://{}/{id}", host.split('/').next().unwrap_or_default())
}
