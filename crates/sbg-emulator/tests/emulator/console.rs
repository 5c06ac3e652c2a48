//! The console: its page over plain HTTP, and the JSON that it shows.

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{TestEnv, header};

fn root(env: &TestEnv) -> String {
    env.emulator.url().strip_suffix("/v2").expect("the base").to_owned()
}

async fn state(env: &TestEnv, after: u64) -> Value {
    let url = format!("{}/_emulator/state?after={after}", root(env));
    let response = env.http.get(url).header("X-Emulator-Control", "1").send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn page_loads_only_its_own_resources() {
    let env = TestEnv::with(Emulator::builder().token("chosen-token")).await;
    let response = env.http.get(root(&env)).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), header(response.headers(), "content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = header(response.headers(), "content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    assert!(page.contains(env.emulator.url()) && page.contains("<code>chosen-token</code>"), "{page}");
    assert!(!page.contains("//cdn") && !page.contains("{{"), "{page}");
    for (path, kind) in
        [("/console.js", "text/javascript; charset=utf-8"), ("/console.css", "text/css; charset=utf-8")]
    {
        assert!(page.contains(&format!("\"{path}\"")), "{path}");
        let resource = env.http.get(format!("{}{path}", root(&env))).send().await.unwrap();
        assert_eq!((resource.status().as_u16(), header(resource.headers(), "content-type")), (200, kind));
    }
    assert!(env.emulator.requests().is_empty(), "the console is not part of the platform");
}

#[tokio::test]
async fn random_token_is_not_shown() {
    let env = TestEnv::start().await;
    let page = env.http.get(root(&env)).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains(&env.emulator.token()), "{page}");
}

#[tokio::test]
async fn page_is_refused_to_other_hosts() {
    let env = TestEnv::with(Emulator::builder().token("chosen-token")).await;
    let request = env.http.get(root(&env)).header("Host", "rebound.example.org");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(!response.text().await.unwrap().contains("chosen-token"));
    let posted = env.http.post(root(&env)).body("x").send().await.unwrap();
    assert_eq!((posted.status().as_u16(), header(posted.headers(), "allow")), (405, "GET"));
}

#[tokio::test]
async fn console_can_be_switched_off() {
    let env = TestEnv::with(Emulator::builder().console(false)).await;
    for path in ["/", "/console.js"] {
        assert_eq!(env.http.get(format!("{}{path}", root(&env))).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn state_has_everything_that_is_shown() {
    let env = TestEnv::with(Emulator::builder().record(false)).await;
    let id = env.file("ACGT");
    env.emulator.create_file("rfranklin/demo", "deep/more.txt", "ACGTACGT");
    env.post("/upload/multipart", json!({"project": "rfranklin/demo", "name": "u", "size": 9_000_000})).await;
    let task =
        json!({"project": "rfranklin/demo", "app": "admin/sbg-public-data/checksum", "name": "digest"});
    let task = env.post("/tasks", task).await.text("id");
    env.get("/files/none").await;
    env.emulator.faults().add("storage:get:500".parse().unwrap());
    let state = state(&env, 0).await;
    let platform = &state["platform"];
    let project = json!({"id": "rfranklin/demo", "files": 2, "folders": 1, "bytes": 12});
    assert_eq!(platform["projects"], json!({"total": 1, "items": [project]}));
    assert_eq!(
        (&platform["files"]["total"], platform["files"]["items"].as_array().unwrap().len()),
        (&json!(2), 2)
    );
    assert!(platform["files"]["items"].as_array().unwrap().iter().any(|file| file["id"] == id.as_str()));
    assert_eq!(platform["tasks"]["items"][0]["id"], task.as_str());
    assert_eq!(platform["tasks"]["items"][0]["status"], "DRAFT");
    assert_eq!(platform["uploads"]["items"][0]["parts"], "0 of 1");
    assert_eq!(state["faults"][0]["rule"], "storage:get:500");
    let requests = state["requests"].as_array().unwrap();
    let lines: Vec<_> =
        requests.iter().map(|request| (&request["method"], &request["path"], &request["status"])).collect();
    assert_eq!(
        lines,
        [
            (&json!("POST"), &json!("/v2/upload/multipart"), &json!(200)),
            (&json!("POST"), &json!("/v2/tasks"), &json!(200)),
            (&json!("GET"), &json!("/v2/files/none"), &json!(404)),
        ]
    );
    assert!(requests[0]["milliseconds"].as_f64().unwrap() >= 0.0 && requests[0]["number"] == 1);
}

#[tokio::test]
async fn page_can_change_faults_and_clock() {
    let env = TestEnv::start().await;
    let root = root(&env);
    let call = async |method: Method, path: &str, body: &'static str| {
        let request = env.http.request(method, format!("{root}/_emulator{path}"));
        // Browsers send this with requests that change something.
        let request = request.header("X-Emulator-Control", "1").header("Origin", &root);
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(call(Method::POST, "/faults", "api:maintenance").await, 201);
    assert_eq!(env.get("/user").await.code(), 0);
    assert_eq!(call(Method::DELETE, "/faults/1", "").await, 200);
    assert_eq!(call(Method::POST, "/clock", "3600").await, 200);
    let first = state(&env, 0).await;
    assert!(first["clock"]["ahead_seconds"].as_f64().unwrap() >= 3600.0);
    let latest = first["requests"][0]["number"].as_u64().unwrap();
    assert_eq!(state(&env, latest).await["requests"], json!([]), "only later ones are sent again");
}

#[tokio::test]
async fn reference_is_served_at_docs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.html");
    let env = TestEnv::with(Emulator::builder().docs(&file)).await;
    let get = async || env.http.get(format!("{}/docs", root(&env))).send().await.unwrap();
    let missing = get().await;
    assert_eq!(missing.status(), 500);
    assert!(missing.text().await.unwrap().contains("cannot read"));

    std::fs::write(&file, "<title>Reference</title>").unwrap();
    let response = get().await;
    let policy = header(response.headers(), "content-security-policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert_eq!(response.text().await.unwrap(), "<title>Reference</title>");
}

#[tokio::test]
async fn docs_without_a_file_name_the_command() {
    let env = TestEnv::with(Emulator::builder()).await;
    let page = env.http.get(format!("{}/docs", root(&env))).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("cargo xtask docs"), "{page}");
}
