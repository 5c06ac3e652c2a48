//! The header `Content-Range` of the object storage: it names a range inside of its object, or nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| sbg::fuzzing::content_range(text));
