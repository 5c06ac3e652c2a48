//! Traffic with known problems, and traffic without problems.

use serde_json::{Value, json};

use sbg_drift::{Drift, Format, Options, decode, operations};

/// The problems as text, and the counts.
struct Checked {
    problems: Vec<String>,
    counts: String,
}

/// The committed document.
fn document() -> Value {
    serde_json::from_str(include_str!("../../../openapi/sbg.openapi.json")).unwrap()
}

/// The bundle for other languages, which lists statuses and has the error as the default.
fn portable() -> Value {
    serde_json::from_str(include_str!("../../../openapi/sbg.portable.openapi.json")).unwrap()
}

/// Checks lines against the committed document and the generated types.
fn checked(lines: &[Value]) -> Checked {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    report(&lines.join("\n"))
}

fn report(text: &str) -> Checked {
    report_against(&document(), text)
}

fn report_against(document: &Value, text: &str) -> Checked {
    let drift = Drift::new(document, Options::default()).unwrap();
    let mut problems = Vec::new();
    let mut found = |problem: &sbg_drift::Problem| problems.push(problem.to_string());
    let report = drift.check(text.as_bytes(), Format::guess(text.as_bytes()), &decode, &mut found).unwrap();
    Checked { problems, counts: report.to_string() }
}

#[expect(clippy::needless_pass_by_value, reason = "the values are written out where it is called")]
fn get(path: &str, query: Value, response: Value) -> Value {
    json!({"method": "GET", "path": path, "query": query, "status": 200, "response": response})
}

#[test]
fn described_traffic_passes() {
    let report = checked(&[
        get(
            "/user",
            json!([]),
            json!({"href": "https://api.sbgenomics.com/v2/users/rfranklin", "username": "rfranklin"}),
        ),
        get(
            "/files",
            json!([
                ["project", "rfranklin/demo"],
                ["metadata.sample_id", "S1"],
                ["metadata.sample_id", "S2"],
                ["tag", "a"],
                ["tag", "b"],
                ["limit", "10"],
                ["offset", "0"]
            ]),
            json!({"items": [{"id": "567890abc9b0307bc0414164", "type": "FOLDER", "storage": null}]}),
        ),
        get("/files/scroll", json!([["project", "rfranklin/demo"], ["token", "init"]]), json!({"items": []})),
        json!({
            "method": "POST", "path": "/projects", "query": [], "status": 201,
            "request": {"name": "Demo", "settings": {"locked": false}},
            "response": {"id": "rfranklin/demo", "name": "Demo", "settings": {"location": null}},
        }),
        json!({"method": "DELETE", "path": "/files/567890abc9b0307bc0414164", "query": [], "status": 204}),
        json!({"method": "DELETE", "path": "/files/567890abc9b0307bc0414165", "query": [], "status": 200, "response": ""}),
        json!({
            "method": "GET", "path": "/files/none", "query": [], "status": 404,
            "response": {"status": 404, "code": 5002, "message": "Requested file does not exist.", "more_info": "http://docs.sevenbridges.com"},
        }),
        json!({
            "method": "POST", "path": "/apps/rfranklin/demo/angle/0/raw", "query": [], "status": 201,
            "response": {"class": "CommandLineTool"},
        }),
        json!({"method": "GET", "path": "", "query": [], "status": 200, "response": {}}),
        json!({
            "method": "POST", "path": "/apps/rfranklin/demo/angle/raw", "query": [], "status": 201,
            "request": "class: CommandLineTool\n", "response": {"class": "CommandLineTool"},
        }),
        // Clients send these when a call needs no body.
        json!({"method": "POST", "path": "/automation/runs/a/actions/stop", "query": [], "status": 204, "request": {}}),
        json!({"method": "POST", "path": "/automation/runs/a/actions/stop", "query": [], "status": 204, "request": null}),
    ]);
    assert_eq!(report.problems, [""; 0]);
    assert_eq!(report.counts, "12 exchanges, 0 failed, 0 notices");
}

