//! Volumes, imports from them, and exports to them.

use sbg::members::{NewMember, Permissions};
use sbg::raw::OPERATIONS;
use sbg::storage_jobs::StorageJobExt as _;
use sbg::types::{StorageJobState, StorageJobStateFilter, Volume, VolumeAccessMode, VolumeAccessModeSet};
use sbg::volumes::Service;
use serde_json::{Value, json};

use super::{Row, Scene, row};

/// A volume with two folders and a file, an import and an export.
const VOLUME: &str = "rfranklin/patterns";
const ROLE: &str = "arn:aws:iam::ACCOUNTNUMBER:role/ROLE-NAME";
const KEY: (&str, &str) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");

pub(super) fn rows() -> Vec<Row> {
    [finding(), creating(), changing(), members(), listing(), imports(), exports()]
        .into_iter()
        .flatten()
        .collect()
}

fn finding() -> Vec<Row> {
    vec![
        row("api.volumes.query()", async |scene, client| {
            let volumes = client.volumes().query().all().await?;
            assert_eq!((volumes.len(), volumes[0].id.as_str()), (1, VOLUME));
            scene.sent("GET /storage/volumes?offset=0&limit=100");
            Ok(())
        }),
        row("api.volumes.get(id='user/volume')", async |scene, client| {
            let volume = client.volume("rfranklin/patterns").get().await?;
            assert_eq!((volume.name.as_deref(), volume.active), (Some("patterns"), Some(true)));
            scene.sent("GET /storage/volumes/rfranklin/patterns");
            Ok(())
        }),
        row("volume.reload()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let reloaded = volume.get().await?;
            assert_eq!(reloaded.id, VOLUME);
            scene.sent("GET /storage/volumes/rfranklin/patterns");
            Ok(())
        }),
        row("volume.get_imports()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let imports = volume.imports().all().await?;
            assert_eq!(imports.len(), 1);
            scene.sent("GET /storage/imports?volume=rfranklin/patterns&offset=0&limit=100");
            Ok(())
        }),
        row("volume.get_exports()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let exports = volume.exports().all().await?;
            assert_eq!(exports.len(), 1);
            scene.sent("GET /storage/exports?volume=rfranklin/patterns&offset=0&limit=100");
            Ok(())
        }),
    ]
}

/// Names the request that creates a volume on this service and checks the volume.
#[track_caller]
fn assert_created(scene: &Scene, volume: &Volume, body: &Value) {
    scene.sent_json("POST /storage/volumes", body.clone());
    assert_eq!(volume.name.as_deref(), body["name"].as_str());
    assert_eq!(volume.id, format!("rfranklin/{}", body["name"].as_str().expect("a name")));
    assert_eq!(volume.access_mode.as_ref().map(VolumeAccessMode::as_str), body["access_mode"].as_str());
}

