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

mod download;
mod engine;
mod handle;
mod plan;
mod progress;
mod source;
mod storage;
mod target;
mod upload;

pub use download::{Download, Downloaded};
pub(crate) use engine::Engine;
pub use handle::{Status, Transfer};
pub use progress::Progress;
pub use upload::Upload;
