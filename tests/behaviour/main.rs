//! The behaviour of `sbg` for its users, tested against the emulator.

mod account;
mod bad_input;
mod blocking;
mod bulk;
mod code_packages;
mod collisions;
mod configuration;
mod coverage;
mod digests;
mod drs;
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
mod packing;
mod paging;
mod pausing;
mod projects;
mod readers;
mod refusals;
mod requests;
mod resolving;
mod rows;
mod running;
mod sameness;
mod secrets;
mod sheets;
mod stopping;
mod streams;
mod sync_plans;
mod sync_runs;
mod tasks;
mod telemetry;
mod tokens;
mod transfers;
mod trees;
mod uploads;

/// A plain HTTP client. The HTTP library is built without a crypto provider here and panics if none is installed.
fn http() -> reqwest::Client {
    // Another test may have installed it already.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
