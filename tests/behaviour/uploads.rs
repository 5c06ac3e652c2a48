//! Uploads: destinations and names, and the list of unfinished uploads.

use anyhow::Result;
use sbg::ErrorKind;
use sbg::raw::ClientUploadExt as _;
use sbg::types::{UploadInit, UploadPartReport, UploadPartReportResponse, UploadPartsReport};
use sbg_tests::{Stage, assert_refused, random_bytes};

fn init(name: &str, project: &str, size: i64, part_size: i32) -> UploadInit {
    let (project, part_size) = (Some(project.to_owned()), Some(part_size));
    UploadInit { name: name.to_owned(), project, size: Some(size), part_size, parent: None, md5: None }
}

fn report(part_number: i32, etag: &str) -> UploadPartReport {
    let headers = [("ETag".to_owned(), etag.to_owned())].into();
    UploadPartReport { part_number, response: UploadPartReportResponse { headers } }
}

#[tokio::test]
async fn upload_has_the_local_name_or_the_one_set() -> Result<()> {
    let stage = Stage::start().await;
    let path = stage.local("reads 1 (ü).fastq", "ACGT");
    let file = stage.client.upload(&path).to(&stage.project).await?;
    assert_eq!((file.name.as_deref(), file.size), (Some("reads 1 (ü).fastq"), Some(4)));
    assert_eq!(file.project.as_deref(), Some("rfranklin/demo"));
    assert_eq!((file.bytes, file.resumed, &file.started_over), (4, 0, &None));
    let renamed = stage.client.upload(&path).to("rfranklin/demo").name("b.fastq").await?;
    assert_eq!(renamed.name.as_deref(), Some("b.fastq"));
    stage.assert_uploaded(&renamed.id, b"ACGT");
    Ok(())
}

#[tokio::test]
async fn upload_goes_into_a_folder() -> Result<()> {
    let stage = Stage::start().await;
    let folder = stage.client.files().create_folder("raw", &stage.project).await?;
    let file = stage.client.upload(stage.local("a", "a")).to(&folder.id).await?;
    assert_eq!(stage.client.file(&file.id).get().await?.parent, Some(folder.id));
    Ok(())
}

#[tokio::test]
async fn upload_replaces_a_file_only_with_overwrite() -> Result<()> {
    let stage = Stage::start().await;
    let first = stage.file("a.txt", "first");
    let upload = || stage.client.upload(stage.local("a.txt", "second")).to(&stage.project);
    let error =
        assert_refused(upload().await, ErrorKind::Conflict, &["upload_init", "HTTP 409", "code 8005"]);
    assert!(error.is_conflict());
    stage.assert_uploaded(&first, b"first");
    assert_eq!(stage.storage("PUT").len(), 0, "nothing is sent in vain");

    let second = upload().overwrite(true).await?;
    stage.assert_uploaded(&second.id, b"second");
    assert_eq!(
        stage.client.project(&stage.project).files().query().name("a.txt").page().await?.total,
        Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn open_uploads_are_listed_and_aborted() -> Result<()> {
    let stage = Stage::start().await;
    let (uploads, raw) = (stage.client.uploads(), stage.client.raw());
    assert!(uploads.list().await?.is_empty());
    let begun = raw.upload_init().body(init("a", "rfranklin/demo", 6, 2)).send().await?.into_inner();
    let id = begun.upload_id;

    let listed = uploads.list().await?;
    assert_eq!((listed.len(), &listed[0].upload_id, listed[0].name.as_deref()), (1, &id, Some("a")));
    raw.upload_part_report().upload_id(&id).body(report(1, "x")).send().await?;
    let parts = UploadPartsReport { parts: vec![report(2, "y"), report(3, "z")] };
    raw.upload_parts_report().upload_id(&id).body(parts).send().await?;
    let upload = uploads.get(&id).await?;
    assert_eq!((upload.part_size, upload.uploaded_parts_count), (Some(2), Some(3)));
    let numbers: Vec<_> = upload.parts.expect("parts").iter().map(|part| part.part_number).collect();
    assert_eq!(numbers, [1, 2, 3]);

    uploads.abort(&id).await?;
    assert!(uploads.list().await?.is_empty());
    assert!(
        assert_refused(uploads.get(&id).await, ErrorKind::NotFound, &["upload_get", "8003"]).is_not_found()
    );
    assert_refused(uploads.abort("a/b").await, ErrorKind::InvalidInput, &["not an upload id: `a/b`"]);
    Ok(())
}

#[tokio::test]
async fn part_size_of_the_platform_wins() -> Result<()> {
    // This platform does not allow parts under 5 MiB, so it chooses the size.
    let stage = Stage::with(sbg_emulator::Emulator::builder().part_size(6 << 20)).await;
    let bytes = random_bytes((13 << 20) + 1);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(1000).start();
    let file = upload.wait().await?;
    assert_eq!(upload.progress().parts_total, 3);
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

#[tokio::test]
async fn completion_reports_the_etag_of_every_part() -> Result<()> {
    let stage = Stage::with_etags().await;
    let bytes = random_bytes(1001);
    stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100).await?;
    let complete = stage.calls("POST", "/complete");
    assert_eq!(complete.len(), 1);
    let body = complete[0].request_json().expect("JSON");
    let parts = body["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 11);
    for (part, number) in parts.iter().zip(1..) {
        assert_eq!(part["part_number"], number);
        let etag = part["response"]["headers"]["ETag"].as_str().expect("an ETag");
        assert_eq!(etag.len(), 32, "{etag}");
    }
    assert_eq!(stage.storage("PUT").len(), 11);
    Ok(())
}
