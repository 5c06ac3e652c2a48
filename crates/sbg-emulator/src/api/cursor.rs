//! Continuation tokens: a position in a list, opaque to clients.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{ApiError, Outcome};

/// A token for the list that `query` describes. It is valid for no other list.
pub(crate) fn seal(query: &str, position: &Value) -> String {
    STANDARD.encode(json!([xxh3_64(query.as_bytes()), position]).to_string())
}

/// The position in a token.
pub(crate) fn open(query: &str, token: &str) -> Outcome<Value> {
    let bytes = STANDARD.decode(token).map_err(|_| ApiError::new(57000))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| ApiError::new(57000))?;
    match value.as_array().map(Vec::as_slice) {
        Some([of, position]) if *of == json!(xxh3_64(query.as_bytes())) => Ok(position.clone()),
        _ => Err(ApiError::new(57001)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_token_is_valid_for_its_list_only() {
        let token = seal("list", &json!("last"));
        assert_eq!(open("list", &token), Ok(json!("last")));
        assert_eq!(open("other", &token).unwrap_err().code, 57001);
        assert_eq!(open("list", "not base64!").unwrap_err().code, 57000);
        assert_eq!(open("list", "e30=").unwrap_err().code, 57001);
        assert_eq!(open("list", "eyI=").unwrap_err().code, 57000);
    }
}
