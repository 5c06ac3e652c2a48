//! The transfer engine: files up to the platform and down from it, in parallel parts.
//!
//! What it holds to:
//!
//! - No byte is lost, misplaced or invented. Every range that comes back is checked for status, place, length and identity of the
//!   source, every part that goes out for status and `ETag`. A file appears under its name only when it is complete.
//! - Memory stays bounded, whatever the size of the file: parts are streamed, never held.
//! - The work is done on threads of its own, apart from the runtime of the caller, whatever that runtime is.
//!
//! A transfer is started by [`Upload::start`] or [`Download::start`], which give a [`Transfer`] to watch, to wait for and to stop;
//! awaiting the builder itself starts it and waits.

mod batch;
mod digest;
mod download;
mod engine;
mod handle;
mod local;
mod part_size;
mod progress;
mod read;
mod upload;

pub use batch::{Compare, Conflict, DownloadItem, DownloadMany, FileReport, Outcome, Report, UploadMany};
pub use digest::{Algorithm, Digest, VerifiedAgainst, VerifiedDigest};
#[cfg(fuzzing)]
pub use download::fuzz_journal as fuzz_download_journal;
pub use download::{Download, Downloaded};
pub(crate) use engine::runtime::{Engine, Settings, StateFolder};
#[cfg(fuzzing)]
pub use engine::storage::fuzz_content_range;
pub use handle::{Status, Transfer};
#[cfg(fuzzing)]
pub use local::record::fuzz as fuzz_tree_record;
pub use progress::Progress;
pub use read::{Content, FileStream};
pub(crate) use upload::default_state_folder;
#[cfg(fuzzing)]
pub use upload::fuzz_journal as fuzz_upload_journal;
pub use upload::{ReaderUpload, Upload, Uploaded};
