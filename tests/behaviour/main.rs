//! What a user of `sbg` gets to see, against the emulator.

mod account;
mod bad_input;
mod blocking;
mod bulk;
mod collisions;
mod configuration;
mod coverage;
mod digests;
mod engine;
mod errors;
mod files;
mod folder_jobs;
#[cfg(unix)]
mod guards;
mod imports;
mod local_files;
mod many;
mod members;
mod metadata;
mod paging;
mod pausing;
mod projects;
mod refusals;
mod requests;
mod rows;
mod running;
mod sameness;
mod secrets;
mod stopping;
mod streams;
mod tasks;
mod telemetry;
mod tokens;
mod transfers;
mod trees;
mod uploads;

/// An HTTP client beside the one under test. The HTTP library has no cryptography of its own here, and panics where there is none at all.
fn http() -> reqwest::Client {
    // It is installed already where another test was first.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
