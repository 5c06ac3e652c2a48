//! Request bodies: they contain what was set and nothing else.

use anyhow::Result;
use sbg::members::{NewMember, Permissions};
use sbg::raw::{ClientAppsExt as _, ClientAutomationsExt as _, ClientTasksExt as _};
use sbg::types::{AppCopyStrategy, ProjectEditSettings};
use serde_json::{Value, json};

use crate::{Seen, Wire, project};

/// The id of a billing group.
const GROUP: &str = "f1969c90-da54-4118-8e96-c3f0b49a163d";

/// The id of a task.
const TASK: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";

/// A server whose response can be decoded as any of the resources in these tests.
async fn wire() -> Wire {
    Wire::answering(json!({"id": "rfranklin/demo", "username": "fcrick", "read": true})).await
}

#[track_caller]
fn assert_sent(seen: &Seen, line: &str, body: &Value) {
    assert_eq!(seen.line(), line);
    assert_eq!(seen.json(), *body, "{line}");
    assert_eq!(seen.header("content-type"), ["application/json"]);
}

#[tokio::test]
async fn project_creation_sends_set_fields() -> Result<()> {
    let wire = wire().await;
    wire.client.projects().create("Fibre diffraction").await?;
    assert_sent(&wire.last(), "POST /v2/projects", &json!({"name": "Fibre diffraction"}));
    let create = wire.client.projects().create("Fibres").description("B form").billing_group(GROUP);
    create.tags(["dna"]).await?;
    let expected =
        json!({"name": "Fibres", "description": "B form", "billing_group": GROUP, "tags": ["dna"]});
    assert_sent(&wire.last(), "POST /v2/projects", &expected);
    Ok(())
}

#[tokio::test]
async fn project_edit_sends_set_fields() -> Result<()> {
    let wire = wire().await;
    let edit = || Ok::<_, sbg::Error>(wire.client.project(project()).edit());
    let line = "PATCH /v2/projects/rfranklin/demo";
    edit()?.name("Renamed").await?;
    assert_sent(&wire.last(), line, &json!({"name": "Renamed"}));
    edit()?.description("").clear_tags().await?;
    assert_sent(&wire.last(), line, &json!({"description": "", "tags": []}));
    let settings = ProjectEditSettings { locked: Some(false), ..Default::default() };
    edit()?.settings(settings).await?;
    assert_sent(&wire.last(), line, &json!({"settings": {"locked": false}}));
    Ok(())
}

#[tokio::test]
async fn file_edit_sends_set_fields() -> Result<()> {
    let wire = wire().await;
    let file = wire.client.file("5678");
    file.edit().name("b.fastq").await?;
    assert_sent(&wire.last(), "PATCH /v2/files/5678", &json!({"name": "b.fastq"}));
    file.edit().tags(["dna"]).overwrite_metadata([("sample_id", "S1")]).await?;
    let expected = json!({"tags": ["dna"], "metadata": {"sample_id": "S1"}});
    assert_sent(&wire.last(), "PATCH /v2/files/5678", &expected);
    Ok(())
}

#[tokio::test]
async fn metadata_is_patched_or_put_as_a_whole() -> Result<()> {
    let wire = wire().await;
    let metadata = wire.client.file("5678").metadata();
    metadata.merge([("sample_id", Some("S1")), ("library_id", None)]).await?;
    let expected = json!({"sample_id": "S1", "library_id": null});
    assert_sent(&wire.last(), "PATCH /v2/files/5678/metadata", &expected);
    metadata.overwrite([("sample_id", "S2")]).await?;
    assert_sent(&wire.last(), "PUT /v2/files/5678/metadata", &json!({"sample_id": "S2"}));
    metadata.clear().await?;
    assert_sent(&wire.last(), "PUT /v2/files/5678/metadata", &json!({}));
    Ok(())
}

#[tokio::test]
async fn members_are_added_by_their_identifier() -> Result<()> {
    let wire = wire().await;
    let members = wire.client.project(project()).members();
    let line = "POST /v2/projects/rfranklin/demo/members";
    let copy = json!({"read": true, "copy": true});
    let check = async |member: NewMember, who: Value| -> Result<()> {
        members.add(member, Permissions::new().copy(true)).await?;
        let mut expected = who;
        expected["permissions"] = copy.clone();
        assert_sent(&wire.last(), line, &expected);
        Ok(())
    };
    check(NewMember::user("fcrick"), json!({"username": "fcrick", "type": "USER"})).await?;
    check(NewMember::email("f.crick@example.org"), json!({"email": "f.crick@example.org"})).await?;
    check(NewMember::team("t-1"), json!({"username": "t-1", "type": "TEAM"})).await?;
    check(NewMember::division("kings-college"), json!({"username": "kings-college", "type": "DIVISION"}))
        .await
}

