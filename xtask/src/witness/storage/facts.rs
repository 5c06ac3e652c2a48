//! The responses of the servers, without the client.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::scenarios::Lab;
use super::stores::{Store, Uploads};

/// The requests, in the order of [`Facts`].
pub const QUESTIONS: [&str; 8] = [
    "empty object, `bytes=0-1023`",
    "10 B, `bytes=0-1023`",
    "10 B, `bytes=10-19`",
    "`If-Match` of another version",
    "validators",
    "gzip object, no `Accept-Encoding`",
    "part PUT",
    "expired URL",
];

/// The lifetime of a URL in seconds.
const LIFE: i32 = 3600;

/// The response of a store to each request.
pub struct Facts(pub [String; QUESTIONS.len()]);

impl Facts {
    /// Sends the requests to the server of a store.
    pub fn of(lab: &Lab, store: &Store) -> Result<Self> {
        let gateway = &lab.gateway;
        // On some servers a new object has a weak ETag for a second, then a strong one.
        let create = |name: &str, source, encoding: Option<&str>| {
            let command = json!({
                "do": "create", "store": store.name, "name": name, "source": source, "encoding": encoding,
                "age": 60,
            });
            gateway.command(&command).map(|created| created["id"].clone())
        };
        let get = |file: &Value, headers: Value, lifetime: i32| {
            let command = json!({ "do": "get", "file": file, "headers": headers, "lifetime": lifetime });
            gateway.command(&command)
        };
        let range = |range: &str| json!({ "Range": range });
        let empty = create("empty", lab.file(0, 0), None)?;
        let ten = create("ten", lab.file(10, 0), None)?;
        let gzip = create("gzip", lab.packed(), Some("gzip"))?;
        let stored = std::fs::metadata(lab.packed()).context("no gzip file")?.len();
        let other = json!({ "If-Match": "\"00000000000000000000000000000000\"", "Range": "bytes=0-4" });
        let part = if store.uploads == Uploads::Not {
            "–".to_owned()
        } else {
            let response = gateway.command(&json!({ "do": "put", "store": store.name }))?;
            let tag = if response["headers"]["etag"].is_string() { "ETag" } else { "no ETag" };
            format!("{}, {tag}", response["status"])
        };
        let expired = if store.expires {
            get(&ten, json!({}), -60)?["status"].to_string()
        } else {
            "not checked".to_owned()
        };
        Ok(Self([
            ranged(&get(&empty, range("bytes=0-1023"), LIFE)?),
            ranged(&get(&ten, range("bytes=0-1023"), LIFE)?),
            ranged(&get(&ten, range("bytes=10-19"), LIFE)?),
            ranged(&get(&ten, other, LIFE)?),
            validators(&get(&ten, json!({}), LIFE)?),
            packed(&get(&gzip, json!({}), LIFE)?, stored),
            part,
            expired,
        ]))
    }
}

/// Status, range and bytes of a response.
fn ranged(response: &Value) -> String {
    let range = response["headers"]["content-range"].as_str();
    let range = range.map(|range| format!(" `{range}`")).unwrap_or_default();
    let bytes = response["bytes"].to_string();
    let announced = response["headers"]["content-length"].as_str().unwrap_or("no length");
    match response["status"].as_u64() {
        Some(206) if announced != bytes => {
            format!("206{range}, {announced} B announced, {bytes} B received")
        }
        Some(206) => format!("206{range}"),
        Some(200) => format!("200, {bytes} B"),
        _ => format!("{}{range}", response["status"]),
    }
}

fn validators(response: &Value) -> String {
    let headers = &response["headers"];
    let tag = match headers["etag"].as_str() {
        Some(tag) if tag.starts_with("W/") => "weak ETag",
        Some(tag) if tag.starts_with('"') => "ETag",
        Some(_) => "ETag without quotes",
        None => "no ETag",
    };
    let modified = if headers["last-modified"].is_string() { "Last-Modified" } else { "no Last-Modified" };
    format!("{tag}, {modified}")
}

fn packed(response: &Value, stored: u64) -> String {
    let what = if response["bytes"] == stored { "as stored" } else { "unpacked" };
    format!("{}, {what}", response["status"])
}
