//! Entry points of the fuzz targets to private parsers: each takes data that an attacker may send, and panics if the result breaks an
//! invariant. Built only with `--cfg fuzzing`, as fuzzers do; not part of the public interface.

pub use crate::config::profile::fuzz as profile;
pub use crate::pipeline::fuzz as response;
pub use crate::request::next_page::fuzz as links;
pub use crate::transfer::fuzz_content_range as content_range;
pub use crate::transfer::fuzz_download_journal as download_journal;
pub use crate::transfer::fuzz_tree_record as tree_record;
pub use crate::transfer::fuzz_upload_journal as upload_journal;
