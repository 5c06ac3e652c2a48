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

mod content;
mod digest;
mod direct;
mod download;
mod engine;
mod handle;
mod journal;
mod limiter;
mod local;
mod lock;
mod many;
mod plan;
mod position;
mod progress;
mod record;
mod retry;
mod segments;
mod sequential;
mod source;
mod storage;
mod stream;
mod target;
mod throttle;
mod upload;

pub use content::Content;
pub use digest::{Algorithm, Digest, VerifiedAgainst, VerifiedDigest};
#[cfg(fuzzing)]
pub use download::fuzz_journal as fuzz_download_journal;
pub use download::{Download, Downloaded};
pub(crate) use engine::{Engine, Settings, StateFolder};
pub use handle::{Status, Transfer};
pub use many::{Compare, Conflict, DownloadItem, DownloadMany, FileReport, Outcome, Report, UploadMany};
pub use progress::Progress;
#[cfg(fuzzing)]
pub use record::fuzz as fuzz_tree_record;
#[cfg(fuzzing)]
pub use storage::fuzz_content_range;
pub use stream::FileStream;
pub(crate) use upload::default_state_folder;
#[cfg(fuzzing)]
pub use upload::fuzz_journal as fuzz_upload_journal;
pub use upload::{ReaderUpload, Upload, Uploaded};
