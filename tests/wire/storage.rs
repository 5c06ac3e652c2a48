//! Requests to the object store, and object stores with fewer features.

use anyhow::Result;
use httpmock::HttpMockResponse;
use sbg::ErrorKind;
use sbg_tests::{MIB, assert_refused, assert_same_bytes, random_bytes};
use serde_json::{Value, json};

use crate::{Seen, Wire, project, response};

/// Two ranges; the second one is short.
const SIZE: usize = 8 * MIB + 10;

/// An object store that ignores conditions. `tag_of` gives the `ETag` of each range.
async fn storage(bytes: &[u8], tag_of: fn(usize) -> Option<&'static str>) -> Wire {
    let bytes = bytes.to_vec();
    Wire::responding(move |seen| {
        let range = seen.header("range")[0].strip_prefix("bytes=").expect("bytes").split_once('-');
        let (first, last) = range.expect("two ends");
        let first: usize = first.parse().expect("a number");
        let end = bytes.len().min(last.parse::<usize>().expect("a number") + 1);
        let range = format!("bytes {first}-{}/{}", end - 1, bytes.len());
        let answer = HttpMockResponse::builder().status(206).header("content-range", range);
        let answer = tag_of(first).into_iter().fold(answer, |answer, tag| answer.header("etag", tag));
        answer.body(&bytes[first..end]).build()
    })
    .await
}

/// An API whose files all have one URL of this storage.
async fn api_for(storage: &Wire) -> Wire {
    crate::api_for(storage.server.url("/main/a?X-Signature=c2ln")).await
}

#[tokio::test]
async fn later_ranges_require_the_first_etag() -> Result<()> {
    let (bytes, folder) = (random_bytes(SIZE), tempfile::tempdir()?);
    let storage = storage(&bytes, |_| Some("\"b-form\"")).await;
    let done = api_for(&storage).await.client.file("5678").download(folder.path().join("a")).await?;
    assert_same_bytes(&std::fs::read(done.path)?, &bytes);
    let asked: Vec<_> = storage.all().iter().map(|seen| (range(seen), condition(seen))).collect();
    let first = ("bytes=0-8388607".to_owned(), None);
    let second = ("bytes=8388608-8388617".to_owned(), Some("\"b-form\"".to_owned()));
    assert_eq!(asked, [first, second]);
    Ok(())
}

fn range(seen: &Seen) -> String {
    seen.header("range").concat()
}

fn condition(seen: &Seen) -> Option<String> {
    seen.header("if-match").first().map(|tag| (*tag).to_owned())
}

