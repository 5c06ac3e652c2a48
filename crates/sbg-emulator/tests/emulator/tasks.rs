//! Tasks.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv};

const LINE_COUNT: &str = "admin/sbg-public-data/line-count";

/// An emulator whose tasks change their state on request, a project, and a file in it.
async fn env() -> (TestEnv, String) {
    let env = TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    let file = env.file("a\nb\nc\n");
    (env, file)
}

fn file(id: &str) -> Value {
    json!({"class": "File", "path": id})
}

fn line_count(id: &str) -> Value {
    json!({"project": "rfranklin/demo", "app": LINE_COUNT, "name": "count", "inputs": {"file": file(id)}})
}

async fn task(env: &TestEnv, body: Value) -> ApiResponse {
    let response = env.post("/tasks", body).await;
    assert_eq!(response.status, 200, "{response:?}");
    response
}

async fn finished(env: &TestEnv, body: Value) -> ApiResponse {
    let id = env.post("/tasks?action=run", body).await.text("id");
    env.advance_clock(20);
    env.get(&format!("/tasks/{id}")).await
}

#[tokio::test]
async fn task_completes_and_creates_files() {
    let (env, input) = env().await;
    let draft = task(&env, line_count(&input)).await;
    assert_eq!((draft.text("status"), draft.text("app")), ("DRAFT".to_owned(), format!("{LINE_COUNT}/0")));
    assert_eq!(draft.json["inputs"]["file"], json!({"class": "File", "path": input, "name": "reads.txt"}));
    assert_eq!(draft.json["outputs"], json!({"count": null, "report": null}));
    let path = format!("/tasks/{}", draft.text("id"));
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.text("status"), "QUEUED");
    env.advance_clock(10);
    assert_eq!(env.get(&path).await.text("status"), "RUNNING");
    env.advance_clock(10);
    let done = env.get(&path).await;
    assert_eq!(done.text("status"), "COMPLETED");
    assert_eq!(done.json["outputs"]["count"], 3);
    let report = done.json["outputs"]["report"]["path"].as_str().unwrap();
    assert_eq!(env.emulator.file_content(report).unwrap(), b"3 reads.txt\n");
    assert_eq!(env.get(&format!("/files/{report}")).await.json["origin"]["task"], done.json["id"]);
    let listed = format!("/files?project=rfranklin/demo&origin.task={}", done.text("id"));
    assert_eq!(env.get(&listed).await.column("id"), [report]);
    assert_eq!(done.json["execution_status"]["running_duration"], 10_000);
    assert!(done.json["price"]["amount"].as_str().unwrap().parse::<f64>().unwrap() > 0.0);
}

#[tokio::test]
async fn predefined_programs_run() {
    let (env, one) = env().await;
    let two = env.emulator.create_file("rfranklin/demo", "more.txt", "d\n");
    let body = json!({
        "project": "rfranklin/demo", "app": "admin/sbg-public-data/concatenate",
        "inputs": {"files": [file(&one), file(&two)]},
    });
    let joined = finished(&env, body).await;
    let id = joined.json["outputs"]["file"]["path"].as_str().unwrap().to_owned();
    assert_eq!(env.emulator.file_content(&id).unwrap(), b"a\nb\nc\nd\n");
    let body = json!({
        "project": "rfranklin/demo", "app": "admin/sbg-public-data/checksum",
        "inputs": {"file": file(&two), "algorithm": "md5"},
    });
    assert_eq!(finished(&env, body).await.json["outputs"]["digest"], "e29311f6f1bf1af907f9ef9f44b8328b");
}

#[tokio::test]
async fn app_without_program_completes_with_no_output() {
    let (env, _) = env().await;
    let app = json!({
        "class": "Workflow", "cwlVersion": "v1.2", "steps": [], "inputs": {"n": "int"},
        "outputs": {"out": {"type": "File", "outputSource": "x"}},
    });
    env.post("/apps/rfranklin/demo/mine/raw", app).await;
    let body = json!({"project": "rfranklin/demo", "app": "rfranklin/demo/mine", "inputs": {"n": 1}});
    let done = finished(&env, body).await;
    assert_eq!((done.text("status"), &done.json["outputs"]), ("COMPLETED".to_owned(), &json!({"out": null})));
}

