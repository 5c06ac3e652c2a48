//! Imports from volumes and exports to them.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv, volumes::s3};

const VOLUME: &str = "rfranklin/patterns";
const PROJECT: &str = "rfranklin/demo";

async fn env() -> TestEnv {
    let env = TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    env.emulator.create_project("demo");
    for key in ["in/a.txt", "in/set/1.txt", "in/set/deep/2.txt"] {
        env.emulator.put_object("bucket", key, key.to_owned()).unwrap();
    }
    env.post("/storage/volumes", s3("patterns")).await;
    env
}

fn import(location: &str) -> Value {
    json!({"source": {"volume": VOLUME, "location": location}, "destination": {"project": PROJECT}})
}

fn export(file: &str, location: &str) -> Value {
    json!({"source": {"file": file}, "destination": {"volume": VOLUME, "location": location}})
}

async fn finished(env: &TestEnv, kind: &str, body: Value) -> ApiResponse {
    let id = env.post(&format!("/storage/{kind}"), body).await.text("id");
    env.advance_clock(20);
    env.get(&format!("/storage/{}/{id}", kind.split('?').next().unwrap())).await
}

fn failure(job: &ApiResponse) -> &Value {
    assert_eq!(job.text("state"), "FAILED", "{job:?}");
    &job.json["error"]["code"]
}

#[tokio::test]
async fn import_creates_an_alias() {
    let env = env().await;
    let started = env.post("/storage/imports", import("a.txt")).await;
    assert_eq!(started.text("state"), "PENDING");
    let path = format!("/storage/imports/{}", started.text("id"));
    env.advance_clock(10);
    assert_eq!(env.get(&path).await.text("state"), "RUNNING");
    env.advance_clock(10);
    let done = env.get(&path).await;
    assert_eq!(done.text("state"), "COMPLETED");
    let file = &done.json["result"];
    assert_eq!(file["storage"], json!({"type": "VOLUME", "volume": VOLUME, "location": "a.txt"}));
    let url = env.download_url(file["id"].as_str().unwrap()).await;
    assert_eq!(env.read(&url, None).await.unwrap().text().await.unwrap(), "in/a.txt");
    assert_eq!(
        env.get("/storage/imports?state=COMPLETED&volume=rfranklin/patterns").await.column("id").len(),
        1
    );
    assert_eq!(env.get("/storage/imports?project=rfranklin/none").await.column("id").len(), 0);
    assert_eq!(env.get("/storage/imports?state=LOST").await.code(), 9011);
    assert_eq!(env.get("/storage/imports?state=LOST&state=FAILED").await.code(), 9011);
    let all = env.get("/storage/imports").await.column("id");
    let listed = env.get("/storage/imports?state=COMPLETED&state=FAILED&state=PENDING&state=RUNNING").await;
    assert_eq!(listed.column("id"), all);
    let completed = env.get("/storage/imports?state=COMPLETED&state=PENDING").await.column("id");
    assert_eq!(completed, env.get("/storage/imports?state=COMPLETED").await.column("id"));
}

#[tokio::test]
async fn import_resolves_name_conflicts() {
    let env = env().await;
    let old = env.emulator.create_file(PROJECT, "a.txt", "old");
    assert_eq!(failure(&finished(&env, "imports", import("a.txt")).await), 9108);
    let with = |key: &str| {
        let mut body = import("a.txt");
        body[key] = true.into();
        body
    };
    let renamed = finished(&env, "imports", with("autorename")).await;
    assert_eq!(renamed.json["result"]["name"], "_1_a.txt");
    let replaced = finished(&env, "imports", with("overwrite")).await;
    assert_eq!(replaced.json["result"]["name"], "a.txt");
    assert_eq!(env.get(&format!("/files/{old}")).await.code(), 5002);
    assert_eq!(failure(&finished(&env, "imports", import("none.txt")).await), 9105);
}

