//! Projects.

use serde_json::{Value, json};

use super::{members, page};
use crate::{
    clock::rfc3339,
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    json_object::JsonObject,
    world::{
        World,
        permissions::Need,
        projects::{Project, ProjectEdit, ProjectFilter},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/projects", list),
    Route::post("/projects", create),
    Route::get("/projects/{owner}", list),
    Route::get("/projects/{project_owner}/{project}", get),
    Route::patch("/projects/{project_owner}/{project}", edit),
    Route::delete("/projects/{project_owner}/{project}", delete),
];

const SHORT: &[&str] = &["href", "id", "name", "created_by", "category", "created_on", "modified_on"];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let tags = request
        .query_all("tags")
        .flat_map(|tags| tags.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty());
    let filter = ProjectFilter {
        owner: Some(request.param("owner")).filter(|owner| !owner.is_empty()).map(str::to_owned),
        name: request.query("name").map(str::to_owned),
        tags: tags.map(str::to_owned).collect(),
    };
    let projects = world.list_projects(&request.actor, &filter);
    page::reply(request, &projects, SHORT, |project| render(world, request, project))
}

fn create(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let new = read_edit(body, body.text("description")?)?;
    let id = world.create_project(&request.actor, new)?.id.clone();
    show(world, request, &id)
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    show(world, request, &request.project_id())
}

fn edit(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    let edit = read_edit(body, body.clearable_text("description")?)?;
    let id = world.edit_project(&request.actor, &request.project_id(), edit)?.id.clone();
    show(world, request, &id)
}

fn delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    world.delete_project(&request.actor, &request.project_id())?;
    // The reference shows an empty 200 here, and no status for other deletions.
    Ok(Reply::empty(200))
}

fn show(world: &World, request: &Request, id: &str) -> Outcome<Reply> {
    let project = world.project(&request.actor, id, Need::Read)?;
    Ok(Reply::object(request, render(world, request, project)))
}

/// The properties of a project in a body. Only an edit can clear the description, so the caller reads it.
fn read_edit(body: JsonObject<'_>, description: Option<&str>) -> Outcome<ProjectEdit> {
    Ok(ProjectEdit {
        name: body.text("name")?.map(str::to_owned),
        description: description.map(str::to_owned),
        billing_group: body.text("billing_group")?.map(str::to_owned),
        tags: body.texts("tags")?,
        settings: body.object("settings")?.map(|settings| settings.map().clone()),
    })
}

fn render(world: &World, request: &Request, project: &Project) -> Value {
    json!({
        "href": request.href(&format!("/projects/{}", project.id)),
        "id": project.id,
        "name": project.name,
        "type": "v2",
        "description": project.description,
        "tags": project.tags,
        "settings": project.settings,
        "permissions": members::permissions(world.access(project, &request.actor).unwrap_or_default()),
        "root_folder": project.root_folder,
        "billing_group": project.billing_group,
        "created_by": project.owner,
        "category": "PRIVATE",
        "created_on": rfc3339(project.created),
        "modified_on": rfc3339(project.modified),
    })
}
