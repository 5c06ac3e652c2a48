//! Handles and queries, a file for each area of the API.

pub mod actions;
pub mod apps;
pub mod automations;
pub mod billing;
pub mod bulk_files;
pub mod datasets;
pub mod divisions;
pub mod drs;
pub mod exports;
pub mod files;
pub mod imports;
pub mod jobs;
pub mod markers;
pub mod members;
pub(crate) mod place;
pub mod platform;
pub mod projects;
pub mod tasks;
pub mod teams;
pub mod uploads;
pub mod users;
pub mod volumes;
