//! Ids and names in paths and URLs: encoded once, and never able to change the path.

use anyhow::Result;
use serde_json::json;

use crate::{Wire, project};

#[tokio::test]
async fn unusual_ids_are_encoded_in_paths() -> Result<()> {
    let wire = Wire::answering(json!({"id": "x", "username": "x", "upload_id": "x", "items": []})).await;
    let check = |expected: &str| assert_eq!(wire.last().target, format!("/v2{expected}"));
    wire.client.user("r.franklin+1@king's").get().await?;
    check("/users/r.franklin+1@king's");
    wire.client.user("rosalind·é").get().await?;
    check("/users/rosalind%C2%B7%C3%A9");
    wire.client.user("a;b,c:d&e=f").get().await?;
    check("/users/a;b,c:d&e=f");
    wire.client.project(project()).members().member("<x>\"`{}").get().await?;
    check("/projects/rfranklin/demo/members/%3Cx%3E%22%60%7B%7D");
    wire.client.user("kings-college/r franklin".replace(' ', ".")).get().await?;
    check("/users/kings-college/r.franklin");
    wire.client.project(project()).members().member("kings-college/rfranklin").get().await?;
    check("/projects/rfranklin/demo/members/kings-college/rfranklin");
    wire.client.team("t").members().member("kings-college/rfranklin").remove().await?;
    check("/teams/t/members/kings-college/rfranklin");
    wire.client.project("division~1/über-project").get().await?;
    check("/projects/division~1/%C3%BCber-project");
    wire.client.uploads().get("a_b-c.d").await?;
    check("/upload/multipart/a_b-c.d?list_parts=true");
    Ok(())
}

#[tokio::test]
async fn file_names_are_encoded_in_queries_and_bodies() -> Result<()> {
    let wire = Wire::answering(json!({"id": "x", "items": []})).await;
    let name = "a+b c%20?#&=/é\"\\.fastq";
    wire.client.files().query().project(project()).name(name).page().await?;
    let expected =
        "/v2/files?name=a%2Bb+c%2520%3F%23%26%3D%2F%C3%A9%22%5C.fastq&offset=0&project=rfranklin%2Fdemo";
    assert_eq!(wire.last().target, expected);
    let name = "a+b c%20?#&=é\"\\.fastq";
    wire.client.file("5678").edit().name(name).await?;
    assert_eq!(wire.last().json(), json!({"name": name}));
    Ok(())
}
