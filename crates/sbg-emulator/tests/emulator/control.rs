//! Faults, clock and counters at run time: over HTTP, on the command line and through the handle, with the same effect.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use sbg_emulator::{Emulator, FaultRule};
use serde_json::{Value, json};

use crate::{
    TestEnv, header,
    program::{Running, program},
};

/// An emulator that is reached by its URL only.
struct Reached {
    http: Client,
    endpoint: String,
    /// A signed URL of ten digits.
    url: String,
}

impl Reached {
    /// Creates a file through the API. The rules do not hit these requests.
    async fn new(endpoint: &str) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let this = Self { http, endpoint: endpoint.to_owned(), url: String::new() };
        this.call(Method::POST, "/projects", Some(json!({"name": "demo"}))).await;
        let new = json!({"project": "rfranklin/demo", "name": "digits", "size": 10});
        let upload = this.call(Method::POST, "/upload/multipart", Some(new)).await;
        let upload = format!("/upload/multipart/{}", upload["upload_id"].as_str().unwrap());
        let part = this.call(Method::GET, &format!("{upload}/part/1"), None).await;
        let sent = this.http.put(part["url"].as_str().unwrap()).body("0123456789").send().await.unwrap();
        let report =
            json!({"part_number": 1, "response": {"headers": {"ETag": header(sent.headers(), "etag")}}});
        this.call(Method::POST, &format!("{upload}/part"), Some(report)).await;
        let file = this.call(Method::POST, &format!("{upload}/complete"), None).await;
        let info = format!("/files/{}/download_info", file["id"].as_str().unwrap());
        let url = this.call(Method::GET, &info, None).await["url"].as_str().unwrap().to_owned();
        Self { url, ..this }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request =
            self.http.request(method, format!("{}{path}", self.endpoint)).header("X-SBG-Auth-Token", "abc");
        let request = body.iter().fold(request, RequestBuilder::json);
        let response = request.send().await.unwrap();
        let text = response.text().await.unwrap();
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    fn control(&self, path: &str) -> String {
        format!("{}/_emulator{path}", self.endpoint.strip_suffix("/v2").unwrap())
    }

    /// The effect for a client, as text.
    async fn observe(&self) -> String {
        let user = self.http.get(format!("{}/user", self.endpoint)).header("X-SBG-Auth-Token", "abc");
        let range = self.http.get(&self.url).header("Range", "bytes=2-5");
        format!("{}; {}", describe(user.send().await).await, describe(range.send().await).await)
    }
}

/// A request that the control endpoint accepts.
fn controls(request: RequestBuilder) -> RequestBuilder {
    request.header("X-Emulator-Control", "1")
}

async fn describe(response: reqwest::Result<Response>) -> String {
    let Ok(response) = response else { return "nothing".to_owned() };
    let mut words = vec![response.status().as_u16().to_string()];
    for name in ["x-ratelimit-reset", "content-range", "location"] {
        if let Some(value) = response.headers().get(name) {
            words.push(if name == "x-ratelimit-reset" {
                "reset".to_owned()
            } else {
                value.to_str().unwrap().to_owned()
            });
        }
    }
    let body = tokio::time::timeout(Duration::from_secs(1), response.text()).await;
    words.push(match body {
        Err(_) => "stalls".to_owned(),
        Ok(Err(_)) => "breaks".to_owned(),
        Ok(Ok(text)) if text.contains("username") => "user".to_owned(),
        Ok(Ok(text)) => match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(error)) => error["code"].to_string(),
            _ => text
                .split_once("<Code>")
                .map_or(text.clone(), |(_, rest)| rest.split_once('<').unwrap().0.to_owned()),
        },
    });
    words.join(" ")
}

const FINE: &str = "200 reset user; 206 bytes 2-5/10 2345";

/// Rules that delay a client by at least this many milliseconds, and change nothing else.
const SLOW: &[(&str, u64)] = &[
    ("storage:get:delay=200", 200),
    // The head alone is longer than 150 bytes and delays the body.
    ("storage:get:bandwidth=500", 300),
];

