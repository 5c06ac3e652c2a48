//! curl: as a client that is measured, and for API calls that prepare and check trials.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::platform::Platform;
use xtask_process::output;

/// Maximum number of items in a page or bulk call.
const HUNDRED: usize = 100;

/// A curl that ignores the settings of the user, trusts the platform, and fails on an error response.
pub fn curl(platform: &Platform) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--silent", "--show-error", "--fail", "--noproxy", "*"]);
    if let Some(authority) = platform.variable("REQUESTS_CA_BUNDLE") {
        curl.args(["--cacert", authority]);
    }
    curl
}

/// A curl that calls the API.
pub fn call(platform: &Platform, method: &str, path: &str) -> Result<Command> {
    let mut curl = curl(platform);
    curl.args(["--request", method, "--header", &token_header(platform)?, &url(platform, path)?]);
    Ok(curl)
}

/// The header with the token.
pub fn token_header(platform: &Platform) -> Result<String> {
    let token = platform.variable("SB_AUTH_TOKEN").context("the platform has no token")?;
    Ok(format!("X-SBG-Auth-Token: {token}"))
}

/// The URL of an API path.
pub fn url(platform: &Platform, path: &str) -> Result<String> {
    let endpoint = platform.variable("SB_API_ENDPOINT").context("the platform has no endpoint")?;
    Ok(format!("{endpoint}{path}"))
}

/// Calls the API and parses the response.
pub fn ask(platform: &Platform, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let mut call = call(platform, method, path)?;
    if let Some(body) = body {
        call.args(["--header", "Content-Type: application/json", "--data", &body.to_string()]);
    }
    let response = output(&mut call)?;
    serde_json::from_str(&response).with_context(|| format!("{method} {path}: {response:?}"))
}

/// Names and ids of the files at the root of a project.
pub fn files(platform: &Platform, project: &str) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    loop {
        let path = format!("/files?project={project}&limit={HUNDRED}&offset={}", files.len());
        let page = ask(platform, "GET", &path, None)?;
        let items = page["items"].as_array().context("a page without items")?;
        for item in items {
            files.push((text(item, "name")?, text(item, "id")?));
        }
        if items.len() < HUNDRED {
            return Ok(files);
        }
    }
}

/// Deletes files, so that the platform does not grow from round to round.
pub fn delete(platform: &Platform, ids: &[String]) -> Result<()> {
    for ids in ids.chunks(HUNDRED) {
        ask(platform, "POST", "/bulk/files/delete", Some(&json!({"file_ids": ids})))?;
    }
    Ok(())
}

/// The signed URL of a file.
pub fn download_url(platform: &Platform, id: &str) -> Result<String> {
    text(&ask(platform, "GET", &format!("/files/{id}/download_info"), None)?, "url")
}

/// An upload and the URLs of its parts.
pub struct Upload {
    id: String,
    pub urls: Vec<String>,
}

impl Upload {
    /// Starts an upload in parts of equal size.
    pub fn begin(platform: &Platform, project: &str, name: &str, size: u64, parts: u64) -> Result<Self> {
        let body = json!({"project": project, "name": name, "size": size, "part_size": size / parts});
        let id = text(&ask(platform, "POST", "/upload/multipart", Some(&body))?, "upload_id")?;
        let url =
            |part| text(&ask(platform, "GET", &format!("/upload/multipart/{id}/part/{part}"), None)?, "url");
        let urls = (1..=parts).map(url).collect::<Result<_>>()?;
        Ok(Self { id, urls })
    }

    /// Completes the upload with the `ETag` of each part.
    pub fn complete(&self, platform: &Platform, tags: &[String]) -> Result<()> {
        ensure!(tags.len() == self.urls.len(), "a part has no `ETag`");
        let parts: Vec<Value> = (1..).zip(tags).map(|(number, tag): (u32, _)| {
            json!({"part_number": number, "response": {"headers": {"ETag": tag}}})
        }).collect();
        let path = format!("/upload/multipart/{}/complete", self.id);
        ask(platform, "POST", &path, Some(&json!({"parts": parts}))).map(drop)
    }
}

/// A curl that uploads a file and prints its `ETag`.
pub fn put(platform: &Platform, source: &Path, url: &str) -> Command {
    let mut curl = curl(platform);
    // By default it waits for `100 Continue` before it sends.
    curl.args(["--header", "Expect:", "--output", "/dev/null", "--write-out", "%header{etag}"]);
    curl.arg("--upload-file").arg(source).arg(url);
    curl
}

pub fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().with_context(|| format!("no `{name}` in {value}"))?;
    Ok(text.to_owned())
}
