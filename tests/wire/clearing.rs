//! Cleared fields are sent as null; untouched fields are omitted.

use anyhow::Result;
use sbg::tasks::OutputLocation;
use sbg::volumes::S3Properties;
use serde_json::{Value, json};

use crate::{Wire, project, response};

const TASK: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";

async fn wire() -> Wire {
    let answer = json!({"id": "rfranklin/demo"});
    Wire::tuned(move |_| response(200, &answer), |client| client.advance_access(true)).await
}

#[track_caller]
fn assert_body(wire: &Wire, expected: &Value) {
    assert_eq!(wire.last().json(), *expected, "{}", wire.last().line());
}

#[tokio::test]
async fn cleared_description_is_sent_as_null() -> Result<()> {
    let wire = wire().await;
    let client = &wire.client;
    let (cleared, other) = (json!({"description": null}), json!({"name": "x"}));

    client.project(project()).edit().clear_description().await?;
    assert_body(&wire, &cleared);
    client.project(project()).edit().name("x").await?;
    assert_body(&wire, &other);

    client.volume("rfranklin/patterns").edit().clear_description().await?;
    assert_body(&wire, &cleared);
    client.volume("rfranklin/patterns").edit().name("x").await?;
    assert_body(&wire, &other);

    client.dataset("rfranklin/b-form").edit().clear_description().await?;
    assert_body(&wire, &cleared);
    client.dataset("rfranklin/b-form").edit().name("x").await?;
    assert_body(&wire, &other);

    client.automation("a1").edit().clear_description().await?;
    assert_body(&wire, &cleared);
    client.automation("a1").edit().name("x").await?;
    assert_body(&wire, &other);

    client.task(TASK).edit().clear_description().await?;
    assert_body(&wire, &cleared);
    client.task(TASK).edit().name("x").await?;
    assert_body(&wire, &other);

    // The last call wins.
    client.task(TASK).edit().clear_description().description("Again").await?;
    assert_body(&wire, &json!({"description": "Again"}));
    client.task(TASK).edit().description("Again").clear_description().await?;
    assert_body(&wire, &cleared);
    Ok(())
}

#[tokio::test]
async fn unbatched_task_clears_its_criteria() -> Result<()> {
    let wire = wire().await;
    wire.client.task(TASK).edit().batch_by_item("reads").await?;
    assert_body(&wire, &json!({"batch": true, "batch_input": "reads", "batch_by": {"type": "ITEM"}}));
    wire.client.task(TASK).edit().without_batch().await?;
    assert_body(&wire, &json!({"batch": false, "batch_input": null, "batch_by": null}));
    wire.client.task(TASK).edit().without_batch().batch_by_metadata("reads", ["sample_id"]).await?;
    let by = json!({"type": "CRITERIA", "criteria": ["metadata.sample_id"]});
    assert_body(&wire, &json!({"batch": true, "batch_input": "reads", "batch_by": by}));
    Ok(())
}

#[tokio::test]
async fn task_output_location_can_be_changed() -> Result<()> {
    let wire = wire().await;
    wire.client.task(TASK).edit().output_location(OutputLocation::new("/runs/1")).await?;
    assert_body(&wire, &json!({"output_location": {"main_location": "/runs/1"}}));
    Ok(())
}

#[tokio::test]
async fn cleared_encryption_and_acl_are_null() -> Result<()> {
    let wire = wire().await;
    let client = &wire.client;
    let properties = || S3Properties::new().without_sse().without_canned_acl();
    let expected = json!({"sse_algorithm": null, "aws_canned_acl": null});

    client.volume("rfranklin/patterns").edit().properties(properties()).await?;
    assert_body(&wire, &json!({"service": {"properties": expected}}));
    let acl = S3Properties::new().canned_acl("public-read");
    client.volume("rfranklin/patterns").edit().properties(acl).await?;
    assert_body(&wire, &json!({"service": {"properties": {"aws_canned_acl": "public-read"}}}));

    client.exports().start("5678", "rfranklin/patterns", "a").properties(properties()).await?;
    assert_eq!(wire.last().json()["properties"], expected);
    Ok(())
}

#[tokio::test]
async fn cleared_tags_are_an_empty_list() -> Result<()> {
    let wire = wire().await;
    wire.client.project(project()).edit().clear_tags().await?;
    assert_body(&wire, &json!({"tags": []}));
    wire.client.file("5678").edit().clear_tags().await?;
    assert_body(&wire, &json!({"tags": []}));
    Ok(())
}