#[tokio::test]
async fn folder_import_keeps_or_flattens_structure() {
    let env = env().await;
    let tree = finished(&env, "imports", import("set/")).await;
    let folder = tree.json["result"]["id"].as_str().unwrap();
    assert_eq!(env.get(&format!("/files/{folder}/list")).await.column("name"), ["1.txt", "deep"]);
    let mut flat = import("set");
    flat["preserve_folder_structure"] = false.into();
    flat["destination"]["name"] = "flat".into();
    let flat = finished(&env, "imports", flat).await;
    let folder = flat.json["result"]["id"].as_str().unwrap();
    assert_eq!(env.get(&format!("/files/{folder}/list")).await.column("name"), ["1.txt", "2.txt"]);
}

#[tokio::test]
async fn export_writes_bytes_and_leaves_an_alias() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "out.txt", "ACGT");
    let kept = finished(&env, "exports?copy_only=true", export(&file, "kept.txt")).await;
    assert_eq!(kept.text("state"), "COMPLETED");
    assert_eq!(env.emulator.object("bucket", "in/kept.txt").unwrap(), b"ACGT");
    assert_eq!(env.get(&format!("/files/{file}")).await.json["storage"]["type"], "PLATFORM");
    let done = finished(&env, "exports", export(&file, "deep/out.txt")).await;
    assert_eq!(
        (done.text("state"), &done.json["properties"]["sse_algorithm"]),
        ("COMPLETED".to_owned(), &"AES256".into())
    );
    assert_eq!(env.emulator.object("bucket", "in/deep/out.txt").unwrap(), b"ACGT");
    let storage = env.get(&format!("/files/{file}")).await.json["storage"].clone();
    assert_eq!(storage, json!({"type": "VOLUME", "volume": VOLUME, "location": "deep/out.txt"}));
    assert_eq!(env.post("/storage/exports", export(&file, "again.txt")).await.code(), 9006);
    let other = env.emulator.create_file(PROJECT, "other.txt", "T");
    assert_eq!(failure(&finished(&env, "exports", export(&other, "kept.txt")).await), 9107);
    let mut over = export(&other, "kept.txt");
    over["overwrite"] = true.into();
    assert_eq!(finished(&env, "exports", over).await.text("state"), "COMPLETED");
    assert_eq!(env.emulator.object("bucket", "in/kept.txt").unwrap(), b"T");
    assert_eq!(
        env.get("/storage/exports").await.column("state"),
        ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED"]
    );
}

#[tokio::test]
async fn invalid_import_or_export_is_rejected() {
    let env = env().await;
    let file = env.file("x");
    let code = async |kind: &str, body: Value| env.post(&format!("/storage/{kind}"), body).await.code();
    assert_eq!(code("imports", json!({})).await, 9011);
    assert_eq!(code("imports", json!({"source": {"volume": VOLUME}, "destination": {}})).await, 9011);
    let from = json!({"volume": "rfranklin/none", "location": "a"});
    assert_eq!(code("imports", json!({"source": from, "destination": {"project": PROJECT}})).await, 9007);
    let from = json!({"volume": VOLUME, "location": "a"});
    assert_eq!(
        code("imports", json!({"source": from, "destination": {"project": "rfranklin/none"}})).await,
        9012
    );
    assert_eq!(code("imports", json!({"source": from, "destination": {}})).await, 5029);
    assert_eq!(code("exports", export("none", "x")).await, 9009);
    assert_eq!(code("exports", export(&file, "x/")).await, 9072);
    assert_eq!(code("exports", export(&file, "../x")).await, 9011);
    let mut wrong = export(&file, "x");
    wrong["properties"] = json!({"aws_canned_acl": "mine"});
    assert_eq!(code("exports", wrong).await, 9022);
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    assert_eq!(code("exports", export(&root, "x")).await, 9006);
    env.patch("/storage/volumes/rfranklin/patterns", json!({"access_mode": "RO"})).await;
    assert_eq!(code("exports", export(&file, "x")).await, 9026);
    assert_eq!(env.get("/storage/imports/none").await.code(), 9008);
}

