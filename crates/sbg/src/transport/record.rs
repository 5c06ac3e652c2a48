//! Writes the exchanges with the API to a file, secrets masked, so that the specification can be held against them.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sbg_raw::SECRET_FIELDS;
use serde_json::{Map, Value, json};
use url::Url;

use super::answer::Answer;
use crate::error::{Error, Result};

/// What stands in the place of a secret.
const MASK: &str = "***";

/// A file of exchanges.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: Mutex<File>,
    base: Url,
}

impl Recorder {
    pub(crate) fn create(path: &Path, base: Url) -> Result<Self> {
        let file = File::create(path)
            .map_err(|error| Error::io(format!("cannot write `{}`", path.display()), error))?;
        Ok(Self { file: Mutex::new(file), base })
    }

    /// Writes a line. A full disk must not fail the call, so an error is only logged.
    pub(super) fn record(&self, request: &reqwest::Request, answer: &Answer) {
        let line = format!("{}\n", self.exchange(request, answer));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "cannot record an exchange");
        }
    }

    fn exchange(&self, request: &reqwest::Request, answer: &Answer) -> Value {
        let url = request.url();
        let path = url.path().strip_prefix(self.base.path().trim_end_matches('/')).unwrap_or(url.path());
        let query: Vec<_> = url.query_pairs().map(|(name, value)| json!([name, value])).collect();
        let mut exchange = Map::new();
        exchange.insert("method".to_owned(), request.method().as_str().into());
        exchange.insert("path".to_owned(), path.into());
        exchange.insert("query".to_owned(), query.into());
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            self.insert(&mut exchange, "request", body);
        }
        exchange.insert("status".to_owned(), answer.status().into());
        self.insert(&mut exchange, "response", answer.body());
        exchange.into()
    }

    fn insert(&self, exchange: &mut Map<String, Value>, name: &str, body: &[u8]) {
        if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
            self.mask(&mut value);
            exchange.insert(name.to_owned(), value);
        }
    }

    fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    if SECRET_FIELDS.binary_search(&name.as_str()).is_ok() {
                        mask_all(value);
                    } else {
                        self.mask(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::String(text) => self.mask_signature(text),
            _ => {}
        }
    }

    /// An address of another host with a query is a signed one: whoever has the query has the file.
    fn mask_signature(&self, text: &mut String) {
        if !text.starts_with("http") || !text.contains('?') {
            return;
        }
        if let Ok(mut url) = Url::parse(text)
            && url.origin() != self.base.origin()
        {
            url.set_query(Some(MASK));
            *text = url.into();
        }
    }
}

/// Masks every string and number below, and keeps the shape, so that the record still satisfies the specification.
fn mask_all(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(mask_all),
        Value::Array(items) => items.iter_mut().for_each(mask_all),
        Value::String(text) => MASK.clone_into(text),
        Value::Number(number) => *number = 0.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn exchanges_are_written_without_secrets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let recorder = Recorder::create(file.path(), "https://api.example.com/v2".parse().unwrap()).unwrap();
        let mut request = reqwest::Request::new(
            http::Method::POST,
            "https://api.example.com/v2/storage/volumes?fields=_all".parse().unwrap(),
        );
        request.headers_mut().insert("x-sbg-auth-token", "s3cret".parse().unwrap());
        *request.body_mut() = Some(r#"{"service": {"credentials": {"secret_access_key": "s3cret"}}}"#.into());
        let body = r#"{"url": "https://store.example.com/a?Signature=s3cret", "href": "https://api.example.com/v2/a?limit=1"}"#;
        recorder.record(&request, &Answer::new(StatusCode::OK, HeaderMap::new(), body));

        let line: Value = serde_json::from_str(&std::fs::read_to_string(file.path()).unwrap()).unwrap();
        let expected = json!({
            "method": "POST",
            "path": "/storage/volumes",
            "query": [["fields", "_all"]],
            "request": {"service": {"credentials": {"secret_access_key": "***"}}},
            "status": 200,
            "response": {"url": "https://store.example.com/a?***", "href": "https://api.example.com/v2/a?limit=1"},
        });
        assert_eq!(line, expected);
    }
}
