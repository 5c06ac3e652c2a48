//! Automations, their packages, their members, and their runs.

use anyhow::{Context as _, Result};
use sbg::automations::AutomationHandle;
use sbg::members::{NewMember, Permissions};
use sbg::types::AutomationRunStatus;
use serde_json::{Value, json};

use super::{Row, Scene, row};

/// A new automation without code.
async fn automation(scene: &Scene) -> sbg::Result<AutomationHandle> {
    let automation = scene.client.automations().create("Index patterns").await?;
    scene.prepared();
    Ok(scene.client.automation(automation.id))
}

/// Uploads the code of an automation, and returns the id of its file.
async fn code(scene: &Scene, automation: &AutomationHandle) -> sbg::Result<String> {
    let file = automation.packages().upload(scene.local("code.zip", "print(51)")).await?;
    scene.prepared();
    Ok(file.file.id)
}

/// An automation and the id of a package of its code.
async fn with_package(scene: &Scene) -> Result<(AutomationHandle, String)> {
    let automation = automation(scene).await?;
    let location = code(scene, &automation).await?;
    let package = automation.packages().create("0.1.0", location, json!({})).await?;
    scene.prepared();
    Ok((automation, package.id))
}

/// An automation and the id of a run of it.
async fn with_run(scene: &Scene) -> Result<(AutomationHandle, String)> {
    let (automation, package) = with_package(scene).await?;
    let run = scene.client.automation_runs().create(package).name("Patterns of May").await?;
    scene.prepared();
    Ok((automation, run.id))
}

/// An automation with `fcrick` as a member with all permissions.
async fn with_member(scene: &Scene) -> sbg::Result<AutomationHandle> {
    let automation = automation(scene).await?;
    automation.members().add(NewMember::user("fcrick"), Permissions::all()).await?;
    scene.prepared();
    Ok(automation)
}

fn path(automation: &AutomationHandle) -> String {
    format!("/automation/automations/{}", automation.id())
}

pub(super) fn rows() -> Vec<Row> {
    [automations(), packages(), members(), runs()].into_iter().flatten().collect()
}

fn automations() -> Vec<Row> {
    vec![
        row("api.automations.query()", async |scene, client| {
            automation(scene).await?;
            let automations = client.automations().query().all().await?;
            assert_eq!(automations[0].name.as_deref(), Some("Index patterns"));
            scene.sent("GET /automation/automations?offset=0&limit=100");
            Ok(())
        }),
        row("api.automations.get('automation_id')", async |scene, client| {
            let id = automation(scene).await?.id().to_owned();
            let automation = client.automation(&id).get().await?;
            assert_eq!(automation.owner.as_deref(), Some("rfranklin"));
            scene.sent(&format!("GET /automation/automations/{id}"));
            Ok(())
        }),
        row("automation.archive()", async |scene, client| {
            let automation = automation(scene).await?;
            automation.archive().await?;
            scene.sent(&format!("POST {}/actions/archive", path(&automation)));
            assert!(client.automations().query().all().await?.is_empty());
            scene.prepared();
            Ok(())
        }),
        row("automation.restore()", async |scene, client| {
            let automation = automation(scene).await?;
            automation.archive().await?;
            scene.prepared();
            automation.restore().await?;
            scene.sent(&format!("POST {}/actions/restore", path(&automation)));
            assert_eq!(client.automations().query().all().await?.len(), 1);
            scene.prepared();
            Ok(())
        }),
        row("automation.get_runs(name='automation_run_name')", async |scene, _| {
            let (automation, run) = with_run(scene).await?;
            let runs = automation.runs().name("Patterns of May").all().await?;
            assert_eq!((runs.len(), &runs[0].id), (1, &run));
            scene.sent(&format!(
                "GET /automation/runs?automation_id={}&name=Patterns of May&offset=0&limit=100",
                automation.id()
            ));
            Ok(())
        }),
    ]
}