#[tokio::test]
async fn mixed_versions_are_detected_without_if_match() -> Result<()> {
    let (bytes, folder) = (random_bytes(SIZE), tempfile::tempdir()?);
    for tag_of in
        [|first| Some(if first == 0 { "\"1\"" } else { "\"2\"" }), |first| (first == 0).then_some("\"1\"")]
    {
        let storage = storage(&bytes, tag_of).await;
        let download = api_for(&storage).await.client.file("5678").download(folder.path().join("a")).await;
        assert_refused(download, ErrorKind::Integrity, &["changed on the platform", "ETag"]);
        assert_eq!(storage.all().len(), 2);
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn storage_without_etags_can_be_downloaded_from() -> Result<()> {
    let (bytes, folder) = (random_bytes(SIZE), tempfile::tempdir()?);
    let storage = storage(&bytes, |_| None).await;
    let done = api_for(&storage).await.client.file("5678").download(folder.path().join("a")).await?;
    assert_same_bytes(&std::fs::read(done.path)?, &bytes);
    assert!(storage.all().iter().all(|seen| condition(seen).is_none()));
    Ok(())
}

/// An API that accepts uploads in parts of four bytes, each of which is sent to `address` as `target` says.
async fn api_taking_parts(address: String, target: Value) -> Wire {
    Wire::responding(move |seen| {
        let body = match seen.target.as_str() {
            "/v2/upload/multipart" => json!({"upload_id": "u1", "part_size": 4}),
            "/v2/upload/multipart/u1/complete" => json!({"id": "5678", "size": 6}),
            part => {
                let number = part.rsplit('/').next().unwrap_or_default();
                let mut target = target.clone();
                target["url"] = format!("{address}/{number}").into();
                target
            }
        };
        response(200, &body)
    })
    .await
}

#[tokio::test]
async fn part_is_sent_and_reported_as_instructed() -> Result<()> {
    let storage = Wire::responding(|seen| {
        let number = seen.target.rsplit('/').next().unwrap_or_default();
        let answer = HttpMockResponse::builder().status(202).header("etag", format!("\"tag-{number}\""));
        answer.header("x-version", "7").header("x-other", "8").build()
    })
    .await;
    let target = json!({
        "method": "PUT",
        "headers": {"x-amz-server-side-encryption": "AES256"},
        "report": {"success_codes": [202], "headers": ["ETag", "x-version"]},
    });
    let api = api_taking_parts(storage.server.url("/incoming"), target).await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "ACGTAC")?;
    let upload = api.client.upload(file.path()).to(project()).name("a").part_size(4).await?;
    assert_eq!(upload.id, "5678");

    let mut parts = storage.all();
    parts.sort_by_key(|seen| seen.target.clone());
    assert_eq!(parts.iter().map(Seen::line).collect::<Vec<_>>(), ["PUT /incoming/1", "PUT /incoming/2"]);
    assert_eq!(parts.iter().map(|seen| seen.body.as_str()).collect::<Vec<_>>(), ["ACGT", "AC"]);
    for (seen, length) in parts.iter().zip(["4", "2"]) {
        assert_eq!(seen.header("content-length"), [length]);
        assert_eq!(seen.header("x-amz-server-side-encryption"), ["AES256"]);
        assert_eq!(seen.header("transfer-encoding"), [""; 0], "object stores take no chunks");
        assert_eq!(seen.header("x-sbg-auth-token"), [""; 0]);
    }

    let calls = api.all();
    let expected = json!({"name": "a", "project": "rfranklin/demo", "size": 6, "part_size": 4});
    assert_eq!((calls[0].line(), calls[0].json()), ("POST /v2/upload/multipart".to_owned(), expected));
    let reported = |number| {
        let headers = json!({"ETag": format!("tag-{number}"), "x-version": "7"});
        json!({"part_number": number, "response": {"headers": headers}})
    };
    let complete = api.last();
    assert_eq!(complete.line(), "POST /v2/upload/multipart/u1/complete");
    let expected = json!({"parts": [reported(1), reported(2)]});
    assert_eq!(
        complete.json(),
        expected,
        "tags without their quotation marks, and nothing that was not asked for"
    );
    Ok(())
}

#[tokio::test]
async fn unlisted_status_is_not_a_success() -> Result<()> {
    let storage =
        Wire::responding(|_| HttpMockResponse::builder().status(303).header("etag", "\"1\"").build()).await;
    let target = json!({"report": {"success_codes": [200], "headers": ["ETag"]}});
    let api = api_taking_parts(storage.server.url("/incoming"), target).await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "ACGTAC")?;
    let upload = api.client.upload(file.path()).to(project()).await;
    assert_refused(upload, ErrorKind::Storage, &["the storage refused", "HTTP 303"]);
    assert!(api.all().iter().all(|seen| !seen.target.ends_with("/complete")));
    assert_eq!(api.last().line(), "DELETE /v2/upload/multipart/u1");
    Ok(())
}

#[tokio::test]
async fn object_with_a_416_is_checked_for_emptiness() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let answer = |body: &'static str| {
        Wire::responding(move |seen| match seen.header("range").first() {
            Some(_) => HttpMockResponse::builder().status(416).build(),
            None => HttpMockResponse::builder().status(200).body(body).build(),
        })
    };
    let storage = answer("").await;
    let done = api_for(&storage).await.client.file("5678").download(folder.path().join("a")).await?;
    assert_eq!((done.bytes, std::fs::read(done.path)?), (0, Vec::new()));
    assert_eq!(storage.all().len(), 2, "it is asked for as a whole, once");

    let storage = answer("ACGT").await;
    let refused = api_for(&storage).await.client.file("5678").download(folder.path().join("b")).await;
    assert_refused(refused, ErrorKind::Storage, &["the object is not empty"]);
    assert!(!folder.path().join("b").exists());
    Ok(())
}

