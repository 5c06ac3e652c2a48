//! Credentials files: invalid ones are an error, and an edit changes its own keys only.
//!
//! An input is a line with the name of a profile, a line with a token, and the text of the file.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &str| -> Corpus {
    let mut pieces = data.splitn(3, '\n');
    let (Some(profile), Some(token), Some(text)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Corpus::Reject;
    };
    sbg::fuzzing::profile(text, profile, token);
    Corpus::Keep
});
