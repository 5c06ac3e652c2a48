//! Counts the items of a page before anything is made of them: items without number would take many times the memory of their text. Pure.

use std::borrow::Cow;
use std::fmt;

use sbg_raw::Operation;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

/// Most items of a page that was asked for without a limit. The platform gives 50 then, and never more than 100; lists that it does not
/// divide into pages have some hundred.
const MOST_WITHOUT_LIMIT: u64 = 10_000;

/// The fields of pages that hold what was asked for.
const ITEMS: [&str; 3] = ["items", "prefixes", "result_set"];

/// Most entries of any other list of a page, such as its links.
const MOST_BESIDE: u64 = 1_000;

/// Most items that the response to this request may have; `None` where it is not a page.
pub(super) fn most_items(operation: &Operation, url: &Url) -> Option<u64> {
    operation.pagination?;
    let limit = url.query_pairs().find(|(name, _)| name == "limit").and_then(|(_, value)| value.parse().ok());
    Some(limit.unwrap_or(MOST_WITHOUT_LIMIT))
}

/// Whether `page` is one with more items than these. What is not JSON has none.
pub(super) fn has_more_items(page: &[u8], most: u64) -> bool {
    let mut more = false;
    let mut reader = serde_json::Deserializer::from_slice(page);
    // It fails where there are more, and where it is not JSON, which the one who reads it tells.
    let _ = Page { most, more: &mut more }.deserialize(&mut reader);
    more
}

/// The whole response, which is an object with the items in a field.
struct Page<'m> {
    most: u64,
    more: &'m mut bool,
}

impl<'de> DeserializeSeed<'de> for Page<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Page<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<Cow<'_, str>>()? {
            let most = if ITEMS.contains(&&*field) { self.most } else { MOST_BESIDE };
            map.next_value_seed(Items { most, more: self.more })?;
        }
        Ok(())
    }
}

/// A field of the page.
struct Items<'m> {
    most: u64,
    more: &'m mut bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0_u64;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
            if count > self.most {
                *self.more = true;
                return Err(A::Error::custom("too many items"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        IgnoredAny.visit_map(map).map(drop)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_without_being_read() {
        let check = |page: &str, most: u64, expected: bool| {
            assert_eq!(has_more_items(page.as_bytes(), most), expected, "{page} {most}");
        };
        let page = r#"{"href": "x", "total": 3, "no": -1.5, "yes": true, "none": null, "o": {"items": [1, 2, 3, 4]}, "items": [{"a": [1, 2, 3, 4]}, {}, null], "links": []}"#;
        check(page, 3, false);
        check(page, 2, true);
        check(page, 0, true);
        check(r#"{"result_set": [1, 2]}"#, 1, true);
        check(r#"{"items": [1], "prefixes": [1, 2]}"#, 1, true);
        // Other lists are bounded as well.
        check(r#"{"items": [1], "links": [1, 2]}"#, 1, false);
        check(&format!(r#"{{"links": [{}0]}}"#, "0,".repeat(999)), 1, false);
        check(&format!(r#"{{"links": [{}0]}}"#, "0,".repeat(1_000)), 1, true);
        check(r#"{"items": [1], "items": [1, 2]}"#, 1, true);
        // Too many are noticed before the end, which may never come.
        check(r#"{"items": [1, 2, "#, 1, true);
        for other in ["", "{", "[1, 2, 3]", "5", "null", r#"{"items": 5}"#, "<html>"] {
            check(other, 0, false);
        }
    }

    #[test]
    fn limit_of_the_request_is_the_limit_of_the_page() {
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
