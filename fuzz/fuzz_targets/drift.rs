//! Recorded traffic: every line conforms to the document, or its problem is reported.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sbg_drift::{Drift, Format, Options};
use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../openapi/sbg.openapi.json")).expect("the bundle is JSON")
});

thread_local! {
    static DRIFT: Drift<'static> = Drift::new(&DOCUMENT, Options::default()).expect("the bundle is in order");
}

fuzz_target!(|text: &str| {
    for format in [Format::Lines, Format::Har] {
        let mut problems = 0;
        let report =
            DRIFT.with(|drift| drift.check(text.as_bytes(), format, &|_, _| None, &mut |_| problems += 1));
        let report = report.expect("the bundle is in order");
        assert!(report.failed <= report.exchanges);
        assert!(report.failed + report.notices <= problems + report.failed);
    }
});
