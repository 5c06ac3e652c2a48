//! Tasks: finding them, running them, and their outputs.

use std::time::Duration;

use sbg::Fields;
use sbg::raw::types::Task;
use sbg::tasks::{ExecutionSettings, TaskExt as _, TaskHandle, TaskOutput};
use sbg::types::{TaskListStatus, TaskOrder, TaskOrderBy, TaskStatus};
use serde_json::json;

use super::{Row, Scene, row};

/// A project with apps, files and tasks.
const PROJECT: &str = "rfranklin/fibre-diffraction";
/// An app that counts the lines of its input `file`.
const APP: &str = "rfranklin/fibre-diffraction/line-count";
/// An app that takes a list of files as its input `files`.
const CONCATENATE: &str = "rfranklin/fibre-diffraction/concatenate";

/// Creates a file in the project.
fn reads(scene: &Scene, name: &str) -> String {
    scene.emulator.create_file(PROJECT, name, "one\ntwo\n")
}

fn named(task: &Task) -> &str {
    task.name.as_deref().unwrap_or_default()
}

/// Creates a draft task that counts the lines of a file.
async fn draft(scene: &Scene) -> sbg::Result<TaskHandle> {
    let file = scene.client.file(reads(scene, "draft.txt")).get().await?;
    let task = scene.client.tasks().create(APP, PROJECT).name("Draft").input("file", file).await?;
    scene.prepared();
    Ok(scene.client.task(task.id))
}

/// The first task of this name in the demo world.
async fn done(scene: &Scene, name: &str) -> sbg::Result<TaskHandle> {
    let tasks: Vec<Task> = scene.client.tasks().query().project(PROJECT).items().try_collect().await?;
    scene.prepared();
    let task = tasks.into_iter().find(|task| named(task) == name).expect("a task of this name");
    Ok(scene.client.task(task.id))
}

pub(super) fn rows() -> Vec<Row> {
    [finding(), creating(), batches(), changing(), results()].into_iter().flatten().collect()
}

fn finding() -> Vec<Row> {
    vec![
        row("api.tasks.query(status='COMPLETED')", async |scene, client| {
            let tasks = client.tasks().query().status(TaskListStatus::Completed).all().await?;
            assert!(!tasks.is_empty());
            assert!(tasks.iter().all(|task| named(task) != "Unknown digest"), "that one has failed");
            scene.sent("GET /tasks?status=COMPLETED&offset=0&limit=100");
            Ok(())
        }),
        row("api.tasks.query(project='my-project')[0]", async |scene, client| {
            let tasks = client.project("rfranklin/fibre-diffraction").tasks().query().all().await?;
            let first = tasks.first();
            assert!(first.is_some_and(|task| task.project.as_deref() == Some(PROJECT)));
            scene.sent("GET /tasks?project=rfranklin/fibre-diffraction&offset=0&limit=100");
            Ok(())
        }),
        row(
            "api.tasks.query(project=project, order_by='created_time', order='asc')",
            async |scene, client| {
                let query = client.tasks().query().project("rfranklin/fibre-diffraction");
                let tasks = query.order_by(TaskOrderBy::CreatedTime, TaskOrder::Asc).all().await?;
                assert_eq!(named(&tasks[0]), "Count reads");
                scene.sent(
                    "GET /tasks?project=rfranklin/fibre-diffraction&order_by=created_time&order=asc&offset=0&limit=100",
                );
                Ok(())
            },
        ),
        row("api.tasks.get('<task_id>')", async |scene, client| {
            let id = done(scene, "Count reads").await?.id().to_owned();
            let task = client.task(&id).get().await?;
            assert_eq!((named(&task), &task.status), ("Count reads", &Some(TaskStatus::Completed)));
            scene.sent(&format!("GET /tasks/{id}"));
            Ok(())
        }),
        row("task.refresh()", async |scene, _| {
            let task = draft(scene).await?;
            let refreshed = task.get().await?;
            assert_eq!(refreshed.status, Some(TaskStatus::Draft));
            scene.sent(&format!("GET /tasks/{}", task.id()));
            Ok(())
        }),
    ]
}

