//! What the emulator keeps: objects and uploads in the store, and everything in a folder over a restart.

pub(crate) mod persistence;
pub(crate) mod state_dir;
pub(crate) mod store;
