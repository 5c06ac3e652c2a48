//! Automations, their members, and the packages of their code.

use serde_json::{Value, json};

use crate::{
    call::{Call, Fieldset, Reply},
    clock::rfc3339,
    error::{ApiError, Outcome},
    page,
    route::Route,
    world::{
        World,
        automations::{Automation, AutomationFilter, Package},
        members::Member,
        projects::Need,
        uploads::NewUpload,
    },
};

use super::{
    members::{self, MemberView},
    uploads,
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

fn id(call: &Call) -> &str {
    call.param("automation_id")
}

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let based = call.query("project_based");
    let filter = AutomationFilter {
        name: call.query("name").filter(|name| !name.is_empty()),
        archived: call.query_flag("include_archived")?,
        project_based: based.map(|_| call.query_flag("project_based")).transpose()?,
    };
    let automations = world.list_automations(&call.actor, &filter);
    page::whole(call, &automations, |automation| render(world, call, automation))
}

fn create(world: &mut World, call: &Call) -> Outcome<Reply> {
    let id = world.create_automation(&call.actor, call.object()?)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, id(call))
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.edit_automation(&call.actor, id(call), call.object()?)?;
    show(world, call, id(call))
}

fn archive(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.archive_automation(&call.actor, id(call), true)?;
    show(world, call, id(call))
}

fn restore(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.archive_automation(&call.actor, id(call), false)?;
    show(world, call, id(call))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let automation = world.automation(&call.actor, id, Need::Read)?;
    Ok(Reply::object(call, render(world, call, automation)))
}

pub(super) fn render(world: &World, call: &Call, automation: &Automation) -> Value {
    // Secrets are for those who could change them.
    let administers = world.automation(&call.actor, &automation.id, Need::Admin).is_ok();
    json!({
        "href": call.href(&format!("/automation/automations/{}", automation.id)),
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

fn list_members(world: &mut World, call: &Call) -> Outcome<Reply> {
    let automation = world.automation(&call.actor, id(call), Need::Read)?;
    let found = automation.members.list();
    page::whole(call, &found, |(id, member)| view(world, call, id, member))
}

fn add_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (new, permissions) = members::read_new(call.object()?)?;
    let member = world.add_automation_member(&call.actor, id(call), &new, permissions)?;
    show_member(world, call, &member)
}

fn get_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    show_member(world, call, call.param("member_id"))
}

fn edit_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    let changes = call.object()?.object("permissions")?.ok_or(ApiError::new(3011))?;
    let member = call.param("member_id");
    world.edit_automation_member(&call.actor, id(call), member, changes.map())?;
    show_member(world, call, member)
}

fn remove_member(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.remove_automation_member(&call.actor, id(call), call.param("member_id"))?;
    Ok(Reply::empty(204))
}

fn show_member(world: &World, call: &Call, member: &str) -> Outcome<Reply> {
    let found = world.automation_member(&call.actor, id(call), member)?;
    Ok(Reply::object(call, view(world, call, member, found)))
}

fn view(world: &World, call: &Call, member: &str, found: &Member) -> Value {
    let path = format!("/automation/automations/{}/members", id(call));
    let mut value = MemberView { world, call, path: &path, executes: true }.render(member, found);
    value["name"] = value["username"].clone();
    value
}

fn list_packages(world: &mut World, call: &Call) -> Outcome<Reply> {
    let packages = world.list_packages(&call.actor, id(call))?;
    page::whole(call, &packages, |package| render_package(package))
}

fn create_package(world: &mut World, call: &Call) -> Outcome<Reply> {
    let package = world.create_package(&call.actor, id(call), call.object()?)?;
    show_package(world, call, &package)
}

fn get_package(world: &mut World, call: &Call) -> Outcome<Reply> {
    show_package(world, call, call.param("package_id"))
}

fn edit_package(world: &mut World, call: &Call) -> Outcome<Reply> {
    let package = call.param("package_id");
    world.edit_package(&call.actor, package, call.object()?)?;
    show_package(world, call, package)
}

fn archive_package(world: &mut World, call: &Call) -> Outcome<Reply> {
    set_archived(world, call, true)
}

fn restore_package(world: &mut World, call: &Call) -> Outcome<Reply> {
    set_archived(world, call, false)
}

fn set_archived(world: &mut World, call: &Call, archived: bool) -> Outcome<Reply> {
    let package = call.param("package_id");
    world.archive_package(&call.actor, id(call), package, archived)?;
    show_package(world, call, package)
}

fn show_package(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    Ok(Reply::object(call, render_package(world.package(&call.actor, id, Need::Read)?)))
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

/// Notes a part. Unlike for files, nothing is known of an answer, so there is none.
fn report_part(world: &mut World, call: &Call) -> Outcome<Reply> {
    uploads::report(world, call)?;
    Ok(Reply::empty(200))
}

/// Begins to upload the code of an automation.
fn init_upload(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body: Fieldset<'_> = call.object()?;
    let new = NewUpload {
        project: None,
        parent: None,
        name: body.text("name")?,
        size: body.count("size")?,
        part_size: body.count("part_size")?,
        overwrite: false,
    };
    let automation = body.required("automation_id", 90000)?;
    let upload = world.init_code_upload(&call.actor, automation, &new)?;
    Ok(Reply::json(json!({
        "upload_id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "part_size": upload.part_size,
        "parallel_uploads": true,
    })))
}