#[tokio::test]
async fn invalid_inputs_keep_a_task_in_draft() {
    let (env, input) = env().await;
    let draft =
        task(&env, json!({"project": "rfranklin/demo", "app": LINE_COUNT, "inputs": {"odd": 1}})).await;
    assert_eq!(
        (&draft.json["errors"][0]["code"], &draft.json["errors"][0]["input"]),
        (&7012.into(), &"file".into())
    );
    assert_eq!(draft.json["warnings"][0]["input"], "odd");
    let path = format!("/tasks/{}", draft.text("id"));
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.code(), 7012);
    let wrong = env.patch(&format!("{path}/inputs"), json!({"file": "reads.txt"})).await;
    assert_eq!(wrong.json["file"], "reads.txt");
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.code(), 7024);
    let missing = env.patch(&path, json!({"inputs": {"file": file("0"), "odd": null}})).await;
    assert_eq!((&missing.json["errors"][0]["code"], &missing.json["warnings"]), (&7024.into(), &json!([])));
    let right = env.patch(&path, json!({"inputs": {"file": file(&input)}})).await;
    assert_eq!(right.json["errors"], json!([]));
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.status, 200);
    let stays = env.post("/tasks?action=run", json!({"project": "rfranklin/demo", "app": LINE_COUNT})).await;
    assert_eq!(
        (stays.text("status"), stays.json["errors"].as_array().unwrap().len()),
        ("DRAFT".to_owned(), 1)
    );
}

#[tokio::test]
async fn invalid_task_is_rejected() {
    let (env, _) = env().await;
    let code = async |query: &str, body: Value| env.post(&format!("/tasks{query}"), body).await.code();
    let (project, app) = ("rfranklin/demo", LINE_COUNT);
    assert_eq!(code("", json!({"app": app})).await, 3006);
    assert_eq!(code("", json!({"project": "demo", "app": app})).await, 3012);
    assert_eq!(code("", json!({"project": "rfranklin/none", "app": app})).await, 3002);
    assert_eq!(code("", json!({"project": project})).await, 7015);
    assert_eq!(code("", json!({"project": project, "app": "x"})).await, 6011);
    assert_eq!(code("", json!({"project": project, "app": format!("{app}/9")})).await, 6002);
    assert_eq!(code("?action=stop", json!({"project": project, "app": app})).await, 7013);
    assert_eq!(code("?action=", json!({"project": project, "app": app})).await, 7014);
    assert_eq!(code("", json!({"project": project, "app": app, "inputs": 3})).await, 90000);
    let settings = json!({"max_parallel_instances": 0});
    assert_eq!(
        code("", json!({"project": project, "app": app, "execution_settings": settings})).await,
        90000
    );
    env.post("/apps/rfranklin/demo/text/raw", json!({"no": "cwl"})).await;
    assert_eq!(code("", json!({"project": project, "app": "rfranklin/demo/text"})).await, 7017);
}

#[tokio::test]
async fn task_actions_depend_on_state() {
    let (env, input) = env().await;
    let id = env.post("/tasks?action=run", line_count(&input)).await.text("id");
    let path = format!("/tasks/{id}");
    assert_eq!(env.post(&format!("{path}/actions/run"), json!({})).await.code(), 7010);
    assert_eq!(env.patch(&path, json!({"description": "late"})).await.code(), 7026);
    assert_eq!(env.patch(&path, json!({"name": "renamed"})).await.text("name"), "renamed");
    assert_eq!(env.patch(&format!("{path}/inputs"), json!({})).await.code(), 7007);
    assert_eq!(env.delete(&path).await.code(), 7013);
    assert_eq!(env.post(&format!("{path}/actions/abort"), json!({})).await.text("status"), "ABORTING");
    assert_eq!(env.post(&format!("{path}/actions/abort"), json!({})).await.code(), 7011);
    assert_eq!(env.get("/tasks?status=ABORTING").await.column("id"), [id.as_str()]);
    assert_eq!(env.delete(&path).await.code(), 7013);
    env.advance_clock(60);
    assert_eq!(env.get(&path).await.text("status"), "ABORTED");
    assert_eq!(env.delete(&path).await.status, 204);
    assert_eq!(env.get(&path).await.code(), 7002);
    assert_eq!(env.get("/tasks/1").await.code(), 7005);
    let draft = task(&env, line_count(&input)).await.text("id");
    assert_eq!(env.post(&format!("/tasks/{draft}/actions/abort"), json!({})).await.code(), 7011);
    assert_eq!(env.post(&format!("/tasks/{draft}/actions/run?batch=false"), json!({})).await.code(), 7022);
}

