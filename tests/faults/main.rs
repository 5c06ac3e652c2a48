//! What happens when the platform, the object store or the network misbehaves, and what the server saw of it.

mod addresses;
mod calls;
mod completions;
mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod downloads;
mod dropped_uploads;
mod intents;
mod killed;
mod limits;
mod lost;
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

/// An answer of this status in the usual form of whoever is asked.
fn status(code: u16) -> Action {
    Action::Status { code, body: None, headers: Vec::new() }
}
