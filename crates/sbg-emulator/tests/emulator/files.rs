//! Files and folders.

use serde_json::{Value, json};

use crate::TestEnv;

const PROJECT: &str = "rfranklin/demo";

async fn folder(env: &TestEnv, parent: &str, name: &str) -> String {
    env.post("/files", json!({"name": name, "type": "folder", "parent": parent})).await.text("id")
}

async fn root(env: &TestEnv) -> String {
    env.get("/projects/rfranklin/demo").await.text("root_folder")
}

#[tokio::test]
async fn file_details_are_complete() {
    let env = TestEnv::start().await;
    let id = env.file("ACGT");
    let file = env.get(&format!("/files/{id}")).await.json;
    assert_eq!(file["name"], "reads.txt");
    assert_eq!(file["size"], 4);
    assert_eq!(file["type"], "file");
    assert_eq!(file["project"], PROJECT);
    assert_eq!(file["parent"], root(&env).await);
    assert_eq!(file["storage"]["type"], "PLATFORM");
    assert_eq!((&file["origin"], &file["tags"], &file["metadata"]), (&json!({}), &json!([]), &json!({})));
}

#[tokio::test]
async fn file_list_needs_one_project_or_folder() {
    let env = TestEnv::start().await;
    env.file("x");
    let inner = env.emulator.create_file(PROJECT, "deep/er/inner.txt", "y");
    let list = async |query: &str| env.get(&format!("/files?{query}")).await;
    assert_eq!(list("project=rfranklin/demo").await.column("name"), ["deep", "reads.txt"]);
    assert_eq!(list("project=rfranklin/demo").await.column("type"), ["folder", "file"]);
    let parent = env.get(&format!("/files/{inner}")).await.text("parent");
    assert_eq!(list(&format!("parent={parent}")).await.column("id"), [inner.as_str()]);
    assert_eq!(list(&format!("parent={parent}&project=rfranklin/demo")).await.code(), 5031);
    assert_eq!(list("").await.code(), 5029);
    assert_eq!(list("project=demo").await.code(), 5005);
    assert_eq!(list("project=rfranklin/none").await.code(), 3002);
    assert_eq!(list("parent=000000000000000000000000").await.code(), 5002);
    assert_eq!(list(&format!("parent={inner}")).await.code(), 5022);
    assert_eq!(env.get("/projects/rfranklin/demo/files").await.column("name"), ["deep", "reads.txt"]);
}