#[test]
fn each_violation_is_reported_with_its_line() {
    let file = json!({"id": "567890abc9b0307bc0414164"});
    let report = checked(&[
        json!("not an exchange"),
        json!({"method": "GET", "status": 200}),
        json!({"method": "GET", "path": "/paintings", "query": [], "status": 200}),
        json!({"method": "PUT", "path": "/user", "query": [], "status": 200}),
        get(
            "/files/567890abc9b0307bc0414164",
            json!([["colour", "red"], ["fields", "id"], ["fields", "name"]]),
            file.clone(),
        ),
        get("/files", json!([["metadata.", "x"], ["limit", "many"]]), json!({"items": []})),
        get(
            "/upload/multipart/abc/part/first",
            json!([]),
            json!({"url": "https://storage/1", "method": "PUT"}),
        ),
        json!({"method": "POST", "path": "/projects", "query": [], "status": 201, "request": {"tags": [1]}, "response": {"id": "a/b"}}),
        json!({"method": "POST", "path": "/projects", "query": [], "status": 201, "response": {"id": "a/b"}}),
        json!({"method": "DELETE", "path": "/projects/a/b", "query": [], "status": 204, "request": {"all": true}}),
        get("/projects/a/b", json!([]), json!({"name": "no id", "settings": {"locked": "yes"}})),
        json!({"method": "GET", "path": "/projects/a/b", "query": [], "status": 200}),
        json!({"method": "GET", "path": "/projects/a/b", "query": [], "status": 302}),
        json!({"method": "GET", "path": "/projects/a/b", "query": [], "status": 404, "response": {"code": []}}),
        get(
            "/files/567890abc9b0307bc0414164",
            json!([]),
            json!({"id": "567890abc9b0307bc0414164", "size": 1.0}),
        ),
    ]);
    let expected = [
        "1: malformed: this line is not an exchange: invalid type: string \"not an exchange\", expected struct Line at line 1 column 17",
        "2: malformed: this line is not an exchange: missing field `path` at line 1 column 29",
        "3: no-operation: the specification has no `GET /paintings`",
        "4: no-operation: the specification has no `PUT /user`, but GET",
        "5: query: file_get: the parameter `colour` is not declared",
        "5: query: file_get: the parameter `fields` is not a list and was sent 2 times",
        "6: query: file_list: the parameter `limit`: \"many\" is not of type \"integer\"",
        "6: query: file_list: the parameter `metadata.` is not declared",
        "7: path: upload_part_url: the parameter `part_number`: \"first\" is not of type \"integer\"",
        "8: request: project_create: the value: \"name\" is a required property",
        "8: notice: project_create: scalar: /tags/0: 1 stands for a text",
        "9: request: project_create: the request body is required and was not sent",
        "10: request: project_delete: unexpected request body: the specification has none",
        "11: response: project_get: /settings/locked: \"yes\" is not of type \"boolean\"",
        "11: response: project_get: the value: \"id\" is a required property",
        "11: decode: project_get: invalid type: string \"yes\", expected a boolean",
        "12: notice: project_get: no-body: the recording has no response body",
        "13: response: project_get: the specification has no response with the status 302",
        "14: response: project_get: /code: [] matches no alternative of the schema",
        "14: decode: project_get: invalid type: sequence, expected a number, or a number in a string",
        "15: decode: file_get: invalid type: floating point `1.0`, expected i64",
    ];
    assert_eq!(report.problems, expected);
    assert_eq!(report.counts, "15 exchanges, 14 failed, 2 notices");
}

