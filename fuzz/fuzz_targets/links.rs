//! Links and continuation tokens of pages: a list advances or ends.
//!
//! An input is one JSON object per line and page: its number of items, its URL and its links.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

fuzz_target!(|data: &str| -> Corpus {
    let mut pages = Vec::new();
    for line in data.lines() {
        let Ok(page) = serde_json::from_str::<Value>(line) else { return Corpus::Reject };
        let items = page["items"].as_u64().unwrap_or(0) as usize;
        let href = page["href"].as_str().map(str::to_owned);
        let Ok(links) = serde_json::from_value(page["links"].clone()) else { return Corpus::Reject };
        pages.push((items, href, links));
    }
    sbg::fuzzing::links(pages.clone(), false);
    sbg::fuzzing::links(pages, true);
    Corpus::Keep
});
