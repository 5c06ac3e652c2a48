//! Query parameters: lists of values, metadata filters, paging, fields.

use anyhow::Result;
use sbg::Fields;
use sbg::raw::ClientFilesExt as _;
use serde_json::json;

use crate::{Wire, project};

async fn wire() -> Wire {
    Wire::answering(json!({"items": []})).await
}

#[tokio::test]
async fn each_name_and_tag_is_its_own_parameter() -> Result<()> {
    let wire = wire().await;
    let query = wire.client.files().query().project(project());
    query.name("a.fastq").name("b 1&2=3.fastq").tag("dna").tag("b form").page().await?;
    let expected = "GET /v2/files?name=a.fastq&name=b+1%262%3D3.fastq&offset=0&project=rfranklin%2Fdemo&tag=dna&tag=b+form";
    assert_eq!(wire.last().line(), expected);
    Ok(())
}

#[tokio::test]
async fn metadata_filters_name_field_and_value() -> Result<()> {
    let wire = wire().await;
    let query = wire.client.files().query().parent("5678");
    query.metadata("sample_id", "S 1").metadata("sample_id", "S2").metadata("größe", "1 µm").page().await?;
    let expected = "GET /v2/files?metadata.sample_id=S+1&metadata.sample_id=S2&metadata.gr%C3%B6%C3%9Fe=1+%C2%B5m&offset=0&parent=5678";
    assert_eq!(wire.last().line(), expected);
    Ok(())
}

#[tokio::test]
async fn origin_task_is_sent_as_a_filter() -> Result<()> {
    let wire = wire().await;
    wire.client
        .files()
        .query()
        .project(project())
        .origin_task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11")
        .page_size(7)
        .offset(14)
        .page()
        .await?;
    let expected = "GET /v2/files?limit=7&offset=14&origin.task=3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11&project=rfranklin%2Fdemo";
    assert_eq!(wire.last().line(), expected);
    Ok(())
}

#[tokio::test]
async fn files_are_listed_by_dataset() -> Result<()> {
    let wire = wire().await;
    wire.client.files().query().dataset("rfranklin/fibres").page().await?;
    assert_eq!(wire.last().line(), "GET /v2/files?dataset=rfranklin%2Ffibres&offset=0");
    Ok(())
}

#[tokio::test]
async fn raw_client_sends_the_same_query() -> Result<()> {
    let wire = wire().await;
    let filter = [("sample_id", "S1"), ("sample_id", "S2")].into_iter().collect::<sbg::raw::MetadataFilter>();
    let call = wire.client.raw().file_list().parent("5678").name(vec!["a".to_owned(), "b".to_owned()]);
    call.metadata(filter).send().await.map_err(sbg::Error::from)?;
    let expected = "GET /v2/files?metadata.sample_id=S1&metadata.sample_id=S2&name=a&name=b&parent=5678";
    assert_eq!(wire.last().line(), expected);
    Ok(())
}

#[tokio::test]
async fn project_tags_are_one_parameter() -> Result<()> {
    let wire = wire().await;
    wire.client.projects().query().name("fibre").tag("dna").tag("b form").category("PRIVATE").page().await?;
    let expected = "GET /v2/projects?category=PRIVATE&name=fibre&offset=0&tags=dna%2Cb+form";
    assert_eq!(wire.last().line(), expected);
    wire.client.projects().query().owner("rfranklin").name("fibre").page().await?;
    assert_eq!(wire.last().line(), "GET /v2/projects/rfranklin?name=fibre&offset=0");
    Ok(())
}

#[tokio::test]
async fn fields_always_include_the_identity() -> Result<()> {
    let wire = Wire::answering(json!({"items": [], "id": "rfranklin/demo", "username": "rfranklin"})).await;
    let client = &wire.client;
    client.file("5678").get().fields(Fields::only(["name", "size"])).await?;
    assert_eq!(wire.last().line(), "GET /v2/files/5678?fields=id%2Cname%2Csize");
    client.file("5678").get().fields(Fields::only(["name", "id"])).await?;
    assert_eq!(wire.last().line(), "GET /v2/files/5678?fields=name%2Cid");
    client.project("rfranklin/demo").get().fields(Fields::all().without("tags").without("id")).await?;
    assert_eq!(wire.last().line(), "GET /v2/projects/rfranklin/demo?fields=_all%2C%21tags");
    client.users().me().fields(Fields::only(["email"])).await?;
    assert_eq!(wire.last().line(), "GET /v2/user?fields=username%2Cemail");
    client.projects().query().fields(Fields::only(["name"])).page().await?;
    assert_eq!(wire.last().line(), "GET /v2/projects?fields=id%2Cname&offset=0");
    client.project("rfranklin/demo").members().query().fields(Fields::only(["permissions"])).page().await?;
    let expected = "GET /v2/projects/rfranklin/demo/members?fields=username%2Cpermissions&offset=0";
    assert_eq!(wire.last().line(), expected);
    client.file("5678").get().await?;
    assert_eq!(wire.last().line(), "GET /v2/files/5678", "all fields are the default of the platform");
    Ok(())
}

#[tokio::test]
async fn streams_request_the_largest_pages() -> Result<()> {
    let wire = wire().await;
    let files: Vec<_> = wire.client.file("5678").list().items().try_collect().await?;
    assert!(files.is_empty());
    assert_eq!(wire.last().line(), "GET /v2/files/5678/list?limit=100&offset=0");
    Ok(())
}

#[tokio::test]
async fn upload_queries_parts_and_set_overwrite() -> Result<()> {
    let wire = Wire::answering(json!({"upload_id": "u1"})).await;
    wire.client.uploads().get("u1").await?;
    assert_eq!(wire.last().line(), "GET /v2/upload/multipart/u1?list_parts=true");
    let file = tempfile::NamedTempFile::new()?;
    for (overwrite, expected) in
        [(true, "POST /v2/upload/multipart?overwrite=true"), (false, "POST /v2/upload/multipart")]
    {
        let upload = wire.client.upload(file.path()).to("rfranklin/demo").overwrite(overwrite).await;
        assert!(upload.is_err(), "the server gives no address for the part");
        assert!(wire.all().iter().any(|seen| seen.line() == expected), "{:?}", wire.all());
    }
    Ok(())
}
