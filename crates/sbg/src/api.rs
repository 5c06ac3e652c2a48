//! Handles and queries, one folder for each resource of the API.

pub mod apps;
pub mod automations;
pub mod billing;
pub(crate) mod checks;
pub mod datasets;
pub(crate) mod destination;
pub mod divisions;
pub mod drs;
pub mod feedback;
pub mod files;
pub mod markers;
pub mod members;
pub mod platform;
pub mod projects;
pub mod storage_jobs;
pub mod tasks;
pub mod teams;
pub mod uploads;
pub mod users;
pub mod volumes;
