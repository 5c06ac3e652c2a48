//! Datasets and their members, all in advance access.

use sbg::members::{NewMember, Permissions};
use serde_json::json;

use super::{Row, Scene, row};

const DATASET: &str = "rfranklin/b-form";

/// Makes `fcrick` a member with all permissions but admin.
async fn with_member(scene: &Scene) -> sbg::Result<()> {
    let permissions = Permissions::new().write(true).copy(true).execute(true);
    scene.client.dataset(DATASET).members().add(NewMember::user("fcrick"), permissions).await?;
    scene.prepared();
    Ok(())
}

pub(super) fn rows() -> Vec<Row> {
    [datasets(), members()].into_iter().flatten().collect()
}

fn datasets() -> Vec<Row> {
    vec![
        row("api.datasets.query(visibility='public')", async |scene, client| {
            let datasets = client.datasets().query().public().all().await?;
            assert_eq!(datasets[0].id, "admin/reference-sequences");
            scene.sent("GET /datasets?visibility=public&offset=0&limit=100");
            let request = scene.calls("GET", "/datasets").remove(0);
            assert_eq!(request.header("x-sbg-advance-access"), Some("advance"));
            Ok(())
        }),
        row("api.datasets.query()", async |scene, client| {
            let datasets = client.datasets().query().all().await?;
            assert_eq!((datasets.len(), datasets[0].id.as_str()), (1, DATASET));
            scene.sent("GET /datasets?offset=0&limit=100");
            Ok(())
        }),
        row("api.datasets.get_owned_by('dataset_owner')", async |scene, client| {
            let datasets = client.datasets().query().owner("rfranklin").all().await?;
            assert_eq!((datasets.len(), datasets[0].id.as_str()), (1, DATASET));
            scene.sent("GET /datasets/rfranklin?offset=0&limit=100");
            Ok(())
        }),
        row("api.datasets.get('dataset_owner/dataset-name')", async |scene, client| {
            let dataset = client.dataset("rfranklin/b-form").get().await?;
            assert_eq!(dataset.name.as_deref(), Some("B form"));
            scene.sent("GET /datasets/rfranklin/b-form");
            Ok(())
        }),
        row("api.files.query(dataset=dataset)", async |scene, client| {
            let dataset = client.dataset(DATASET);
            let files = dataset.files().all().await?;
            assert_eq!(files[0].name.as_deref(), Some("photo-51.csv"));
            scene.sent("GET /files?dataset=rfranklin/b-form&offset=0&limit=100");
            Ok(())
        }),
        row("dataset.save()", async |scene, client| {
            let dataset = client.dataset(DATASET);
            let saved = dataset.edit().description("A new description").await?;
            assert_eq!(saved.description.as_deref(), Some("A new description"));
            scene.sent_json("PATCH /datasets/rfranklin/b-form", json!({"description": "A new description"}));
            Ok(())
        }),
        row("dataset.delete()", async |scene, client| {
            let dataset = client.dataset(DATASET);
            dataset.delete().await?;
            scene.sent("DELETE /datasets/rfranklin/b-form");
            assert!(client.datasets().query().all().await?.is_empty());
            scene.prepared();
            Ok(())
        }),
    ]
}

fn members() -> Vec<Row> {
    vec![
        row("dataset.get_members()", async |scene, client| {
            let dataset = client.dataset(DATASET);
            let members = dataset.members().query().all().await?;
            assert_eq!(members[0].username.as_deref(), Some("rfranklin"));
            scene.sent("GET /datasets/rfranklin/b-form/members?offset=0&limit=100");
            Ok(())
        }),
        row("dataset.get_member('dataset_member')", async |scene, client| {
            with_member(scene).await?;
            let dataset = client.dataset(DATASET);
            let member = dataset.members().member("fcrick").get().await?;
            assert_eq!(member.username.as_deref(), Some("fcrick"));
            scene.sent("GET /datasets/rfranklin/b-form/members/fcrick");
            Ok(())
        }),
        row("member.permissions", async |scene, client| {
            let member = client.dataset(DATASET).members().member("rfranklin").get().await?;
            scene.sent("GET /datasets/rfranklin/b-form/members/rfranklin");
            let permissions = member.permissions.expect("permissions");
            assert_eq!((permissions.read, permissions.admin), (Some(true), Some(true)));
            scene.sent_nothing();
            Ok(())
        }),
        row("member.save()", async |scene, client| {
            with_member(scene).await?;
            let member = client.dataset(DATASET).members().member("fcrick");
            let permissions = member.edit_permissions(Permissions::new().execute(false)).await?;
            scene.sent_json(
                "PATCH /datasets/rfranklin/b-form/members/fcrick/permissions",
                json!({"execute": false}),
            );
            // That call returns nothing, so the permissions are read afterwards.
            scene.sent("GET /datasets/rfranklin/b-form/members/fcrick");
            assert_eq!((permissions.execute, permissions.write), (Some(false), Some(true)));
            Ok(())
        }),
        row(
            "dataset.add_member(username='new_member', permissions={'write': True, 'execute': True})",
            async |scene, client| {
                let dataset = client.dataset(DATASET);
                let permissions = Permissions::new().write(true).execute(true);
                let member = dataset.members().add(NewMember::user("fcrick"), permissions).await?;
                assert_eq!(member.permissions.and_then(|given| given.write), Some(true));
                scene.sent_json(
                    "POST /datasets/rfranklin/b-form/members",
                    json!({
                        "username": "fcrick",
                        "permissions": {"read": true, "write": true, "execute": true},
                    }),
                );
                Ok(())
            },
        ),
        row("dataset.remove_member(member=member)", async |scene, client| {
            with_member(scene).await?;
            let dataset = client.dataset(DATASET);
            dataset.members().member("fcrick").remove().await?;
            scene.sent("DELETE /datasets/rfranklin/b-form/members/fcrick");
            assert_eq!(dataset.members().query().all().await?.len(), 1);
            scene.prepared();
            Ok(())
        }),
    ]
}
