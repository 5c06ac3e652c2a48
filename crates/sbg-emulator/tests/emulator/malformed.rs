//! Invalid requests to every operation always get an error of the platform and never make the emulator fail.

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv, operations, send};

async fn env() -> TestEnv {
    let mut env = TestEnv::with(Emulator::builder().demo(true).rate_limit(1_000_000)).await;
    env.use_advance_access();
    env
}

/// An unsuccessful response has the format of an error and is not a server error.
fn check(what: &str, response: &ApiResponse) {
    let status = response.status.as_u16();
    assert!(status < 500, "{what}: {response:?}");
    if status >= 400 {
        assert_eq!(response.json["status"], status, "{what}");
        assert!(
            response.json["code"].is_u64() && response.json["message"].is_string(),
            "{what}: {response:?}"
        );
        assert!(response.json["more_info"].is_string(), "{what}");
    }
}

/// The path with `value` for each of its parameters.
fn fill(path: &str, value: &str) -> String {
    let steps = path.split('/').map(|step| if step.starts_with('{') { value } else { step });
    steps.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn malformed_ids_are_rejected_everywhere() {
    let env = env().await;
    for (method, template) in operations() {
        for value in
            ["%00", "..%2F..", "%F0%9F%A6%80", "a%20b", "-1", "99999999999999999999", "%25", "'\"%3C"]
        {
            let path = fill(&template, value);
            let response = send(env.request(method.clone(), &path).json(&json!({}))).await;
            check(&format!("{method} {path}"), &response);
            // No user has such a name, so the list is empty.
            if path.contains(value) && template != "/datasets/{owner}" && template != "/projects/{owner}" {
                assert_ne!(response.status, 200, "{method} {path}");
            }
        }
    }
}

/// Fills in the ids of the sample data.
async fn known(env: &TestEnv) -> impl Fn(&str) -> String + use<> {
    let first = async |path: &str| env.get(path).await.column("id").first().cloned().unwrap_or_default();
    let project = "rfranklin/fibre-diffraction";
    let ids = [
        ("{project_owner}/{project}", project.to_owned()),
        ("{volume_owner}/{volume_name}", "rfranklin/patterns".to_owned()),
        ("{owner}/{dataset}", "rfranklin/b-form".to_owned()),
        ("{owner}", "rfranklin".to_owned()),
        ("{app_short_name}", "line-count".to_owned()),
        ("{revision_number}", "0".to_owned()),
        ("{username}", "fcrick".to_owned()),
        ("{file_id}", first("/files?project=rfranklin/rna-pilot").await),
        ("{folder_id}", env.get("/projects/rfranklin/fibre-diffraction").await.text("root_folder")),
        ("{task_id}", first(&format!("/tasks?project={project}&status=DRAFT")).await),
        ("{billing_group}", first("/billing/groups").await),
        ("{invoice_id}", first("/billing/invoices").await),
        ("{import_id}", first("/storage/imports").await),
        ("{export_id}", first("/storage/exports").await),
        ("{team_id}", first("/teams?division=kings-college").await),
        ("{division}", "kings-college".to_owned()),
        ("{part_number}", "1".to_owned()),
    ];
    move |path| {
        let filled = ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        fill(&filled, "none")
    }
}

/// Bodies of the wrong type, and of the right type with wrong values.
fn bodies() -> Vec<Value> {
    let wrong: [Value; 8] = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}"),
        json!([[[[]]]]),
        json!({"type": {"a": []}, "path": 3, "class": "File", "criteria": 1, "response": "x"}),
    ];
    let names = [
        "name",
        "type",
        "project",
        "parent",
        "billing_group",
        "settings",
        "tags",
        "metadata",
        "permissions",
        "username",
        "email",
        "id",
        "inputs",
        "app",
        "batch",
        "batch_by",
        "batch_input",
        "execution_settings",
        "file",
        "file_ids",
        "task_ids",
        "import_ids",
        "export_ids",
        "items",
        "source",
        "destination",
        "service",
        "access_mode",
        "active",
        "size",
        "part_size",
        "parts",
        "part_number",
        "response",
        "query",
        "strategy",
        "version",
        "location",
        "schema",
        "package",
        "position",
        "chromosome",
        "division",
        "drs_uri",
        "python",
        "automation_id",
        "memory_limit",
        "overwrite",
        "properties",
        "conflict_resolution",
        "output_location",
    ];
    let mut bodies = wrong.to_vec();
    for value in &wrong {
        bodies.push(names.iter().map(|name| ((*name).to_owned(), value.clone())).collect());
        bodies.push(
            json!({"items": [value], "file_ids": [value], "parts": [value], "inputs": {"file": value}}),
        );
    }
    bodies.push(json!({"items": [{"source": {}, "destination": {}, "file": {}, "id": 1, "drs_uri": [], "metadata": 1}]}));
    bodies.push(json!({"source": {"volume": 1, "location": {}, "file": []}, "destination": {"project": "a", "volume": 2}}));
    bodies.push(
        json!({"name": "x", "service": {"type": "s3", "bucket": {}, "credentials": [], "properties": "x"}}),
    );
    bodies.push(
        json!({"name": "x".repeat(100_000), "project": "x/y", "type": "folder", "division": "kings-college"}),
    );
    bodies
}

