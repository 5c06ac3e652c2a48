//! The token and the advance access header of a request.

use http::{HeaderMap, header};

/// The token of a request, from the platform's own header or as a bearer token.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    if let Some(token) = headers.get("x-sbg-auth-token") {
        return token.to_str().ok();
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the request enables advance access.
pub(crate) fn advance_access(headers: &HeaderMap) -> bool {
    headers.get("x-sbg-advance-access").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"advance"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_read_from_either_header() {
        let check = |name: &'static str, value: &str, expected: Option<&str>| {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(token(&headers), expected);
        };
        check("x-sbg-auth-token", "abc", Some("abc"));
        check("authorization", "Bearer abc", Some("abc"));
        check("authorization", "bearer abc", Some("abc"));
        check("authorization", "Basic abc", None);
        check("authorization", "abc", None);
    }
}