#[test]
fn undeclared_fields_are_only_notices() {
    let report = checked(&[
        get(
            "/files",
            json!([]),
            json!({"items": [{"id": "a", "worm": 1}, {"id": "b"}, {"id": "c", "worm": 2}], "more": []}),
        ),
        json!({
            "method": "POST", "path": "/projects", "query": [], "status": 201,
            "request": {"name": "Demo", "colour": "red"}, "response": {"id": "a/b"},
        }),
        json!({"method": "DELETE", "path": "/projects/a/b", "query": [], "status": 200, "response": {"gone": true}}),
        json!({"method": "DELETE", "path": "/projects/a/b", "query": [], "status": 500}),
    ]);
    let expected = [
        "1: notice: file_list: unnamed: the specification does not name /items/0/worm of the response (2 times)",
        "1: notice: file_list: unnamed: the specification does not name /more of the response",
        "2: notice: project_create: unnamed: the specification does not name /colour of the request",
        "3: notice: project_delete: unnamed: the response has a body, which the specification does not name",
        "4: notice: project_delete: no-body: the recording has no response body",
    ];
    assert_eq!(report.problems, expected);
    assert_eq!(report.counts, "4 exchanges, 0 failed, 5 notices");
}

#[test]
fn invalid_and_empty_lines_are_counted() {
    let report = report(
        "\n{\n\n{\"method\": \"GET\", \"path\": \"/rate_limit\", \"query\": [], \"status\": 200, \"response\": {}}\n",
    );
    assert_eq!(
        report.problems,
        ["2: malformed: this line is not an exchange: EOF while parsing an object at line 2 column 0"]
    );
    assert_eq!(report.counts, "2 exchanges, 1 failed, 0 notices");
}

/// Requests of other clients, which the platform accepts.
#[test]
fn accepted_deviation_is_a_classified_notice() {
    let user = json!({"username": "a"});
    let page = json!({"items": []});
    let report = checked(&[
        json!({"method": "GET", "path": "/user/", "status": 200, "response": user}),
        json!({"method": "GET", "path": "/rate_limit", "query": [["limit", "1"]], "status": 200, "response": {}}),
        json!({"method": "GET", "path": "/users", "query": [["division", "d"], ["role", "ADMIN"], ["limit", "5"]], "status": 200, "response": page}),
        json!({"method": "GET", "path": "/teams", "query": [["division", "d"], ["_all", "TRUE"]], "status": 200, "response": page}),
        json!({"method": "GET", "path": "/divisions/d/teams", "query": [["_all", "True"]], "status": 200, "response": page}),
        json!({
            "method": "POST", "path": "/storage/imports", "status": 201, "response": {"id": "i"},
            "request": {
                "source": {"volume": "a/v", "location": "x"}, "overwrite": "true", "autorename": null,
                "destination": {"project": "a/b", "parent": null},
            },
        }),
        json!({"method": "PATCH", "path": "/files/f/metadata", "status": 200, "request": {"age": 7}, "response": null}),
        json!({"method": "GET", "path": "/projects/a/b/members/kings/rfranklin", "status": 200, "response": user}),
        json!({"method": "GET", "path": "/automation/automations/a/members", "query": [["automation_id", "a"]], "status": 200, "response": page}),
        json!({"method": "POST", "path": "/upload/multipart/u/complete", "status": 200, "response": {"id": "f"}}),
        json!({"method": "GET", "path": "/user"}),
    ]);
    let classes: Vec<_> = report
        .problems
        .iter()
        .map(|problem| problem.splitn(5, ": ").collect::<Vec<_>>()[..4].join(": "))
        .collect();
    let expected = [
        "1: notice: user_me: trailing-slash",
        "2: notice: rate_limit_get: common-parameter",
        "3: notice: user_list: letter-case",
        "4: notice: team_list: boolean",
        "5: notice: division_team_list: boolean",
        "6: notice: import_start: boolean",
        "6: notice: import_start: null-field",
        "6: notice: import_start: null-field",
        "7: notice: file_metadata_edit: scalar",
        "7: notice: file_metadata_edit: null-body",
        "9: notice: automation_member_list: repeated-parameter",
        "10: notice: upload_complete: no-body",
        "11: notice: user_me: no-response",
    ];
    assert_eq!(classes, expected, "{:#?}", report.problems);
    assert_eq!(report.counts, "11 exchanges, 0 failed, 13 notices");
}