#[tokio::test]
async fn filters_match_any_value_and_every_key() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    for (name, sample, library, tag) in
        [("a", "S1", "L1", "t1"), ("b", "S2", "L1", "t2"), ("c", "S3", "L2", "t3")]
    {
        let id = env.emulator.create_file(PROJECT, name, "x");
        let edit = json!({"metadata": {"sample_id": sample, "library_id": library}, "tags": [tag]});
        assert_eq!(env.patch(&format!("/files/{id}"), edit).await.status, 200);
    }
    let names =
        async |query: &str| env.get(&format!("/files?project={PROJECT}&{query}")).await.column("name");
    assert_eq!(names("name=a&name=c").await, ["a", "c"]);
    assert_eq!(names("tag=t1&tag=t2").await, ["a", "b"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.sample_id=S2").await, ["a", "b"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.library_id=L1").await, ["a"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.library_id=L2").await, [""; 0]);
    assert_eq!(names("origin.task=none").await, [""; 0]);
    assert_eq!(names("name=A").await, [""; 0]);
}

#[tokio::test]
async fn file_is_renamed_tagged_and_described() {
    let env = TestEnv::start().await;
    let id = env.file("x");
    let path = format!("/files/{id}");
    let edited = env.patch(&path, json!({"name": "b.txt", "tags": ["t"], "metadata": {"k": "v"}})).await;
    assert_eq!(edited.text("name"), "b.txt");
    assert_eq!(env.get(&format!("/files?project={PROJECT}")).await.column("name"), ["b.txt"]);
    assert_eq!(env.put(&format!("{path}/tags"), json!(["u", "v"])).await.json, json!(["u", "v"]));
    let metadata = format!("{path}/metadata");
    assert_eq!(env.patch(&metadata, json!({"l": "w", "k": null})).await.json, json!({"l": "w"}));
    assert_eq!(env.put(&metadata, json!({"m": "x"})).await.json, json!({"m": "x"}));
    assert_eq!(env.get(&metadata).await.json, json!({"m": "x"}));
    assert_eq!(env.put(&metadata, json!({"m": {}})).await.code(), 5006);
    assert_eq!(env.put(&format!("{path}/tags"), json!("u")).await.code(), 90000);
    env.emulator.create_file(PROJECT, "taken", "x");
    assert_eq!(env.patch(&path, json!({"name": "taken"})).await.code(), 5003);
    assert_eq!(env.patch(&path, json!({"name": "a/b"})).await.code(), 5024);
}

#[tokio::test]
async fn copy_shares_content_and_avoids_name_conflicts() {
    let env = TestEnv::start().await;
    let id = env.file("ACGT");
    let copy_path = format!("/files/{id}/actions/copy");
    let other = env.emulator.create_project("other");
    let copy = env.post(&copy_path, json!({"project": other, "name": "c"})).await;
    assert_eq!((copy.text("name"), copy.text("project")), ("c".to_owned(), other.clone()));
    assert_eq!(env.post(&copy_path, json!({"project": PROJECT})).await.text("name"), "_1_reads.txt");
    assert_eq!(env.post(&copy_path, json!({"project": PROJECT})).await.text("name"), "_2_reads.txt");
    assert_eq!(env.post(&copy_path, json!({"project": other, "name": "c"})).await.code(), 5003);
    let folder = folder(&env, &root(&env).await, "f").await;
    assert_eq!(env.post(&copy_path, json!({"parent": folder})).await.text("parent"), folder);
    assert_eq!(env.post(&copy_path, json!({"parent": "0"})).await.code(), 5026);
    assert_eq!(env.post(&copy_path, json!({"parent": id})).await.code(), 5022);
    assert_eq!(env.post(&copy_path, json!({})).await.code(), 5029);
    env.delete(&format!("/files/{id}")).await;
    let url = env.download_url(&copy.text("id")).await;
    assert_eq!(env.read(&url, None).await.unwrap().text().await.unwrap(), "ACGT");
}

#[tokio::test]
async fn many_files_are_copied_in_one_call() {
    let env = TestEnv::start().await;
    let id = env.file("ACGT");
    let other = env.emulator.create_project("other");
    let body = json!({"project": other, "file_ids": [id, "none"]});
    let results = env.post("/action/files/copy", body).await.json;
    assert_eq!(results[&id]["status"], "OK");
    assert_eq!(results[&id]["new_file_name"], "reads.txt");
    assert_eq!(results["none"]["status"], "ERROR");
}

#[tokio::test]
async fn file_moves_only_within_its_project() {
    let env = TestEnv::start().await;
    let id = env.file("x");
    let path = format!("/files/{id}/actions/move");
    let folder_id = folder(&env, &root(&env).await, "f").await;
    let moved = env.post(&path, json!({"parent": folder_id, "name": "n"})).await;
    assert_eq!((moved.text("parent"), moved.text("name")), (folder_id.clone(), "n".to_owned()));
    assert_eq!(env.get(&format!("/files/{folder_id}/list")).await.column("id"), [id]);
    env.emulator.create_project("other");
    let elsewhere = env.get("/projects/rfranklin/other").await.text("root_folder");
    assert_eq!(env.post(&path, json!({"parent": elsewhere})).await.code(), 5015);
    assert_eq!(env.post(&path, json!({})).await.code(), 5033);
}

#[tokio::test]
async fn only_empty_folders_are_deleted() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let made = env.post("/files", json!({"name": "f", "type": "folder", "project": PROJECT})).await;
    assert_eq!(made.json["type"], "folder");
    let id = made.text("id");
    let file = env.emulator.create_file(PROJECT, "f/a", "x");
    let list = env.get(&format!("/files/{id}/list")).await;
    assert_eq!((list.column("id"), list.column("type")), (vec![file.clone()], vec!["file".to_owned()]));
    assert_eq!(env.get(&format!("/files/{id}")).await.json["type"], "folder");
    assert_eq!(env.delete(&format!("/files/{id}")).await.code(), 5021);
    assert_eq!(env.delete(&format!("/files/{file}")).await.status, 204);
    assert_eq!(env.delete(&format!("/files/{id}")).await.status, 204);
    assert_eq!(env.get(&format!("/files/{id}")).await.code(), 5002);
    let root = root(&env).await;
    assert_eq!(env.delete(&format!("/files/{root}")).await.code(), 5001);
}

