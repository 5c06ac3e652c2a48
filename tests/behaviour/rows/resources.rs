//! Common to all resources: handles, fields, edits, errors, and pages of lists.

use sbg::types::Project;
use sbg::{ErrorKind, Fields};
use sbg_tests::assert_refused;
use serde_json::json;

use super::{Row, row};

pub(super) fn rows() -> Vec<Row> {
    [common(), pages()].into_iter().flatten().collect()
}

fn common() -> Vec<Row> {
    vec![
        row("resource.get(id='resource_id')", async |scene, client| {
            let project = client.project("rfranklin/demo").get().await?;
            assert_eq!(project.name.as_deref(), Some("demo"));
            scene.sent("GET /projects/rfranklin/demo");
            Ok(())
        }),
        row("resource.reload()", async |scene, client| {
            let handle = client.project("rfranklin/demo");
            handle.get().await?;
            handle.edit().name("Renamed by somebody").await?;
            scene.prepared();
            let project = handle.get().await?;
            assert_eq!(project.name.as_deref(), Some("Renamed by somebody"));
            scene.sent("GET /projects/rfranklin/demo");
            Ok(())
        }),
        row("resource.save()", async |scene, client| {
            let handle = client.project("rfranklin/demo");
            let project = handle.edit().name("New name").await?;
            assert_eq!(project.name.as_deref(), Some("New name"));
            scene.sent_json("PATCH /projects/rfranklin/demo", json!({"name": "New name"}));
            Ok(())
        }),
        row("resource.delete()", async |scene, client| {
            let handle = client.project("rfranklin/demo");
            handle.delete().await?;
            scene.sent("DELETE /projects/rfranklin/demo");
            assert!(handle.get().await.is_err_and(|error| error.is_not_found()));
            scene.prepared();
            Ok(())
        }),
        row("resource.field(name='field_name')", async |scene, client| {
            let handle = client.project("rfranklin/demo");
            let project = handle.get().fields(Fields::only(["name"])).await?;
            scene.sent("GET /projects/rfranklin/demo?fields=id,name");
            assert_eq!(project.name.as_deref(), Some("demo"));
            // A field that was not requested is missing, and reading it sends no request.
            assert_eq!(project.description, None);
            scene.sent_nothing();
            Ok(())
        }),
        row("resource.api", async |scene, _| {
            let other_client = scene.client_of("fcrick");
            let handle = other_client.project("rfranklin/fibre-diffraction");
            scene.sent_nothing();
            let permissions = handle.get().await?.permissions.expect("permissions");
            assert_eq!((permissions.copy, permissions.write), (Some(true), Some(false)));
            scene.sent("GET /projects/rfranklin/fibre-diffraction");
            Ok(())
        }),
        row("e.message", async |scene, client| {
            let missing = client.project("doesnotexist/forsure").get().await;
            let error = assert_refused(missing, ErrorKind::NotFound, &["project_get", "3002"]);
            assert!(!error.message().is_empty() && error.to_string().contains(error.message()));
            scene.sent("GET /projects/doesnotexist/forsure");
            Ok(())
        }),
        row("e.code", async |scene, client| {
            let error = client.project("doesnotexist/forsure").get().await.expect_err("there is none");
            assert_eq!(error.code(), Some(3002));
            assert!(error.is_not_found());
            scene.sent("GET /projects/doesnotexist/forsure");
            Ok(())
        }),
    ]
}

fn pages() -> Vec<Row> {
    vec![
        row("api.projects.query(offset=0, limit=10)", async |scene, client| {
            let page = client.projects().query().offset(0).page_size(10).page().await?;
            assert_eq!((page.items.len(), page.total), (3, Some(3)));
            scene.sent("GET /projects?offset=0&limit=10");
            Ok(())
        }),
        row("project_list[0]", async |scene, client| {
            let page = client.projects().query().page().await?;
            let first = page.items.first();
            assert!(first.is_some_and(|project| project.id.starts_with("rfranklin/")));
            scene.sent("GET /projects?offset=0");
            Ok(())
        }),
        row("project_list.next_page()", async |scene, client| {
            let page = client.projects().query().page_size(2).page().await?;
            scene.prepared();
            let next = page.next_page().await?.expect("a second page");
            assert_eq!((next.items.len(), next.offset()), (1, 2));
            scene.sent("GET /projects?offset=2&limit=2");
            assert!(next.next_page().await?.is_none());
            scene.sent_nothing();
            Ok(())
        }),
        row("project_list.previous_page()", async |scene, client| {
            let page = client.projects().query().offset(2).page_size(2).page().await?;
            scene.prepared();
            let previous = page.previous_page().await?.expect("a first page");
            assert_eq!((previous.items.len(), previous.offset()), (2, 0));
            scene.sent("GET /projects?offset=0&limit=2");
            Ok(())
        }),
        row("api.projects.query().all()", async |scene, client| {
            let mut projects = client.projects().query().items();
            let mut names = Vec::new();
            while let Some(project) = projects.try_next().await? {
                names.extend(project.name);
            }
            names.sort();
            assert_eq!(names, ["Fibre diffraction", "RNA pilot", "demo"]);
            scene.sent("GET /projects?offset=0&limit=100");
            Ok(())
        }),
        row("list(api.projects.query().all())", async |scene, client| {
            let my_projects: Vec<Project> = client.projects().query().items().try_collect().await?;
            assert_eq!(my_projects.len(), 3);
            scene.sent("GET /projects?offset=0&limit=100");
            Ok(())
        }),
    ]
}