#[tokio::test]
async fn unusual_bodies_get_a_valid_response() {
    let bodies = bodies();
    for (method, path) in operations() {
        if !matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            continue;
        }
        // A new emulator for each operation, because some of them succeed.
        let env = env().await;
        let path = (known(&env).await)(&path);
        for body in &bodies {
            let response = send(env.request(method.clone(), &path).json(body)).await;
            let body = body.to_string().chars().take(200).collect::<String>();
            check(&format!("{method} {path} {body}"), &response);
        }
    }
}

#[tokio::test]
async fn unusual_queries_get_a_valid_response() {
    let env = env().await;
    let known = known(&env).await;
    let names = [
        "limit",
        "offset",
        "fields",
        "project",
        "parent",
        "dataset",
        "token",
        "cont_token",
        "continuation_token",
        "status",
        "state",
        "order",
        "order_by",
        "created_from",
        "date_from",
        "date_to",
        "invoice_id",
        "role",
        "visibility",
        "batch",
        "action",
        "force",
        "copy_only",
        "prefix",
        "location",
        "_all",
        "include_archived",
        "q",
        "id",
        "file",
        "division",
        "billing_group",
        "list_parts",
        "overwrite",
    ];
    for (method, path) in operations() {
        if method == Method::DELETE {
            continue;
        }
        let path = known(&path);
        for value in ["", "%00", "-1", "18446744073709551616", "(((((", "!,!,.", "%F0%9F%A6%80", "true"] {
            let all = names.map(|name| format!("{name}={value}")).join("&");
            let mut queries = vec![all];
            // Also one by one, because the first refused property hides the others.
            if method == Method::GET && matches!(value, "-1" | "(((((") {
                queries.extend(names.map(|name| format!("{name}={value}")));
            }
            for query in queries {
                let response = send(env.request(method.clone(), &format!("{path}?{query}"))).await;
                check(&format!("{method} {path}?{query}"), &response);
            }
        }
    }
}

#[tokio::test]
async fn every_operation_but_the_index_needs_a_token() {
    let env = env().await;
    for (method, path) in operations() {
        let url = format!("{}{}", env.emulator.url(), fill(&path, "x"));
        let response = send(env.http.request(method.clone(), url)).await;
        if path == "/" {
            assert_eq!(response.status, 200);
        } else {
            assert_eq!((response.status.as_u16(), response.code()), (401, 90001), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn strangers_are_denied_by_every_operation() {
    let mut env = env().await;
    let known = known(&env).await;
    env.as_user("jwatson");
    let shared = ["/teams", "/divisions", "/users", "/datasets/rfranklin", "/projects/rfranklin"];
    for (method, path) in operations() {
        let filled = known(&path);
        if !path.contains('{') || filled.contains("none") || shared.contains(&filled.as_str()) {
            continue;
        }
        if path.starts_with("/divisions") || (path.starts_with("/teams") && method == Method::GET) {
            continue;
        }
        let response = send(env.request(method.clone(), &filled).json(&json!({"a": "b"}))).await;
        assert!(response.status == 403 || response.status == 400, "{method} {filled}: {response:?}");
    }
}