#[tokio::test]
async fn jobs_are_private_and_need_permissions() {
    let mut env = env().await;
    let id = env.post("/storage/imports", import("a.txt")).await.text("id");
    let members = "/storage/volumes/rfranklin/patterns/members";
    env.post(members, json!({"username": "fcrick", "permissions": {"copy": true}})).await;
    env.as_user("fcrick");
    assert_eq!(env.get(&format!("/storage/imports/{id}")).await.code(), 9005);
    assert_eq!(env.post("/storage/imports", import("a.txt")).await.code(), 9003);
    env.as_user("jwatson");
    assert_eq!(env.post("/storage/imports", import("a.txt")).await.code(), 9020);
}

#[tokio::test]
async fn inactive_volume_ends_its_jobs_and_files() {
    let env = env().await;
    let done = finished(&env, "imports", import("a.txt")).await;
    let file = done.json["result"]["id"].as_str().unwrap().to_owned();
    let open = env.post("/storage/imports", import("set")).await.text("id");
    let volume = "/storage/volumes/rfranklin/patterns";
    assert_eq!(env.patch(volume, json!({"active": false})).await.status, 409);
    assert_eq!(env.patch(&format!("{volume}?force=true"), json!({"active": false})).await.status, 200);
    assert_eq!(failure(&env.get(&format!("/storage/imports/{open}")).await), 9069);
    assert_eq!(env.get(&format!("/files/{file}/download_info")).await.code(), 5034);
    assert_eq!(env.post("/storage/imports", import("a.txt")).await.code(), 9069);
    assert_eq!(env.delete(volume).await.status, 409);
    env.delete(&format!("/files/{file}")).await;
    assert_eq!(env.delete(volume).await.status, 204);
}

/// The state of an import of `set` into a project that already has the files `present`, and the files of the project after it.
async fn import_over(present: &[&str], options: Value) -> (String, Vec<String>) {
    let env = env().await;
    for path in present {
        env.emulator.create_file(PROJECT, path, "old");
    }
    let mut body = import("set");
    body.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let done = finished(&env, "imports", body).await;
    let mut names = Vec::new();
    let mut folders = vec![(String::new(), env.get("/projects/rfranklin/demo").await.text("root_folder"))];
    while let Some((path, id)) = folders.pop() {
        for item in env.get(&format!("/files/{id}/list")).await.json["items"].as_array().unwrap() {
            let (name, id) = (item["name"].as_str().unwrap(), item["id"].as_str().unwrap());
            if item["type"] == "folder" {
                folders.push((format!("{path}{name}/"), id.to_owned()));
            } else {
                let old = env.emulator.file_content(id).unwrap() == b"old";
                names.push(format!("{path}{name}{}", if old { " (old)" } else { "" }));
            }
        }
    }
    names.sort();
    (done.text("state"), names)
}

#[tokio::test]
async fn folder_is_merged_into_a_folder() {
    let present = ["set/1.txt", "set/other.txt"];
    let check = async |options: Value, expected: &[&str]| {
        let (state, names) = import_over(&present, options).await;
        assert_eq!(
            (state.as_str(), names.iter().map(String::as_str).collect::<Vec<_>>()),
            ("COMPLETED", expected.to_vec())
        );
    };
    check(json!({}), &["set/1.txt (old)", "set/deep/2.txt", "set/other.txt (old)"]).await;
    check(json!({"overwrite": true}), &["set/1.txt", "set/deep/2.txt", "set/other.txt (old)"]).await;
    check(
        json!({"autorename": true}),
        &["set/1.txt (old)", "set/_1_1.txt", "set/deep/2.txt", "set/other.txt (old)"],
    )
    .await;
}

#[tokio::test]
async fn file_is_not_imported_over_a_folder() {
    let (state, names) = import_over(&["set/1.txt/x"], json!({"overwrite": true})).await;
    assert_eq!(
        (state.as_str(), names),
        ("COMPLETED", vec!["set/1.txt/x (old)".to_owned(), "set/deep/2.txt".to_owned()])
    );
    let (state, names) = import_over(&["set"], json!({"overwrite": true})).await;
    assert_eq!((state.as_str(), names), ("FAILED", vec!["set (old)".to_owned()]));
    let (state, names) = import_over(&["set"], json!({"autorename": true})).await;
    assert_eq!(state, "COMPLETED");
    assert_eq!(names, ["_1_set/1.txt", "_1_set/deep/2.txt", "set (old)"]);
}