fn packages() -> Vec<Row> {
    vec![
        row("automation.get_packages()", async |scene, _| {
            let (automation, package) = with_package(scene).await?;
            let packages = automation.packages().query().all().await?;
            assert_eq!(packages[0].id, package);
            scene.sent(&format!("GET {}/packages?offset=0&limit=100", path(&automation)));
            Ok(())
        }),
        row("api.automation_packages.query(automation='automation_id')", async |scene, client| {
            let (automation, package) = with_package(scene).await?;
            let automation_id = automation.id();
            let packages = client.automation(automation_id).packages().query().all().await?;
            assert_eq!(packages[0].id, package);
            scene.sent(&format!("GET {}/packages?offset=0&limit=100", path(&automation)));
            Ok(())
        }),
        row("automation.get_package('package_id')", async |scene, client| {
            let (_, package_id) = with_package(scene).await?;
            let package = client.automation_package(&package_id).get().await?;
            assert_eq!(package.version.as_deref(), Some("0.1.0"));
            scene.sent(&format!("GET /automation/packages/{package_id}"));
            Ok(())
        }),
        row("api.automation_packages.get('package_id')", async |scene, client| {
            let (_, package_id) = with_package(scene).await?;
            let package = client.automation_package(&package_id).get().await?;
            assert_eq!(package.version.as_deref(), Some("0.1.0"));
            scene.sent(&format!("GET /automation/packages/{package_id}"));
            Ok(())
        }),
        row(
            "api.automation_packages.create('automation_id', 'version', 'location_id')",
            async |scene, client| {
                let automation = automation(scene).await?;
                let (automation_id, location_id) = (automation.id(), code(scene, &automation).await?);
                let schema = json!({"inputs": []});
                let packages = client.automation(automation_id).packages();
                let package = packages.create("0.1.0", &location_id, schema).await?;
                assert_eq!(package.location.as_deref(), Some(location_id.as_str()));
                scene.sent_json(
                    &format!("POST {}/packages", path(&automation)),
                    json!({"version": "0.1.0", "location": location_id, "schema": {"inputs": []}}),
                );
                Ok(())
            },
        ),
        row("automation.add_package('version', 'file_path', schema={})", async |scene, _| {
            let automation = automation(scene).await?;
            let file_path = scene.local("code.zip", "print(51)");
            let code = automation.packages().upload(file_path).await?;
            let package = automation.packages().create("0.1.0", code.file.id, json!({})).await?;
            let begun = scene.sent_with_body("POST /automation/upload").request_json().expect("JSON");
            assert_eq!(
                (&begun["automation_id"], &begun["name"]),
                (&json!(automation.id()), &json!("code.zip"))
            );
            assert_eq!(begun["size"], 9);
            let rest = scene.rest();
            let ended = |end: &str| rest.iter().any(|line| line.ends_with(end));
            assert!(["/part/1", "/complete", "/packages"].into_iter().all(ended), "{rest:?}");
            scene.moved_by("PUT");
            let content = package.location.and_then(|id| scene.emulator.file_content(&id));
            assert_eq!(content.as_deref(), Some(&b"print(51)"[..]));
            Ok(())
        }),
        row("package.archive()", async |scene, client| {
            let (automation, package_id) = with_package(scene).await?;
            let package = client.automation_package(&package_id);
            assert_eq!(package.archive().await?.archived, Some(true));
            scene.sent(&format!("GET /automation/packages/{package_id}"));
            scene.sent(&format!("POST {}/packages/{package_id}/actions/archive", path(&automation)));
            Ok(())
        }),
        row("package.restore()", async |scene, client| {
            let (automation, package_id) = with_package(scene).await?;
            let package = client.automation_package(&package_id);
            package.archive().await?;
            scene.prepared();
            assert_eq!(package.restore().await?.archived, Some(false));
            scene.sent(&format!("GET /automation/packages/{package_id}"));
            scene.sent(&format!("POST {}/packages/{package_id}/actions/restore", path(&automation)));
            Ok(())
        }),
    ]
}

fn members() -> Vec<Row> {
    vec![
        row("automation.get_members()", async |scene, _| {
            let automation = with_member(scene).await?;
            let members = automation.members().query().all().await?;
            assert_eq!(members.len(), 2);
            scene.sent(&format!("GET {}/members?offset=0&limit=100", path(&automation)));
            Ok(())
        }),
        row("automation.get_member('member_username')", async |scene, _| {
            let automation = with_member(scene).await?;
            let member = automation.members().member("fcrick").get().await?;
            assert_eq!(member.permissions.and_then(|given| given.admin), Some(true));
            scene.sent(&format!("GET {}/members/fcrick", path(&automation)));
            Ok(())
        }),
        row("automation.add_member(username, permissions)", async |scene, _| {
            let (automation, username) = (automation(scene).await?, "fcrick");
            let permissions = Permissions::new().copy(true).execute(true);
            let new_member = automation.members().add(NewMember::user(username), permissions).await?;
            assert_eq!(new_member.permissions.and_then(|given| given.execute), Some(true));
            scene.sent_json(
                &format!("POST {}/members", path(&automation)),
                json!({"username": "fcrick", "permissions": {"read": true, "copy": true, "execute": true}}),
            );
            Ok(())
        }),
        row("new_member.permissions['admin'] = False; new_member.save()", async |scene, _| {
            let automation = with_member(scene).await?;
            let new_member = automation.members().member("fcrick");
            let saved = new_member.edit_permissions(Permissions::new().admin(false)).await?;
            assert_eq!(saved.admin, Some(false));
            // The platform replaces all permissions at once, so the current ones are read first.
            scene.sent(&format!("GET {}/members/fcrick", path(&automation)));
            let all_but_admin =
                json!({"read": true, "write": true, "copy": true, "execute": true, "admin": false});
            scene.sent_json(
                &format!("PATCH {}/members/fcrick", path(&automation)),
                json!({"permissions": all_but_admin}),
            );
            Ok(())
        }),
        row("automation.remove_member('automation_member')", async |scene, _| {
            let automation = with_member(scene).await?;
            automation.members().member("fcrick").remove().await?;
            scene.sent(&format!("DELETE {}/members/fcrick", path(&automation)));
            assert_eq!(automation.members().query().all().await?.len(), 1);
            scene.prepared();
            Ok(())
        }),
    ]
}

