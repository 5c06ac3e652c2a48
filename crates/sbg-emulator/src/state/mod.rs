//! The store of objects and uploads, and the state that survives a restart.

pub(crate) mod persistence;
pub(crate) mod state_dir;
pub(crate) mod store;
