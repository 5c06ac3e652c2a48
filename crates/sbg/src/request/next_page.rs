//! Finds the next page of a list. Pure.

use super::list::{Fetched, PageRequest, query_value};
use crate::error::{Error, ErrorKind, REPORT_LIST};

/// Most consecutive empty pages in a list that is paged by token. Lists that the platform filters while reading have some.
const MOST_EMPTY: u32 = 1_000;

/// What follows a page.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// Nothing: the list has ended.
    End,
    /// Another page.
    Page(PageRequest),
    /// The link to the next page is invalid, or leads to an earlier page, for this reason.
    Back(&'static str),
}

impl Next {
    /// What follows `fetched`, the response to `at`.
    pub(super) fn after<T>(
        fetched: &Fetched<T>,
        at: &PageRequest,
        by_token: bool,
        tokens: &mut Tokens,
    ) -> Self {
        let end = at.offset.saturating_add(fetched.items.len() as u64);
        let next = if by_token {
            Self::by_token(fetched, at, end, tokens)
        } else {
            Self::by_offset(fetched, at, end)
        };
        // If everything announced has arrived, a link that leads back does no harm. With repeating tokens the pages may hold more items
        // than announced, so the count must match exactly.
        let complete = |total: u64| if by_token { end == total } else { end >= total };
        match next {
            Self::Back(_) if fetched.total.is_some_and(complete) => Self::End,
            next => next,
        }
    }

    fn by_token<T>(fetched: &Fetched<T>, at: &PageRequest, end: u64, tokens: &mut Tokens) -> Self {
        let Some(token) = &fetched.next_token else {
            return if fetched.next.is_some() {
                Self::Back("the next link has no continuation token")
            } else {
                Self::End
            };
        };
        match tokens.refuse(token, at.token.as_deref(), fetched.items.is_empty()) {
            Some(reason) => Self::Back(reason),
            None => Self::Page(PageRequest { offset: end, token: Some(token.clone()), ..at.clone() }),
        }
    }

    fn by_offset<T>(fetched: &Fetched<T>, at: &PageRequest, end: u64) -> Self {
        let Some(next) = fetched.next.as_deref() else { return Self::End };
        let to = query_value(next, "offset").and_then(|text| text.parse::<u64>().ok());
        if Some(next) == fetched.href.as_deref() || to.is_some_and(|to| to <= at.offset) {
            return Self::Back("the next link leads to an earlier page");
        }
        if end == at.offset {
            return Self::Back("a page is empty and links to a next one");
        }
        Self::Page(PageRequest { offset: end, ..at.clone() })
    }
}

/// The error for the list of `name` that cannot be read to its end, after `read` items.
pub(crate) fn leads_back(name: &str, reason: &str, read: u64, total: Option<u64>) -> Error {
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let message = format!("the list of {name} cannot be read to its end: {reason}, after {read}{of} items");
    Error::new(ErrorKind::UnexpectedResponse, message).with_hint(REPORT_LIST)
}

/// Detects repeating tokens in a list of any length: one token is kept, and replaced by the current one at intervals that double each
/// time (Brent's method).
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    kept: Option<String>,
    since: u64,
    until: u64,
    /// Consecutive pages without items.
    empty: u32,
}

impl Tokens {
    /// The reason not to continue with `next`, the token that the page at `current` returned; `None` if it is fine.
    pub(crate) fn refuse(&mut self, next: &str, current: Option<&str>, empty: bool) -> Option<&'static str> {
        if Some(next) == current || self.come_round_to(next) {
            return Some("the continuation tokens repeat");
        }
        self.too_many_empty(empty).then_some("too many pages in a row are empty")
    }

    fn come_round_to(&mut self, token: &str) -> bool {
        if self.kept.as_deref() == Some(token) {
            return true;
        }
        if self.since == self.until {
            self.kept = Some(token.to_owned());
            self.until = self.until.saturating_mul(2).max(1);
            self.since = 0;
        }
        self.since += 1;
        false
    }

    /// Counts a page; returns whether too many in a row were empty.
    fn too_many_empty(&mut self, empty: bool) -> bool {
        self.empty = if empty { self.empty.saturating_add(1) } else { 0 };
        self.empty > MOST_EMPTY
    }
}

