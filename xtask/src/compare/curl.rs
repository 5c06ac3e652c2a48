//! curl: as one who takes part, and as the way to the API for what is prepared and checked.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::platform::Platform;
use crate::process::output;

/// Most items in one page or call.
const HUNDRED: usize = 100;

/// A curl that reads no settings of the user, trusts the platform, and fails where the answer is an error.
pub(crate) fn curl(platform: &Platform) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--silent", "--show-error", "--fail", "--noproxy", "*"]);
    if let Some(authority) = platform.variable("REQUESTS_CA_BUNDLE") {
        curl.args(["--cacert", authority]);
    }
    curl
}

/// A curl with a call to the API.
pub(crate) fn call(platform: &Platform, method: &str, path: &str) -> Result<Command> {
    let mut curl = curl(platform);
    curl.args(["--request", method, "--header", &authorisation(platform)?, &address(platform, path)?]);
    Ok(curl)
}

/// The header with the token.
pub(crate) fn authorisation(platform: &Platform) -> Result<String> {
    let token = platform.variable("SB_AUTH_TOKEN").context("the platform named no token")?;
    Ok(format!("X-SBG-Auth-Token: {token}"))
}

pub(crate) fn address(platform: &Platform, path: &str) -> Result<String> {
    let endpoint = platform.variable("SB_API_ENDPOINT").context("the platform named no address")?;
    Ok(format!("{endpoint}{path}"))
}

/// Calls the API and reads the answer.
pub(crate) fn ask(platform: &Platform, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let mut call = call(platform, method, path)?;
    if let Some(body) = body {
        call.args(["--header", "Content-Type: application/json", "--data", &body.to_string()]);
    }
    let answer = output(&mut call)?;
    serde_json::from_str(&answer).with_context(|| format!("{method} {path}: {answer:?}"))
}

/// Names and ids of the files at the root of a project.
pub(crate) fn files(platform: &Platform, project: &str) -> Result<Vec<(String, String)>> {
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
pub(crate) fn delete(platform: &Platform, ids: &[String]) -> Result<()> {
    for ids in ids.chunks(HUNDRED) {
        ask(platform, "POST", "/bulk/files/delete", Some(&json!({"file_ids": ids})))?;
    }
    Ok(())
}

/// The address from which a file can be read.
pub(crate) fn download_address(platform: &Platform, id: &str) -> Result<String> {
    text(&ask(platform, "GET", &format!("/files/{id}/download_info"), None)?, "url")
}

/// An upload with the addresses of its parts.
pub(crate) struct Upload {
    id: String,
    pub(crate) addresses: Vec<String>,
}

impl Upload {
    /// Begins an upload in parts of the same size.
    pub(crate) fn begin(
        platform: &Platform,
        project: &str,
        name: &str,
        size: u64,
        parts: u64,
    ) -> Result<Self> {
        let body = json!({"project": project, "name": name, "size": size, "part_size": size / parts});
        let id = text(&ask(platform, "POST", "/upload/multipart", Some(&body))?, "upload_id")?;
        let address =
            |part| text(&ask(platform, "GET", &format!("/upload/multipart/{id}/part/{part}"), None)?, "url");
        let addresses = (1..=parts).map(address).collect::<Result<_>>()?;
        Ok(Self { id, addresses })
    }

    /// Completes the upload with the entity tags that the object store gave for the parts.
    pub(crate) fn complete(&self, platform: &Platform, tags: &[String]) -> Result<()> {
        ensure!(tags.len() == self.addresses.len(), "not each part has a tag");
        let parts: Vec<Value> = (1..).zip(tags).map(|(number, tag): (u32, _)| {
            json!({"part_number": number, "response": {"headers": {"ETag": tag}}})
        }).collect();
        let path = format!("/upload/multipart/{}/complete", self.id);
        ask(platform, "POST", &path, Some(&json!({"parts": parts}))).map(drop)
    }
}

/// A curl that sends a file and prints the entity tag that it gets for it.
pub(crate) fn put(platform: &Platform, source: &Path, address: &str) -> Command {
    let mut curl = curl(platform);
    // It would wait for leave to send.
    curl.args(["--header", "Expect:", "--output", "/dev/null", "--write-out", "%header{etag}"]);
    curl.arg("--upload-file").arg(source).arg(address);
    curl
}

pub(crate) fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().with_context(|| format!("there is no `{name}` in {value}"))?;
    Ok(text.to_owned())
}
