//! Path parameters whose values may hold slashes.

use progenitor_client::encode_path;

/// Percent-encodes each segment of a value; the slashes between them stay.
pub(crate) fn encode_segments(value: &str) -> String {
    value.split('/').map(encode_path).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_stay_and_all_else_is_encoded() {
        let check = |value: &str, expected: &str| assert_eq!(encode_segments(value), expected);
        check("rfranklin", "rfranklin");
        check("kings-college/rfranklin", "kings-college/rfranklin");
        check("a b/c?d", "a%20b/c%3Fd");
    }
}
