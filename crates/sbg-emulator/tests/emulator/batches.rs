//! Batch tasks and their children.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::TestEnv;

const PROJECT: &str = "rfranklin/demo";

/// Three files of two samples.
async fn env() -> (TestEnv, Vec<Value>) {
    let env = TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    env.emulator.create_project("demo");
    let mut files = Vec::new();
    for (name, sample) in [("a.txt", "S1"), ("b.txt", "S2"), ("c.txt", "S1")] {
        let id = env.emulator.create_file(PROJECT, name, "x\n");
        env.patch(&format!("/files/{id}"), json!({"metadata": {"sample_id": sample}})).await;
        files.push(json!({"class": "File", "path": id}));
    }
    (env, files)
}

#[tokio::test]
async fn item_batch_has_one_child_per_item() {
    let (env, files) = env().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "name": "batch", "inputs": {"file": files},
        "batch_input": "file", "batch_by": {"type": "item"},
    });
    let draft = env.post("/tasks", body).await;
    assert_eq!((&draft.json["batch"], &draft.json["errors"]), (&true.into(), &json!([])));
    let path = format!("/tasks/{}", draft.text("id"));
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.text("status"), "CREATING");
    env.advance_clock(10);
    let running = env.get(&path).await;
    assert_eq!(
        (running.text("status"), &running.json["execution_status"]["queued"]),
        ("RUNNING".into(), &3.into())
    );
    assert_eq!(env.get("/tasks").await.column("name"), ["batch"]);
    env.advance_clock(20);
    let done = env.get(&path).await;
    assert_eq!(
        (done.text("status"), &done.json["execution_status"]["completed"]),
        ("COMPLETED".into(), &3.into())
    );
    let children = env.get(&format!("/tasks?parent={}&fields=_all", draft.text("id"))).await;
    assert_eq!(children.column("name"), ["batch - a.txt", "batch - b.txt", "batch - c.txt"]);
    let child = &children.json["items"][0];
    assert_eq!(
        (&child["batch"], &child["parent"], &child["outputs"]["count"]),
        (&false.into(), &done.json["id"], &1.into())
    );
    assert_eq!(env.delete(&path).await.status, 204);
    assert_eq!(env.get(&format!("/tasks/{}", child["id"].as_str().unwrap())).await.code(), 7002);
}

#[tokio::test]
async fn criteria_batch_groups_files_by_metadata() {
    let (env, files) = env().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/concatenate", "inputs": {"files": files},
        "batch_input": "files", "batch_by": {"type": "CRITERIA", "criteria": ["metadata.sample_id"]},
    });
    let id = env.post("/tasks?action=run", body).await.text("id");
    env.advance_clock(30);
    let children = env.get(&format!("/tasks?parent={id}&fields=_all")).await;
    let items = children.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["batch_group"], json!({"value": "S1", "fields": {"metadata.sample_id": "S1"}}));
    assert_eq!(items[0]["inputs"]["files"].as_array().unwrap().len(), 2);
    let output = items[0]["outputs"]["file"]["path"].as_str().unwrap();
    assert_eq!(env.emulator.file_content(output).unwrap(), b"x\nx\n");
    assert_eq!(env.get(&format!("/files/{output}")).await.json["metadata"]["sample_id"], "S1");
}

#[tokio::test]
async fn batch_fails_and_aborts_with_its_children() {
    let (env, files) = env().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": files},
        "batch_input": "file", "batch_by": {"type": "ITEM"},
    });
    env.emulator.fail_next_tasks(1);
    let id = env.post("/tasks?action=run", body.clone()).await.text("id");
    env.advance_clock(30);
    let failed = env.get(&format!("/tasks/{id}")).await;
    assert_eq!(
        (failed.text("status"), &failed.json["execution_status"]["failed"]),
        ("FAILED".into(), &1.into())
    );
    let id = env.post("/tasks?action=run", body).await.text("id");
    env.advance_clock(10);
    env.post(&format!("/tasks/{id}/actions/abort"), json!({})).await;
    for status in ["ABORTING", "ABORTED"] {
        let children = env.get(&format!("/tasks?parent={id}&status={status}")).await;
        assert_eq!(children.column("id").len(), 3);
        assert_eq!(env.get(&format!("/tasks/{id}")).await.text("status"), status);
        env.advance_clock(10);
    }
}

#[tokio::test]
async fn invalid_batch_is_rejected() {
    let (env, files) = env().await;
    let code = async |query: &str, more: Value| {
        let mut body = json!({
            "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": files[0]},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        env.post(&format!("/tasks{query}"), body).await.code()
    };
    assert_eq!(code("", json!({"batch_input": "file"})).await, 7023);
    assert_eq!(code("", json!({"batch_by": {"type": "item"}})).await, 7023);
    assert_eq!(code("", json!({"batch": true})).await, 7019);
    assert_eq!(code("", json!({"batch_input": "", "batch_by": {"type": "item"}})).await, 7018);
    assert_eq!(code("", json!({"batch_input": "none", "batch_by": {"type": "item"}})).await, 7018);
    assert_eq!(code("", json!({"batch_input": "file", "batch_by": {"type": "all"}})).await, 7020);
    assert_eq!(code("", json!({"batch_input": "file", "batch_by": {"type": "criteria"}})).await, 7019);
    assert_eq!(code("?batch=false", json!({})).await, 7021);
    assert_eq!(code("?batch=false&action=run", json!({})).await, 7022);
}
