//! The transfer engine: uploads and downloads files in parallel parts.
//!
//! What it guarantees:
//!
//! - No byte is lost, misplaced or invented. The status, offset, length and source version of every range response are checked, as are
//!   the status and `ETag` of every part. A file appears under its name only when it is complete.
//! - Memory is bounded, whatever the size of the file: parts are streamed, never buffered whole.
//! - Transfers run on their own threads, separate from the runtime of the caller.
//!
//! A transfer is started by [`Upload::start`] or [`Download::start`], which return a [`Transfer`] to watch, await and stop;
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
mod sheet;
mod sync;
mod upload;

pub use batch::{Compare, Conflict, DownloadItem, DownloadMany, FileReport, Outcome, Report, UploadMany};
pub use digest::{Algorithm, Digest, VerifiedAgainst, VerifiedDigest};
#[cfg(fuzzing)]
pub use download::fuzz_journal as fuzz_download_journal;
pub use download::{Download, Downloaded};
pub(crate) use engine::runtime::{Engine, Settings};
#[cfg(fuzzing)]
pub use engine::storage::fuzz_content_range;
pub use handle::{Status, Transfer};
#[cfg(fuzzing)]
pub use local::record::fuzz as fuzz_tree_record;
pub(crate) use local::state_folder::StateFolder;
pub use progress::Progress;
pub(crate) use read::KeptUrls;
pub use read::{Content, FileReader, FileStream};
pub use sheet::{Sheet, SheetReport, SheetRow, SheetUpload};
pub use sync::{Shard, SyncAction, SyncOperation, SyncPlan, SyncProblem, SyncReport, SyncResult, TreeSync};
pub(crate) use upload::default_state_folder;
#[cfg(fuzzing)]
pub use upload::fuzz_journal as fuzz_upload_journal;
pub use upload::{ReaderUpload, Upload, Uploaded};
