//! What a user of `sbg` gets to see, against the emulator.

mod account;
mod configuration;
mod coverage;
mod files;
mod members;
mod metadata;
mod paging;
mod pausing;
mod projects;
mod refusals;
mod running;
mod secrets;
mod transfers;
mod uploads;