#[tokio::test]
async fn tasks_fail_on_request() {
    let (env, input) = env().await;
    let failed = async |body: Value| {
        let task = finished(&env, body).await;
        assert_eq!(task.text("status"), "FAILED");
        task.json["execution_status"]["message"].as_str().unwrap().to_owned()
    };
    let checksum = |algorithm: &str| {
        let inputs = json!({"file": file(&input), "algorithm": algorithm});
        json!({"project": "rfranklin/demo", "app": "admin/sbg-public-data/checksum", "inputs": inputs})
    };
    assert!(failed(checksum("crc")).await.contains("crc"));
    assert_eq!(failed(checksum("fail: out of memory")).await, "out of memory");
    env.emulator.fail_next_tasks(1);
    failed(checksum("md5")).await;
    assert_eq!(finished(&env, checksum("md5")).await.text("status"), "COMPLETED");
    env.put(&format!("/files/{input}/tags"), json!(["fail"])).await;
    failed(line_count(&input)).await;
}

#[tokio::test]
async fn clone_is_a_draft_with_the_same_inputs() {
    let (env, input) = env().await;
    let done = finished(&env, line_count(&input)).await;
    let path = format!("/tasks/{}/actions/clone", done.text("id"));
    let clone = env.post(&path, json!({})).await;
    assert_eq!((clone.text("status"), &clone.json["inputs"]), ("DRAFT".to_owned(), &done.json["inputs"]));
    assert_ne!(clone.text("id"), done.text("id"));
    assert_eq!(env.post(&format!("{path}?action=run"), json!({})).await.text("status"), "QUEUED");
}

#[tokio::test]
async fn execution_details_link_to_logs() {
    let (env, input) = env().await;
    let done = finished(&env, line_count(&input)).await;
    let details = env.get(&format!("/tasks/{}/execution_details", done.text("id"))).await;
    assert_eq!(
        (details.text("status"), details.text("message")),
        ("COMPLETED".to_owned(), "Completed.".to_owned())
    );
    let job = &details.json["jobs"][0];
    assert_eq!(job["command_line"], "line-count reads.txt");
    let log = env.get(job["logs"]["cmd.log"].as_str().unwrap()).await.text("url");
    assert_eq!(env.read(&log, None).await.unwrap().text().await.unwrap(), "line-count reads.txt\n");
}

#[tokio::test]
async fn tasks_are_filtered_and_sorted() {
    let (env, input) = env().await;
    for name in ["b", "a", "c"] {
        let mut body = line_count(&input);
        body["name"] = name.into();
        task(&env, body).await;
        env.advance_clock(60);
    }
    let names = async |query: &str| env.get(&format!("/tasks?{query}")).await.column("name");
    assert_eq!(names("").await, ["b", "a", "c"]);
    assert_eq!(names("order=desc").await, ["b", "a", "c"]);
    assert_eq!(names("order_by=created_time&order=desc").await, ["c", "a", "b"]);
    assert_eq!(names("order_by=name").await, ["a", "b", "c"]);
    assert_eq!(names("project=rfranklin/demo&status=DRAFT&limit=1").await, ["b"]);
    assert_eq!(names("status=completed").await, [""; 0]);
    let created = env.get("/tasks?fields=created_time").await.json["items"][1]["created_time"].clone();
    assert_eq!(names(&format!("created_from={}", created.as_str().unwrap())).await, ["a", "c"]);
    assert_eq!(names("created_to=2020-01-01").await, [""; 0]);
    assert_eq!(names("created_from=2020-01-01T00:00:00&batch=False").await.len(), 3);
    assert_eq!(env.get("/projects/rfranklin/demo/tasks").await.column("name").len(), 3);
    let code = async |query: &str| env.get(&format!("/tasks?{query}")).await.code();
    assert_eq!(code("status=LOST").await, 7006);
    assert_eq!(code("order_by=price").await, 90000);
    assert_eq!(code("order=up").await, 90000);
    assert_eq!(code("created_from=yesterday").await, 90000);
    assert_eq!(code("parent=1").await, 7005);
}