#[tokio::test]
async fn volume_and_dataset_members_use_usernames() -> Result<()> {
    let answer = json!({"username": "fcrick", "read": true});
    let wire =
        Wire::tuned(move |_| crate::response(200, &answer), |client| client.advance_access(true)).await;
    let volume = wire.client.volume("rfranklin/patterns").members();
    volume.add(NewMember::team("t-1"), Permissions::all()).await?;
    let permissions = json!({"read": true, "write": true, "copy": true, "admin": true});
    let expected = json!({"username": "t-1", "type": "TEAM", "permissions": permissions});
    assert_sent(&wire.last(), "POST /v2/storage/volumes/rfranklin/patterns/members", &expected);
    volume.member("t-1").edit_permissions(Permissions::new().write(false)).await?;
    let line = "PATCH /v2/storage/volumes/rfranklin/patterns/members/t-1/permissions";
    assert_sent(&wire.last(), line, &json!({"write": false}));

    let dataset = wire.client.dataset("rfranklin/b-form").members();
    dataset.add(NewMember::user("fcrick"), Permissions::new().execute(true)).await?;
    let expected = json!({"username": "fcrick", "permissions": {"read": true, "execute": true}});
    assert_sent(&wire.last(), "POST /v2/datasets/rfranklin/b-form/members", &expected);
    Ok(())
}

#[tokio::test]
async fn app_is_copied_whole_or_up_to_a_revision() -> Result<()> {
    let wire = wire().await;
    let app = wire.client.app("rfranklin/demo/helix");
    app.copy_to("fcrick/models").await?;
    let line = "POST /v2/apps/rfranklin/demo/helix/actions/copy";
    assert_sent(&wire.last(), line, &json!({"project": "fcrick/models"}));
    let copy = app.revision(3).copy_to("fcrick/models").name("angle").strategy(AppCopyStrategy::CloneDirect);
    copy.await?;
    let expected = json!({"project": "fcrick/models", "name": "angle", "strategy": "clone_direct"});
    assert_sent(&wire.last(), "POST /v2/apps/rfranklin/demo/helix/3/actions/copy", &expected);
    Ok(())
}

#[tokio::test]
async fn permissions_are_patched_or_put_in_full() -> Result<()> {
    let wire = wire().await;
    let member = wire.client.project(project()).members().member("fcrick");
    member.edit_permissions(Permissions::new().write(false).admin(true)).await?;
    let line = "/v2/projects/rfranklin/demo/members/fcrick/permissions";
    assert_sent(&wire.last(), &format!("PATCH {line}"), &json!({"write": false, "admin": true}));
    member.replace_permissions(Permissions::new().execute(true)).await?;
    let expected = json!({"read": true, "write": false, "copy": false, "execute": true, "admin": false});
    assert_sent(&wire.last(), &format!("PUT {line}"), &expected);
    Ok(())
}

#[tokio::test]
async fn folder_creation_sends_type_and_parent() -> Result<()> {
    let wire = wire().await;
    let files = wire.client.files();
    files.create_folder("raw", project()).await?;
    let expected = json!({"name": "raw", "type": "FOLDER", "project": "rfranklin/demo"});
    assert_eq!(folder_body(&wire.last()), expected);
    files.create_folder("raw", "5678").await?;
    assert_eq!(folder_body(&wire.last()), json!({"name": "raw", "type": "FOLDER", "parent": "5678"}));
    Ok(())
}

/// The body of a call that creates a folder, with the type in capitals, because the platform accepts any case.
fn folder_body(seen: &Seen) -> Value {
    assert_eq!(seen.line(), "POST /v2/files");
    let mut body = seen.json();
    body["type"] = body["type"].as_str().expect("a type").to_uppercase().into();
    body
}

