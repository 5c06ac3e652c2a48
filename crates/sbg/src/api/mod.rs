//! Handles and queries, a file for each area of the API.

pub mod files;
pub mod members;
pub mod platform;
pub mod projects;
pub mod uploads;
pub mod users;