#[test]
fn every_example_decodes_as_its_type() {
    let document = document();
    let mut read = 0;
    for (_, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let Some(body) = operation.pointer("/responses/2XX/content/application~1json") else { continue };
        assert!(!body["example"].is_null(), "{id} has no example");
        assert_eq!(decode(id, &body["example"]), None, "{id}");
        read += 1;
    }
    assert!(read > 100, "{read}");
}

#[test]
fn what_cannot_be_read_is_reported() {
    assert_eq!(decode("project_get", &json!({"id": "a/b", "extra": 1})), None);
    assert_eq!(decode("error", &json!({"status": "NOT_FOUND", "code": 5002})), None);
    assert_eq!(decode("project_get", &json!({"name": "no id"})).as_deref(), Some("missing field `id`"));
    let unknown = "no operation `project_paint` has a body in its response";
    assert_eq!(decode("project_paint", &json!({})).as_deref(), Some(unknown));
}

#[test]
fn portable_bundle_lists_statuses() {
    let check = |status: u16, response: Value, expected: &[&str]| {
        let line = json!({"method": "GET", "path": "/projects/rfranklin/demo", "status": status, "response": response});
        assert_eq!(report_against(&portable(), &line.to_string()).problems, expected);
    };
    check(200, json!({"id": "rfranklin/demo"}), &[]);
    check(404, json!({"status": 404, "code": 5002, "message": "no"}), &[]);
    check(
        503,
        json!({"message": 5}),
        &[
            "1: response: project_get: /message: 5 is not of type \"string\"",
            "1: decode: project_get: invalid type: integer `5`, expected a string",
        ],
    );
    check(
        202,
        json!({"id": "rfranklin/demo"}),
        &["1: response: project_get: the specification has no response with the status 202"],
    );
}

/// The requests that the tests of the official Python client (2.11.2) make, each form once. Values that those tests invent, such as names in
/// place of ids, are replaced by ones that the platform would take.
#[test]
fn requests_of_the_official_client_pass_or_are_notices() {
    let lines: Vec<Value> =
        include_str!("official.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 208);
    let checked = checked(&lines);
    let others: Vec<&String> =
        checked.problems.iter().filter(|problem| !problem.contains(": notice: ")).collect();
    assert_eq!(others, Vec::<&String>::new());
    // Each request lacks its response, and what the client does otherwise than the specification has a name.
    let count = |class: &str| {
        checked.problems.iter().filter(|problem| problem.contains(&format!(": {class}: "))).count()
    };
    let named =
        ["no-response", "trailing-slash", "boolean", "no-body", "common-parameter", "repeated-parameter"];
    assert_eq!(named.map(count), [208, 8, 5, 2, 1, 2]);
    assert_eq!(checked.problems.len(), named.map(count).iter().sum::<usize>());
}

#[test]
fn form_of_a_text_is_a_notice_until_there_is_a_response() {
    let check = |status: Option<u16>, expected: &str| {
        let mut line = json!({"method": "POST", "path": "/action/files/copy", "request": {"project": "test", "file_ids": ["f"]}});
        if let Some(status) = status {
            line["status"] = status.into();
            line["response"] = if status < 300 { json!({}) } else { json!({"message": "no"}) };
        }
        let problems = checked(&[line]).problems;
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected}: {problems:?}");
    };
    check(None, "1: notice: action_file_copy: form: /project: ");
    check(Some(404), "1: notice: action_file_copy: refused: /project: ");
    // The platform takes it, so the document is wrong.
    check(Some(200), "1: request: action_file_copy: /project: ");
}

#[test]
fn null_is_a_body_that_says_nothing() {
    let check = |path: &str, expected: &str| {
        let problems = checked(&[json!({"method": "POST", "path": path, "request": null})]).problems;
        assert_eq!(problems.len(), 2, "beside the missing response: {problems:?}");
        assert!(problems[0].starts_with(expected), "{expected}: {problems:?}");
    };
    check("/upload/multipart/abc/complete", "1: notice: upload_complete: null-body: ");
    check("/projects", "1: request: project_create: ");
}
