//! Files and folders.

use serde_json::{Value, json};

use crate::Bench;

const PROJECT: &str = "rfranklin/demo";

async fn folder(bench: &Bench, parent: &str, name: &str) -> String {
    bench.post("/files", json!({"name": name, "type": "folder", "parent": parent})).await.text("id")
}

async fn root(bench: &Bench) -> String {
    bench.get("/projects/rfranklin/demo").await.text("root_folder")
}

#[tokio::test]
async fn a_file_shows_what_the_platform_knows_of_it() {
    let bench = Bench::start().await;
    let id = bench.file("ACGT");
    let file = bench.get(&format!("/files/{id}")).await.json;
    assert_eq!(file["name"], "reads.txt");
    assert_eq!(file["size"], 4);
    assert_eq!(file["type"], "file");
    assert_eq!(file["project"], PROJECT);
    assert_eq!(file["parent"], root(&bench).await);
    assert_eq!(file["storage"]["type"], "PLATFORM");
    assert_eq!((&file["origin"], &file["tags"], &file["metadata"]), (&json!({}), &json!([]), &json!({})));
}

#[tokio::test]
async fn a_list_shows_one_folder_and_needs_exactly_one_place() {
    let bench = Bench::start().await;
    bench.file("x");
    let inner = bench.emulator.create_file(PROJECT, "deep/er/inner.txt", "y");
    let list = async |query: &str| bench.get(&format!("/files?{query}")).await;
    assert_eq!(list("project=rfranklin/demo").await.column("name"), ["deep", "reads.txt"]);
    assert_eq!(list("project=rfranklin/demo").await.column("type"), ["folder", "file"]);
    let parent = bench.get(&format!("/files/{inner}")).await.text("parent");
    assert_eq!(list(&format!("parent={parent}")).await.column("id"), [inner.as_str()]);
    assert_eq!(list(&format!("parent={parent}&project=rfranklin/demo")).await.code(), 5031);
    assert_eq!(list("").await.code(), 5029);
    assert_eq!(list("project=demo").await.code(), 5005);
    assert_eq!(list("project=rfranklin/none").await.code(), 3002);
    assert_eq!(list("parent=000000000000000000000000").await.code(), 5002);
    assert_eq!(list(&format!("parent={inner}")).await.code(), 5022);
    assert_eq!(bench.get("/projects/rfranklin/demo/files").await.column("name"), ["deep", "reads.txt"]);
}

#[tokio::test]
async fn filters_join_values_with_or_and_keys_with_and() {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    for (name, sample, library, tag) in
        [("a", "S1", "L1", "t1"), ("b", "S2", "L1", "t2"), ("c", "S3", "L2", "t3")]
    {
        let id = bench.emulator.create_file(PROJECT, name, "x");
        let edit = json!({"metadata": {"sample_id": sample, "library_id": library}, "tags": [tag]});
        assert_eq!(bench.patch(&format!("/files/{id}"), edit).await.status, 200);
    }
    let names =
        async |query: &str| bench.get(&format!("/files?project={PROJECT}&{query}")).await.column("name");
    assert_eq!(names("name=a&name=c").await, ["a", "c"]);
    assert_eq!(names("tag=t1&tag=t2").await, ["a", "b"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.sample_id=S2").await, ["a", "b"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.library_id=L1").await, ["a"]);
    assert_eq!(names("metadata.sample_id=S1&metadata.library_id=L2").await, [""; 0]);
    assert_eq!(names("origin.task=none").await, [""; 0]);
    assert_eq!(names("name=A").await, [""; 0]);
}

