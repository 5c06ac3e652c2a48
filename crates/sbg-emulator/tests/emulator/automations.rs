//! Automations: their members, packages, uploads of code, and runs.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{TestEnv, header};

async fn env() -> TestEnv {
    TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10))).await
}

async fn automation(env: &TestEnv) -> String {
    env.post("/automation/automations", json!({"name": "Index", "secret_settings": {"key": "s"}}))
        .await
        .text("id")
}

/// Uploads code and creates a package from it.
async fn package(env: &TestEnv, automation: &str, version: &str) -> String {
    let begin = json!({"name": "code.zip", "size": 4, "automation_id": automation});
    let upload = env.post("/automation/upload", begin).await.text("upload_id");
    let path = format!("/automation/upload/{upload}");
    let url = env.get(&format!("{path}/part/1")).await.text("url");
    let part = env.http.put(url).body("code").send().await.unwrap();
    let etag = header(part.headers(), "etag").to_owned();
    let report = json!({"part_number": 1, "response": {"headers": {"ETag": etag}}});
    assert_eq!(env.post(&format!("{path}/part/"), report).await.status, 200);
    assert_eq!(env.get(&path).await.json["uploaded_parts_count"], 1);
    let file = env.post(&format!("{path}/complete"), json!({})).await;
    assert_eq!((file.text("name"), &file.json["size"]), ("code.zip".to_owned(), &4.into()));
    let body = json!({"version": version, "location": file.text("id"), "schema": {}, "python": "3.8"});
    env.post(&format!("/automation/automations/{automation}/packages"), body).await.text("id")
}

#[tokio::test]
async fn automation_is_created_edited_and_archived() {
    let env = env().await;
    let id = automation(&env).await;
    let path = format!("/automation/automations/{id}");
    assert_eq!(env.get(&path).await.json["secret_settings"], json!({"key": "s"}));
    let group = env.get("/billing/groups").await.column("id")[0].clone();
    let edit =
        json!({"description": "d", "billing_group": group, "memory_limit": 512, "project_based": true});
    let edited = env.patch(&path, edit).await;
    assert_eq!((edited.text("description"), &edited.json["memory_limit"]), ("d".to_owned(), &512.into()));
    assert_eq!(env.post(&format!("{path}/actions/archive"), json!({})).await.json["archived"], true);
    assert!(env.get("/automation/automations").await.column("id").is_empty());
    assert_eq!(env.get("/automation/automations?include_archived=True&name=IND").await.column("id"), [id]);
    assert_eq!(env.post(&format!("{path}/actions/restore"), json!({})).await.json["archived"], false);
    assert_eq!(env.get("/automation/automations?project_based=false").await.column("id").len(), 0);
    let code = async |body: Value| env.post("/automation/automations", body).await.code();
    assert_eq!(code(json!({})).await, 90000);
    assert_eq!(code(json!({"name": "x", "billing_group": "y"})).await, 4005);
    assert_eq!(code(json!({"name": "x", "memory_limit": 0})).await, 90000);
    assert_eq!(env.get("/automation/automations/none").await.status, 404);
}

#[tokio::test]
async fn automation_members_are_users_and_teams() {
    let mut env = env().await;
    let id = automation(&env).await;
    let members = format!("/automation/automations/{id}/members");
    let body = json!({"username": "fcrick", "permissions": {"read": true}});
    assert_eq!(env.post(&members, body.clone()).await.text("name"), "fcrick");
    assert_eq!(env.post(&members, body).await.status, 409);
    let team = env.get("/teams?division=kings-college").await.column("id")[0].clone();
    let body = json!({"id": team, "type": "team", "permissions": {"execute": true}});
    assert_eq!(env.post(&members, body).await.json["type"], "TEAM");
    assert_eq!(env.get(&members).await.column("id").len(), 3);
    let member = format!("{members}/fcrick");
    let edited = env.patch(&member, json!({"permissions": {"write": true}})).await;
    assert_eq!(edited.json["permissions"]["write"], true);
    assert_eq!(env.patch(&member, json!({"write": true})).await.code(), 3011);
    env.as_user("fcrick");
    let path = format!("/automation/automations/{id}");
    assert_eq!(env.get(&path).await.json["secret_settings"], Value::Null);
    assert_eq!(env.post(&format!("{path}/actions/archive"), json!({})).await.code(), 90002);
    env.as_user("rfranklin");
    assert_eq!(env.delete(&member).await.status, 204);
    assert_eq!(env.get(&member).await.status, 404);
    env.as_user("jwatson");
    assert_eq!(env.get(&path).await.code(), 90002);
}

