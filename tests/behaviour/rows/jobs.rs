//! Jobs that copy, move and delete files and folders in the background.

use sbg::files::{ItemResults as _, JobItem};
use sbg::types::{AsyncJob, AsyncJobState, AsyncJobType, Number};
use serde_json::json;

use super::{Row, Scene, row};

/// The id of a new folder in the project.
async fn folder(scene: &Scene) -> sbg::Result<String> {
    let folder = scene.client.files().create_folder("new", &scene.project).await?;
    scene.prepared();
    Ok(folder.id)
}

/// Starts a job that copies a new file.
async fn copy_job(scene: &Scene) -> sbg::Result<AsyncJob> {
    let item = JobItem::new(scene.file("a", "a")).to("rfranklin/rna-pilot");
    let job = scene.client.jobs().copy_files([item]).await?;
    scene.prepared();
    Ok(job)
}

pub(super) fn rows() -> Vec<Row> {
    [finding(), starting()].into_iter().flatten().collect()
}

fn finding() -> Vec<Row> {
    vec![
        row("api.async_jobs.list_file_jobs().all()", async |scene, client| {
            let job = copy_job(scene).await?;
            let all_jobs: Vec<AsyncJob> = client.jobs().query().items().try_collect().await?;
            assert_eq!((all_jobs.len(), &all_jobs[0].id), (1, &job.id));
            scene.sent("GET /async/files?offset=0&limit=100");
            Ok(())
        }),
        row("api.async_jobs.get_file_copy_job(id='copy_job_id')", async |scene, client| {
            let id = copy_job(scene).await?.id;
            let copy_job = client.copy_job(&id).get().await?;
            assert_eq!(copy_job.type_, Some(AsyncJobType::Copy));
            scene.sent(&format!("GET /async/files/copy/{id}"));
            Ok(())
        }),
        row("api.async_jobs.get_file_move_job(id='move_job_id')", async |scene, client| {
            let item = JobItem::new(scene.file("a", "a")).to(folder(scene).await?);
            let id = client.jobs().move_files([item]).await?.id;
            scene.prepared();
            let move_job = client.move_job(&id).get().await?;
            assert_eq!(move_job.type_, Some(AsyncJobType::Move));
            scene.sent(&format!("GET /async/files/move/{id}"));
            Ok(())
        }),
        row("api.async_jobs.get_file_delete_job(id='delete_job_id')", async |scene, client| {
            let id = client.jobs().delete_files([scene.file("a", "a")]).await?.id;
            scene.prepared();
            let delete_job = client.delete_job(&id).get().await?;
            assert_eq!(delete_job.type_, Some(AsyncJobType::Delete));
            scene.sent(&format!("GET /async/files/delete/{id}"));
            Ok(())
        }),
        row("copy_job.get_result()", async |scene, client| {
            let id = copy_job(scene).await?.id;
            scene.let_time_pass();
            let copy_job = client.copy_job(&id).wait().await?;
            scene.sent(&format!("GET /async/files/copy/{id}"));
            assert_eq!(
                (&copy_job.state, copy_job.completed_files.as_ref().and_then(Number::as_i64)),
                (&Some(AsyncJobState::Finished), Some(1))
            );
            for result in copy_job.results() {
                assert_eq!(result?.name.as_deref(), Some("a"));
            }
            assert_eq!(copy_job.results().len(), 1);
            scene.sent_nothing();
            Ok(())
        }),
    ]
}

fn starting() -> Vec<Row> {
    vec![
        row("api.async_jobs.file_bulk_copy(files=files)", async |scene, client| {
            let (parent, ids) = (folder(scene).await?, ["a", "b"].map(|name| scene.file(name, name)));
            let files = [
                JobItem::new(&ids[0]).to(&parent).name("new_name_1"),
                JobItem::new(&ids[1]).to(&parent).name("new_name_2"),
            ];
            let new_copy_job = client.jobs().copy_files(files).await?;
            assert_eq!(new_copy_job.type_, Some(AsyncJobType::Copy));
            scene.sent_json(
                "POST /async/files/copy",
                json!({"items": [
                    {"file": ids[0], "parent": parent, "name": "new_name_1"},
                    {"file": ids[1], "parent": parent, "name": "new_name_2"},
                ]}),
            );
            Ok(())
        }),
        row("api.async_jobs.file_bulk_move(files=files)", async |scene, client| {
            let ids = ["a", "b"].map(|name| scene.file(name, name));
            let files = [
                JobItem::new(&ids[0]).to("rfranklin/rna-pilot").name("name_1"),
                JobItem::new(&ids[1]).to("rfranklin/rna-pilot").name("name_2"),
            ];
            let new_move_job = client.jobs().move_files(files).await?;
            assert_eq!(new_move_job.type_, Some(AsyncJobType::Move));
            scene.sent_json(
                "POST /async/files/move",
                json!({"items": [
                    {"file": ids[0], "project": "rfranklin/rna-pilot", "name": "name_1"},
                    {"file": ids[1], "project": "rfranklin/rna-pilot", "name": "name_2"},
                ]}),
            );
            Ok(())
        }),
        row("api.async_jobs.file_bulk_delete(files=files)", async |scene, client| {
            let files = ["a", "b"].map(|name| scene.file(name, name));
            let new_delete_job = client.jobs().delete_files(&files).await?;
            assert_eq!(new_delete_job.type_, Some(AsyncJobType::Delete));
            scene.sent_json(
                "POST /async/files/delete",
                json!({"items": [{"file": files[0]}, {"file": files[1]}]}),
            );
            scene.let_time_pass();
            assert!(files.iter().all(|id| scene.emulator.file_content(id).is_none()));
            Ok(())
        }),
    ]
}