#[tokio::test]
async fn invalid_folder_is_rejected() {
    let env = TestEnv::start().await;
    env.file("x");
    let code = async |body: Value| env.post("/files", body).await.code();
    assert_eq!(code(json!({"type": "folder", "project": PROJECT})).await, 5024);
    assert_eq!(code(json!({"name": "__x", "type": "folder", "project": PROJECT})).await, 5024);
    assert_eq!(code(json!({"name": "x", "type": "file", "project": PROJECT})).await, 5012);
    assert_eq!(code(json!({"name": "x", "type": "folder"})).await, 5029);
    assert_eq!(code(json!({"name": "x", "type": "folder", "project": PROJECT, "parent": "1"})).await, 5031);
    assert_eq!(code(json!({"name": "reads.txt", "type": "folder", "project": PROJECT})).await, 5030);
}

#[tokio::test]
async fn file_actions_are_refused_on_folders() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let id = folder(&env, &root(&env).await, "f").await;
    let path = format!("/files/{id}");
    assert_eq!(env.get(&format!("{path}/download_info")).await.code(), 5017);
    assert_eq!(env.post(&format!("{path}/actions/copy"), json!({"project": PROJECT})).await.code(), 5018);
    assert_eq!(env.patch(&path, json!({"name": "g"})).await.code(), 5023);
    assert_eq!(env.patch(&path, json!({"metadata": {"a": "b"}})).await.code(), 5025);
    assert_eq!(env.patch(&format!("{path}/metadata"), json!({"a": "b"})).await.code(), 5025);
    assert_eq!(env.put(&format!("{path}/tags"), json!(["a"])).await.code(), 5027);
    assert_eq!(env.get(&format!("/files/{}/list", env.file("x"))).await.code(), 5022);
}

#[tokio::test]
async fn each_file_action_needs_its_permission() {
    let mut env = TestEnv::start().await;
    let id = env.file("x");
    let path = format!("/files/{id}");
    env.as_user("fcrick");
    assert_eq!(env.get(&path).await.code(), 5001);
    env.as_user("rfranklin");
    let members = "/projects/rfranklin/demo/members";
    env.post(members, json!({"username": "fcrick", "permissions": {"read": true}})).await;
    env.as_user("fcrick");
    assert_eq!(env.get(&path).await.status, 200);
    assert_eq!(env.get(&format!("{path}/download_info")).await.code(), 5001);
    assert_eq!(env.post(&format!("{path}/actions/copy"), json!({"project": PROJECT})).await.code(), 5014);
    assert_eq!(env.patch(&path, json!({"name": "y"})).await.code(), 5008);
    assert_eq!(env.patch(&format!("{path}/metadata"), json!({"a": "b"})).await.code(), 5009);
    assert_eq!(env.put(&format!("{path}/tags"), json!([])).await.code(), 5011);
    assert_eq!(env.delete(&path).await.code(), 5001);
}