#[tokio::test]
async fn a_file_is_renamed_tagged_and_described() {
    let bench = Bench::start().await;
    let id = bench.file("x");
    let path = format!("/files/{id}");
    let edited = bench.patch(&path, json!({"name": "b.txt", "tags": ["t"], "metadata": {"k": "v"}})).await;
    assert_eq!(edited.text("name"), "b.txt");
    assert_eq!(bench.get(&format!("/files?project={PROJECT}")).await.column("name"), ["b.txt"]);
    assert_eq!(bench.put(&format!("{path}/tags"), json!(["u", "v"])).await.json, json!(["u", "v"]));
    let metadata = format!("{path}/metadata");
    assert_eq!(bench.patch(&metadata, json!({"l": "w", "k": null})).await.json, json!({"l": "w"}));
    assert_eq!(bench.put(&metadata, json!({"m": "x"})).await.json, json!({"m": "x"}));
    assert_eq!(bench.get(&metadata).await.json, json!({"m": "x"}));
    assert_eq!(bench.put(&metadata, json!({"m": {}})).await.code(), 5006);
    assert_eq!(bench.put(&format!("{path}/tags"), json!("u")).await.code(), 90000);
    bench.emulator.create_file(PROJECT, "taken", "x");
    assert_eq!(bench.patch(&path, json!({"name": "taken"})).await.code(), 5003);
    assert_eq!(bench.patch(&path, json!({"name": "a/b"})).await.code(), 5024);
}

#[tokio::test]
async fn a_copy_shares_the_bytes_and_avoids_names_that_are_taken() {
    let bench = Bench::start().await;
    let id = bench.file("ACGT");
    let copy_path = format!("/files/{id}/actions/copy");
    let other = bench.emulator.create_project("other");
    let copy = bench.post(&copy_path, json!({"project": other, "name": "c"})).await;
    assert_eq!((copy.text("name"), copy.text("project")), ("c".to_owned(), other.clone()));
    assert_eq!(bench.post(&copy_path, json!({"project": PROJECT})).await.text("name"), "_1_reads.txt");
    assert_eq!(bench.post(&copy_path, json!({"project": PROJECT})).await.text("name"), "_2_reads.txt");
    assert_eq!(bench.post(&copy_path, json!({"project": other, "name": "c"})).await.code(), 5003);
    let folder = folder(&bench, &root(&bench).await, "f").await;
    assert_eq!(bench.post(&copy_path, json!({"parent": folder})).await.text("parent"), folder);
    assert_eq!(bench.post(&copy_path, json!({"parent": "0"})).await.code(), 5026);
    assert_eq!(bench.post(&copy_path, json!({"parent": id})).await.code(), 5022);
    assert_eq!(bench.post(&copy_path, json!({})).await.code(), 5029);
    bench.delete(&format!("/files/{id}")).await;
    let url = bench.download_url(&copy.text("id")).await;
    assert_eq!(bench.read(&url, None).await.unwrap().text().await.unwrap(), "ACGT");
}

#[tokio::test]
async fn many_files_are_copied_in_one_call() {
    let bench = Bench::start().await;
    let id = bench.file("ACGT");
    let other = bench.emulator.create_project("other");
    let body = json!({"project": other, "file_ids": [id, "none"]});
    let results = bench.post("/action/files/copy", body).await.json;
    assert_eq!(results[&id]["status"], "OK");
    assert_eq!(results[&id]["new_file_name"], "reads.txt");
    assert_eq!(results["none"]["status"], "ERROR");
}

#[tokio::test]
async fn a_file_moves_inside_its_project_only() {
    let bench = Bench::start().await;
    let id = bench.file("x");
    let path = format!("/files/{id}/actions/move");
    let folder_id = folder(&bench, &root(&bench).await, "f").await;
    let moved = bench.post(&path, json!({"parent": folder_id, "name": "n"})).await;
    assert_eq!((moved.text("parent"), moved.text("name")), (folder_id.clone(), "n".to_owned()));
    assert_eq!(bench.get(&format!("/files/{folder_id}/list")).await.column("id"), [id]);
    bench.emulator.create_project("other");
    let elsewhere = bench.get("/projects/rfranklin/other").await.text("root_folder");
    assert_eq!(bench.post(&path, json!({"parent": elsewhere})).await.code(), 5015);
    assert_eq!(bench.post(&path, json!({})).await.code(), 5033);
}

