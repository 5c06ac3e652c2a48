//! Jobs that copy, move and delete files and folders in the background.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{Answer, Bench};

const PROJECT: &str = "rfranklin/demo";

/// A folder `f` with `1.txt` and a folder `deep` with `2.txt`; returns the ids of the folder and of the first file.
async fn bench() -> (Bench, String, String) {
    let bench = Bench::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    bench.emulator.create_project("demo");
    let file = bench.emulator.create_file(PROJECT, "f/1.txt", "one");
    bench.emulator.create_file(PROJECT, "f/deep/2.txt", "two");
    let folder = bench.get(&format!("/files/{file}")).await.text("parent");
    (bench, folder, file)
}

async fn finished(bench: &Bench, kind: &str, items: Value) -> Answer {
    let begun = bench.post(&format!("/async/files/{kind}"), json!({"items": items})).await;
    assert_eq!(begun.text("state"), "SUBMITTED", "{begun:?}");
    assert!(begun.json.get("result").is_none());
    bench.wait(30);
    bench.get(begun.json["href"].as_str().unwrap()).await
}

async fn names(bench: &Bench, folder: &str) -> Vec<String> {
    bench.get(&format!("/files/{folder}/list")).await.column("name")
}

#[tokio::test]
async fn a_job_walks_through_its_states_and_copies_a_tree() {
    let (bench, folder, _) = bench().await;
    let other = bench.emulator.create_project("other");
    let items = json!([{"file": folder, "project": other}, {"file": "none", "project": other}]);
    let job = bench.post("/async/files/copy", json!({"items": items})).await;
    let path = format!("/async/files/copy/{}", job.text("id"));
    for (state, total) in [("RESOLVING", 0), ("RUNNING", 2), ("FINISHED", 2)] {
        bench.wait(10);
        let job = bench.get(&path).await;
        assert_eq!((job.text("state"), &job.json["total_files"]), (state.to_owned(), &total.into()));
    }
    let job = bench.get(&path).await;
    assert_eq!((&job.json["completed_files"], &job.json["failed_files"]), (&2.into(), &1.into()));
    assert_eq!(job.json["result"][1]["error"]["code"], 5002);
    let copy = job.json["result"][0]["resource"]["id"].as_str().unwrap();
    assert_eq!(names(&bench, copy).await, ["1.txt", "deep"]);
    assert_eq!(names(&bench, &folder).await, ["1.txt", "deep"]);
    assert_eq!(bench.get("/async/files").await.column("type"), ["COPY"]);
    assert_eq!(bench.get(&path.replace("copy", "move")).await.code(), 57039);
}

#[tokio::test]
async fn a_move_keeps_the_ids_of_files_and_not_those_of_folders() {
    let (bench, folder, file) = bench().await;
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let to = bench.post("/files", json!({"name": "to", "type": "folder", "parent": root})).await.text("id");
    let job =
        finished(&bench, "move", json!([{"file": folder, "parent": to, "project": "", "name": "g"}])).await;
    let moved = job.json["result"][0]["resource"].clone();
    assert_eq!(moved["name"], "g");
    assert_ne!(moved["id"], folder);
    assert_eq!(bench.get(&format!("/files/{file}")).await.json["parent"], moved["id"]);
    assert_eq!(names(&bench, &root).await, ["to"]);
}

#[tokio::test]
async fn a_deletion_takes_what_is_in_a_folder_along() {
    let (bench, folder, file) = bench().await;
    let job = finished(&bench, "delete", json!([{"file": folder}])).await;
    assert_eq!(
        (&job.json["completed_files"], &job.json["result"][0]["resource"]["id"]),
        (&2.into(), &folder.into())
    );
    assert_eq!(bench.get(&format!("/files/{file}")).await.code(), 5002);
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let job = finished(&bench, "delete", json!([{"file": root}])).await;
    assert_eq!(job.json["result"][0]["error"]["code"], 5001);
}

#[tokio::test]
async fn what_cannot_be_done_to_a_folder_has_its_code() {
    let (bench, folder, file) = bench().await;
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let deep = bench.get(&format!("/files/{folder}/list")).await.column("id")[1].clone();
    let other = bench.emulator.create_project("other");
    let code = async |kind: &str, item: Value| {
        finished(&bench, kind, json!([item])).await.json["result"][0]["error"]["code"].clone()
    };
    assert_eq!(code("copy", json!({"file": root, "project": other})).await, 57020);
    assert_eq!(code("copy", json!({"file": folder, "parent": deep})).await, 57010);
    assert_eq!(code("copy", json!({"file": folder, "parent": root})).await, 57009);
    assert_eq!(code("move", json!({"file": root, "project": other})).await, 57022);
    assert_eq!(code("move", json!({"file": folder, "parent": folder})).await, 57012);
    assert_eq!(code("move", json!({"file": folder, "project": PROJECT})).await, 57011);
    assert_eq!(code("copy", json!({"file": file, "parent": folder, "name": "deep"})).await, 5003);
    assert_eq!(code("copy", json!({"file": file, "parent": "none"})).await, 5026);
}

#[tokio::test]
async fn requests_that_make_no_job_are_refused() {
    let (mut bench, folder, file) = bench().await;
    let code = async |bench: &Bench, kind: &str, items: Value| {
        bench.post(&format!("/async/files/{kind}"), json!({"items": items})).await.code()
    };
    assert_eq!(code(&bench, "copy", json!([])).await, 57038);
    assert_eq!(code(&bench, "copy", json!(null)).await, 57038);
    assert_eq!(code(&bench, "copy", json!([1])).await, 57023);
    assert_eq!(code(&bench, "copy", json!([{"project": PROJECT}])).await, 57002);
    assert_eq!(code(&bench, "copy", json!([{"file": file}])).await, 57003);
    assert_eq!(
        code(&bench, "copy", json!([{"file": file, "project": PROJECT, "parent": folder}])).await,
        5031
    );
    let twice = json!({"file": file, "parent": folder});
    assert_eq!(code(&bench, "copy", json!([twice, twice])).await, 57005);
    assert_eq!(code(&bench, "delete", json!([{"file": file}, {"file": file}])).await, 57008);
    assert_eq!(code(&bench, "delete", json!(vec![json!({"file": "x"}); 101])).await, 90000);
    let job = bench.post("/async/files/delete", json!({"items": [{"file": file}]})).await.text("id");
    bench.become_user("fcrick");
    assert_eq!(bench.get(&format!("/async/files/delete/{job}")).await.code(), 57431);
    assert_eq!(
        finished(&bench, "delete", json!([{"file": folder}])).await.json["result"][0]["error"]["code"],
        5001
    );
}
