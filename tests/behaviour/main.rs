//! What a user of `sbg` gets to see, against the emulator.

mod account;
mod bad_input;
mod bulk;
mod configuration;
mod coverage;
mod digests;
mod engine;
mod errors;
mod files;
mod folder_jobs;
mod many;
mod members;
mod metadata;
mod paging;
mod pausing;
mod projects;
mod refusals;
mod rows;
mod running;
mod secrets;
mod streams;
mod telemetry;
mod tokens;
mod transfers;
mod trees;
mod uploads;
