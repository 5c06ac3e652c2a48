//! Projects.

use serde_json::{Value, json};

use crate::{
    call::{Call, Fieldset, Reply},
    clock::rfc3339,
    error::Outcome,
    page,
    route::Route,
    world::{
        World,
        projects::{Need, Project, ProjectEdit, ProjectFilter},
    },
};

use super::members;

pub(super) static ROUTES: &[Route] = &[
    Route::get("/projects", list),
    Route::post("/projects", create),
    Route::get("/projects/{owner}", list),
    Route::get("/projects/{project_owner}/{project}", get),
    Route::patch("/projects/{project_owner}/{project}", edit),
    Route::delete("/projects/{project_owner}/{project}", delete),
];

const SHORT: &[&str] = &["href", "id", "name", "created_by", "category", "created_on", "modified_on"];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let tags =
        call.query_all("tags").flat_map(|tags| tags.split(',')).map(str::trim).filter(|tag| !tag.is_empty());
    let filter = ProjectFilter {
        owner: Some(call.param("owner")).filter(|owner| !owner.is_empty()).map(str::to_owned),
        name: call.query("name").map(str::to_owned),
        tags: tags.map(str::to_owned).collect(),
    };
    let projects = world.list_projects(&call.actor, &filter);
    page::reply(call, &projects, SHORT, |project| render(world, call, project))
}

fn create(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    let new = read_edit(body, body.text("description")?)?;
    let id = world.create_project(&call.actor, new)?.id.clone();
    show(world, call, &id)
}

fn get(world: &mut World, call: &Call) -> Outcome<Reply> {
    show(world, call, &call.project_id())
}

fn edit(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?;
    let edit = read_edit(body, body.clearable_text("description")?)?;
    let id = world.edit_project(&call.actor, &call.project_id(), edit)?.id.clone();
    show(world, call, &id)
}

fn delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    world.delete_project(&call.actor, &call.project_id())?;
    // The reference gives 200 with nothing in it here, and no status at all for the other deletions.
    Ok(Reply::empty(200))
}

fn show(world: &World, call: &Call, id: &str) -> Outcome<Reply> {
    let project = world.project(&call.actor, id, Need::Read)?;
    Ok(Reply::object(call, render(world, call, project)))
}

/// What a body says of a project. Only an edit can clear the description, so that it is read before.
fn read_edit(body: Fieldset<'_>, description: Option<&str>) -> Outcome<ProjectEdit> {
    let body = body.nullable(&["tags"]);
    Ok(ProjectEdit {
        name: body.text("name")?.map(str::to_owned),
        description: description.map(str::to_owned),
        billing_group: body.text("billing_group")?.map(str::to_owned),
        tags: body.texts("tags")?,
        settings: body.object("settings")?.map(|settings| settings.map().clone()),
    })
}

fn render(world: &World, call: &Call, project: &Project) -> Value {
    json!({
        "href": call.href(&format!("/projects/{}", project.id)),
        "id": project.id,
        "name": project.name,
        "type": "v2",
        "description": project.description,
        "tags": project.tags,
        "settings": project.settings,
        "permissions": members::permissions(world.access(project, &call.actor).unwrap_or_default()),
        "root_folder": project.root_folder,
        "billing_group": project.billing_group,
        "created_by": project.owner,
        "category": "PRIVATE",
        "created_on": rfc3339(project.created),
        "modified_on": rfc3339(project.modified),
    })
}
