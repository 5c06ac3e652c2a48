//! Strict mode: requests that the OpenAPI document does not describe are refused.

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv};

async fn env() -> TestEnv {
    let env = TestEnv::with(Emulator::builder().strict(true)).await;
    env.emulator.create_project("demo");
    env
}

fn refused(response: &ApiResponse, naming: &str) {
    assert_eq!((response.status.as_u16(), response.code()), (400, 90000), "{response:?}");
    let message = response.text("message");
    assert!(message.contains("Strict mode:") && message.contains(naming), "{message}");
}

#[tokio::test]
async fn unknown_query_parameters_are_named() {
    let env = env().await;
    let message = "GET /projects: the specification has no query parameter `nmae`; it has `category`, `fields`, `limit`, `name`, `offset`, `tags`";
    refused(&env.get("/projects?nmae=demo").await, message);
    refused(&env.get("/user?limit=10").await, "no query parameter `limit`");
    refused(&env.get("/files?project=rfranklin/demo&origin.dataset=x").await, "`origin.dataset`");
    let filter = "/files?project=rfranklin/demo&metadata=%7Bsample_id%3DS1%7D";
    refused(&env.get(filter).await, "`metadata` is a map: send each entry as `metadata.KEY=VALUE`");
    for query in ["name=demo", "limit=10&offset=0&fields=_all", "tags=a"] {
        assert_eq!(env.get(&format!("/projects?{query}")).await.status, 200, "{query}");
    }
    assert_eq!(env.get("/files?project=rfranklin/demo&metadata.sample_id=S1&tag=a&tag=b").await.status, 200);
}

#[tokio::test]
async fn types_in_queries_are_checked() {
    let env = env().await;
    refused(
        &env.get("/teams?division=kings-college&_all=True").await,
        "`_all` must be of the type boolean, not `True`",
    );
    refused(&env.get("/projects?limit=ten").await, "`limit` must be of the type integer, not `ten`");
    assert_eq!(env.get("/teams?division=kings-college&_all=true").await.status, 200);
}

#[tokio::test]
async fn bodies_are_checked() {
    let env = env().await;
    let file = env.emulator.create_file("rfranklin/demo", "reads.txt", "ACGT");
    let file = format!("/files/{file}");
    let edit = async |body: Value| env.patch(&file, body).await;
    refused(&edit(json!({"nmae": "x"})).await, "no property `nmae`");
    refused(&edit(json!({"name": ""})).await, "`name` must have at least 1 characters");
    refused(&edit(json!({"name": null})).await, "`name` must not be null");
    refused(&edit(json!({"tags": "a"})).await, "`tags` must be of the type array");
    refused(&edit(json!({"tags": ["a", 1]})).await, "`tags[1]` must be of the type string");
    assert_eq!(edit(json!({"name": "other.txt", "tags": ["a"], "metadata": {"a": "b"}})).await.status, 200);
    refused(
        &edit(json!({"metadata": {"a": "x".repeat(301)}})).await,
        "`metadata.a` must have at most 300 characters",
    );
    refused(&env.post("/files", json!({"name": "f", "type": "file"})).await, "`type` must be \"folder\"");
    let settings = json!({"name": "Other", "settings": {"locked": "true"}});
    refused(&env.post("/projects", settings).await, "`settings.locked` must be of the type boolean");
    let task = json!({"project": "rfranklin/demo", "app": "admin/sbg-public-data/line-count", "inputs": {"any": [1, {"a": null}]}});
    assert_eq!(env.post("/tasks", task).await.status, 200, "inputs may be anything");
}

#[tokio::test]
async fn lenient_by_default() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    assert_eq!(env.get("/projects?nmae=demo").await.status, 200);
    assert_eq!(
        env.patch("/projects/rfranklin/demo", json!({"nmae": 1, "name": null, "tags": []})).await.status,
        200
    );
}
