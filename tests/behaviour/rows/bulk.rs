//! Calls for many files, tasks, imports and exports.

use sbg::files::{FileChange, FileOverwrite};
use sbg::types::{File, StorageJobState};
use serde_json::{Value, json};

use super::{Row, Scene, row};

const VOLUME: &str = "rfranklin/patterns";

/// Three files of the project.
fn three(scene: &Scene) -> Vec<String> {
    ["a", "b", "c"].map(|name| scene.file(name, name)).to_vec()
}

/// Sets metadata that a request will merge with or replace.
async fn describe(scene: &Scene, ids: &[String]) -> sbg::Result<()> {
    for id in ids {
        scene.client.file(id).metadata().merge([("lane", "1")]).await?;
    }
    scene.prepared();
    Ok(())
}

fn value<'f>(file: &'f File, field: &str) -> Option<&'f Value> {
    file.metadata.as_ref()?.get(field)
}

pub(super) fn rows() -> Vec<Row> {
    [files(), tasks(), imports(), exports()].into_iter().flatten().collect()
}

fn files() -> Vec<Row> {
    vec![
        row("api.files.bulk_get(files=files)", async |scene, client| {
            let ids = three(scene);
            let files = client.files().bulk_get(&ids).await?;
            assert!(files.iter().zip(&ids).all(|(file, id)| file.as_ref().is_ok_and(|file| file.id == *id)));
            scene.sent_json("POST /bulk/files/get", json!({"file_ids": ids}));
            Ok(())
        }),
        row("record.valid, record.resource, record.error", async |scene, client| {
            let id = scene.file("a", "a");
            let (mut resources, mut errors) = (Vec::new(), Vec::new());
            for record in client.files().bulk_get([&*id, "5678"]).await? {
                match record {
                    Ok(resource) => resources.push(resource.id),
                    Err(error) => errors.push(error.code()),
                }
            }
            assert_eq!((resources, errors), (vec![id.clone()], vec![Some(5002)]));
            scene.sent_json("POST /bulk/files/get", json!({"file_ids": [id, "5678"]}));
            Ok(())
        }),
        row("api.files.bulk_delete(files=files)", async |scene, client| {
            let ids = three(scene);
            let deleted = client.files().bulk_delete(&ids).await?;
            assert_eq!(deleted.iter().flatten().count(), 3);
            assert!(ids.iter().all(|id| scene.emulator.file_content(id).is_none()));
            scene.sent_json("POST /bulk/files/delete", json!({"file_ids": ids}));
            Ok(())
        }),
        row("api.files.bulk_edit(files=files)", async |scene, client| {
            let ids = three(scene);
            describe(scene, &ids).await?;
            let changes =
                ids.iter().map(|id| FileChange::new(id).merge_metadata("sample_id", "S1").tags(["dna"]));
            let edited = client.files().bulk_edit(changes).await?;
            for file in edited {
                let file = file?;
                assert_eq!(value(&file, "lane"), Some(&json!("1")), "what is not named stays");
                assert_eq!(value(&file, "sample_id"), Some(&json!("S1")));
            }
            let item = |id| json!({"id": id, "metadata": {"sample_id": "S1"}, "tags": ["dna"]});
            let items: Vec<Value> = ids.iter().map(item).collect();
            scene.sent_json("POST /bulk/files/edit", json!({"items": items}));
            Ok(())
        }),
        row("api.files.bulk_update(files=files)", async |scene, client| {
            let ids = three(scene);
            describe(scene, &ids).await?;
            let changes = ids.iter().map(|id| FileOverwrite::new(id).metadata("sample_id", "S1"));
            let updated = client.files().bulk_overwrite(changes).await?;
            for file in updated {
                let file = file?;
                assert_eq!(value(&file, "lane"), None, "what is not named is erased");
                assert_eq!(value(&file, "sample_id"), Some(&json!("S1")));
            }
            let item = |id| json!({"id": id, "metadata": {"sample_id": "S1"}, "tags": []});
            let items: Vec<Value> = ids.iter().map(item).collect();
            scene.sent_json("POST /bulk/files/update", json!({"items": items}));
            Ok(())
        }),
    ]
}

fn tasks() -> Vec<Row> {
    vec![row("api.tasks.bulk_get(tasks=tasks)", async |scene, client| {
        let listed =
            client.project("rfranklin/fibre-diffraction").tasks().query().page_size(3).page().await?;
        let ids: Vec<String> = listed.items.into_iter().map(|task| task.id).collect();
        scene.prepared();
        let tasks = client.tasks().bulk_get(&ids).await?;
        assert!(tasks.iter().zip(&ids).all(|(task, id)| task.as_ref().is_ok_and(|task| task.id == *id)));
        scene.sent_json("POST /bulk/tasks/get", json!({"task_ids": ids}));
        Ok(())
    })]
}

fn imports() -> Vec<Row> {
    vec![
        row("api.imports.bulk_get(imports=imports)", async |scene, client| {
            let listed = client.imports().query().all().await?;
            let ids: Vec<String> = listed.into_iter().map(|import| import.id).collect();
            scene.prepared();
            let imports = client.imports().bulk_get(&ids).await?;
            assert_eq!(imports.into_iter().next().expect("an import")?.id, ids[0]);
            scene.sent_json("POST /bulk/storage/imports/get", json!({"import_ids": ids}));
            Ok(())
        }),
        row("api.imports.bulk_submit(imports=imports)", async |scene, client| {
            let volume = client.volume(VOLUME);
            let mut imports = Vec::new();
            for location in ["README.txt", "patterns/a-form.csv"] {
                let import = volume.import(location).to("rfranklin/demo");
                imports.push(import.overwrite(location == "README.txt"));
            }
            let started = client.imports().bulk_start(imports).await?;
            for import in started {
                assert_eq!(import?.state, Some(StorageJobState::Pending));
            }
            let item = |location: &str| {
                json!({
                    "source": {"volume": VOLUME, "location": location},
                    "destination": {"project": "rfranklin/demo"},
                    "overwrite": location == "README.txt",
                })
            };
            let items = [item("README.txt"), item("patterns/a-form.csv")];
            scene.sent_json("POST /bulk/storage/imports/create", json!({"items": items}));
            Ok(())
        }),
    ]
}

fn exports() -> Vec<Row> {
    vec![
        row("api.exports.bulk_get(exports=exports)", async |scene, client| {
            let listed = client.exports().query().all().await?;
            let ids: Vec<String> = listed.into_iter().map(|export| export.id).collect();
            scene.prepared();
            let exports = client.exports().bulk_get(&ids).await?;
            assert_eq!(exports.into_iter().next().expect("an export")?.id, ids[0]);
            scene.sent_json("POST /bulk/storage/exports/get", json!({"export_ids": ids}));
            Ok(())
        }),
        row("api.exports.bulk_submit(exports=exports, copy_only=False)", async |scene, client| {
            let files = ["a", "b"].map(|name| (scene.file(name, name), name));
            let exports = files.iter().map(|(file, location)| {
                client.exports().start(file, "rfranklin/patterns", *location).copy_only(false)
            });
            let started = client.exports().bulk_start(exports).await?;
            for export in started {
                assert_eq!(export?.state, Some(StorageJobState::Pending));
            }
            let item = |(file, location): &(String, &str)| json!({"source": {"file": file}, "destination": {"volume": VOLUME, "location": location}});
            let items: Vec<Value> = files.iter().map(item).collect();
            scene.sent_json("POST /bulk/storage/exports/create?copy_only=false", json!({"items": items}));
            Ok(())
        }),
    ]
}
