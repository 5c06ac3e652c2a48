//! Bulk calls.

use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv, volumes::s3};

const PROJECT: &str = "rfranklin/demo";

fn codes(response: &ApiResponse) -> Vec<u64> {
    let items = response.json["items"].as_array().unwrap_or_else(|| panic!("{response:?}"));
    items.iter().map(|item| item["error"]["code"].as_u64().unwrap_or(0)).collect()
}

#[tokio::test]
async fn bulk_items_succeed_or_fail_in_order() {
    let env = TestEnv::start().await;
    let id = env.file("ACGT");
    let got = env.post("/bulk/files/get", json!({"file_ids": ["none", id, ""]})).await;
    assert_eq!(codes(&got), [5002, 0, 5002]);
    assert_eq!(got.json["items"][1]["resource"]["size"], 4);
    let fields = "/bulk/files/get?fields=resource.id,resource.name";
    let short = env.post(fields, json!({"file_ids": [id]})).await;
    assert_eq!(short.json["items"][0], json!({"resource": {"id": id, "name": "reads.txt"}, "error": null}));
    let named = env.post("/bulk/files/get?fields=resource.name", json!({"file_ids": [id]})).await;
    assert_eq!(named.json, short.json);
    let deleted = env.post("/bulk/files/delete", json!({"file_ids": [id, id]})).await;
    assert_eq!(codes(&deleted), [0, 5002]);
    assert_eq!(env.get(&format!("/files/{id}")).await.code(), 5002);
}

#[tokio::test]
async fn bulk_update_clears_what_edit_keeps() {
    let env = TestEnv::start().await;
    let id = env.file("x");
    env.patch(&format!("/files/{id}"), json!({"tags": ["t"], "metadata": {"a": "1", "b": "2"}})).await;
    let edit =
        json!({"items": [{"id": id, "name": "n.txt", "metadata": {"a": null, "c": "3"}, "tags": null}]});
    let edited = env.post("/bulk/files/edit", edit).await.json["items"][0]["resource"].clone();
    assert_eq!((&edited["name"], &edited["tags"]), (&"n.txt".into(), &json!(["t"])));
    assert_eq!(edited["metadata"], json!({"b": "2", "c": "3"}));
    let update = json!({"items": [{"id": id, "metadata": {"d": "4"}}, {"id": "none"}]});
    let response = env.post("/bulk/files/update", update).await;
    assert_eq!(codes(&response), [0, 5002]);
    let updated = &response.json["items"][0]["resource"];
    assert_eq!((&updated["tags"], &updated["metadata"]), (&json!([]), &json!({"d": "4"})));
    // An invalid item refuses the whole request.
    let wrong = json!({"items": [{"id": id, "metadata": {"e": "5"}}, {"name": "x"}]});
    assert_eq!(env.post("/bulk/files/update", wrong).await.code(), 90000);
    assert_eq!(env.get(&format!("/files/{id}")).await.json["metadata"], json!({"d": "4"}));
}

#[tokio::test]
async fn bulk_call_takes_at_most_100_items() {
    let env = TestEnv::start().await;
    let ids = |count: usize| json!({"file_ids": vec!["x"; count]});
    assert_eq!(env.post("/bulk/files/get", ids(100)).await.json["items"].as_array().unwrap().len(), 100);
    assert_eq!(env.post("/bulk/files/get", ids(101)).await.code(), 90000);
    assert_eq!(env.post("/bulk/files/get", ids(0)).await.code(), 90000);
    assert_eq!(env.post("/bulk/files/get", json!({})).await.code(), 90000);
    assert_eq!(env.post("/bulk/files/get", json!({"file_ids": "x"})).await.code(), 90000);
    assert_eq!(env.post("/bulk/files/get", json!({"file_ids": ["x", 3]})).await.code(), 90000);
    assert_eq!(env.post("/bulk/files/edit", json!({"items": [1]})).await.code(), 90000);
}

#[tokio::test]
async fn tasks_imports_and_exports_work_in_bulk() {
    let env = TestEnv::start().await;
    let file = env.file("ACGT");
    let body = json!({"project": PROJECT, "app": "admin/sbg-public-data/line-count"});
    let task = env.post("/tasks", body).await.text("id");
    let got = env.post("/bulk/tasks/get", json!({"task_ids": [task, "x"]})).await;
    assert_eq!(codes(&got), [0, 7005]);
    env.post("/storage/volumes", s3("patterns")).await;
    env.emulator.put_object("bucket", "in/a.txt", "a").unwrap();
    let item = |volume: &str| -> Value {
        let source = json!({"volume": volume, "location": "a.txt"});
        json!({"source": source, "destination": {"project": PROJECT}, "overwrite": false})
    };
    let started = env
        .post(
            "/bulk/storage/imports/create",
            json!({"items": [item("rfranklin/patterns"), item("rfranklin/none")]}),
        )
        .await;
    assert_eq!(codes(&started), [0, 9007]);
    let import = started.json["items"][0]["resource"]["id"].clone();
    let destination = json!({"volume": "rfranklin/patterns", "location": "b.txt"});
    let item =
        json!({"source": {"file": file}, "destination": destination, "properties": {}, "overwrite": true});
    let started = env.post("/bulk/storage/exports/create?copy_only=True", json!({"items": [item]})).await;
    let export = started.json["items"][0]["resource"]["id"].clone();
    env.advance_clock(10);
    let imports = env.post("/bulk/storage/imports/get", json!({"import_ids": [import, "x"]})).await;
    assert_eq!(
        (codes(&imports), &imports.json["items"][0]["resource"]["state"]),
        (vec![0, 9008], &"COMPLETED".into())
    );
    let exports = env.post("/bulk/storage/exports/get", json!({"export_ids": [export]})).await;
    assert_eq!(exports.json["items"][0]["resource"]["state"], "COMPLETED");
    assert_eq!(env.emulator.object("bucket", "in/b.txt").unwrap(), b"ACGT");
}
