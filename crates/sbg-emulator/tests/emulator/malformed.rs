//! What no client should send, to every operation: always an error of the platform, never a failure of the emulator.

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{Answer, Bench, operations, send};

async fn bench() -> Bench {
    let mut bench = Bench::with(Emulator::builder().demo(true).rate_limit(1_000_000)).await;
    bench.use_advance_access();
    bench
}

/// An answer that is no success has the form of an error, and no answer blames the emulator.
fn check(what: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    assert!(status < 500, "{what}: {answer:?}");
    if status >= 400 {
        assert_eq!(answer.json["status"], status, "{what}");
        assert!(answer.json["code"].is_u64() && answer.json["message"].is_string(), "{what}: {answer:?}");
        assert!(answer.json["more_info"].is_string(), "{what}");
    }
}

/// The path with something in place of its parameters.
fn fill(path: &str, value: &str) -> String {
    let steps = path.split('/').map(|step| if step.starts_with('{') { value } else { step });
    steps.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn odd_ids_are_refused_everywhere() {
    let bench = bench().await;
    for (method, template) in operations() {
        for value in
            ["%00", "..%2F..", "%F0%9F%A6%80", "a%20b", "-1", "99999999999999999999", "%25", "'\"%3C"]
        {
            let path = fill(&template, value);
            let answer = send(bench.request(method.clone(), &path).json(&json!({}))).await;
            check(&format!("{method} {path}"), &answer);
            // Nobody owns anything by such a name, which is an empty list.
            if path.contains(value) && template != "/datasets/{owner}" && template != "/projects/{owner}" {
                assert_ne!(answer.status, 200, "{method} {path}");
            }
        }
    }
}

/// The ids of the demo world in the places where they belong.
async fn known(bench: &Bench) -> impl Fn(&str) -> String + use<> {
    let first = async |path: &str| bench.get(path).await.column("id").first().cloned().unwrap_or_default();
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
        ("{folder_id}", bench.get("/projects/rfranklin/fibre-diffraction").await.text("root_folder")),
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

/// Bodies of the wrong shape, and of the right shape with wrong values.
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
async fn odd_bodies_are_answered_everywhere() {
    let bodies = bodies();
    for (method, path) in operations() {
        if !matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            continue;
        }
        // A world of its own for each operation, because some of them succeed.
        let bench = bench().await;
        let path = (known(&bench).await)(&path);
        for body in &bodies {
            let answer = send(bench.request(method.clone(), &path).json(body)).await;
            let body = body.to_string().chars().take(200).collect::<String>();
            check(&format!("{method} {path} {body}"), &answer);
        }
    }
}

#[tokio::test]
async fn odd_queries_are_answered_everywhere() {
    let bench = bench().await;
    let known = known(&bench).await;
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
            // One by one as well, because the first that is refused hides the others.
            if method == Method::GET && matches!(value, "-1" | "(((((") {
                queries.extend(names.map(|name| format!("{name}={value}")));
            }
            for query in queries {
                let answer = send(bench.request(method.clone(), &format!("{path}?{query}"))).await;
                check(&format!("{method} {path}?{query}"), &answer);
            }
        }
    }
}

#[tokio::test]
async fn every_operation_but_the_index_needs_a_token() {
    let bench = bench().await;
    for (method, path) in operations() {
        let url = format!("{}{}", bench.emulator.url(), fill(&path, "x"));
        let answer = send(bench.http.request(method.clone(), url)).await;
        if path == "/" {
            assert_eq!(answer.status, 200);
        } else {
            assert_eq!((answer.status.as_u16(), answer.code()), (401, 90001), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn strangers_are_refused_by_every_operation_on_what_is_not_theirs() {
    let mut bench = bench().await;
    let known = known(&bench).await;
    bench.become_user("jwatson");
    let shared = ["/teams", "/divisions", "/users", "/datasets/rfranklin", "/projects/rfranklin"];
    for (method, path) in operations() {
        let filled = known(&path);
        if !path.contains('{') || filled.contains("none") || shared.contains(&filled.as_str()) {
            continue;
        }
        if path.starts_with("/divisions") || (path.starts_with("/teams") && method == Method::GET) {
            continue;
        }
        let answer = send(bench.request(method.clone(), &filled).json(&json!({"a": "b"}))).await;
        assert!(answer.status == 403 || answer.status == 400, "{method} {filled}: {answer:?}");
    }
}
