//! Traffic with known faults, and traffic with none.

use serde_json::{Value, json};

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Checks lines against the real specification and the real types.
fn checked(lines: &[Value]) -> Report {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    report(&lines.join("\n"))
}

fn report(text: &str) -> Report {
    let document = bundle::bundle(&Spec::read(&root().join("openapi")).unwrap());
    Drift::new(&document).unwrap().check(text, |answers| decode::decode(root(), answers)).unwrap()
}

fn shown(report: &Report) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the values are written out where it is called")]
fn get(path: &str, query: Value, response: Value) -> Value {
    json!({"method": "GET", "path": path, "query": query, "status": 200, "response": response})
}

#[test]
fn traffic_as_described_passes() {
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
        // Where there is nothing to say, clients send these.
        json!({"method": "POST", "path": "/automation/runs/a/actions/stop", "query": [], "status": 204, "request": {}}),
        json!({"method": "POST", "path": "/automation/runs/a/actions/stop", "query": [], "status": 204, "request": null}),
    ]);
    assert_eq!(shown(&report), [""; 0]);
    assert_eq!(report.to_string(), "12 exchanges, 0 failed, 0 notices");
}

#[test]
fn each_fault_is_reported_with_its_line() {
    let file = json!({"id": "567890abc9b0307bc0414164"});
    let report = checked(&[
        json!("not an exchange"),
        json!({"method": "GET", "path": "/user", "status": 200}),
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
        json!({"method": "DELETE", "path": "/projects/a/b", "query": [], "status": 204, "request": {}}),
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
        "1: malformed: this line is no exchange: invalid type: string \"not an exchange\", expected struct Exchange at line 1 column 17",
        "2: malformed: this line is no exchange: missing field `query` at line 1 column 44",
        "3: no-operation: the specification has no `GET /paintings`",
        "4: no-operation: the specification has no `PUT /user`, but GET",
        "5: query: file_get: the parameter `colour` is not declared",
        "5: query: file_get: the parameter `fields` is no list and was sent 2 times",
        "6: query: file_list: the parameter `limit`: \"many\" is not of type \"integer\"",
        "6: query: file_list: the parameter `metadata.` is not declared",
        "7: path: upload_part_url: the parameter `part_number`: \"first\" is not of type \"integer\"",
        "8: request: project_create: /tags/0: 1 is not of type \"string\"",
        "8: request: project_create: the value: \"name\" is a required property",
        "9: request: project_create: the request body is required and was not sent",
        "10: request: project_delete: the specification has no request body here, and one was sent",
        "11: response: project_get: /settings/locked: \"yes\" is not of type \"boolean\"",
        "11: response: project_get: the value: \"id\" is a required property",
        "11: decode: project_get: invalid type: string \"yes\", expected a boolean at line 1 column 42",
        "12: response: project_get: the response has no body, and the specification has one here",
        "13: response: project_get: the specification has no answer with the status 302",
        "14: response: project_get: /code: [] has none of the forms that the schema allows",
        "14: decode: project_get: invalid type: sequence, expected a number, or a number in a string at line 1 column 10",
        "15: decode: file_get: invalid type: floating point `1.0`, expected i64 at line 1 column 43",
    ];
    assert_eq!(shown(&report), expected);
    assert_eq!(report.to_string(), "15 exchanges, 15 failed, 0 notices");
}

#[test]
fn what_is_not_named_is_a_notice_and_no_failure() {
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
        "1: notice: file_list: the specification does not name /items/0/worm of the response (2 times)",
        "1: notice: file_list: the specification does not name /more of the response",
        "2: notice: project_create: the specification does not name /colour of the request",
        "3: notice: project_delete: the response has a body, which the specification does not name",
        "4: notice: project_delete: the error has no body",
    ];
    assert_eq!(shown(&report), expected);
    assert_eq!(report.to_string(), "4 exchanges, 0 failed, 5 notices");
}

#[test]
fn lines_that_are_no_json_and_empty_lines_keep_the_count() {
    let report = report(
        "\n{\n\n{\"method\": \"GET\", \"path\": \"/rate_limit\", \"query\": [], \"status\": 200, \"response\": {}}\n",
    );
    assert_eq!(
        shown(&report),
        ["2: malformed: this line is no exchange: EOF while parsing an object at line 1 column 1"]
    );
    assert_eq!(report.to_string(), "2 exchanges, 1 failed, 0 notices");
}
