//! The header `Content-Range` of the storage: a range inside the object, or nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| sbg::fuzzing::content_range(text));
