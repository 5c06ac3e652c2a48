//! Batch tasks and their children.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::Bench;

const PROJECT: &str = "rfranklin/demo";

/// Three files of two samples.
async fn bench() -> (Bench, Vec<Value>) {
    let bench = Bench::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    bench.emulator.create_project("demo");
    let mut files = Vec::new();
    for (name, sample) in [("a.txt", "S1"), ("b.txt", "S2"), ("c.txt", "S1")] {
        let id = bench.emulator.create_file(PROJECT, name, "x\n");
        bench.patch(&format!("/files/{id}"), json!({"metadata": {"sample_id": sample}})).await;
        files.push(json!({"class": "File", "path": id}));
    }
    (bench, files)
}

#[tokio::test]
async fn a_batch_by_item_has_a_child_for_each() {
    let (bench, files) = bench().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "name": "batch", "inputs": {"file": files},
        "batch_input": "file", "batch_by": {"type": "item"},
    });
    let draft = bench.post("/tasks", body).await;
    assert_eq!((&draft.json["batch"], &draft.json["errors"]), (&true.into(), &json!([])));
    let path = format!("/tasks/{}", draft.text("id"));
    assert_eq!(bench.post(&format!("{path}/actions/run"), json!({})).await.text("status"), "CREATING");
    bench.wait(10);
    let running = bench.get(&path).await;
    assert_eq!(
        (running.text("status"), &running.json["execution_status"]["queued"]),
        ("RUNNING".into(), &3.into())
    );
    assert_eq!(bench.get("/tasks").await.column("name"), ["batch"]);
    bench.wait(20);
    let done = bench.get(&path).await;
    assert_eq!(
        (done.text("status"), &done.json["execution_status"]["completed"]),
        ("COMPLETED".into(), &3.into())
    );
    let children = bench.get(&format!("/tasks?parent={}&fields=_all", draft.text("id"))).await;
    assert_eq!(children.column("name"), ["batch - a.txt", "batch - b.txt", "batch - c.txt"]);
    let child = &children.json["items"][0];
    assert_eq!(
        (&child["batch"], &child["parent"], &child["outputs"]["count"]),
        (&false.into(), &done.json["id"], &1.into())
    );
    assert_eq!(bench.delete(&path).await.status, 204);
    assert_eq!(bench.get(&format!("/tasks/{}", child["id"].as_str().unwrap())).await.code(), 7002);
}

#[tokio::test]
async fn a_batch_by_criteria_groups_files_by_metadata() {
    let (bench, files) = bench().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/concatenate", "inputs": {"files": files},
        "batch_input": "files", "batch_by": {"type": "CRITERIA", "criteria": ["metadata.sample_id"]},
    });
    let id = bench.post("/tasks?action=run", body).await.text("id");
    bench.wait(30);
    let children = bench.get(&format!("/tasks?parent={id}&fields=_all")).await;
    let items = children.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["batch_group"], json!({"value": "S1", "fields": {"metadata.sample_id": "S1"}}));
    assert_eq!(items[0]["inputs"]["files"].as_array().unwrap().len(), 2);
    let output = items[0]["outputs"]["file"]["path"].as_str().unwrap();
    assert_eq!(bench.emulator.file_content(output).unwrap(), b"x\nx\n");
    assert_eq!(bench.get(&format!("/files/{output}")).await.json["metadata"]["sample_id"], "S1");
}

#[tokio::test]
async fn a_batch_fails_with_its_children_and_is_aborted_with_them() {
    let (bench, files) = bench().await;
    let body = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": files},
        "batch_input": "file", "batch_by": {"type": "ITEM"},
    });
    bench.emulator.fail_next_tasks(1);
    let id = bench.post("/tasks?action=run", body.clone()).await.text("id");
    bench.wait(30);
    let failed = bench.get(&format!("/tasks/{id}")).await;
    assert_eq!(
        (failed.text("status"), &failed.json["execution_status"]["failed"]),
        ("FAILED".into(), &1.into())
    );
    let id = bench.post("/tasks?action=run", body).await.text("id");
    bench.wait(10);
    bench.post(&format!("/tasks/{id}/actions/abort"), json!({})).await;
    for status in ["ABORTING", "ABORTED"] {
        let children = bench.get(&format!("/tasks?parent={id}&status={status}")).await;
        assert_eq!(children.column("id").len(), 3);
        assert_eq!(bench.get(&format!("/tasks/{id}")).await.text("status"), status);
        bench.wait(10);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_is_refused() {
    let (bench, files) = bench().await;
    let code = async |query: &str, more: Value| {
        let mut body = json!({
            "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": files[0]},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.post(&format!("/tasks{query}"), body).await.code()
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