/// Rules and their effect for a client.
const RULES: &[(&str, &str)] = &[
    ("api:path=/user:503", "503 90005; 206 bytes 2-5/10 2345"),
    ("storage:get:500", "200 reset user; 500 InternalError"),
    ("storage:get:nth=2:500", FINE),
    ("storage:get:every=1:500", "200 reset user; 500 InternalError"),
    ("storage:get:p=1/5:500", "200 reset user; 500 InternalError"),
    ("storage:get:p=0/5:500", FINE),
    ("api:path=/user:429", "429 reset 1000; 206 bytes 2-5/10 2345"),
    ("api:path=/user:first=1:429-no-reset", "429 1000; 206 bytes 2-5/10 2345"),
    ("api:path=/user:maintenance", "503 0; 206 bytes 2-5/10 2345"),
    ("api:path=/user:reset", "nothing; 206 bytes 2-5/10 2345"),
    ("api:path=/user:lost-response", "nothing; 206 bytes 2-5/10 2345"),
    ("storage:get:cut=2", "200 reset user; 206 bytes 2-5/10 breaks"),
    ("storage:get:stall=2", "200 reset user; 206 bytes 2-5/10 stalls"),
    ("storage:get:short", "200 reset user; 206 bytes 2-3/10 23"),
    ("storage:get:shifted", "200 reset user; 206 bytes 3-6/10 3456"),
    ("storage:get:full", "200 reset user; 200 0123456789"),
    ("storage:get:wrong-total", "200 reset user; 206 bytes 2-5/11 2345"),
    ("storage:get:expired", "200 reset user; 403 AccessDenied"),
    // Signed URLs are valid for an hour.
    ("storage:get:clock=3600", "200 reset user; 403 AccessDenied"),
    (
        "api:path=/user:html",
        "502 <html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n; 206 bytes 2-5/10 2345",
    ),
    ("storage:get:empty=404", "200 reset user; 404 "),
    ("storage:get:redirect=http://host:80/x", "200 reset user; 302 http://host:80/x "),
    ("storage:get:redirect-308=http://host:80/x", "200 reset user; 308 http://host:80/x "),
    ("storage:get:error=BadDigest", "200 reset user; 400 BadDigest"),
    ("storage:get:early=503", "200 reset user; 503 SlowDown"),
    ("storage:get:missing-byte", "200 reset user; 206 bytes 2-2/10 breaks"),
    ("storage:get:corrupt=1", "200 reset user; 206 bytes 2-5/10 2245"),
];

#[tokio::test]
async fn fault_acts_alike_however_it_is_set() {
    let slow = SLOW.iter().map(|(rule, least)| (*rule, FINE, *least));
    for (rule, expected, least) in RULES.iter().map(|(rule, expected)| (*rule, *expected, 0)).chain(slow) {
        let check = async |reached: Reached, way: &str| {
            let began = Instant::now();
            assert_eq!(reached.observe().await, expected, "{way}: {rule}");
            assert!(began.elapsed() >= Duration::from_millis(least), "{way}: {rule}");
        };
        let built = Emulator::builder().token("abc").fault(rule.parse().unwrap()).start().await.unwrap();
        check(Reached::new(built.url()).await, "builder").await;
        let mut running = Running::start(program().args(["--token", "abc", "--fault", rule]));
        let endpoint = running.export("SB_API_ENDPOINT");
        check(Reached::new(&endpoint).await, "command line").await;
        let plain = Emulator::builder().token("abc").start().await.unwrap();
        let reached = Reached::new(plain.url()).await;
        let added = controls(reached.http.post(reached.control("/faults"))).body(rule).send().await.unwrap();
        assert_eq!(added.status(), StatusCode::CREATED, "{rule}");
        check(reached, "control endpoint").await;
    }
}

#[tokio::test]
async fn etag_faults_change_what_readers_see() {
    let check = async |rule: &str, expected: Option<&str>| {
        let env = TestEnv::start().await;
        let id = env.file("0123456789");
        let url = env.download_url(&id).await;
        let before = header(env.read(&url, None).await.unwrap().headers(), "etag").to_owned();
        env.emulator.faults().add(rule.parse().unwrap());
        let after = env.read(&url, None).await.unwrap();
        let after =
            after.headers().get("etag").map(|tag| if tag == before.as_str() { "same" } else { "other" });
        assert_eq!(after, expected, "{rule}");
    };
    check("storage:get:nth=9:no-etag", Some("same")).await;
    check("storage:get:no-etag", None).await;
    check("storage:get:changed-etag", Some("other")).await;
}