/// For the fuzz target: follows pages with these links for as long as each has a next page.
#[cfg(fuzzing)]
pub fn fuzz(pages: Vec<(usize, Option<String>, Vec<crate::types::Link>)>, by_token: bool) {
    let limit = Some(super::list::LARGEST_PAGE);
    let mut at = PageRequest { offset: 0, token: None, limit, fields: None };
    let mut tokens = Tokens::default();
    for (items, href, links) in pages {
        let fetched = Fetched::new(&http::HeaderMap::new(), vec![(); items % 101], href, Some(links));
        let Next::Page(next) = Next::after(&fetched, &at, by_token, &mut tokens) else { return };
        assert!(next.offset >= at.offset, "a list never goes back");
        match &next.token {
            Some(_) => assert!(by_token && next.token != at.token, "a token leads to another page"),
            None => {
                assert!(!by_token && next.offset > at.offset, "a page without a token continues after it")
            }
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fetched(items: usize, href: Option<&str>, total: Option<u64>, links: Value) -> Fetched<usize> {
        let links = serde_json::from_value(links).unwrap();
        let mut headers = http::HeaderMap::new();
        total.map(|total| headers.insert("x-total-matching-query", total.into()));
        Fetched::new(&headers, (0..items).collect(), href.map(str::to_owned), Some(links))
    }

    fn at(offset: u64, token: Option<&str>) -> PageRequest {
        PageRequest { offset, token: token.map(str::to_owned), limit: Some(2), fields: None }
    }

    /// Offset or token of the next page, or the reason why it leads back.
    fn shown(next: &Next) -> String {
        match next {
            Next::End => "end".to_owned(),
            Next::Page(PageRequest { token: Some(token), .. }) => token.clone(),
            Next::Page(at) => at.offset.to_string(),
            Next::Back(reason) => format!("back: {reason}"),
        }
    }

    #[test]
    fn offset_list_follows_its_links() {
        let check = |items: usize, total: Option<u64>, link: Value, expected: &str| {
            let page = fetched(items, Some("https://a/v2/x?offset=4&limit=2"), total, json!([link]));
            let next = Next::after(&page, &at(4, None), false, &mut Tokens::default());
            assert_eq!(shown(&next), expected, "{link}");
        };
        let next = |href: Value| json!({"rel": "next", "method": "GET", "href": href});
        check(2, None, next(json!("https://a/v2/x?offset=6&limit=2")), "6");
        check(1, None, next(json!("https://elsewhere/?limit=2&offset=6")), "5");
        check(2, None, next(json!("https://a/v2/x?page=4")), "6");
        check(2, None, json!({"rel": "NEXT", "href": "https://a/v2/x?offset=6"}), "6");
        check(2, None, json!({"rel": "prev", "href": "https://a/v2/x?offset=2"}), "end");
        check(2, None, next(json!(null)), "end");
        let back = "back: the next link leads to an earlier page";
        for total in [None, Some(7), Some(250)] {
            check(2, total, next(json!("https://a/v2/x?offset=4&limit=2")), back);
            check(2, total, next(json!("https://a/v2/x?limit=2&offset=4#here")), back);
            check(2, total, next(json!("https://a/v2/x?offset=0")), back);
            check(
                0,
                total,
                next(json!("https://a/v2/x?offset=6")),
                "back: a page is empty and links to a next one",
            );
        }
        // Everything announced has arrived.
        check(2, Some(6), next(json!("https://a/v2/x?offset=4")), "end");
        check(0, Some(4), next(json!("https://a/v2/x?offset=6")), "end");
    }

    #[test]
    fn token_list_follows_its_tokens() {
        let check = |link: Value, current: Option<&str>, expected: &str| {
            let page = fetched(2, None, None, json!([{"rel": "next", "href": link}]));
            let next = Next::after(&page, &at(0, current), true, &mut Tokens::default());
            assert_eq!(shown(&next), expected, "{link}");
        };
        check(json!("https://a/v2/x?token=b%2Fc&limit=2"), Some("a"), "b/c");
        check(json!("https://a/v2/x?token=b"), None, "b");
        check(json!(null), Some("a"), "end");
        check(json!("https://a/v2/x?token=a"), Some("a"), "back: the continuation tokens repeat");
        check(json!("https://a/v2/x?offset=2"), Some("a"), "back: the next link has no continuation token");
    }

    #[test]
    fn endless_empty_pages_are_an_error() {
        let (mut tokens, mut empty) = (Tokens::default(), 0);
        loop {
            let page = Fetched::<()>::with_token(Vec::new(), None, Some(format!("t{empty}")));
            match Next::after(&page, &at(0, None), true, &mut tokens) {
                Next::Page(_) => empty += 1,
                other => break assert_eq!(shown(&other), "back: too many pages in a row are empty"),
            }
        }
        assert_eq!(empty, MOST_EMPTY);
    }

    #[test]
    fn only_repeated_tokens_are_detected() {
        let check = |before: usize, circle: usize| {
            let names =
                (0..).map(|index| if index < before { index } else { before + (index - before) % circle });
            let mut tokens = Tokens::default();
            let asked =
                names.take(10_000).take_while(|name| !tokens.come_round_to(&name.to_string())).count();
            assert!(asked >= before + circle, "{before} {circle}: noticed before it was so");
            assert!(asked <= 3 * (before + circle) + 3, "{before} {circle}: noticed after {asked}");
        };
        for (before, circle) in [(0, 1), (0, 2), (0, 7), (1, 1), (5, 3), (100, 1), (3, 100)] {
            check(before, circle);
        }
        let mut tokens = Tokens::default();
        assert!((0..10_000).all(|name| !tokens.come_round_to(&name.to_string())));
    }
}