fn creating() -> Vec<Row> {
    vec![
        row(
            "api.volumes.create_s3_volume(name, bucket, access_key_id, secret_access_key, access_mode='RO')",
            async |scene, client| {
                let (access_key_id, secret_access_key) = KEY;
                let service = Service::s3("my_bucket", access_key_id, secret_access_key);
                let create = client.volumes().create("my_input_volume", service);
                let volume = create.access_mode(VolumeAccessModeSet::Ro).await?;
                let credentials = json!({"access_key_id": KEY.0, "secret_access_key": KEY.1});
                let service = json!({"type": "s3", "bucket": "my_bucket", "credentials": credentials});
                let body = json!({"name": "my_input_volume", "access_mode": "RO", "service": service});
                assert_created(scene, &volume, &body);
                Ok(())
            },
        ),
        row(
            "api.volumes.create_s3_volume(name, bucket, access_key_id, secret_access_key, access_mode='RW')",
            async |scene, client| {
                let (access_key_id, secret_access_key) = KEY;
                let service = Service::s3("my_bucket", access_key_id, secret_access_key);
                let create = client.volumes().create("my_output_volume", service);
                let volume = create.access_mode(VolumeAccessModeSet::Rw).await?;
                let credentials = json!({"access_key_id": KEY.0, "secret_access_key": KEY.1});
                let service = json!({"type": "s3", "bucket": "my_bucket", "credentials": credentials});
                let body = json!({"name": "my_output_volume", "access_mode": "RW", "service": service});
                assert_created(scene, &volume, &body);
                Ok(())
            },
        ),
        row(
            "api.volumes.create_s3_volume_role_auth(name, bucket, role_arn, external_id, access_mode='RO')",
            async |scene, client| {
                let (role_arn, external_id) = (ROLE, "external_id");
                let service = Service::s3_role("my_bucket", role_arn, external_id);
                let create = client.volumes().create("my_input_volume", service);
                let volume = create.access_mode(VolumeAccessModeSet::Ro).await?;
                let credentials = json!({"role_arn": ROLE, "external_id": "external_id"});
                let service = json!({"type": "s3", "bucket": "my_bucket", "credentials": credentials});
                let body = json!({"name": "my_input_volume", "access_mode": "RO", "service": service});
                assert_created(scene, &volume, &body);
                Ok(())
            },
        ),
        row(
            "api.volumes.create_google_volume(name, bucket, client_email, private_key, access_mode)",
            async |scene, client| {
                let (client_email, private_key) =
                    ("me@project.iam.gserviceaccount.com", "-----BEGIN PRIVATE KEY-----");
                let service = Service::google("my_bucket", client_email, private_key);
                let create = client.volumes().create("my_volume", service);
                let volume = create.access_mode(VolumeAccessModeSet::Rw).await?;
                let credentials = json!({"client_email": client_email, "private_key": private_key});
                let service = json!({"type": "gcs", "bucket": "my_bucket", "credentials": credentials});
                assert_created(
                    scene,
                    &volume,
                    &json!({"name": "my_volume", "access_mode": "RW", "service": service}),
                );
                Ok(())
            },
        ),
        row(
            "api.volumes.create_oss_volume(name, bucket, endpoint, access_key_id, secret_access_key, access_mode)",
            async |scene, client| {
                let (access_key_id, secret_access_key) = KEY;
                let endpoint = "oss-eu-central-1.aliyuncs.com";
                let service = Service::oss("my_bucket", endpoint, access_key_id, secret_access_key);
                let create = client.volumes().create("my_volume", service);
                let volume = create.access_mode(VolumeAccessModeSet::Ro).await?;
                let credentials = json!({"access_key_id": KEY.0, "secret_access_key": KEY.1});
                let service = json!({
                    "type": "OSS",
                    "bucket": "my_bucket",
                    "endpoint": endpoint,
                    "credentials": credentials,
                });
                assert_created(
                    scene,
                    &volume,
                    &json!({"name": "my_volume", "access_mode": "RO", "service": service}),
                );
                Ok(())
            },
        ),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        row("volume.save()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let saved = volume.edit().description("Patterns of the B form").await?;
            assert_eq!(saved.description.as_deref(), Some("Patterns of the B form"));
            scene.sent_json(
                "PATCH /storage/volumes/rfranklin/patterns",
                json!({"description": "Patterns of the B form"}),
            );
            Ok(())
        }),
        row("volume.delete()", async |scene, client| {
            let created = client.volumes().create("empty", Service::s3("my_bucket", KEY.0, KEY.1)).await?;
            scene.prepared();
            let volume = client.volume(&created.id);
            volume.deactivate().await?;
            volume.delete().await?;
            scene.sent_json("PATCH /storage/volumes/rfranklin/empty", json!({"active": false}));
            scene.sent("DELETE /storage/volumes/rfranklin/empty");
            assert_eq!(client.volumes().query().all().await?.len(), 1);
            scene.prepared();
            Ok(())
        }),
    ]
}

fn members() -> Vec<Row> {
    vec![
        row("volume.get_members()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let members = volume.members().query().all().await?;
            assert_eq!(members[0].username.as_deref(), Some("rfranklin"));
            scene.sent("GET /storage/volumes/rfranklin/patterns/members?offset=0&limit=100");
            Ok(())
        }),
        row("volume.add_member()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let permissions = Permissions::new().copy(true);
            let member = volume.members().add(NewMember::user("fcrick"), permissions).await?;
            assert_eq!(member.username.as_deref(), Some("fcrick"));
            scene.sent_json(
                "POST /storage/volumes/rfranklin/patterns/members",
                json!({"username": "fcrick", "type": "USER", "permissions": {"read": true, "copy": true}}),
            );
            Ok(())
        }),
        row("volume.add_member_team()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let team = client.teams().query("kings-college").all().await?.remove(0);
            scene.prepared();
            let permissions = Permissions::new().copy(true);
            let member = volume.members().add(NewMember::team(&team.id), permissions).await?;
            assert_eq!(member.permissions.and_then(|given| given.copy), Some(true));
            scene.sent_json(
                "POST /storage/volumes/rfranklin/patterns/members",
                json!({"username": team.id, "type": "TEAM", "permissions": {"read": true, "copy": true}}),
            );
            Ok(())
        }),
        row("volume.add_member_division()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let permissions = Permissions::new().copy(true);
            let member = volume.members().add(NewMember::division("kings-college"), permissions).await?;
            assert_eq!(member.permissions.and_then(|given| given.copy), Some(true));
            scene.sent_json(
                "POST /storage/volumes/rfranklin/patterns/members",
                json!({
                    "username": "kings-college",
                    "type": "DIVISION",
                    "permissions": {"read": true, "copy": true},
                }),
            );
            Ok(())
        }),
    ]
}

