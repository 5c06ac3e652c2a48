//! Automations, their members, and the packages of their code.

use serde_json::{Value, json};

use super::{
    members::{self, MemberView},
    page, uploads,
};
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::JsonObject,
    world::{
        World,
        automations::{Automation, AutomationFilter, Package},
        members::Member,
        permissions::Need,
        uploads::NewUpload,
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/automation/automations", list),
    Route::post("/automation/automations", create),
    Route::get("/automation/automations/{automation_id}", get),
    Route::patch("/automation/automations/{automation_id}", edit),
    Route::post("/automation/automations/{automation_id}/actions/archive", archive),
    Route::post("/automation/automations/{automation_id}/actions/restore", restore),
    Route::get("/automation/automations/{automation_id}/members", list_members),
    Route::post("/automation/automations/{automation_id}/members", add_member),
    Route::get("/automation/automations/{automation_id}/members/{member_id}", get_member),
    Route::patch("/automation/automations/{automation_id}/members/{member_id}", edit_member),
    Route::delete("/automation/automations/{automation_id}/members/{member_id}", remove_member),
    Route::get("/automation/automations/{automation_id}/packages", list_packages),
    Route::post("/automation/automations/{automation_id}/packages", create_package),
    Route::post(
        "/automation/automations/{automation_id}/packages/{package_id}/actions/archive",
        archive_package,
    ),
    Route::post(
        "/automation/automations/{automation_id}/packages/{package_id}/actions/restore",
        restore_package,
    ),
    Route::get("/automation/packages/{package_id}", get_package),
    Route::patch("/automation/packages/{package_id}", edit_package),
    Route::post("/automation/upload", init_upload),
    Route::get("/automation/upload/{upload_id}", uploads::get),
    Route::delete("/automation/upload/{upload_id}", uploads::abort),
    Route::post("/automation/upload/{upload_id}/part", report_part),
    Route::get("/automation/upload/{upload_id}/part/{part_number}", uploads::part_url),
    Route::post("/automation/upload/{upload_id}/complete", uploads::complete),
];

fn id(request: &Request) -> &str {
    request.param("automation_id")
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let based = request.query("project_based");
    let filter = AutomationFilter {
        name: request.query("name").filter(|name| !name.is_empty()),
        archived: request.query_flag("include_archived")?,
        project_based: based.map(|_| request.query_flag("project_based")).transpose()?,
    };
    let automations = world.list_automations(&request.actor, &filter);
    page::whole(request, &automations, |automation| render(world, request, automation))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let id = world.create_automation(&request.actor, request.object()?)?;
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, id(request))
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.edit_automation(&request.actor, id(request), request.object()?)?;
    show(world, request, id(request))
}

fn archive(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.archive_automation(&request.actor, id(request), true)?;
    show(world, request, id(request))
}

fn restore(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.archive_automation(&request.actor, id(request), false)?;
    show(world, request, id(request))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let automation = world.automation(&request.actor, id, Need::Read)?;
    Ok(Reply::object(request, render(world, request, automation)))
}

pub(super) fn render(world: &World, request: &Request, automation: &Automation) -> Value {
    // Secrets are shown to users who can change them.
    let administers = world.automation(&request.actor, &automation.id, Need::Admin).is_ok();
    json!({
        "href": request.href(&format!("/automation/automations/{}", automation.id)),
        "id": automation.id,
        "name": automation.name,
        "description": automation.description,
        "billing_group": automation.billing_group,
        "owner": automation.owner,
        "created_by": automation.owner,
        "created_on": rfc3339(automation.created),
        "modified_by": automation.modified_by,
        "modified_on": rfc3339(automation.modified),
        "archived": automation.archived,
        "secret_settings": if administers { Some(&automation.secret_settings) } else { None },
        "memory_limit": automation.memory_limit,
        "project_based": automation.project_based,
    })
}

fn list_members(world: &mut World, request: &Request) -> Outcome<Reply> {
    let automation = world.automation(&request.actor, id(request), Need::Read)?;
    let found = automation.members.list();
    page::whole(request, &found, |(id, member)| view(world, request, id, member))
}

fn add_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let (new, permissions) = members::read_new(request.object()?)?;
    let member = world.add_automation_member(&request.actor, id(request), &new, permissions)?;
    show_member(world, request, &member)
}

fn get_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    show_member(world, request, request.param("member_id"))
}

fn edit_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    let changes = request.object()?.object("permissions")?.ok_or(ApiError::new(3011))?;
    let member = request.param("member_id");
    world.edit_automation_member(&request.actor, id(request), member, changes.map())?;
    show_member(world, request, member)
}

fn remove_member(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.remove_automation_member(&request.actor, id(request), request.param("member_id"))?;
    Ok(Reply::empty(204))
}

fn show_member(world: &World, request: &Request, member: &str) -> Outcome<Reply> {
    let found = world.automation_member(&request.actor, id(request), member)?;
    Ok(Reply::object(request, view(world, request, member, found)))
}

fn view(world: &World, request: &Request, member: &str, found: &Member) -> Value {
    let path = format!("/automation/automations/{}/members", id(request));
    let mut value = MemberView { world, request, path: &path, executes: true }.render(member, found);
    value["name"] = value["username"].clone();
    value
}

fn list_packages(world: &mut World, request: &Request) -> Outcome<Reply> {
    let packages = world.list_packages(&request.actor, id(request))?;
    page::whole(request, &packages, |package| render_package(package))
}

fn create_package(world: &mut World, request: &Request) -> Outcome<Reply> {
    let package = world.create_package(&request.actor, id(request), request.object()?)?;
    show_package(world, request, &package)
}

fn get_package(world: &mut World, request: &Request) -> Outcome<Reply> {
    show_package(world, request, request.param("package_id"))
}

fn edit_package(world: &mut World, request: &Request) -> Outcome<Reply> {
    let package = request.param("package_id");
    world.edit_package(&request.actor, package, request.object()?)?;
    show_package(world, request, package)
}

fn archive_package(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_archived(world, request, true)
}

fn restore_package(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_archived(world, request, false)
}

fn set_archived(world: &mut World, request: &Request, archived: bool) -> Outcome<Reply> {
    let package = request.param("package_id");
    world.archive_package(&request.actor, id(request), package, archived)?;
    show_package(world, request, package)
}

fn show_package(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    Ok(Reply::object(request, render_package(world.package(&request.actor, id, Need::Read)?)))
}

pub(super) fn render_package(package: &Package) -> Value {
    json!({
        "id": package.id,
        "automation": package.automation,
        "version": package.version,
        "location": package.location,
        "schema": package.schema,
        "created_by": package.created_by,
        "created_on": rfc3339(package.created),
        "archived": package.archived,
        "custom_url": package.custom_url,
        "memory_limit": package.memory_limit,
        "python": package.python,
    })
}

/// Reports a part. No source shows a response, unlike for files, so it is empty.
fn report_part(world: &mut World, request: &Request) -> Outcome<Reply> {
    uploads::report(world, request)?;
    Ok(Reply::empty(200))
}

/// Starts an upload of the code of an automation.
fn init_upload(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body: JsonObject<'_> = request.object()?;
    let new = NewUpload {
        project: None,
        parent: None,
        name: body.text("name")?,
        size: body.count("size")?,
        part_size: body.count("part_size")?,
        overwrite: false,
    };
    let automation = body.required("automation_id", 90000)?;
    let upload = world.init_code_upload(&request.actor, automation, &new)?;
    Ok(Reply::json(json!({
        "upload_id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "part_size": upload.part_size,
        "parallel_uploads": true,
    })))
}