#[tokio::test]
async fn folders_are_created_listed_and_deleted_when_empty() {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    let made = bench.post("/files", json!({"name": "f", "type": "folder", "project": PROJECT})).await;
    assert_eq!(made.json["type"], "folder");
    let id = made.text("id");
    let file = bench.emulator.create_file(PROJECT, "f/a", "x");
    let list = bench.get(&format!("/files/{id}/list")).await;
    assert_eq!((list.column("id"), list.column("type")), (vec![file.clone()], vec!["file".to_owned()]));
    assert_eq!(bench.get(&format!("/files/{id}")).await.json["type"], "folder");
    assert_eq!(bench.delete(&format!("/files/{id}")).await.code(), 5021);
    assert_eq!(bench.delete(&format!("/files/{file}")).await.status, 204);
    assert_eq!(bench.delete(&format!("/files/{id}")).await.status, 204);
    assert_eq!(bench.get(&format!("/files/{id}")).await.code(), 5002);
    let root = root(&bench).await;
    assert_eq!(bench.delete(&format!("/files/{root}")).await.code(), 5001);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_folder_is_said() {
    let bench = Bench::start().await;
    bench.file("x");
    let code = async |body: Value| bench.post("/files", body).await.code();
    assert_eq!(code(json!({"type": "folder", "project": PROJECT})).await, 5024);
    assert_eq!(code(json!({"name": "__x", "type": "folder", "project": PROJECT})).await, 5024);
    assert_eq!(code(json!({"name": "x", "type": "file", "project": PROJECT})).await, 5012);
    assert_eq!(code(json!({"name": "x", "type": "folder"})).await, 5029);
    assert_eq!(code(json!({"name": "x", "type": "folder", "project": PROJECT, "parent": "1"})).await, 5031);
    assert_eq!(code(json!({"name": "reads.txt", "type": "folder", "project": PROJECT})).await, 5030);
}

#[tokio::test]
async fn actions_that_folders_do_not_have_are_refused_with_their_codes() {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    let id = folder(&bench, &root(&bench).await, "f").await;
    let path = format!("/files/{id}");
    assert_eq!(bench.get(&format!("{path}/download_info")).await.code(), 5017);
    assert_eq!(bench.post(&format!("{path}/actions/copy"), json!({"project": PROJECT})).await.code(), 5018);
    assert_eq!(bench.patch(&path, json!({"name": "g"})).await.code(), 5023);
    assert_eq!(bench.patch(&path, json!({"metadata": {"a": "b"}})).await.code(), 5025);
    assert_eq!(bench.patch(&format!("{path}/metadata"), json!({"a": "b"})).await.code(), 5025);
    assert_eq!(bench.put(&format!("{path}/tags"), json!(["a"])).await.code(), 5027);
    assert_eq!(bench.get(&format!("/files/{}/list", bench.file("x"))).await.code(), 5022);
}

#[tokio::test]
async fn each_action_on_a_file_needs_its_permission() {
    let mut bench = Bench::start().await;
    let id = bench.file("x");
    let path = format!("/files/{id}");
    bench.become_user("fcrick");
    assert_eq!(bench.get(&path).await.code(), 5001);
    bench.become_user("rfranklin");
    let members = "/projects/rfranklin/demo/members";
    bench.post(members, json!({"username": "fcrick", "permissions": {"read": true}})).await;
    bench.become_user("fcrick");
    assert_eq!(bench.get(&path).await.status, 200);
    assert_eq!(bench.get(&format!("{path}/download_info")).await.code(), 5001);
    assert_eq!(bench.post(&format!("{path}/actions/copy"), json!({"project": PROJECT})).await.code(), 5014);
    assert_eq!(bench.patch(&path, json!({"name": "y"})).await.code(), 5008);
    assert_eq!(bench.patch(&format!("{path}/metadata"), json!({"a": "b"})).await.code(), 5009);
    assert_eq!(bench.put(&format!("{path}/tags"), json!([])).await.code(), 5011);
    assert_eq!(bench.delete(&path).await.code(), 5001);
}
