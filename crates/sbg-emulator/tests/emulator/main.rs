//! The emulator as clients see it: used over HTTP with nothing but an HTTP client.

mod apps;
mod automations;
mod batches;
mod billing;
mod binary;
mod bulk;
mod clients;
mod console;
mod control;
mod data;
mod datasets;
mod demo;
mod divisions;
mod drs;
mod faults;
mod file_jobs;
mod files;
mod flavors;
mod lifecycle;
mod malformed;
mod markers;
mod members;
mod objects;
mod pages;
mod platform;
mod program;
mod projects;
mod search;
mod storage_faults;
mod strict;
mod tasks;
#[cfg(feature = "tls")]
mod tls;
mod transfers;
mod uploads;
mod volumes;

use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use sbg_emulator::{Builder, Emulator};
use serde_json::Value;

/// A builder of HTTP clients. The HTTP library is built without a crypto provider here and panics if none is installed.
pub(crate) fn http() -> reqwest::ClientBuilder {
    // Another test may have installed it already.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// An emulator and a client of one user.
pub(crate) struct TestEnv {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
    token: String,
    advance: bool,
}

/// The response to a request, read to its end.
#[derive(Debug)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl ApiResponse {
    /// The numeric code of an error.
    pub(crate) fn code(&self) -> u64 {
        self.json["code"].as_u64().unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    /// A string property.
    pub(crate) fn text(&self, name: &str) -> String {
        self.json[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// One property of every item of a page.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let items = self.json["items"].as_array().unwrap_or_else(|| panic!("no page: {self:?}"));
        items.iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl TestEnv {
    pub(crate) async fn start() -> Self {
        Self::with(Emulator::builder()).await
    }

    pub(crate) async fn with(mut builder: Builder) -> Self {
        // `cargo xtask witness traffic` checks these responses against the specification.
        if let Some(folder) = std::env::var_os("SBG_HOSTILE_TRAFFIC") {
            builder = builder.traffic(folder);
        }
        Self::with_traffic_file(builder).await
    }

    /// The same, with the traffic file of the builder only.
    async fn with_traffic_file(builder: Builder) -> Self {
        let emulator = builder.start().await.expect("loopback ports are free");
        let token = emulator.token();
        Self { emulator, http: http().build().expect("an HTTP client"), token, advance: false }
    }

    /// Continues as another user.
    pub(crate) fn as_user(&mut self, username: &str) {
        self.token = self.emulator.token_of(username).expect("a founder");
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.emulator.url()) };
        let request = self.http.request(method, url).header("X-SBG-Auth-Token", &self.token);
        if self.advance { request.header("X-SBG-Advance-Access", "advance") } else { request }
    }

    /// Sends the advance access header from now on.
    pub(crate) fn use_advance_access(&mut self) {
        self.advance = true;
    }

    /// Advances the clock of the emulator.
    pub(crate) fn advance_clock(&self, seconds: u64) {
        self.emulator.clock().advance(std::time::Duration::from_secs(seconds));
    }

    pub(crate) async fn get(&self, path: &str) -> ApiResponse {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> ApiResponse {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> ApiResponse {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> ApiResponse {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> ApiResponse {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A signed URL to read a file.
    pub(crate) async fn download_url(&self, id: &str) -> String {
        self.get(&format!("/files/{id}/download_info")).await.text("url")
    }

    /// Reads from the object store, optionally a range.
    pub(crate) async fn read(&self, url: &str, range: Option<&str>) -> reqwest::Result<Response> {
        let request = self.http.get(url);
        range.into_iter().fold(request, |request, range| request.header("Range", range)).send().await
    }

    /// A project with one file of these bytes; returns the id of the file.
    pub(crate) fn file(&self, content: &'static str) -> String {
        let project = self.emulator.create_project("demo");
        self.emulator.create_file(&project, "reads.txt", content)
    }
}

/// The operations of the API: method and path.
pub(crate) fn operations() -> Vec<(Method, String)> {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/operations.tsv");
    let list = std::fs::read_to_string(list).expect("the list of operations");
    list.lines()
        .skip(1)
        .filter(|line| !line.starts_with("ga4gh-drs"))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[1].parse().expect("a method"), columns[2].to_owned())
        })
        .collect()
}

pub(crate) async fn send(request: RequestBuilder) -> ApiResponse {
    let response = request.send().await.expect("a response");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.expect("a whole body");
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    ApiResponse { status, headers, json }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}: {headers:?}")).to_str().expect("text")
}
