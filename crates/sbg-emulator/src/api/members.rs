//! Members of projects.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    error::{ApiError, Outcome},
    page,
    route::Route,
    world::{
        World,
        members::{Member, MemberKind, NewMember, Permissions},
        projects::{Need, Project},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/projects/{project_owner}/{project}/members", list),
    Route::post("/projects/{project_owner}/{project}/members", add),
    Route::get("/projects/{project_owner}/{project}/members/{username}", get),
    Route::delete("/projects/{project_owner}/{project}/members/{username}", remove),
    Route::get("/projects/{project_owner}/{project}/members/{username}/permissions", get_permissions),
    Route::patch("/projects/{project_owner}/{project}/members/{username}/permissions", patch_permissions),
    Route::put("/projects/{project_owner}/{project}/members/{username}/permissions", put_permissions),
];

const SHORT: &[&str] = &["href", "id", "username", "email", "type", "permissions"];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let project = world.project(&call.actor, &call.project_id(), Need::Read)?;
    let members: Vec<(&String, &Member)> = project.members.iter().collect();
    page::reply(call, &members, SHORT, |(id, member)| render(world, call, project, id, member))
}

fn add(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    let kind = MemberKind::parse(body.text("type")?)?;
    let nonempty = |text: &&str| !text.is_empty();
    let new = match (body.text("username")?.filter(nonempty), body.text("email")?.filter(nonempty)) {
        (Some(username), _) => NewMember::Named(kind, username),
        (None, Some(email)) => NewMember::Email(email),
        (None, None) => return Err(ApiError::new(3005)),
    };
    let permissions = body.object("permissions")?.map(crate::call::Fieldset::map);
    let id = world.add_member(&call.actor, &call.project_id(), &new, permissions)?;
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, call.param("username"))
}

fn remove(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.remove_member(&call.actor, &call.project_id(), call.param("username"))?;
    Ok(Reply::empty(204))
}

fn get_permissions(world: &mut World, call: &Call) -> Outcome<Reply> {
    let (_, member) = world.member(&call.actor, &call.project_id(), call.param("username"))?;
    Ok(Reply::object(call, permissions(member.permissions)))
}

fn patch_permissions(world: &mut World, call: &Call) -> Outcome<Reply> {
    set_permissions(world, call, false)
}

fn put_permissions(world: &mut World, call: &Call) -> Outcome<Reply> {
    set_permissions(world, call, true)
}

fn set_permissions(world: &mut World, call: &Call, anew: bool) -> Outcome<Reply> {
    let changes = call.object()?.map();
    let set =
        world.set_permissions(&call.actor, &call.project_id(), call.param("username"), changes, anew)?;
    Ok(Reply::json(permissions(set)))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let (project, member) = world.member(&call.actor, &call.project_id(), id)?;
    Ok(Reply::object(call, render(world, call, project, id, member)))
}

/// The permissions in the order of the reference.
pub(super) fn permissions(permissions: Permissions) -> Value {
    json!({
        "write": permissions.write,
        "read": true,
        "copy": permissions.copy,
        "execute": permissions.execute,
        "admin": permissions.admin,
    })
}

fn render(world: &World, call: &Call, project: &Project, id: &str, member: &Member) -> Value {
    let name = match member.kind {
        MemberKind::Team => world.teams.get(id).map_or(id, |team| &team.name),
        MemberKind::User | MemberKind::Division => id,
    };
    json!({
        "href": call.href(&format!("/projects/{}/members/{}", project.id, utf8_percent_encode(id, NON_ALPHANUMERIC))),
        "id": id,
        "username": name,
        "email": world.users.get(id).map(|user| &user.email),
        "type": member.kind.name(),
        "permissions": permissions(member.permissions),
    })
}