fn listing() -> Vec<Row> {
    vec![
        row("volume.list()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let file_list = volume.list().all().await?;
            assert_eq!(file_list.last().expect("an object").path(), "README.txt");
            scene.sent("GET /storage/volumes/rfranklin/patterns/list?limit=100");
            Ok(())
        }),
        row("volume.list().all()", async |scene, client| {
            let volume = client.volume(VOLUME);
            let mut volume_files = volume.list().items();
            let mut locations = Vec::new();
            while let Some(volume_file) = volume_files.try_next().await? {
                locations.push(volume_file.path().to_owned());
            }
            assert_eq!(locations, ["patterns/", "reads/", "README.txt"]);
            scene.sent("GET /storage/volumes/rfranklin/patterns/list?limit=100");
            Ok(())
        }),
        row("file_list.prefixes", async |scene, client| {
            let file_list = client.volume(VOLUME).list().all().await?;
            scene.sent("GET /storage/volumes/rfranklin/patterns/list?limit=100");
            let prefixes: Vec<_> = file_list.iter().filter(|entry| entry.is_folder()).collect();
            assert_eq!(prefixes[0].path(), "patterns/");
            scene.sent_nothing();
            Ok(())
        }),
        row("volume.list(prefix=prefix)", async |scene, client| {
            let volume = client.volume(VOLUME);
            let prefix = "patterns/";
            let file_list_sub = volume.list().prefix(prefix).all().await?;
            let locations: Vec<_> = file_list_sub.iter().map(sbg::volumes::VolumeEntry::path).collect();
            assert_eq!(locations, ["patterns/a-form.csv", "patterns/b-form.csv"]);
            scene.sent("GET /storage/volumes/rfranklin/patterns/list?prefix=patterns/&limit=100");
            Ok(())
        }),
    ]
}

/// Fails if the API has a call to delete something below this path.
#[track_caller]
fn assert_no_deletion(path: &str) {
    let below = OPERATIONS.iter().filter(|operation| operation.path.starts_with(path));
    let methods: Vec<&str> = below.map(|operation| operation.method).collect();
    assert!(methods.contains(&"GET") && !methods.contains(&"DELETE"), "{methods:?}");
}

fn imports() -> Vec<Row> {
    vec![
        row("api.imports.query()", async |scene, client| {
            let imports = client.imports().query().all().await?;
            assert_eq!(imports.len(), 1);
            scene.sent("GET /storage/imports?offset=0&limit=100");
            Ok(())
        }),
        row("api.imports.get(id='08M4ywDZkQuJOb3L5M8mMSvzoeGezTdh')", async |scene, client| {
            let id = client.imports().query().all().await?.remove(0).id;
            scene.prepared();
            let import = client.import(&id).get().await?;
            assert_eq!(import.source.and_then(|source| source.volume).as_deref(), Some(VOLUME));
            scene.sent(&format!("GET /storage/imports/{id}"));
            Ok(())
        }),
        row(
            "api.imports.submit_import(volume=volume, project=project, location='fastq/my_file.fastq')",
            async |scene, client| {
                let import = client.imports().start("rfranklin/patterns", "patterns/a-form.csv");
                let import = import.to("rfranklin/demo").await?;
                assert_eq!(import.state, Some(StorageJobState::Pending));
                scene.sent_json(
                    "POST /storage/imports",
                    json!({
                        "source": {"volume": "rfranklin/patterns", "location": "patterns/a-form.csv"},
                        "destination": {"project": "rfranklin/demo"},
                    }),
                );
                Ok(())
            },
        ),
        row("imp.reload()", async |scene, client| {
            let started = client.volume(VOLUME).import("README.txt").to(&scene.project).await?;
            scene.prepared();
            let import = client.import(&started.id).get().await?;
            assert_eq!(import.state, Some(StorageJobState::Pending));
            scene.sent(&format!("GET /storage/imports/{}", started.id));
            Ok(())
        }),
        row("while imp.reload().state not in (COMPLETED, FAILED): time.sleep(10)", async |scene, client| {
            let started = client.volume(VOLUME).import("README.txt").to(&scene.project).await?;
            scene.prepared();
            scene.let_time_pass();
            let import = client.import(&started.id).wait().await?;
            assert_eq!(import.state, Some(StorageJobState::Completed));
            scene.sent(&format!("GET /storage/imports/{}", started.id));
            Ok(())
        }),
        row("imp.result", async |scene, client| {
            let started = client.volume(VOLUME).import("README.txt").to(&scene.project).await?;
            scene.let_time_pass();
            let import = client.import(&started.id).wait().await?;
            scene.prepared();
            let imported_file = import.file()?;
            assert_eq!(imported_file.name.as_deref(), Some("README.txt"));
            scene.sent_nothing();
            Ok(())
        }),
        row("imp.delete()", async |scene, client| {
            // The API cannot delete an import, but the imported file can be deleted.
            assert_no_deletion("/storage/imports");
            let started = client.volume(VOLUME).import("README.txt").to(&scene.project).await?;
            scene.let_time_pass();
            let import = client.import(&started.id).wait().await?;
            scene.prepared();
            let id = import.file()?.id;
            client.file(import.file()?.id).delete().await?;
            scene.sent(&format!("DELETE /files/{id}"));
            Ok(())
        }),
    ]
}

