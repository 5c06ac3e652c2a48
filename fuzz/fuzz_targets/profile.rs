//! Files of credentials: what cannot be read is an error, and an edit changes what it is meant to change and nothing else.
//!
//! An input is the name of a profile, a token and the text of the file, a line for each of the first two.

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
