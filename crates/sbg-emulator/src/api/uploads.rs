//! Uploads in parts.

use serde_json::{Value, json};

use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        permissions::Need,
        uploads::{NewUpload, Upload, UploadId},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::post("/upload/multipart", init),
    Route::get("/upload/multipart", list),
    Route::get("/upload/multipart/{upload_id}", get),
    Route::post("/upload/multipart/{upload_id}", report_many),
    Route::delete("/upload/multipart/{upload_id}", abort),
    Route::post("/upload/multipart/{upload_id}/part", report),
    Route::get("/upload/multipart/{upload_id}/part/{part_number}", part_url),
    Route::post("/upload/multipart/{upload_id}/complete", complete),
];

fn init(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let new = NewUpload {
        project: body.text("project")?,
        parent: body.text("parent")?,
        name: body.text("name")?,
        size: body.count("size")?,
        part_size: body.count("part_size")?,
        overwrite: request.query_flag("overwrite")?,
    };
    let upload = world.init_upload(&request.actor, &new)?;
    Ok(Reply::json(json!({
        "upload_id": upload.id,
        "project": upload.project,
        "name": upload.name,
        "size": upload.size,
        "part_size": upload.part_size,
        "parallel_uploads": true,
    })))
}

/// All uploads on one page.
#[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let items = world.list_uploads(&request.actor).into_iter().map(|upload| {
        json!({
            "href": request.href(&format!("/upload/multipart/{}", upload.id)),
            "project": upload.project,
            "name": upload.name,
            "initiated": rfc3339(upload.initiated),
            "upload_id": upload.id,
        })
    });
    Ok(Reply::json(json!({ "href": request.href("/upload/multipart"), "items": items.collect::<Vec<_>>() })))
}

pub(super) fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let upload = world.upload(&request.actor, which(request))?;
    let mut body = json!({
        "upload_id": upload.id,
        "project": Some(&upload.project).filter(|_| !upload.is_code()),
        "name": upload.name,
        "initiated": rfc3339(upload.initiated),
        "parallel_uploads": true,
        "part_size": upload.part_size,
        "uploaded_parts_count": upload.reported.len(),
    });
    if request.query_flag("list_parts")? {
        body["parts"] = reported(upload);
    }
    Ok(Reply::object(request, body))
}

pub(super) fn report(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (number, etag) = world.report_part(&request.actor, which(request), request.object()?)?;
    Ok(Reply::json(part(number, &etag)))
}

fn report_many(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = which(request);
    world.report_parts(&request.actor, id, request.object()?)?;
    Ok(Reply::json(json!({ "parts": reported(world.upload(&request.actor, id)?) })))
}

pub(super) fn abort(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.abort_upload(&request.actor, which(request))?;
    Ok(Reply::empty(204))
}

pub(super) fn part_url(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (id, number) = (which(request), request.param("part_number"));
    let (url, expires) = world.part_url(&request.actor, id, number, request.url_lifetime)?;
    let rules = world.part_rules();
    let headers: &[&str] = if rules.etag { &["ETag"] } else { &[] };
    Ok(Reply::json(json!({
        "method": "PUT",
        "url": url,
        "expires": rfc3339(expires),
        "headers": {},
        "report": { "success_codes": rules.success_codes(), "headers": headers },
    })))
}

pub(super) fn complete(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = which(request);
    let body = request.object()?;
    if body.value("parts").is_some() {
        world.report_parts(&request.actor, id, body)?;
    }
    let file = world.complete_upload(&request.actor, id)?;
    let file = world.file(&request.actor, &file, Need::Read, 8002)?;
    let (_, object) = file.object(8007).map_err(|_| ApiError::new(8007))?;
    Ok(Reply::json(json!({
        "href": request.href(&format!("/files/{}", file.id)),
        "path": world.path_of(file),
        "id": file.id,
        "project": file.project_id(),
        "name": file.name,
        "type": "file",
        "size": object.size(),
        "created_on": rfc3339(file.created),
        "modified_on": rfc3339(file.modified),
    })))
}

/// The upload in the path. Uploads of files and of code have different paths, and are not found under the other.
fn which(request: &Request) -> UploadId<'_> {
    let id = request.param("upload_id");
    if request.path.starts_with("/automation/") { UploadId::Code(id) } else { UploadId::File(id) }
}

fn reported(upload: &Upload) -> Value {
    upload.reported.iter().map(|(&number, etag)| part(number, etag)).collect()
}

fn part(number: u32, etag: &str) -> Value {
    let headers = if etag.is_empty() { json!({}) } else { json!({ "ETag": etag }) };
    json!({ "part_number": number, "response": { "headers": headers } })
}