fn runs() -> Vec<Row> {
    vec![
        row("api.automation_runs.query()", async |scene, client| {
            with_run(scene).await?;
            let runs = client.automation_runs().query().all().await?;
            assert_eq!(runs.len(), 1);
            scene.sent("GET /automation/runs?offset=0&limit=100");
            Ok(())
        }),
        row("api.automation_runs.query(name='automation_run_name')", async |scene, client| {
            with_run(scene).await?;
            let runs = client.automation_runs().query().name("Patterns of May").all().await?;
            assert_eq!(runs.len(), 1);
            scene.sent("GET /automation/runs?name=Patterns of May&offset=0&limit=100");
            Ok(())
        }),
        row("api.automation_runs.get('automation_run_id')", async |scene, client| {
            let (_, run_id) = with_run(scene).await?;
            let run = client.automation_run(&run_id).get().await?;
            assert_eq!(run.name.as_deref(), Some("Patterns of May"));
            scene.sent(&format!("GET /automation/runs/{run_id}"));
            Ok(())
        }),
        row(
            "api.automation_runs.create(package='package_id', name='automation_run_name', inputs={'x': 1})",
            async |scene, client| {
                let (_, package_id) = with_package(scene).await?;
                let create = client.automation_runs().create(&package_id).name("Patterns of May");
                let new_run = create.inputs(json!({"x": 1})).await?;
                assert_eq!(new_run.status, Some(AutomationRunStatus::Created));
                scene.sent_json(
                    "POST /automation/runs",
                    json!({"package": package_id, "name": "Patterns of May", "inputs": {"x": 1}}),
                );
                Ok(())
            },
        ),
        row("run.rerun()", async |scene, client| {
            let (_, run_id) = with_run(scene).await?;
            let run = client.automation_run(&run_id);
            let again = run.rerun().inputs(json!({"y": 3})).await?;
            assert_ne!(again.id, run_id);
            scene.sent_json(
                &format!("POST /automation/runs/{run_id}/actions/rerun"),
                json!({"merge": true, "inputs": {"y": 3}}),
            );
            Ok(())
        }),
        row("new_run.stop()", async |scene, client| {
            let (_, run_id) = with_run(scene).await?;
            let new_run = client.automation_run(&run_id);
            new_run.stop().await?;
            scene.sent(&format!("POST /automation/runs/{run_id}/actions/stop"));
            scene.let_time_pass();
            assert_eq!(new_run.get().await?.status, Some(AutomationRunStatus::Aborted));
            scene.prepared();
            Ok(())
        }),
        row("run.get_log()", async |scene, client| {
            let (_, run_id) = with_run(scene).await?;
            scene.let_time_pass();
            let run = client.automation_run(&run_id);
            let log = run.log_file().await?.context("a log")?;
            log.download(scene.path("automation.log")).await?;
            scene.sent(&format!("GET /automation/runs/{run_id}"));
            scene.sent(&format!("GET /files/{}/download_info", log.id()));
            scene.assert_downloaded(&scene.path("automation.log"), log.id());
            Ok(())
        }),
        row("run.get_state()", async |scene, client| {
            let (_, run_id) = with_run(scene).await?;
            let run = client.automation_run(&run_id);
            let state: Value = run.state().await?;
            assert_eq!(state["status"], "CREATED");
            scene.sent(&format!("GET /automation/runs/{run_id}/state"));
            Ok(())
        }),
    ]
}
