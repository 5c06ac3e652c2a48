//! Recorded traffic: every line conforms to the document, or its problem is reported.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sbg_document::drift::Drift;
use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../openapi/sbg.openapi.json")).expect("the bundle is JSON")
});

thread_local! {
    static DRIFT: Drift<'static> = Drift::new(&DOCUMENT).expect("the bundle is in order");
}

fuzz_target!(|text: &str| {
    let report = DRIFT.with(|drift| drift.check(text, |answers| Ok(vec![None; answers.len()])));
    let report = report.expect("the bundle is in order");
    assert_eq!(report.exchanges, text.lines().filter(|line| !line.trim().is_empty()).count());
    assert!(report.failed <= report.exchanges);
    let lines = text.lines().count();
    assert!(report.problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
});
