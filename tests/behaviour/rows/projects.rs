//! Projects: finding them, creating them, and their contents.

use futures::TryStreamExt as _;
use sbg::members::{NewMember, Permissions};
use sbg::types::Member;
use serde_json::json;

use super::{Row, row};

/// A project with files, apps, tasks and members.
const FULL: &str = "rfranklin/fibre-diffraction";

fn username(member: &Member) -> Option<&str> {
    member.username.as_deref()
}

pub(super) fn rows() -> Vec<Row> {
    [finding(), changing(), members(), contents()].into_iter().flatten().collect()
}

fn finding() -> Vec<Row> {
    vec![
        row("api.projects.query()", async |scene, client| {
            let projects = client.projects().query().all().await?;
            assert_eq!(projects.len(), 3);
            scene.sent("GET /projects?offset=0&limit=100");
            Ok(())
        }),
        row("api.projects.query(limit=10)", async |scene, client| {
            let projects = client.projects().query().page_size(10).page().await?;
            assert_eq!(projects.items.len(), 3);
            scene.sent("GET /projects?offset=0&limit=10");
            Ok(())
        }),
        row("api.projects.query(name=project_name)", async |scene, client| {
            let project_name = "RNA pilot";
            let projects = client.projects().query().name(project_name).all().await?;
            assert_eq!(projects[0].id, "rfranklin/rna-pilot");
            scene.sent("GET /projects?name=RNA pilot&offset=0&limit=100");
            Ok(())
        }),
        row("api.projects.query(category=project_category)", async |scene, client| {
            let project_category = "PRIVATE";
            let projects = client.projects().query().category(project_category).all().await?;
            assert_eq!(projects.len(), 3);
            scene.sent("GET /projects?category=PRIVATE&offset=0&limit=100");
            Ok(())
        }),
        row("api.projects.query(tags=['tagA', 'tagB'])", async |scene, client| {
            client.project("rfranklin/demo").edit().tags(["tagA", "tagB", "tagC"]).await?;
            client.project("rfranklin/rna-pilot").edit().tags(["tagA"]).await?;
            scene.prepared();
            let projects = client.projects().query().tag("tagA").tag("tagB").all().await?;
            assert_eq!((projects.len(), projects[0].id.as_str()), (1, "rfranklin/demo"));
            scene.sent("GET /projects?tags=tagA,tagB&offset=0&limit=100");
            Ok(())
        }),
        row("api.projects.get(id='user/project')", async |scene, client| {
            let project = client.project("rfranklin/fibre-diffraction").get().await?;
            assert_eq!(project.name.as_deref(), Some("Fibre diffraction"));
            scene.sent("GET /projects/rfranklin/fibre-diffraction");
            Ok(())
        }),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        row("api.projects.create(name='My new project', billing_group=bg.id)", async |scene, client| {
            let groups = client.billing_groups().query().page_size(1).page().await?;
            let bg = groups.items.first().expect("a billing group");
            scene.prepared();
            let new_project = client.projects().create("My new project").billing_group(&bg.id).await?;
            assert_eq!(new_project.id, "rfranklin/my-new-project");
            scene.sent_json("POST /projects", json!({"name": "My new project", "billing_group": bg.id}));
            Ok(())
        }),
        row("project.save()", async |scene, client| {
            let project = client.project("rfranklin/demo");
            let saved = project.edit().description("Patterns of the B form").tags(["dna"]).await?;
            assert_eq!(saved.description.as_deref(), Some("Patterns of the B form"));
            scene.sent_json(
                "PATCH /projects/rfranklin/demo",
                json!({"description": "Patterns of the B form", "tags": ["dna"]}),
            );
            Ok(())
        }),
        row("project.reload()", async |scene, client| {
            let project = client.project("rfranklin/demo");
            let reloaded = project.get().await?;
            assert_eq!(reloaded.id, "rfranklin/demo");
            scene.sent("GET /projects/rfranklin/demo");
            Ok(())
        }),
        row("project.delete()", async |scene, client| {
            let project = client.project("rfranklin/demo");
            project.delete().await?;
            scene.sent("DELETE /projects/rfranklin/demo");
            assert_eq!(client.projects().query().all().await?.len(), 2);
            scene.prepared();
            Ok(())
        }),
    ]
}

