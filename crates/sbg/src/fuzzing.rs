//! Doors for the fuzz targets to parsers that are private: each takes what an attacker may send, and panics where what came of it breaks
//! its promise. They are built with `--cfg fuzzing` alone, as fuzzers do it, and are no part of the interface.

pub use crate::config::profile::fuzz as profile;
pub use crate::pipeline::fuzz as answer;
pub use crate::request::next_page::fuzz as links;
pub use crate::transfer::fuzz_content_range as content_range;
pub use crate::transfer::fuzz_download_journal as download_journal;
pub use crate::transfer::fuzz_tree_record as tree_record;
pub use crate::transfer::fuzz_upload_journal as upload_journal;
