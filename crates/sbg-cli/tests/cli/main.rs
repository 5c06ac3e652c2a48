//! Runs every command of `sbg` as a process, against the emulator.
#![expect(clippy::needless_raw_string_hashes, reason = "this is how snapbox updates them")]

mod account;
mod bad_input;
mod configure;
mod documents;
mod drs;
mod files;
mod harness;
mod interrupts;
mod json;
mod programs;
mod progress;
mod rate_limit;
mod running;
mod sheets;
mod syncs;
mod terminal;
mod transfers;
