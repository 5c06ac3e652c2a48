//! Misbehaviour of the platform, the object store or the network, and what the server saw of it.

mod calls;
mod completions;
mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod downloads;
mod dropped_uploads;
mod expired_urls;
mod intents;
mod killed;
mod limits;
mod lost;
mod mirrors;
mod network;
mod outages;
mod processes;
mod proxies;
mod resuming;
mod resuming_uploads;
mod sources;
mod syncs;
mod trees;
mod uploads;

use sbg_emulator::Action;

/// A response with this status, in the usual format of the API or the storage.
fn status(code: u16) -> Action {
    Action::Status { code, body: None, headers: Vec::new() }
}