#[tokio::test]
async fn uploaded_code_becomes_a_package() {
    let env = env().await;
    let id = automation(&env).await;
    let package = package(&env, &id, "1.0").await;
    let shown = env.get(&format!("/automation/packages/{package}")).await;
    assert_eq!((shown.text("version"), shown.text("python")), ("1.0".to_owned(), "3.8".to_owned()));
    let packages = format!("/automation/automations/{id}/packages");
    assert_eq!(env.get(&packages).await.column("id"), [package.as_str()]);
    let again = json!({"version": "1.0", "location": shown.text("location"), "schema": {}});
    assert_eq!(env.post(&packages, again).await.status, 409);
    assert_eq!(
        env.post(&packages, json!({"version": "2", "location": "x", "schema": {}})).await.code(),
        90000
    );
    let edit = json!({"custom_url": "http://example.org", "memory_limit": 5});
    assert_eq!(env.patch(&format!("/automation/packages/{package}"), edit).await.json["memory_limit"], 5);
    let put_away = env.post(&format!("{packages}/{package}/actions/archive"), json!({})).await;
    assert_eq!(put_away.json["archived"], true);
    assert_eq!(env.post("/automation/runs", json!({"package": package})).await.status, 409);
    env.post(&format!("{packages}/{package}/actions/restore"), json!({})).await;
    assert_eq!(env.post("/automation/runs", json!({"package": package})).await.status, 200);
    let empty = json!({"name": "c", "size": 0, "automation_id": id});
    assert_eq!(env.post("/automation/upload", empty).await.code(), 8013);
    assert!(env.get("/upload/multipart").await.column("upload_id").is_empty());
    let open = json!({"name": "c", "size": 9, "automation_id": id});
    let open = env.post("/automation/upload", open).await.text("upload_id");
    // Uploads of code and of files are not found under each other's paths.
    for path in ["", "/part/1"] {
        assert_eq!(env.get(&format!("/upload/multipart/{open}{path}")).await.code(), 8003);
    }
    assert_eq!(env.delete(&format!("/upload/multipart/{open}")).await.code(), 8003);
    let report = json!({"part_number": 1, "response": {"headers": {"ETag": "x"}}});
    assert_eq!(env.post(&format!("/upload/multipart/{open}/part"), report).await.code(), 8003);
    assert_eq!(env.post(&format!("/upload/multipart/{open}/complete"), json!({})).await.code(), 8003);
    assert_eq!(env.delete(&format!("/automation/upload/{open}")).await.status, 204);
}

#[tokio::test]
async fn run_changes_state_and_writes_a_log() {
    let env = env().await;
    let id = automation(&env).await;
    let package = package(&env, &id, "1.0").await;
    let body = json!({"package": package, "inputs": {"x": 1}, "settings": {"project_id": "rfranklin/demo"}, "name": "r"});
    let run = env.post("/automation/runs", body).await;
    assert_eq!(
        (run.text("status"), run.text("project_id")),
        ("CREATED".to_owned(), "rfranklin/demo".to_owned())
    );
    let path = format!("/automation/runs/{}", run.text("id"));
    for status in ["QUEUED_FOR_EXECUTION", "SENT_TO_EXECUTION", "RUNNING", "FINISHED"] {
        env.advance_clock(10);
        assert_eq!(env.get(&path).await.text("status"), status);
    }
    let done = env.get(&path).await;
    assert_eq!(done.json["outputs"], json!({"x": 1}));
    assert_eq!(done.json["automation"]["id"], id);
    let log = done.json["execution_details"]["log_file"]["id"].as_str().unwrap();
    let url = env.download_url(log).await;
    assert!(env.read(&url, None).await.unwrap().text().await.unwrap().contains("{\"x\":1}"));
    assert_eq!(env.get(&format!("{path}/state")).await.json["outputs"], json!({"x": 1}));
    assert_eq!(env.patch(&path, json!({"name": "renamed"})).await.text("name"), "renamed");
    assert_eq!(env.patch(&path, json!({"inputs": {}})).await.status, 409);
    let rerun = env.post(&format!("{path}/actions/rerun"), json!({"inputs": {"y": 2}, "merge": true})).await;
    assert_eq!(rerun.json["inputs"], json!({"x": 1, "y": 2}));
    let alone = env.post(&format!("{path}/actions/rerun"), json!({"inputs": {"y": 2}, "merge": false})).await;
    assert_eq!((&alone.json["inputs"], alone.text("status")), (&json!({"y": 2}), "CREATED".to_owned()));
}

#[tokio::test]
async fn runs_stop_fail_and_are_listed() {
    let env = env().await;
    let id = automation(&env).await;
    let package = package(&env, &id, "1.0").await;
    let start = async |name: &str, inputs: Value| {
        env.post("/automation/runs", json!({"package": package, "name": name, "inputs": inputs}))
            .await
            .text("id")
    };
    let stopped = start("b", json!({})).await;
    let path = format!("/automation/runs/{stopped}");
    assert_eq!(env.post(&format!("{path}/actions/stop"), json!({})).await.json, Value::Null);
    assert_eq!(env.get(&path).await.text("status"), "QUEUED_FOR_TERMINATION");
    start("a", json!({"mode": "fail: no luck"})).await;
    env.advance_clock(100);
    assert_eq!(env.get(&path).await.text("status"), "ABORTED");
    assert_eq!(env.post(&format!("{path}/actions/stop"), json!({})).await.status, 409);
    let names = async |query: &str| env.get(&format!("/automation/runs?{query}")).await.column("name");
    assert_eq!(names(&format!("automation_id={id}&package_id={package}")).await, ["b", "a"]);
    assert_eq!(names("order_by=name&order=asc").await, ["a", "b"]);
    assert_eq!(names("status=FAILED").await, ["a"]);
    assert_eq!(names("created_by=fcrick").await, [""; 0]);
    assert_eq!(names("created_from=2020-01-01T00:00:00Z&name=A").await, ["a"]);
    assert_eq!(env.get("/automation/runs?order_by=x").await.code(), 90000);
    assert_eq!(env.post("/automation/runs", json!({})).await.code(), 90000);
    assert_eq!(env.get("/automation/runs/none").await.status, 404);
}