#[tokio::test]
async fn running_needs_execute_permission() {
    let (mut env, input) = env().await;
    let id = task(&env, line_count(&input)).await.text("id");
    let members = "/projects/rfranklin/demo/members";
    env.post(members, json!({"username": "fcrick", "permissions": {"copy": true}})).await;
    env.as_user("fcrick");
    assert_eq!(env.get(&format!("/tasks/{id}")).await.status, 200);
    assert_eq!(env.post(&format!("/tasks/{id}/actions/run"), json!({})).await.code(), 7001);
    assert_eq!(env.post("/tasks", line_count(&input)).await.code(), 3001);
    env.as_user("jwatson");
    assert_eq!(env.get(&format!("/tasks/{id}")).await.code(), 7001);
    assert!(env.get("/tasks").await.column("id").is_empty());
}

#[tokio::test]
async fn tasks_appear_in_billing() {
    let (env, input) = env().await;
    let done = finished(&env, line_count(&input)).await;
    env.advance_clock(1);
    let group = env.get("/billing/groups").await.column("id")[0].clone();
    let page = env.get(&format!("/billing/groups/{group}/breakdown/analysis?date_from=01-01-2020")).await;
    let line = &page.json["items"][0];
    assert_eq!((&line["analysis_id"], &line["analysis_status"]), (&done.json["id"], &"COMPLETED".into()));
    assert_eq!(line["analysis_cost"]["amount"], done.json["price"]["amount"]);
}

#[tokio::test]
async fn outputs_go_to_the_configured_location() {
    const REPORT: &str = "reads.txt.line-count.txt";
    let (env, input) = env().await;
    env.post(
        "/storage/volumes",
        json!({
            "name": "results", "access_mode": "RW",
            "service": {"type": "s3", "bucket": "bucket", "prefix": "in",
                "credentials": {"access_key_id": "AKIA", "secret_access_key": "secret"}},
        }),
    )
    .await;
    let run = async |location: Value| {
        let mut body = line_count(&input);
        body["output_location"] = location;
        finished(&env, body).await
    };
    let path = async |task: &ApiResponse| {
        let mut names = Vec::new();
        let mut file =
            env.get(&format!("/files/{}", task.json["outputs"]["report"]["path"].as_str().unwrap())).await;
        while let Some(parent) = file.json["parent"].as_str().map(str::to_owned) {
            names.insert(0, file.text("name"));
            file = env.get(&format!("/files/{parent}")).await;
        }
        names.join("/")
    };
    let task = run(json!({"main_location": "/runs/<task_name>/<task_id>"})).await;
    assert_eq!(path(&task).await, format!("runs/count/{}/{REPORT}", task.text("id")));
    let nodes = json!({"report": {"output_location": "/own"}});
    let task = run(json!({"main_location": "/all", "nodes_override": true, "nodes_location": nodes})).await;
    assert_eq!(path(&task).await, format!("own/{REPORT}"));
    let task = run(json!({"main_location": "/all", "nodes_override": false, "nodes_location": nodes})).await;
    assert_eq!(path(&task).await, format!("all/{REPORT}"));
    let task = run(json!({"main_location": "volumes://results/runs", "main_location_alias": "/there"})).await;
    assert_eq!(path(&task).await, format!("there/{REPORT}"));
    assert_eq!(env.emulator.object("bucket", &format!("in/runs/{REPORT}")).unwrap(), b"3 reads.txt\n");
    let file = env.get(&format!("/files/{}", task.json["outputs"]["report"]["path"].as_str().unwrap())).await;
    assert_eq!(file.json["storage"]["location"], format!("runs/{REPORT}"));

    for wrong in ["volumes://unknown/runs", "/reads.txt/runs"] {
        let task = run(json!({"main_location": wrong})).await;
        assert_eq!(task.text("status"), "FAILED", "{wrong}");
    }
}