fn creating() -> Vec<Row> {
    vec![
        row(
            "inputs['FastQC-Reads'] = api.files.query(project=project, metadata={'sample': 'some-sample'})",
            async |scene, client| {
                for name in ["a.txt", "b.txt"] {
                    client.file(reads(scene, name)).metadata().merge([("sample", "some-sample")]).await?;
                }
                scene.prepared();
                let reads = client
                    .files()
                    .query()
                    .project("rfranklin/fibre-diffraction")
                    .metadata("sample", "some-sample")
                    .all()
                    .await?;
                let create = client.tasks().create(CONCATENATE, PROJECT).input("files", reads);
                scene.sent(
                    "GET /files?project=rfranklin/fibre-diffraction&metadata.sample=some-sample&offset=0&limit=100",
                );
                let task = create.await?;
                let body = scene.sent_with_body("POST /tasks").request_json().expect("JSON");
                let files = body["inputs"]["files"].as_array().expect("a list");
                assert!(files.len() == 2 && files.iter().all(|file| file["class"] == "File"), "{files:?}");
                assert_eq!(task.status, Some(TaskStatus::Draft));
                Ok(())
            },
        ),
        row("api.tasks.create(name=name, project=project, app=app, inputs=inputs)", async |scene, client| {
            let (app, project, file) = (APP, PROJECT, client.file(reads(scene, "a.txt")).get().await?);
            scene.prepared();
            let task = client.tasks().create(app, project).name("my-first-task").input("file", &file).await?;
            assert_eq!((named(&task), &task.status), ("my-first-task", &Some(TaskStatus::Draft)));
            scene.sent_json(
                "POST /tasks",
                json!({
                    "name": "my-first-task",
                    "project": PROJECT,
                    "app": APP,
                    "inputs": {"file": {"class": "File", "path": file.id}},
                }),
            );
            Ok(())
        }),
        row(
            "api.tasks.create(name=name, project=project, app=app, inputs=inputs, run=True)",
            async |scene, client| {
                let (app, project, file) = (APP, PROJECT, client.file(reads(scene, "a.txt")).get().await?);
                scene.prepared();
                let create = client.tasks().create(app, project).name("my-first-task").input("file", &file);
                let task = create.run(true).await?;
                assert_eq!(task.status, Some(TaskStatus::Queued));
                scene.sent_json(
                    "POST /tasks?action=run",
                    json!({
                        "name": "my-first-task",
                        "project": PROJECT,
                        "app": APP,
                        "inputs": {"file": {"class": "File", "path": file.id}},
                    }),
                );
                Ok(())
            },
        ),
        row(
            "api.tasks.create(..., execution_settings={'instance_type': ['c4.2xlarge;ebs-gp2;2000'], 'max_parallel_instances': 2})",
            async |scene, client| {
                let settings = ExecutionSettings::new()
                    .instance_type("c4.2xlarge;ebs-gp2;2000")
                    .max_parallel_instances(2);
                let task = client.tasks().create(APP, PROJECT).execution_settings(settings).await?;
                assert_eq!(task.status, Some(TaskStatus::Draft));
                let body = scene.sent_with_body("POST /tasks").request_json().expect("JSON");
                assert_eq!(
                    body["execution_settings"],
                    json!({"instance_type": "c4.2xlarge;ebs-gp2;2000", "max_parallel_instances": 2}),
                );
                Ok(())
            },
        ),
        row("task.run()", async |scene, _| {
            let task = draft(scene).await?;
            let queued = task.run().await?;
            assert_eq!(queued.status, Some(TaskStatus::Queued));
            scene.sent(&format!("POST /tasks/{}/actions/run", task.id()));
            Ok(())
        }),
    ]
}