fn members() -> Vec<Row> {
    vec![
        row("project.get_members()", async |scene, client| {
            let project = client.project(FULL);
            let members = project.members().query().all().await?;
            let mut names: Vec<_> = members.iter().filter_map(username).collect();
            names.sort_unstable();
            assert_eq!(names, ["fcrick", "mwilkins", "rfranklin"]);
            scene.sent("GET /projects/rfranklin/fibre-diffraction/members?offset=0&limit=100");
            Ok(())
        }),
        row(
            "project.add_member(user='newuser', permissions={'write': True, 'execute': True})",
            async |scene, client| {
                let project = client.project(FULL);
                let permissions = Permissions::new().write(true).execute(true);
                let member = project.members().add(NewMember::user("jwatson"), permissions).await?;
                assert_eq!(username(&member), Some("jwatson"));
                assert_eq!(member.permissions.and_then(|given| given.execute), Some(true));
                scene.sent_json(
                    "POST /projects/rfranklin/fibre-diffraction/members",
                    json!({
                        "username": "jwatson",
                        "type": "USER",
                        "permissions": {"read": true, "write": true, "execute": true},
                    }),
                );
                Ok(())
            },
        ),
        row("project.add_member_team()", async |scene, client| {
            let project = client.project(FULL);
            let team = client.teams().query("kings-college").all().await?.remove(0);
            scene.prepared();
            let permissions = Permissions::new().copy(true);
            let member = project.members().add(NewMember::team(&team.id), permissions).await?;
            assert_eq!(member.permissions.and_then(|given| given.copy), Some(true));
            scene.sent_json(
                "POST /projects/rfranklin/fibre-diffraction/members",
                json!({"username": team.id, "type": "TEAM", "permissions": {"read": true, "copy": true}}),
            );
            Ok(())
        }),
        row("project.add_member_division()", async |scene, client| {
            let project = client.project(FULL);
            let permissions = Permissions::new().copy(true);
            let member = project.members().add(NewMember::division("kings-college"), permissions).await?;
            assert_eq!(member.permissions.and_then(|given| given.copy), Some(true));
            scene.sent_json(
                "POST /projects/rfranklin/fibre-diffraction/members",
                json!({
                    "username": "kings-college",
                    "type": "DIVISION",
                    "permissions": {"read": true, "copy": true},
                }),
            );
            Ok(())
        }),
        row("project.remove_member()", async |scene, client| {
            let project = client.project(FULL);
            project.members().member("fcrick").remove().await?;
            scene.sent("DELETE /projects/rfranklin/fibre-diffraction/members/fcrick");
            assert_eq!(project.members().query().all().await?.len(), 2);
            scene.prepared();
            Ok(())
        }),
    ]
}

fn contents() -> Vec<Row> {
    vec![
        row("project.get_files()", async |scene, client| {
            let project = client.project(FULL);
            let files = project.files().query().all().await?;
            assert!(files.iter().any(|file| file.name.as_deref() == Some("notes.txt")));
            scene.sent("GET /files?project=rfranklin/fibre-diffraction&offset=0&limit=100");
            Ok(())
        }),
        row("project.add_files(files)", async |scene, client| {
            let project = client.project("rfranklin/demo");
            let folder = client.project(FULL).files().resolve_path("reads").await?;
            let files = client.file(folder.id).list().all().await?;
            scene.prepared();
            let ids = files.iter().map(|file| &file.id);
            let copies = client.files().bulk_copy(ids, project.id()).await?;
            assert_eq!(copies.len(), 3);
            let ids: Vec<_> = files.iter().map(|file| &file.id).collect();
            scene.sent_json("POST /action/files/copy", json!({"project": "rfranklin/demo", "file_ids": ids}));
            Ok(())
        }),
        row("project.get_apps()", async |scene, client| {
            let project = client.project(FULL);
            let apps = project.apps().query().all().await?;
            assert_eq!(apps.len(), 4);
            scene.sent("GET /apps?project=rfranklin/fibre-diffraction&offset=0&limit=100");
            Ok(())
        }),
        row("project.get_tasks()", async |scene, client| {
            let project = client.project(FULL);
            let tasks = project.tasks().query().items();
            let names: Vec<_> = tasks.map_ok(|task| task.name).try_collect().await?;
            assert!(names.contains(&Some("Count reads".to_owned())), "{names:?}");
            scene.sent("GET /tasks?project=rfranklin/fibre-diffraction&offset=0&limit=100");
            Ok(())
        }),
    ]
}
