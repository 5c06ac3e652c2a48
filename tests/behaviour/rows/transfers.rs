//! Downloads and uploads: awaited, or started and watched.

use std::time::{Duration, SystemTime};

use sbg::ErrorKind;
use sbg::transfer::{Downloaded, Status, Transfer, Uploaded};
use sbg_emulator::{Action, FaultId, FaultRule};
use sbg_tests::{assert_refused, eventually};
use serde_json::{Value, json};

use super::{Row, Scene, row};

const CONTENT: &str = "@read\nACGT\n+\nIIII\n";

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// Creates a file in the project.
fn file(scene: &Scene) -> String {
    scene.file("file.bam", CONTENT)
}

/// Names the requests of a download and checks the file.
#[track_caller]
fn assert_downloaded(scene: &Scene, id: &str, path: &str) {
    scene.sent(&format!("GET /files/{id}/download_info"));
    scene.moved_by("GET");
    scene.assert_downloaded(&scene.path(path), id);
}

/// Names the requests of an upload and checks the file. The engine determines the number of parts.
#[track_caller]
fn assert_uploaded(scene: &Scene, id: &str, expected: &Value) {
    let begun = scene.sent_with_body("POST /upload/multipart");
    let body = begun.request_json().expect("JSON");
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&body[field], value, "{field} of {body}");
    }
    assert_eq!(body["size"], json!(CONTENT.len()));
    let rest = scene.rest();
    let calls = |method: &str, end: &str| {
        let mut lines = rest.iter().filter(|line| line.starts_with(&format!("{method} /upload/multipart/")));
        lines.any(|line| line.ends_with(end))
    };
    assert!(calls("GET", "/part/1") && calls("POST", "/complete"), "{rest:?}");
    scene.moved_by("PUT");
    scene.assert_uploaded(id, CONTENT.as_bytes());
}

/// Fails unless the transfer started after `before`, with a second of tolerance.
#[track_caller]
fn assert_begun(before: SystemTime, start_time: SystemTime) {
    let (earliest, latest) = (before - Duration::from_secs(1), SystemTime::now());
    assert!((earliest..=latest).contains(&start_time), "{earliest:?} {start_time:?} {latest:?}");
}

/// A running download that cannot finish before it is paused or stopped.
async fn held_download(scene: &Scene) -> (String, Transfer<Downloaded>, FaultId) {
    let fault = scene.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let id = file(scene);
    let download = scene.client.file(&id).download(scene.path("foo.bam")).start();
    eventually("the storage is asked", || !scene.storage("GET").is_empty()).await;
    (id, download, fault)
}

/// A running upload that cannot finish before it is paused or stopped.
async fn held_upload(scene: &Scene) -> anyhow::Result<(Transfer<Uploaded>, FaultId)> {
    let fault = scene.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let path = scene.local("file.fastq", CONTENT);
    let upload = scene.client.upload(path).to(&scene.project).start();
    eventually("the storage is asked", || !scene.storage("PUT").is_empty()).await;
    Ok((upload, fault))
}

pub(super) fn rows() -> Vec<Row> {
    [downloads(), download_handles(), uploads(), upload_handles()].into_iter().flatten().collect()
}

fn downloads() -> Vec<Row> {
    vec![
        row("file.download('/home/bar/foo/file.bam')", async |scene, client| {
            let (id, path) = (file(scene), scene.path("file.bam"));
            let done = client.file(&id).download(&path).await?;
            assert_eq!((done.path, done.bytes), (path, CONTENT.len() as u64));
            assert_downloaded(scene, &id, "file.bam");
            Ok(())
        }),
        row("file.download('/home/bar/foo.bam', wait=False)", async |scene, client| {
            let (id, path) = (file(scene), scene.path("foo.bam"));
            let download = client.file(&id).download(path).start();
            download.wait().await?;
            assert_downloaded(scene, &id, "foo.bam");
            Ok(())
        }),
        row("download.start()", async |scene, client| {
            let (id, path) = (file(scene), scene.path("foo.bam"));
            let download = client.file(&id).download(path);
            scene.sent_nothing();
            let download = download.start();
            download.wait().await?;
            assert_downloaded(scene, &id, "foo.bam");
            Ok(())
        }),
        row("download.wait()", async |scene, client| {
            let (id, path) = (file(scene), scene.path("foo.bam"));
            let download = client.file(&id).download(path).start();
            let done = download.wait().await?;
            assert_eq!(done.bytes, CONTENT.len() as u64);
            assert_downloaded(scene, &id, "foo.bam");
            Ok(())
        }),
        row("download.path", async |scene, client| {
            let (id, path) = (file(scene), scene.path("foo.bam"));
            let download = client.file(&id).download(&path).start();
            assert_eq!(download.wait().await?.path, path);
            assert_downloaded(scene, &id, "foo.bam");
            Ok(())
        }),
        row("download.add_callback(callback=my_callback, errorback=my_error_back)", async |scene, client| {
            let (id, path) = (file(scene), scene.path("foo.bam"));
            let my_callback = |done: Downloaded| format!("{} bytes", done.bytes);
            let my_errorback = |error: sbg::Error| error.to_string();
            let download = client.file(&id).download(path).start();
            let told = tokio::spawn(async move { download.await.map_or_else(my_errorback, my_callback) });
            assert_eq!(told.await?, format!("{} bytes", CONTENT.len()));
            assert_downloaded(scene, &id, "foo.bam");

            let download = client.file("5678").download(scene.path("bar.bam")).start();
            let told = tokio::spawn(async move { download.await.map_or_else(my_errorback, my_callback) });
            assert!(told.await?.contains("5002"));
            scene.sent("GET /files/5678/download_info");
            Ok(())
        }),
    ]
}