fn batches() -> Vec<Row> {
    vec![
        row(
            "api.tasks.create(..., batch_input='FastQC-Reads', batch_by={'type': 'item'}, run=True)",
            async |scene, client| {
                let ids = ["a.txt", "b.txt"].map(|name| reads(scene, name));
                let mut files = Vec::new();
                for file in client.files().bulk_get(&ids).await? {
                    files.push(file?);
                }
                scene.prepared();
                let create = client.tasks().create(APP, PROJECT).input("file", files);
                let task = create.batch_by_item("file").run(true).await?;
                assert_eq!(task.batch, Some(true));
                let body = scene.sent_with_body("POST /tasks?action=run").request_json().expect("JSON");
                assert_eq!(
                    (&body["batch_input"], &body["batch_by"]["type"], &body["batch"]),
                    (&json!("file"), &json!("ITEM"), &json!(true)),
                );
                assert_eq!(body["inputs"]["file"].as_array().map(Vec::len), Some(2));
                Ok(())
            },
        ),
        row(
            "api.tasks.create(..., batch_input='FastQC-Reads', batch_by={'type': 'criteria', 'criteria': ['metadata.sample_id']})",
            async |scene, client| {
                let ids = ["a.txt", "b.txt"].map(|name| reads(scene, name));
                let mut files = Vec::new();
                for file in client.files().bulk_get(&ids).await? {
                    files.push(file?);
                }
                scene.prepared();
                let create = client.tasks().create(CONCATENATE, PROJECT).input("files", files);
                let task = create.batch_by_metadata("files", ["sample_id"]).await?;
                assert_eq!(task.batch, Some(true));
                let body = scene.sent_with_body("POST /tasks").request_json().expect("JSON");
                assert_eq!(body["batch_by"], json!({"type": "CRITERIA", "criteria": ["metadata.sample_id"]}));
                assert_eq!(body["batch_input"], "files");
                Ok(())
            },
        ),
        row("task.get_batch_children()", async |scene, _| {
            let task = done(scene, "By sample").await?;
            let children = task.children().all().await?;
            assert!(!children.is_empty());
            scene.sent(&format!("GET /tasks?parent={}&offset=0&limit=100", task.id()));
            Ok(())
        }),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        row("task.abort()", async |scene, _| {
            let task = draft(scene).await?;
            task.run().await?;
            scene.prepared();
            let aborted = task.abort().await?;
            assert_eq!(aborted.status, Some(TaskStatus::Aborting));
            scene.sent(&format!("POST /tasks/{}/actions/abort", task.id()));
            scene.let_time_pass();
            assert_eq!(task.get().await?.status, Some(TaskStatus::Aborted));
            scene.prepared();
            Ok(())
        }),
        row("task.delete()", async |scene, _| {
            let task = draft(scene).await?;
            task.delete().await?;
            scene.sent(&format!("DELETE /tasks/{}", task.id()));
            assert!(task.get().await.is_err_and(|error| error.is_not_found()));
            scene.prepared();
            Ok(())
        }),
        row("task.save()", async |scene, _| {
            let task = draft(scene).await?;
            let saved = task.edit().name("Renamed").await?;
            assert_eq!(named(&saved), "Renamed");
            scene.sent_json(&format!("PATCH /tasks/{}", task.id()), json!({"name": "Renamed"}));
            Ok(())
        }),
        row("new_task.inputs['somekey'] = 'new value'; new_task.save()", async |scene, client| {
            let app = "rfranklin/fibre-diffraction/checksum";
            let task = client.tasks().create(app, PROJECT).name("Digest").await?;
            scene.prepared();
            let new_task = client.task(&task.id);
            let saved = new_task.edit().input("algorithm", "md5").await?;
            assert_eq!(saved.inputs.expect("inputs")["algorithm"], "md5");
            scene.sent_json(&format!("PATCH /tasks/{}", task.id), json!({"inputs": {"algorithm": "md5"}}));
            Ok(())
        }),
        row("old_task.clone()", async |scene, _| {
            let old_task = done(scene, "Count reads").await?;
            let new_task = old_task.clone_task().await?;
            assert_eq!(new_task.status, Some(TaskStatus::Queued));
            scene.sent(&format!("POST /tasks/{}/actions/clone?action=run", old_task.id()));
            Ok(())
        }),
        row("old_task.clone(run=False)", async |scene, _| {
            let old_task = done(scene, "Count reads").await?;
            let new_task = old_task.clone_task().run(false).await?;
            assert_eq!(new_task.status, Some(TaskStatus::Draft));
            assert_ne!(new_task.id, old_task.id());
            scene.sent(&format!("POST /tasks/{}/actions/clone", old_task.id()));
            Ok(())
        }),
    ]
}

fn results() -> Vec<Row> {
    vec![
        row("task.wait()", async |scene, _| {
            let task = draft(scene).await?;
            task.run().await?;
            scene.prepared();
            scene.let_time_pass();
            let six_hours = Duration::from_secs(6 * 60 * 60);
            let done = task.wait().timeout(six_hours).await?;
            assert_eq!(done.status, Some(TaskStatus::Completed));
            scene.sent(&format!("GET /tasks/{}", task.id()));
            Ok(())
        }),
        row("task.get_execution_details()", async |scene, _| {
            let task = done(scene, "Count reads").await?;
            let details = task.execution_details().await?;
            assert_eq!(details.jobs.map(|jobs| jobs.len()), Some(1));
            scene.sent(&format!("GET /tasks/{}/execution_details", task.id()));
            Ok(())
        }),
        row("task.outputs['<output_name>'].secondary_files", async |scene, _| {
            let task = done(scene, "Count reads").await?.get().fields(Fields::all()).await?;
            scene.prepared();
            let outputs = task.outputs();
            let TaskOutput::File(report) = &outputs["report"] else { panic!("not a file: {outputs:?}") };
            let secondary_files = &report.secondary_files;
            // The apps of the emulator create none.
            assert!(secondary_files.is_empty());
            assert!(report.name.as_deref().is_some_and(|name| name.ends_with(".line-count.txt")));
            scene.sent_nothing();
            Ok(())
        }),
    ]
}
