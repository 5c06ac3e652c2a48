//! Journals of transfers and records of trees, damaged or from another process or version.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    sbg::fuzzing::download_journal(bytes);
    sbg::fuzzing::upload_journal(bytes);
    sbg::fuzzing::tree_record(bytes);
});
