//! Apps and their revisions.

use sbg::apps::Cwl;
use sbg::types::{AppCopyStrategy, AppVisibility};
use serde_json::{Value, json};

use super::{Row, row};

/// An app with two revisions.
const APP: &str = "rfranklin/fibre-diffraction/helix-angle";

fn tool(label: &str) -> Value {
    json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "label": label, "inputs": [], "outputs": []})
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("api.apps.query()", async |scene, client| {
            let apps = client.apps().query().all().await?;
            assert!(apps.iter().any(|app| app.name.as_deref() == Some("Helix angle")));
            scene.sent("GET /apps?offset=0&limit=100");
            Ok(())
        }),
        row("api.apps.query(visibility='public')", async |scene, client| {
            let apps = client.apps().query().visibility(AppVisibility::Public).all().await?;
            assert!(apps.iter().all(|app| app.id.starts_with("admin/sbg-public-data/")));
            assert_eq!(apps.len(), 3);
            scene.sent("GET /apps?visibility=public&offset=0&limit=100");
            Ok(())
        }),
        row("api.apps.get('user/project/app')", async |scene, client| {
            let app = client.app("rfranklin/fibre-diffraction/helix-angle").get().await?;
            assert_eq!((app.name.as_deref(), app.revision), (Some("Helix angle"), Some(1)));
            scene.sent("GET /apps/rfranklin/fibre-diffraction/helix-angle");
            Ok(())
        }),
        row("api.apps.get_revision(id='user/project/app', revision=0)", async |scene, client| {
            let app = client.app(APP).revision(0).get().await?;
            assert_eq!(app.revision, Some(0));
            scene.sent("GET /apps/rfranklin/fibre-diffraction/helix-angle/0");
            Ok(())
        }),
        row("app.raw", async |scene, client| {
            let raw = client.app(APP).raw().await?;
            assert_eq!(raw["class"], "Workflow");
            scene.sent("GET /apps/rfranklin/fibre-diffraction/helix-angle/raw");
            Ok(())
        }),
        row("api.apps.install_app(id='user/project/new-app', raw=raw)", async |scene, client| {
            let raw = tool("From JSON");
            let app = client.apps().install("rfranklin/demo/new-app", raw).await?;
            assert_eq!((app.id.as_str(), app.revision), ("rfranklin/demo/new-app/0", Some(0)));
            scene.sent_json("POST /apps/rfranklin/demo/new-app/raw", tool("From JSON"));
            Ok(())
        }),
        row(
            "api.apps.install_app(id='user/project/new-app', raw=text, raw_format='yaml')",
            async |scene, client| {
                let text = "class: CommandLineTool\ncwlVersion: v1.2\ninputs: []\noutputs: []\n";
                let app = client.apps().install("rfranklin/demo/new-app", Cwl::yaml(text)).await?;
                assert_eq!(app.id, "rfranklin/demo/new-app/0");
                let request = scene.sent_with_body("POST /apps/rfranklin/demo/new-app/raw");
                assert_eq!(request.header("content-type"), Some("application/yaml"));
                assert_eq!(request.body, text);
                Ok(())
            },
        ),
        row("api.apps.create_revision(id='user/project/app', revision=2, raw=raw)", async |scene, client| {
            let raw = tool("Third revision");
            let app = client.app(APP).revision(2).create_revision(raw).await?;
            assert_eq!(app.revision, Some(2));
            scene.sent_json(
                "POST /apps/rfranklin/fibre-diffraction/helix-angle/2/raw",
                tool("Third revision"),
            );
            Ok(())
        }),
        row("app.sync()", async |scene, client| {
            let source = client.apps().install("rfranklin/demo/source", tool("First")).await?;
            let copy = client.app(&source.id).latest().copy_to("rfranklin/rna-pilot").name("copy").await?;
            client.app(&source.id).latest().create_revision(tool("Second")).await?;
            scene.prepared();
            let app = client.app(&copy.id).latest();
            let synced = app.sync().await?;
            assert_eq!(synced.name.as_deref(), Some("Second"));
            scene.sent(&format!("POST /apps/{}/actions/sync", app.id()));
            Ok(())
        }),
        row(
            "app.copy(project='user/other-project', name='copied-app', strategy='clone')",
            async |scene, client| {
                let app = client.app(APP);
                let copy =
                    app.copy_to("rfranklin/demo").name("copied-app").strategy(AppCopyStrategy::Clone).await?;
                assert!(copy.id.starts_with("rfranklin/demo/copied-app"), "{}", copy.id);
                scene.sent_json(
                    "POST /apps/rfranklin/fibre-diffraction/helix-angle/actions/copy",
                    json!({"project": "rfranklin/demo", "name": "copied-app", "strategy": "clone"}),
                );
                Ok(())
            },
        ),
    ]
}
