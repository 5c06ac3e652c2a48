//! Decodes responses as the types of `sbg-raw`.

#[rustfmt::skip]
#[expect(clippy::match_same_arms, clippy::too_many_lines, reason = "a table has a row for each operation")]
mod table;

use serde_json::Value;

/// Why `response` cannot be decoded as the response of `operation`, or as an error for `error`; `None` if it can.
///
/// ```
/// use serde_json::json;
///
/// assert_eq!(sbg_drift::decode("user_me", &json!({"username": "rfranklin"})), None);
/// assert_eq!(sbg_drift::decode("user_me", &json!({})).as_deref(), Some("missing field `username`"));
/// ```
pub fn decode(operation: &str, response: &Value) -> Option<String> {
    match table::decode(operation, response) {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(error.to_string()),
        None => Some(format!("no operation `{operation}` has a body in its response")),
    }
}
