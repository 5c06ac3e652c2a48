//! Members of projects.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::page;
use crate::{
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::JsonObject,
    world::{
        World,
        members::{Member, MemberKind, NewMember},
        permissions::{Need, Permissions},
        projects::Project,
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/projects/{project_owner}/{project}/members", list),
    Route::post("/projects/{project_owner}/{project}/members", add),
    Route::get("/projects/{project_owner}/{project}/members/{username}", get),
    Route::delete("/projects/{project_owner}/{project}/members/{username}", remove),
    Route::patch("/projects/{project_owner}/{project}/members/{username}/permissions", patch_permissions),
    Route::put("/projects/{project_owner}/{project}/members/{username}/permissions", put_permissions),
];

pub(super) const SHORT: &[&str] = &["href", "id", "username", "email", "type", "permissions"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let project = world.project(&request.actor, &request.project_id(), Need::Read)?;
    let members = project.members.list();
    page::reply(request, &members, SHORT, |(id, member)| render(world, request, project, id, member))
}

fn add(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let new = read_who(body)?;
    let permissions = body.object("permissions")?.map(JsonObject::map);
    let id = world.add_member(&request.actor, &request.project_id(), &new, permissions)?;
    show(world, request, &id)
}

/// The user, team or division that a body names, by username, id or email.
fn read_who(body: JsonObject<'_>) -> Outcome<NewMember<'_>> {
    let kind = MemberKind::parse(body.text("type")?)?;
    let named = |name: &str| Ok(body.text(name)?.filter(|text| !text.is_empty()));
    match (named("username")?, named("email")?, named("id")?) {
        (Some(id), _, _) | (None, None, Some(id)) => Ok(NewMember::Named(kind, id)),
        (None, Some(email), _) => Ok(NewMember::Email(email)),
        (None, None, None) => Err(ApiError::new(3005)),
    }
}

/// The new member of a body, and its permissions, which are required.
pub(super) fn read_new(body: JsonObject<'_>) -> Outcome<(NewMember<'_>, &Map<String, Value>)> {
    let permissions = body.object("permissions")?.map(JsonObject::map).filter(|given| !given.is_empty());
    Ok((read_who(body)?, permissions.ok_or(ApiError::new(3011))?))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, request.param("username"))
}

fn remove(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.remove_member(&request.actor, &request.project_id(), request.param("username"))?;
    Ok(Reply::empty(204))
}

fn patch_permissions(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_permissions(world, request, false)
}

fn put_permissions(world: &mut World, request: &Request) -> Outcome<Reply> {
    set_permissions(world, request, true)
}

fn set_permissions(world: &mut World, request: &Request, replace: bool) -> Outcome<Reply> {
    let changes = request.object()?.map();
    let set = world.set_permissions(
        &request.actor,
        &request.project_id(),
        request.param("username"),
        changes,
        replace,
    )?;
    Ok(Reply::json(permissions(set)))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let (project, member) = world.member(&request.actor, &request.project_id(), id)?;
    Ok(Reply::object(request, render(world, request, project, id, member)))
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

fn render(world: &World, request: &Request, project: &Project, id: &str, member: &Member) -> Value {
    let path = format!("/projects/{}/members", project.id);
    MemberView { world, request, path: &path, executes: true }.render(id, member)
}

/// Renders members of any resource.
pub(super) struct MemberView<'a> {
    pub(super) world: &'a World,
    pub(super) request: &'a Request,
    /// The path of the members, below `/v2`.
    pub(super) path: &'a str,
    /// Whether the resource can be executed.
    pub(super) executes: bool,
}

impl MemberView<'_> {
    pub(super) fn render(&self, id: &str, member: &Member) -> Value {
        let name = match member.kind {
            MemberKind::Team => self.world.teams.get(id).map_or(id, |team| &team.name),
            MemberKind::User | MemberKind::Division => id,
        };
        let mut permissions = permissions(member.permissions);
        if !self.executes
            && let Value::Object(permissions) = &mut permissions
        {
            permissions.shift_remove("execute");
        }
        json!({
            "href": self.request.href(&format!("{}/{}", self.path, utf8_percent_encode(id, NON_ALPHANUMERIC))),
            "id": id,
            "username": name,
            "email": self.world.users.get(id).map(|user| &user.email),
            "type": member.kind.name(),
            "permissions": permissions,
        })
    }
}