#[tokio::test]
async fn weak_etag_is_compared_but_not_sent() -> Result<()> {
    let (bytes, folder) = (random_bytes(SIZE), tempfile::tempdir()?);
    let storage = storage(&bytes, |_| Some("W/\"b-form\"")).await;
    let done = api_for(&storage).await.client.file("5678").download(folder.path().join("a")).await?;
    assert_same_bytes(&std::fs::read(done.path)?, &bytes);
    assert!(storage.all().iter().all(|seen| condition(seen).is_none()));
    Ok(())
}

#[tokio::test]
async fn part_needs_exactly_the_listed_headers() -> Result<()> {
    // The first response has no version header. None has an ETag, because none is required.
    let answered = std::sync::atomic::AtomicUsize::new(0);
    let storage = Wire::responding(move |_| {
        let answer = HttpMockResponse::builder().status(200);
        match answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => answer.build(),
            _ => answer.header("x-version", "7").build(),
        }
    })
    .await;
    let target = json!({"report": {"success_codes": [200], "headers": ["x-version"]}});
    let api = api_taking_parts(storage.server.url("/incoming"), target).await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "ACGTAC")?;
    api.client.upload(file.path()).to(project()).name("a").part_size(4).await?;
    assert_eq!(storage.all().len(), 3, "one part is sent again");
    let reported = |number| json!({"part_number": number, "response": {"headers": {"x-version": "7"}}});
    assert_eq!(api.last().json(), json!({"parts": [reported(1), reported(2)]}));
    Ok(())
}

/// Uploads two parts to a storage that returns this `ETag`, with these reporting rules of the platform. Returns the body of the completion
/// call.
async fn reported(etag: Option<&str>, report: Value) -> Result<Value> {
    let etag = etag.map(str::to_owned);
    let storage = Wire::responding(move |_| {
        let response = HttpMockResponse::builder().status(201);
        etag.iter().fold(response, |response, etag| response.header("etag", etag)).build()
    })
    .await;
    let api = api_taking_parts(storage.server.url("/incoming"), json!({"report": report})).await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "ACGTAC")?;
    api.client.upload(file.path()).to(project()).name("a").part_size(4).await?;
    assert_eq!(storage.all().len(), 2);
    Ok(api.last().json())
}

#[tokio::test]
async fn storage_without_etags_accepts_uploads() -> Result<()> {
    let parts = |headers: Value| {
        let part = |number| json!({"part_number": number, "response": {"headers": headers}});
        json!({"parts": [part(1), part(2)]})
    };
    // As with Azure and WebDAV servers: an empty list requires no headers; without a list, the ETag is reported if there is one.
    assert_eq!(reported(None, json!({"headers": []})).await?, parts(json!({})));
    assert_eq!(reported(Some("\"1\""), json!({"headers": []})).await?, parts(json!({})));
    assert_eq!(reported(None, json!({"success_codes": [201]})).await?, parts(json!({"ETag": ""})));
    assert_eq!(reported(Some("\"1\""), Value::Null).await?, parts(json!({"ETag": "1"})));
    Ok(())
}

#[tokio::test]
async fn missing_header_is_final_after_one_retry() -> Result<()> {
    let storage = Wire::responding(|_| HttpMockResponse::builder().status(200).build()).await;
    let target = json!({"report": {"success_codes": [200], "headers": ["ETag"]}});
    let api = api_taking_parts(storage.server.url("/incoming"), target).await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "ACGT")?;
    let upload = api.client.upload(file.path()).to(project()).name("a").part_size(4).await;
    assert_refused(upload, ErrorKind::Storage, &["did not confirm a part", "`ETag`"]);
    assert_eq!(storage.all().len(), 2);
    assert_eq!(api.last().line(), "DELETE /v2/upload/multipart/u1");
    Ok(())
}