fn download_handles() -> Vec<Row> {
    vec![
        row("download.status", async |scene, _| {
            let (_, download, _) = held_download(scene).await;
            assert!(matches!(download.status(), Status::Preparing | Status::Running));
            download.stop();
            assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
            assert_eq!(download.status(), Status::Stopped);
            scene.prepared();
            // Reading the status sends no request.
            assert_eq!(download.status(), Status::Stopped);
            scene.sent_nothing();
            Ok(())
        }),
        row("download.progress", async |scene, client| {
            let download = client.file(file(scene)).download(scene.path("foo.bam")).start();
            download.wait().await?;
            scene.prepared();
            let progress = download.progress();
            assert_eq!((progress.bytes, progress.total), (18, Some(18)));
            assert_eq!(progress.parts, progress.parts_total);
            scene.sent_nothing();
            Ok(())
        }),
        row("download.start_time", async |scene, client| {
            let before = SystemTime::now();
            let download = client.file(file(scene)).download(scene.path("foo.bam")).start();
            let start_time = SystemTime::now() - download.progress().elapsed;
            assert_begun(before, start_time);
            download.wait().await?;
            scene.prepared();
            scene.sent_nothing();
            Ok(())
        }),
        row("download.duration", async |scene, client| {
            let download = client.file(file(scene)).download(scene.path("foo.bam")).start();
            download.wait().await?;
            scene.prepared();
            let duration = download.progress().elapsed;
            assert!(!duration.is_zero());
            assert_eq!(download.progress().elapsed, duration, "the clock stops with the transfer");
            scene.sent_nothing();
            Ok(())
        }),
        row("download.pause()", async |scene, _| {
            let (id, download, _) = held_download(scene).await;
            scene.sent(&format!("GET /files/{id}/download_info"));
            download.pause()?;
            assert_eq!(download.status(), Status::Paused);
            assert_refused(download.pause(), ErrorKind::InvalidInput, &["paused"]);
            scene.sent_nothing();
            Ok(())
        }),
        row("download.resume()", async |scene, _| {
            let (id, download, fault) = held_download(scene).await;
            download.pause()?;
            scene.emulator.faults().remove(fault);
            download.resume()?;
            download.wait().await?;
            assert_downloaded(scene, &id, "foo.bam");
            Ok(())
        }),
        row("download.stop()", async |scene, _| {
            let (id, download, _) = held_download(scene).await;
            download.stop();
            assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
            assert!(!scene.path("foo.bam").exists());
            scene.sent(&format!("GET /files/{id}/download_info"));
            Ok(())
        }),
    ]
}