#[tokio::test]
async fn copies_and_moves_send_their_destination() -> Result<()> {
    let wire = wire().await;
    let file = wire.client.file("5678");
    file.copy_to(project()).name("b").await?;
    let expected = json!({"project": "rfranklin/demo", "name": "b"});
    assert_sent(&wire.last(), "POST /v2/files/5678/actions/copy", &expected);
    file.copy_to("9abc").await?;
    assert_sent(&wire.last(), "POST /v2/files/5678/actions/copy", &json!({"parent": "9abc"}));
    file.move_to("9abc").await?;
    assert_sent(&wire.last(), "POST /v2/files/5678/actions/move", &json!({"parent": "9abc"}));
    file.move_to("9abc").name("c").await?;
    assert_sent(&wire.last(), "POST /v2/files/5678/actions/move", &json!({"parent": "9abc", "name": "c"}));
    Ok(())
}

#[tokio::test]
async fn get_and_delete_have_no_body() -> Result<()> {
    let wire = wire().await;
    wire.client.file("5678").get().await?;
    wire.client.file("5678").delete().await?;
    wire.client.project(project()).members().member("fcrick").remove().await?;
    wire.client.uploads().abort("u1").await?;
    let lines: Vec<_> = wire.all().iter().map(Seen::line).collect();
    let expected = [
        "GET /v2/files/5678",
        "DELETE /v2/files/5678",
        "DELETE /v2/projects/rfranklin/demo/members/fcrick",
        "DELETE /v2/upload/multipart/u1",
    ];
    assert_eq!(lines, expected);
    assert!(wire.all().iter().all(|seen| seen.body.is_empty()));
    Ok(())
}

#[tokio::test]
async fn enterprise_member_includes_the_division() -> Result<()> {
    let wire = Wire::answering(json!({"id": "kings-college/fcrick"})).await;
    let member = NewMember::user("kings-college/fcrick");
    let permissions = Permissions::new();
    wire.client.volume("rfranklin/bucket").members().add(member, permissions).await?;
    assert_eq!(wire.last().json()["username"], "kings-college/fcrick");
    wire.client
        .team("crystallography")
        .members()
        .add(NewMember::user("kings-college/fcrick"), Permissions::new())
        .await?;
    assert_eq!(wire.last().json()["id"], "kings-college/fcrick");
    Ok(())
}

/// The platform requires JSON even when a call needs no body: a content type and an object.
#[tokio::test]
async fn actions_without_body_send_an_empty_object() -> Result<()> {
    let answer = json!({"id": "a", "status": "DRAFT", "location": "b"});
    let wire =
        Wire::tuned(move |_| crate::response(200, &answer), |client| client.advance_access(true)).await;
    let (client, raw) = (&wire.client, wire.client.raw());
    let check = |line: &str| {
        assert_sent(&wire.last(), line, &json!({}));
        assert_eq!(wire.last().header("content-length"), ["2"]);
    };
    client.task(TASK).run().await?;
    check(&format!("POST /v2/tasks/{TASK}/actions/run"));
    client.task(TASK).abort().await?;
    check(&format!("POST /v2/tasks/{TASK}/actions/abort"));
    raw.task_clone().task_id("t").send().await?;
    check("POST /v2/tasks/t/actions/clone");
    raw.app_sync().project_owner("a").project("b").app_short_name("c").send().await?;
    check("POST /v2/apps/a/b/c/actions/sync");
    raw.automation_archive().automation_id("a").send().await?;
    check("POST /v2/automation/automations/a/actions/archive");
    raw.automation_restore().automation_id("a").send().await?;
    check("POST /v2/automation/automations/a/actions/restore");
    raw.automation_package_archive().automation_id("a").package_id("p").send().await?;
    check("POST /v2/automation/automations/a/packages/p/actions/archive");
    raw.automation_package_restore().automation_id("a").package_id("p").send().await?;
    check("POST /v2/automation/automations/a/packages/p/actions/restore");
    raw.automation_run_stop().run_id("r").send().await?;
    check("POST /v2/automation/runs/r/actions/stop");
    raw.automation_upload_complete().upload_id("u").send().await?;
    check("POST /v2/automation/upload/u/complete");
    Ok(())
}

#[tokio::test]
async fn get_and_delete_have_no_content_type() -> Result<()> {
    let wire = wire().await;
    wire.client.users().me().await?;
    assert_eq!((wire.last().body.as_str(), wire.last().header("content-type").len()), ("", 0));
    wire.client.file("5678").delete().await?;
    assert_eq!((wire.last().body.as_str(), wire.last().header("content-type").len()), ("", 0));
    Ok(())
}
