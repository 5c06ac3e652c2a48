#![doc = include_str!("../README.md")]

mod api;
mod client;
pub mod config;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod guide;
mod ids;
mod local_file;
pub mod pipeline;
mod request;
pub mod transfer;

pub use api::{
    apps, automations, billing, datasets, divisions, drs, files, markers, members, platform, projects,
    storage_jobs, tasks, teams, uploads, users, volumes,
};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Result};
pub use ids::{AppId, DatasetId, IntoId, InvalidId, ProjectId, VolumeId, WebUrl};
/// The library of the points in time of this crate's interface, such as [`pipeline::RateLimit::reset_time`].
pub use jiff;
pub use request::call::Get;
pub use request::fields::Fields;
pub use request::list::List;
pub use request::page::Page;
pub use request::query::Query;
pub use request::stream::Items;
pub use request::wait::Wait;
pub use sbg_raw as raw;

/// The data types of the API, generated from its specification, with accessors for what is awkward.
pub mod types {
    pub use sbg_raw::enums::*;
    pub use sbg_raw::types::*;
    pub use sbg_raw::{ErrorCode, Number, Secret, Timestamp};
}