fn uploads() -> Vec<Row> {
    vec![
        row("api.files.upload('/home/bar/foo/file.fastq', project=project)", async |scene, client| {
            let path = scene.local("file.fastq", CONTENT);
            let file = client.upload(path).to("rfranklin/demo").await?;
            assert_eq!((file.name.as_deref(), file.size), (Some("file.fastq"), Some(18)));
            let expected = json!({"name": "file.fastq", "project": "rfranklin/demo"});
            assert_uploaded(scene, &file.id, &expected);
            Ok(())
        }),
        row("api.files.upload('/home/bar/foo/file.fastq', parent=parent_folder)", async |scene, client| {
            let path = scene.local("file.fastq", CONTENT);
            let parent_folder = client.files().create_folder("reads", &scene.project).await?;
            scene.prepared();
            let file = client.upload(path).to(&parent_folder.id).await?;
            assert_uploaded(scene, &file.id, &json!({"name": "file.fastq", "parent": parent_folder.id}));
            assert_eq!(client.file(&parent_folder.id).list().all().await?[0].id, file.id);
            scene.prepared();
            Ok(())
        }),
        row(
            "api.files.upload('/home/bar/foo/file.fastq', project, file_name='new.fastq')",
            async |scene, client| {
                let (path, project) = (scene.local("file.fastq", CONTENT), &scene.project);
                let file = client.upload(path).to(project).name("new.fastq").await?;
                let expected = json!({"name": "new.fastq", "project": "rfranklin/demo"});
                assert_uploaded(scene, &file.id, &expected);
                Ok(())
            },
        ),
        row(
            "api.files.upload('/home/bar/foo/file.fastq', 'project-identifier', wait=False)",
            async |scene, client| {
                let path = scene.local("file.fastq", CONTENT);
                let upload = client.upload(path).to("rfranklin/demo").start();
                let file = upload.wait().await?;
                let expected = json!({"name": "file.fastq", "project": "rfranklin/demo"});
                assert_uploaded(scene, &file.id, &expected);
                Ok(())
            },
        ),
        row("upload.start()", async |scene, client| {
            let path = scene.local("file.fastq", CONTENT);
            let upload = client.upload(path).to("rfranklin/demo");
            scene.sent_nothing();
            let upload = upload.start();
            let file = upload.wait().await?;
            assert_uploaded(scene, &file.id, &json!({"name": "file.fastq"}));
            Ok(())
        }),
        row("upload.wait()", async |scene, client| {
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            let file = upload.wait().await?;
            assert_eq!(upload.status(), Status::Completed);
            assert_uploaded(scene, &file.id, &json!({"name": "file.fastq"}));
            Ok(())
        }),
        row("upload.file_name", async |scene, client| {
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            assert_eq!(upload.wait().await?.name.as_deref(), Some("file.fastq"));
            scene.prepared();
            scene.sent_nothing();
            Ok(())
        }),
        row("upload.add_callback(callback=my_callback, errorback=my_error_back)", async |scene, client| {
            let my_callback = |done: Uploaded| done.file.id;
            let my_errorback = |error: sbg::Error| error.to_string();
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            let told = tokio::spawn(async move { upload.await.map_or_else(my_errorback, my_callback) });
            assert_uploaded(scene, &told.await?, &json!({"name": "file.fastq"}));

            let upload = client.upload(scene.path("missing")).to(&scene.project).start();
            let told = tokio::spawn(async move { upload.await.map_or_else(my_errorback, my_callback) });
            assert!(told.await?.contains("missing"));
            scene.sent_nothing();
            Ok(())
        }),
    ]
}

fn upload_handles() -> Vec<Row> {
    vec![
        row("upload.status", async |scene, client| {
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            upload.wait().await?;
            scene.prepared();
            assert_eq!(upload.status(), Status::Completed);
            scene.sent_nothing();
            Ok(())
        }),
        row("upload.progress", async |scene, client| {
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            upload.wait().await?;
            scene.prepared();
            let progress = upload.progress();
            assert_eq!((progress.bytes, progress.total), (18, Some(18)));
            assert_eq!(progress.parts, progress.parts_total);
            scene.sent_nothing();
            Ok(())
        }),
        row("upload.start_time", async |scene, client| {
            let before = SystemTime::now();
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            let start_time = SystemTime::now() - upload.progress().elapsed;
            assert_begun(before, start_time);
            upload.wait().await?;
            scene.prepared();
            scene.sent_nothing();
            Ok(())
        }),
        row("upload.duration", async |scene, client| {
            let upload = client.upload(scene.local("file.fastq", CONTENT)).to(&scene.project).start();
            upload.wait().await?;
            scene.prepared();
            let duration = upload.progress().elapsed;
            assert!(!duration.is_zero());
            assert_eq!(upload.progress().elapsed, duration, "the clock stops with the transfer");
            scene.sent_nothing();
            Ok(())
        }),
        row("upload.pause()", async |scene, _| {
            let (upload, _) = held_upload(scene).await?;
            scene.prepared();
            upload.pause()?;
            assert_eq!(upload.status(), Status::Paused);
            assert_refused(upload.pause(), ErrorKind::InvalidInput, &["paused"]);
            scene.sent_nothing();
            upload.stop();
            assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
            scene.prepared();
            Ok(())
        }),
        row("upload.resume()", async |scene, _| {
            let (upload, fault) = held_upload(scene).await?;
            upload.pause()?;
            scene.emulator.faults().remove(fault);
            upload.resume()?;
            let file = upload.wait().await?;
            assert_uploaded(scene, &file.id, &json!({"name": "file.fastq"}));
            Ok(())
        }),
        row("upload.stop()", async |scene, client| {
            let (upload, _) = held_upload(scene).await?;
            scene.prepared();
            upload.stop();
            assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
            assert!(client.project(&scene.project).files().query().all().await?.is_empty());
            scene.rest();
            Ok(())
        }),
    ]
}