fn exports() -> Vec<Row> {
    vec![
        row("api.exports.query(state='FAILED')", async |scene, client| {
            let failed_exports = client.exports().query().state(StorageJobStateFilter::Failed).all().await?;
            assert!(failed_exports.is_empty());
            scene.sent("GET /storage/exports?state=FAILED&offset=0&limit=100");
            Ok(())
        }),
        row("api.exports.get(id='0C7T8sBDP6aiNbwvXv12QZFPW55wJ3GJ')", async |scene, client| {
            let id = client.exports().query().all().await?.remove(0).id;
            scene.prepared();
            let export = client.export(&id).get().await?;
            assert_eq!(
                export.destination.and_then(|destination| destination.volume).as_deref(),
                Some(VOLUME)
            );
            scene.sent(&format!("GET /storage/exports/{id}"));
            Ok(())
        }),
        row(
            "api.exports.submit_export(file=f, volume=volume_export, location=f.name)",
            async |scene, client| {
                let f = scene.file("b-form.pdb", "ATOM");
                let export = client.exports().start(&f, "rfranklin/patterns", "b-form.pdb").await?;
                assert_eq!(export.state, Some(StorageJobState::Pending));
                scene.sent_json(
                    "POST /storage/exports",
                    json!({
                        "source": {"file": f},
                        "destination": {"volume": "rfranklin/patterns", "location": "b-form.pdb"},
                    }),
                );
                Ok(())
            },
        ),
        row("export.reload()", async |scene, client| {
            let f = scene.file("b-form.pdb", "ATOM");
            let started = client.exports().start(&f, VOLUME, "b-form.pdb").await?;
            scene.prepared();
            let export = client.export(&started.id).get().await?;
            assert_eq!(export.state, Some(StorageJobState::Pending));
            scene.sent(&format!("GET /storage/exports/{}", started.id));
            Ok(())
        }),
        row(
            "while not all(e.reload().state in (COMPLETED, FAILED) for e in exports): time.sleep(10)",
            async |scene, client| {
                let mut ids = Vec::new();
                for name in ["a", "b"] {
                    ids.push(client.exports().start(scene.file(name, name), VOLUME, name).await?.id);
                }
                scene.prepared();
                scene.let_time_pass();
                let exports = client.exports().wait_all(&ids).await?;
                for export in exports {
                    assert_eq!(export?.file()?.size, Some(1));
                }
                assert_eq!(scene.emulator.object("demo-bucket", "a").as_deref(), Some(&b"a"[..]));
                scene.sent_json("POST /bulk/storage/exports/get", json!({"export_ids": ids}));
                Ok(())
            },
        ),
        row("export.delete()", async |scene, client| {
            // The API cannot delete an export, but the file that remains on the platform can be deleted.
            assert_no_deletion("/storage/exports");
            let started = client.exports().start(scene.file("a", "a"), VOLUME, "a").await?;
            scene.let_time_pass();
            let export = client.export(&started.id).wait().await?;
            scene.prepared();
            let id = export.file()?.id;
            client.file(export.file()?.id).delete().await?;
            scene.sent(&format!("DELETE /files/{id}"));
            Ok(())
        }),
    ]
}
