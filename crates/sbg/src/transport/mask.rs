//! Takes secrets out of JSON: the fields that the specification marks as secret, the queries of signed addresses, and what quotes the
//! secrets of the request.

use sbg_raw::SECRET_FIELDS;
use serde_json::Value;
use url::{Origin, Url};

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// Masks every secret in `value`, an answer of the API at `api` or a request to it, and whatever quotes one of `secrets`. The shape
/// stays, so that a record still satisfies the specification.
pub(super) fn mask(value: &mut Value, api: &Origin, secrets: &[&str]) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if is_secret(name) { mask_all(value) } else { mask(value, api, secrets) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, api, secrets)),
        Value::String(text) => {
            mask_signature(text, api);
            for secret in secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, MASK);
                }
            }
        }
        _ => {}
    }
}

/// The secret texts in `value`, to blot them out where somebody quotes them. Short ones are left out: they are in any text by chance,
/// and no secret that deserves the name is short.
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

fn is_secret(name: &str) -> bool {
    SECRET_FIELDS.binary_search(&name).is_ok()
}

/// An address of another host with a query is a signed one: whoever has the query has the file.
fn mask_signature(text: &mut String, api: &Origin) {
    if !text.starts_with("http") || !text.contains('?') {
        return;
    }
    if let Ok(mut url) = Url::parse(text)
        && url.origin() != *api
    {
        url.set_query(Some(MASK));
        *text = url.into();
    }
}

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
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_fields_and_signatures_are_masked_and_everything_else_stays() {
        let api = Url::parse("https://api.example.com/v2").unwrap().origin();
        let check = |mut value: Value, expected: Value| {
            mask(&mut value, &api, &["quoted"]);
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
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let value = json!({"a": [{"private_key": "one-key"}], "secret_settings": {"b": {"c": ["two-key", 3, "no"]}}, "d": "no-key"});
        assert_eq!(secrets(&value), ["one-key", "two-key"]);
    }
}
