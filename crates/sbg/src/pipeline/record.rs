//! Writes the exchanges with the API to a file, with secrets redacted, to check the specification against them.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use url::Url;

use super::redact::{REDACTED, is_known_parameter, redact, redact_text};
use super::response::Response;
use crate::error::{Error, Result};
use crate::local_file::create_private;

/// A file of exchanges.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: Mutex<File>,
    base: Url,
}

impl Recorder {
    /// Empties the file at `path`, readable by its owner only: it holds names and anything else that the platform returns.
    pub(crate) fn create(path: &Path, base: Url) -> Result<Self> {
        let file = create_private(path)
            .map_err(|error| Error::io(format!("cannot write `{}`", path.display()), error))?;
        Ok(Self { file: Mutex::new(file), base })
    }

    /// Writes a line, with the secrets redacted that the response quotes. A full disk must not fail the call, so an error is only logged.
    pub(super) fn record(&self, request: &reqwest::Request, response: &Response, secrets: &[&str]) {
        let line = format!("{}\n", self.exchange(request, response, secrets));
        let mut file = self.file.lock();
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "cannot record an exchange");
        }
    }

    fn exchange(&self, request: &reqwest::Request, response: &Response, secrets: &[&str]) -> Value {
        let url = request.url();
        let path = url.path().strip_prefix(self.base.path().trim_end_matches('/')).unwrap_or(url.path());
        let redacted =
            |text: &str| redact_text(text, &self.base.origin(), secrets).unwrap_or_else(|| text.to_owned());
        let query = url.query_pairs().map(|(name, value)| {
            json!([
                redacted(&name),
                if is_known_parameter(&name) { redacted(&value) } else { REDACTED.to_owned() }
            ])
        });
        let query: Vec<_> = query.collect();
        let mut exchange = Map::new();
        exchange.insert("method".to_owned(), request.method().as_str().into());
        exchange.insert("path".to_owned(), redacted(path).into());
        exchange.insert("query".to_owned(), query.into());
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            self.insert(&mut exchange, "request", body, secrets);
        }
        exchange.insert("status".to_owned(), response.status().into());
        self.insert(&mut exchange, "response", response.body(), secrets);
        exchange.into()
    }

    fn insert(&self, exchange: &mut Map<String, Value>, name: &str, body: &[u8], secrets: &[&str]) {
        if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
            redact(&mut value, &self.base.origin(), secrets);
            exchange.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn recorded_traffic_is_private_and_redacted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("traffic.jsonl");
        let recorder = Recorder::create(&path, "https://api.example.com/v2".parse().unwrap()).unwrap();
        let mut request = reqwest::Request::new(
            http::Method::POST,
            "https://api.example.com/v2/storage/volumes?fields=_all&name=s3cret&token=a&sig=b"
                .parse()
                .unwrap(),
        );
        request.headers_mut().insert("x-sbg-auth-token", "s3cret".parse().unwrap());
        *request.body_mut() = Some(r#"{"service": {"credentials": {"secret_access_key": "s3cret"}}}"#.into());
        let body =
            r#"{"place": "https://store.example.com/a?Signature=s3cret", "note": "your token is s3cret"}"#;
        recorder.record(&request, &Response::new(StatusCode::OK, HeaderMap::new(), body), &["s3cret"]);

        let line: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let expected = json!({
            "method": "POST",
            "path": "/storage/volumes",
            "query": [["fields", "_all"], ["name", "***"], ["token", "***"], ["sig", "***"]],
            "request": {"service": {"credentials": {"secret_access_key": "***"}}},
            "status": 200,
            "response": {"place": "https://store.example.com/a?***", "note": "your token is ***"},
        });
        assert_eq!(line, expected);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(path).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn recorder_does_not_follow_links() {
        let folder = tempfile::tempdir().unwrap();
        let (other, link) = (folder.path().join("other"), folder.path().join("traffic.jsonl"));
        std::fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let error = Recorder::create(&link, "https://api.example.com/v2".parse().unwrap()).unwrap_err();
        let shown = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        assert!(shown.contains("traffic.jsonl") && shown.contains("it is a symbolic link"), "{shown}");
        assert_eq!(std::fs::read_to_string(other).unwrap(), "kept");
    }
}
