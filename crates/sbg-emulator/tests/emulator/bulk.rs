//! Calls that do one thing to many.

use serde_json::{Value, json};

use crate::{Answer, Bench, volumes::s3};

const PROJECT: &str = "rfranklin/demo";

fn codes(answer: &Answer) -> Vec<u64> {
    let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    items.iter().map(|item| item["error"]["code"].as_u64().unwrap_or(0)).collect()
}

#[tokio::test]
async fn each_file_succeeds_or_fails_for_itself_in_the_order_of_the_request() {
    let bench = Bench::start().await;
    let id = bench.file("ACGT");
    let got = bench.post("/bulk/files/get", json!({"file_ids": ["none", id, ""]})).await;
    assert_eq!(codes(&got), [5002, 0, 5002]);
    assert_eq!(got.json["items"][1]["resource"]["size"], 4);
    let fields = "/bulk/files/get?fields=resource.id,resource.name";
    let short = bench.post(fields, json!({"file_ids": [id]})).await;
    assert_eq!(short.json["items"][0], json!({"resource": {"id": id, "name": "reads.txt"}, "error": null}));
    let named = bench.post("/bulk/files/get?fields=resource.name", json!({"file_ids": [id]})).await;
    assert_eq!(named.json, short.json);
    let deleted = bench.post("/bulk/files/delete", json!({"file_ids": [id, id]})).await;
    assert_eq!(codes(&deleted), [0, 5002]);
    assert_eq!(bench.get(&format!("/files/{id}")).await.code(), 5002);
}

#[tokio::test]
async fn an_update_erases_what_an_edit_keeps() {
    let bench = Bench::start().await;
    let id = bench.file("x");
    bench.patch(&format!("/files/{id}"), json!({"tags": ["t"], "metadata": {"a": "1", "b": "2"}})).await;
    let edit =
        json!({"items": [{"id": id, "name": "n.txt", "metadata": {"a": null, "c": "3"}, "tags": null}]});
    let edited = bench.post("/bulk/files/edit", edit).await.json["items"][0]["resource"].clone();
    assert_eq!((&edited["name"], &edited["tags"]), (&"n.txt".into(), &json!(["t"])));
    assert_eq!(edited["metadata"], json!({"b": "2", "c": "3"}));
    let update = json!({"items": [{"id": id, "metadata": {"d": "4"}}, {"id": "none"}]});
    let answer = bench.post("/bulk/files/update", update).await;
    assert_eq!(codes(&answer), [0, 5002]);
    let updated = &answer.json["items"][0]["resource"];
    assert_eq!((&updated["tags"], &updated["metadata"]), (&json!([]), &json!({"d": "4"})));
    // An item of the wrong form refuses all of them.
    let wrong = json!({"items": [{"id": id, "metadata": {"e": "5"}}, {"name": "x"}]});
    assert_eq!(bench.post("/bulk/files/update", wrong).await.code(), 90000);
    assert_eq!(bench.get(&format!("/files/{id}")).await.json["metadata"], json!({"d": "4"}));
}

#[tokio::test]
async fn a_hundred_items_are_the_most() {
    let bench = Bench::start().await;
    let ids = |count: usize| json!({"file_ids": vec!["x"; count]});
    assert_eq!(bench.post("/bulk/files/get", ids(100)).await.json["items"].as_array().unwrap().len(), 100);
    assert_eq!(bench.post("/bulk/files/get", ids(101)).await.code(), 90000);
    assert_eq!(bench.post("/bulk/files/get", ids(0)).await.code(), 90000);
    assert_eq!(bench.post("/bulk/files/get", json!({})).await.code(), 90000);
    assert_eq!(bench.post("/bulk/files/get", json!({"file_ids": "x"})).await.code(), 90000);
    assert_eq!(bench.post("/bulk/files/get", json!({"file_ids": ["x", 3]})).await.code(), 90000);
    assert_eq!(bench.post("/bulk/files/edit", json!({"items": [1]})).await.code(), 90000);
}

#[tokio::test]
async fn tasks_imports_and_exports_are_handled_in_bulk() {
    let bench = Bench::start().await;
    let file = bench.file("ACGT");
    let body = json!({"project": PROJECT, "app": "admin/sbg-public-data/line-count"});
    let task = bench.post("/tasks", body).await.text("id");
    let got = bench.post("/bulk/tasks/get", json!({"task_ids": [task, "x"]})).await;
    assert_eq!(codes(&got), [0, 7005]);
    bench.post("/storage/volumes", s3("patterns")).await;
    bench.emulator.put_object("bucket", "in/a.txt", "a").unwrap();
    let item = |volume: &str| -> Value {
        let source = json!({"volume": volume, "location": "a.txt"});
        json!({"source": source, "destination": {"project": PROJECT}, "overwrite": false})
    };
    let started = bench
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
    let started = bench.post("/bulk/storage/exports/create?copy_only=True", json!({"items": [item]})).await;
    let export = started.json["items"][0]["resource"]["id"].clone();
    bench.wait(10);
    let imports = bench.post("/bulk/storage/imports/get", json!({"import_ids": [import, "x"]})).await;
    assert_eq!(
        (codes(&imports), &imports.json["items"][0]["resource"]["state"]),
        (vec![0, 9008], &"COMPLETED".into())
    );
    let exports = bench.post("/bulk/storage/exports/get", json!({"export_ids": [export]})).await;
    assert_eq!(exports.json["items"][0]["resource"]["state"], "COMPLETED");
    assert_eq!(bench.emulator.object("bucket", "in/b.txt").unwrap(), b"ACGT");
}
