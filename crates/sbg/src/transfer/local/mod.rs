//! Files and folders on this machine, opened so that nothing is read or written but what was meant.

pub(super) mod descriptors;
pub(super) mod folder;
#[cfg(not(unix))]
mod folder_by_path;
#[cfg(unix)]
mod folder_unix;
pub(super) mod names;
pub(super) mod state;
