//! How many items a page may have.

use sbg_raw::Operation;
use url::Url;

/// Most items of a page that was requested without a limit. The platform returns 50 by default and at most 100; lists without pages have
/// a few hundred.
pub(crate) const MOST_WITHOUT_LIMIT: u64 = 10_000;

/// Most items that the response to this request may have; `None` if it is not a page.
pub(super) fn most_items(operation: &Operation, url: &Url) -> Option<u64> {
    operation.pagination?;
    let limit = url.query_pairs().find(|(name, _)| name == "limit").and_then(|(_, value)| value.parse().ok());
    Some(limit.unwrap_or(MOST_WITHOUT_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_size_follows_the_request_limit() {
        let check = |operation: &str, query: &str, expected: Option<u64>| {
            let url = format!("https://api.example.com/v2/files{query}").parse().unwrap();
            assert_eq!(
                most_items(Operation::find(operation).unwrap(), &url),
                expected,
                "{operation} {query}"
            );
        };
        check("file_list", "?offset=0&limit=20", Some(20));
        check("file_list", "?offset=0", Some(MOST_WITHOUT_LIMIT));
        check("file_list", "?limit=many", Some(MOST_WITHOUT_LIMIT));
        check("file_get", "?limit=20", None);
    }
}