#[tokio::test]
async fn fault_rules_are_listed_replaced_and_removed() {
    let env = TestEnv::start().await;
    let root = env.emulator.url().strip_suffix("/v2").unwrap().to_owned();
    let ask = async |method: Method, path: &str, body: &str| {
        let response = controls(env.http.request(method, format!("{root}/_emulator{path}")))
            .body(body.to_owned())
            .send();
        let response = response.await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    assert_eq!(ask(Method::GET, "/faults", "").await, (200, json!({"items": []})));
    let (status, added) =
        ask(Method::POST, "/faults", "api:path=/user:every=2:503\n\nany:p=0.5/7:429\n").await;
    let item = |id: u64, rule: &str, matched: u64, fired: u64| json!({"id": id, "rule": rule, "matched": matched, "fired": fired});
    assert_eq!(status, 201);
    assert_eq!(
        added["items"],
        json!([item(1, "api:path=/user:every=2:503", 0, 0), item(2, "any:p=0.5/7:429", 0, 0)])
    );
    assert_eq!(ask(Method::DELETE, "/faults/2", "").await, (200, item(2, "any:p=0.5/7:429", 0, 0)));
    assert_eq!(ask(Method::DELETE, "/faults/2", "").await.0, 404);
    for expected in [200, 503, 200] {
        assert_eq!(env.get("/user").await.status, expected);
    }
    let listed = ask(Method::GET, "/faults", "").await.1;
    assert_eq!(listed["items"], json!([item(1, "api:path=/user:every=2:503", 3, 1)]));
    let counted = &env.emulator.faults().counters()[0];
    assert_eq!((counted.matched, counted.fired), (3, 1));
    assert_eq!(counted.rule, "api:path=/user:every=2:503".parse::<FaultRule>().unwrap());

    // An invalid rule changes nothing.
    let (status, message) = ask(Method::PUT, "/faults", "api:503\napi:explode").await;
    assert_eq!((status, message.as_str().unwrap().contains("unknown fault `explode`")), (400, true));
    assert_eq!(ask(Method::GET, "/faults", "").await.1, listed);
    assert_eq!(ask(Method::POST, "/faults", " \n").await.0, 400);
    assert_eq!(ask(Method::PUT, "/faults", "api:418").await.1["items"], json!([item(3, "api:418", 0, 0)]));
    assert_eq!(env.get("/user").await.status, 418);
    assert_eq!(ask(Method::DELETE, "/faults", "").await.0, 204);
    assert_eq!(env.get("/user").await.status, 200);
    assert_eq!(ask(Method::PATCH, "/faults", "").await.0, 405);
    assert_eq!(ask(Method::GET, "/moon", "").await.0, 404);
    assert_eq!(ask(Method::POST, "/faults", &" ".repeat(2_000_000)).await.0, 413);
    // The control endpoint is not part of the API: its requests are not in the log.
    assert!(env.emulator.requests().iter().all(|request| request.path == "/v2/user"));
}

#[tokio::test]
async fn control_endpoint_refuses_browsers() {
    let env = TestEnv::start().await;
    let root = env.emulator.url().strip_suffix("/v2").unwrap().to_owned();
    let check = async |tune: fn(RequestBuilder) -> RequestBuilder, expected: &str| {
        for (method, path) in [
            (Method::POST, "/clock"),
            (Method::POST, "/faults"),
            (Method::GET, "/requests"),
            (Method::DELETE, "/faults"),
        ] {
            let request = env.http.request(method, format!("{root}/_emulator{path}")).body("3600");
            let response = tune(request).send().await.unwrap();
            assert_eq!(response.status(), 403, "{path}");
            let text = response.text().await.unwrap();
            assert!(text.contains(expected), "{text}");
        }
    };
    check(|request| request, "`X-Emulator-Control: 1`").await;
    check(
        |request| controls(request).header("Origin", "https://example.org"),
        "`Origin: https://example.org`",
    )
    .await;
    check(|request| controls(request).header("Host", "example.org:8080"), "`example.org:8080`").await;
    // A browser first sends a preflight request for this header, which is refused.
    let preflight = env
        .http
        .request(Method::OPTIONS, format!("{root}/_emulator/clock"))
        .header("Origin", "https://example.org")
        .header("Access-Control-Request-Headers", "x-emulator-control");
    let response = preflight.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    let clock = controls(env.http.get(format!("{root}/_emulator/clock"))).send().await.unwrap();
    assert_eq!(clock.json::<Value>().await.unwrap()["ahead_seconds"], 0.0);
    assert!(env.emulator.faults().counters().is_empty());
}

#[tokio::test]
async fn clock_is_read_and_advanced() {
    let env = TestEnv::start().await;
    let clock = env.emulator.url().replace("/v2", "/_emulator/clock");
    let advance = async |by: &'static str| controls(env.http.post(&clock)).body(by).send().await.unwrap();
    let shown: Value = advance("90.5\n").await.json().await.unwrap();
    assert_eq!(shown["ahead_seconds"], 90.5);
    assert_eq!(advance("1e300").await.status(), 400);
    assert_eq!(advance("-1").await.status(), 400);
    assert_eq!(advance("soon").await.status(), 400);
    let shown: Value = controls(env.http.get(&clock)).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["ahead_seconds"], 90.5);
    let id = env.file("x");
    let url = env.download_url(&id).await;
    assert_eq!(env.read(&url, None).await.unwrap().status(), 200);
    assert_eq!(advance("3600").await.status(), 200);
    assert_eq!(env.read(&url, None).await.unwrap().status(), 403);
}

#[tokio::test]
async fn requests_are_counted_by_outcome() {
    let env = TestEnv::with(Emulator::builder().record(false)).await;
    let requests = env.emulator.url().replace("/v2", "/_emulator/requests");
    let id = env.file("x");
    let url = env.download_url(&id).await;
    env.read(&url, None).await.unwrap();
    env.get("/user").await;
    env.get("/nothing").await;
    env.emulator.faults().add("api:nth=1:reset".parse().unwrap());
    assert!(env.request(Method::GET, "/user").send().await.is_err());
    let item = |origin: &str, status: Value, count: u64| json!({"origin": origin, "method": "GET", "status": status, "count": count});
    let counted: Value = controls(env.http.get(&requests)).send().await.unwrap().json().await.unwrap();
    let items = [
        item("api", Value::Null, 1),
        item("api", json!(200), 2),
        item("api", json!(404), 1),
        item("storage", json!(200), 1),
    ];
    assert_eq!(counted, json!({"total": 5, "items": items}));
    assert_eq!(controls(env.http.delete(&requests)).send().await.unwrap().status(), 204);
    let counted: Value = controls(env.http.get(&requests)).send().await.unwrap().json().await.unwrap();
    assert_eq!(counted, json!({"total": 0, "items": []}));
}
