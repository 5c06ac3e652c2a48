//! Requests as sent, byte for byte, to a server that records them and gives the same response to each.

mod bodies;
mod clearing;
mod drs;
mod early;
mod headers;
mod hostile;
mod hosts;
mod leniency;
mod paths;
mod queries;
mod ranges;
mod raw;
mod redirects;
mod retries;
mod storage;

use std::sync::Arc;

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use parking_lot::Mutex;
use sbg::{Client, ClientBuilder, ProjectId};
use sbg_tests::client_of;
use serde_json::{Value, json};

/// The token of the client.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A received request.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    /// Path and query as sent.
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    /// Method and target.
    fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The values of a header.
    fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(present, _)| present.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// A mock server, and a client of it.
struct Wire {
    server: MockServer,
    seen: Arc<Mutex<Vec<Seen>>>,
    client: Client,
}

impl Wire {
    /// Responds to everything with this JSON.
    async fn answering(body: Value) -> Self {
        Self::responding(move |_| response(200, &body)).await
    }

    /// Responds to each request with the result of `respond`.
    async fn responding(respond: impl Fn(&Seen) -> HttpMockResponse + Send + Sync + 'static) -> Self {
        Self::tuned(respond, |client| client).await
    }

    /// Like [`responding`](Self::responding), with a client that `tune` configures.
    async fn tuned(
        respond: impl Fn(&Seen) -> HttpMockResponse + Send + Sync + 'static,
        tune: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        let server = MockServer::start_async().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let answer = move |request: &HttpMockRequest| {
            let request = Seen {
                method: request.method_str().to_owned(),
                target: target_of(request.uri_str()).to_owned(),
                headers: request.headers_vec().clone(),
                body: request.body_string(),
            };
            let response = respond(&request);
            log.lock().push(request);
            response
        };
        server
            .mock_async(|when, then| {
                when.any_request();
                then.respond_with(answer);
            })
            .await;
        let client = tune(client_of(&server.url("/v2"), TOKEN)).build().expect("a client");
        Self { server, seen, client }
    }

    /// The requests so far.
    fn all(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    /// The latest request.
    #[track_caller]
    fn last(&self) -> Seen {
        self.all().pop().expect("a request was made")
    }
}

/// Path and query. The mock server prepends scheme and host, which were not sent.
fn target_of(address: &str) -> &str {
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    address[after_scheme..].find('/').map_or(address, |at| &address[after_scheme + at..])
}

fn response(status: u16, body: &Value) -> HttpMockResponse {
    HttpMockResponse::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string())
        .build()
}

/// An API whose files all have this URL.
async fn api_for(url: String) -> Wire {
    Wire::responding(move |_| response(200, &json!({"url": url}))).await
}

/// A project that need not exist.
fn project() -> ProjectId {
    "rfranklin/demo".parse().expect("the id of a project")
}
