//! Local files and folders, opened so that a transfer reads and writes only the intended file.

pub(super) mod descriptors;
mod direct_io;
pub(super) mod folder;
#[cfg(not(unix))]
mod folder_by_path;
#[cfg(unix)]
mod folder_unix;
pub(super) mod journal;
pub(super) mod lock;
pub(super) mod names;
pub(super) mod open_mode;
pub(super) mod part_file;
pub(super) mod pread;
pub(super) mod record;
pub(super) mod source_file;
pub(super) mod stat;
pub(super) mod state_folder;
