//! HAR files as browsers and proxies save them.

use sbg_drift::{Bases, Drift, Format, Options, Report, decode, document};
use serde_json::{Value, json};

fn check(text: &str, options: Options) -> (Report, Vec<String>) {
    let document = document();
    let drift = Drift::new(&document, options).unwrap();
    let mut problems = Vec::new();
    let mut found = |problem: &sbg_drift::Problem| problems.push(problem.to_string());
    let report = drift.check(text.as_bytes(), Format::guess(text.as_bytes()), &decode, &mut found).unwrap();
    (report, problems)
}

fn har(entries: &[Value]) -> String {
    json!({"log": {"version": "1.2", "creator": {"name": "test"}, "pages": [], "entries": entries, "comment": ""}}).to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "the values are written out where it is called")]
fn entry(method: &str, url: &str, request: Value, status: i64, content: Value) -> Value {
    json!({
        "startedDateTime": "2026-01-01T00:00:00Z", "time": 1.5, "_resourceType": "fetch",
        "request": {"method": method, "url": url, "httpVersion": "HTTP/2", "headers": [], "queryString": [], "postData": request},
        "response": {"status": status, "statusText": "", "headers": [], "content": content, "redirectURL": ""},
        "cache": {}, "timings": {},
    })
}

fn text(of: &Value) -> Value {
    json!({"mimeType": "application/json", "text": of.to_string(), "size": of.to_string().len()})
}

const API: &str = "https://cgc-api.sbgenomics.com/v2";

#[test]
fn archives_of_browsers_and_proxies_are_read() {
    let user = json!({"username": "rfranklin"});
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(user.to_string())
    };
    let entries = [
        entry("GET", &format!("{API}/user?fields=_all"), Value::Null, 200, text(&user)),
        entry(
            "GET",
            &format!("{API}/user"),
            Value::Null,
            200,
            json!({"text": encoded, "encoding": "base64", "size": 25}),
        ),
        entry("OPTIONS", &format!("{API}/user"), Value::Null, 200, json!({"size": 0, "text": ""})),
        entry(
            "GET",
            "https://storage.example.com/reads.bam",
            Value::Null,
            206,
            json!({"size": 9, "encoding": "base64", "text": "AAAA"}),
        ),
        entry(
            "POST",
            &format!("{API}/projects/"),
            text(&json!({"name": "Demo", "description": null})),
            201,
            text(&json!({"id": "a/b"})),
        ),
        entry(
            "GET",
            &format!("{API}/users/kings/rfranklin"),
            Value::Null,
            200,
            text(&json!({"username": "kings/rfranklin"})),
        ),
        // Charles records aborted requests. Browsers omit large bodies and serve responses from their cache.
        entry("GET", &format!("{API}/user"), Value::Null, 0, Value::Null),
        entry("GET", &format!("{API}/files?project=a/b"), Value::Null, 200, json!({"size": 70000})),
        entry("GET", &format!("{API}/user"), Value::Null, 304, json!({"size": 0})),
        entry("DELETE", &format!("{API}/files/5"), Value::Null, 204, json!({"size": 0})),
    ];
    let (report, problems) = check(&format!("\u{feff}{}", har(&entries)), Options::default());
    let expected = [
        "entry 5: notice: project_create: trailing-slash: the path ends in a slash",
        "entry 5: notice: project_create: null-field: /description: null stands for a field that is left out",
        "entry 7: notice: user_me: no-response: the recording has no response",
        "entry 8: notice: file_list: no-body: the recording has no response body",
        "entry 9: notice: user_me: no-response: the response comes from a cache",
    ];
    assert_eq!(problems, expected);
    assert_eq!(report.to_string(), "8 exchanges, 0 failed, 5 notices; 2 exchanges with other hosts left out");
    assert!(report.table().contains("user_me"), "{}", report.table());
    assert_eq!(report.by_operation["user_me"].exchanges, 4);
}

#[test]
fn malformed_entries_do_not_stop_the_check() {
    let good = entry("GET", &format!("{API}/user"), Value::Null, 200, text(&json!({"username": "a"})));
    let broken = json!({"request": {"method": "GET"}, "response": {"status": 200}});
    let encoded =
        entry("GET", &format!("{API}/user"), Value::Null, 200, json!({"text": "%%%", "encoding": "base64"}));
    let (report, problems) =
        check(&har(&[good.clone(), broken, json!(7), encoded, good.clone()]), Options::default());
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems[0].starts_with("entry 2: malformed: this entry is not an exchange: missing field `url`"),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("entry 3: malformed: this entry is not an exchange: invalid type"),
        "{problems:?}"
    );
    assert!(problems[2].starts_with("entry 4: malformed: a body is not base64"), "{problems:?}");
    assert_eq!((report.exchanges, report.failed), (5, 3));

    let cut = har(&[good.clone(), good]);
    let (report, problems) = check(&cut[..cut.len() - 200], Options::default());
    assert!(
        problems[0].starts_with("entry 2: malformed: the archive cannot be read from here on"),
        "{problems:?}"
    );
    assert_eq!((report.exchanges, report.failed), (2, 1));
    let (_, problems) = check(r#"{"log": {"version": "1.2"}}"#, Options::default());
    assert!(problems[0].contains("missing field `entries`"), "{problems:?}");
}

#[test]
fn bases_and_ignored_problems_are_as_told() {
    let entries = [
        entry(
            "GET",
            "https://sbg.lab.org/api/user/",
            Value::Null,
            200,
            text(&json!({"username": "a", "new": 1})),
        ),
        entry("GET", "https://sbg.lab.org/api/internal/x", Value::Null, 200, text(&json!({}))),
    ];
    let text = har(&entries);
    let (report, _) = check(&text, Options::default());
    assert_eq!((report.exchanges, report.elsewhere), (0, 2));
    let mut options = Options::default();
    options.bases = Some(Bases::only(["https://sbg.lab.org/api"]));
    let (report, problems) = check(&text, options.clone());
    assert_eq!((report.failed, problems.len()), (1, 3), "{problems:?}");
    options.ignore = vec!["/internal".to_owned(), "unnamed".to_owned()];
    let (report, problems) = check(&text, options.clone());
    assert_eq!(
        (report.exchanges, problems.as_slice()),
        (1, &["entry 1: notice: user_me: trailing-slash: the path ends in a slash".to_owned()][..])
    );
    options.ignore.push("user_me".to_owned());
    assert!(check(&text, options).1.is_empty());
}
