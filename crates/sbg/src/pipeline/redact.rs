//! Redacts secrets in JSON: the fields that the specification marks as secret, the queries of signed URLs, and the secrets of the request
//! where they are quoted.

mod text;

use std::borrow::Cow;

use sbg_raw::SECRET_FIELDS;
use serde_json::{Map, Value};
use url::Origin;

pub(super) use self::text::{REDACTED, is_known_parameter};
use self::text::{is_known_header, urls};

/// Redacts every secret in `value`, which is a response of the API at `api` or a request to it, and every quote of one of `secrets`.
/// Keeps the shape, so that a record still satisfies the specification.
pub(super) fn redact(value: &mut Value, api: &Origin, secrets: &[&str]) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if is_secret(name) {
                    redact_all(value);
                } else if name.eq_ignore_ascii_case("headers") {
                    redact_headers(value);
                }
                redact(value, api, secrets);
            }
            if map.keys().any(|name| redact_text(name, api, secrets).is_some()) {
                *map = std::mem::take(map).into_iter().fold(Map::new(), |mut redacted, (name, value)| {
                    let mut name = redact_text(&name, api, secrets).unwrap_or(name);
                    // Two names may be equal after redaction.
                    while redacted.contains_key(&name) {
                        name.push('*');
                    }
                    redacted.insert(name, value);
                    redacted
                });
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, api, secrets)),
        Value::String(text) => {
            if let Some(redacted) = redact_text(text, api, secrets) {
                *text = redacted;
            }
        }
        _ => {}
    }
}

/// The redacted text, if it contains secrets.
pub(super) fn redact_text(text: &str, api: &Origin, secrets: &[&str]) -> Option<String> {
    // JSON in a string has fields of its own.
    if text.starts_with(['{', '['])
        && let Ok(mut inside) = serde_json::from_str::<Value>(text)
    {
        let before = inside.clone();
        redact(&mut inside, api, secrets);
        return (inside != before).then(|| inside.to_string());
    }
    // Whole secrets first: if a signed URL is itself a secret, nothing of it may remain.
    let mut redacted = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if redacted.contains(secret) {
            redacted = redacted.replace(secret, REDACTED).into();
        }
    }
    let redacted = urls(&redacted, api);
    (redacted != text).then(|| redacted.into_owned())
}

/// Redacts the values of all headers that are not known to be harmless. An array may hold only names of headers.
fn redact_headers(value: &mut Value) {
    let is_name = |text: &str| {
        text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match value {
        Value::Object(headers) => {
            headers
                .iter_mut()
                .filter(|(name, _)| !is_known_header(name))
                .for_each(|(_, value)| redact_all(value));
        }
        Value::Array(names) => {
            names.iter_mut().filter(|name| !name.as_str().is_some_and(is_name)).for_each(redact_all);
        }
        other => redact_all(other),
    }
}

/// The secret texts in `value`, to redact them where they are quoted. Short ones are skipped: they occur in any text by coincidence, and
/// no real secret is that short.
pub(super) fn secrets(value: &Value) -> Vec<&str> {
    const SHORTEST: usize = 6;
    fn collect<'v>(value: &'v Value, secret: bool, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(name, value)| collect(value, secret || is_secret(name), found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, secret, found)),
            Value::String(text) if secret && text.len() >= SHORTEST => found.push(text),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, false, &mut found);
    found
}

/// Whether the specification marks the field as secret, or its name suggests it.
fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 6] = ["authorization", "cookie", "password", "secret", "signature", "token"];
    let name = name.to_ascii_lowercase();
    SECRET_FIELDS.binary_search(&name.as_str()).is_ok() || WORDS.iter().any(|word| name.contains(word))
}

fn redact_all(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(redact_all),
        Value::Array(items) => items.iter_mut().for_each(redact_all),
        Value::String(text) => REDACTED.clone_into(text),
        Value::Number(number) => *number = 0.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;

    #[test]
    fn only_secret_fields_and_signatures_are_redacted() {
        let api = Url::parse("https://api.example.com/v2").unwrap().origin();
        let check = |mut value: Value, expected: Value| {
            redact(&mut value, &api, &["quoted"]);
            assert_eq!(value, expected);
        };
        check(
            json!({"service": {"bucket": "b", "credentials": {"secret_access_key": "s3cret", "role_arn": "arn"}}}),
            json!({"service": {"bucket": "b", "credentials": {"secret_access_key": "***", "role_arn": "arn"}}}),
        );
        check(
            json!([{"secret_settings": {"a": ["s3cret", 5, true, null]}, "settings": {"a": 5}}]),
            json!([{"secret_settings": {"a": ["***", 0, true, null]}, "settings": {"a": 5}}]),
        );
        check(
            json!({"place": "https://store.example.com/a?Signature=s3cret", "href": "https://api.example.com/v2/a?limit=1"}),
            json!({"place": "https://store.example.com/a?***", "href": "https://api.example.com/v2/a?limit=1"}),
        );
        check(json!("https://store.example.com/a"), json!("https://store.example.com/a"));
        check(json!(["not `quoted`, unquoted"]), json!(["not `***`, un***"]));
        // The token, or a text that quotes it, as a key.
        check(json!({"quoted": 1, "a quoted": 2, "unquoted": 3}), json!({"***": 1, "a ***": 2, "un***": 3}));
        check(json!({"quoted": 1, "quotedquoted": 2, "***": 3}), json!({"***": 1, "******": 2, "****": 3}));
        check(json!({"https://store/a?sig=s3cret": 1}), json!({"https://store/a?***": 1}));
        // Fields that the specification does not mark.
        check(
            json!({"Session_Token": "s3cret", "api-secret": ["s3cret"], "Authorization": {"a": "s3cret"}}),
            json!({"Session_Token": "***", "api-secret": ["***"], "Authorization": {"a": "***"}}),
        );
        check(json!(r#"{"url":"https://store/a?sig=s3cret","n":1}"#), json!(r#"{"url":"***","n":1}"#));
        check(json!("{ \"n\": 1 }"), json!("{ \"n\": 1 }"));
    }

    #[test]
    fn unknown_part_url_headers_are_redacted() {
        let api = Url::parse("https://api.example.com/v2").unwrap().origin();
        let mut value = json!({
            "url": "https://store/a?sig=s3cret",
            "method": "PUT",
            "headers": {"x-amz-security-token": "s3cret", "Authorization": "AWS s3cret", "X-Other": ["s3cret"], "Content-Type": "text/plain"},
            "report": {"headers": ["ETag", "x-amz-checksum-crc32c", "Authorization: s3cret", {"a": "s3cret"}]},
            "response": {"headers": {"ETag": "1234", "x-goog-hash": "s3cret"}},
            "Headers": "s3cret",
        });
        redact(&mut value, &api, &[]);
        let expected = json!({
            "url": "***",
            "method": "PUT",
            "headers": {"x-amz-security-token": "***", "Authorization": "***", "X-Other": ["***"], "Content-Type": "text/plain"},
            "report": {"headers": ["ETag", "x-amz-checksum-crc32c", "***", {"a": "***"}]},
            "response": {"headers": {"ETag": "1234", "x-goog-hash": "***"}},
            "Headers": "***",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let value = json!({"a": [{"private_key": "one-key"}], "secret_settings": {"b": {"c": ["two-key", 3, "no"]}}, "d": "no-key"});
        assert_eq!(secrets(&value), ["one-key", "two-key"]);
    }
}
