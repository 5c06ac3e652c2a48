#![doc = include_str!("../README.md")]

mod api;
mod bulk;
mod call;
mod client;
pub mod config;
mod error;
mod fields;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod guide;
mod ids;
mod local_file;
mod page;
pub mod profile;
pub mod transfer;
pub mod transport;
mod wait;

pub(crate) use api::place;
pub use api::{
    actions, apps, automations, billing, bulk_files, datasets, divisions, drs, exports, files, imports, jobs,
    markers, members, platform, projects, tasks, teams, uploads, users, volumes,
};
pub use call::Get;
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Result};
pub use fields::Fields;
pub use ids::{AppId, DatasetId, IntoId, InvalidId, ProjectId, VolumeId};
/// The library of the points in time of this crate's interface, such as [`transport::RateLimit::reset_time`].
pub use jiff;
pub use page::{Items, List, Page, Query};
pub use sbg_raw as raw;
pub use wait::Wait;

/// The data types of the API, generated from its specification, with accessors for what is awkward.
pub mod types {
    pub use sbg_raw::enums::*;
    pub use sbg_raw::types::*;
    pub use sbg_raw::{ErrorCode, Number, Secret, Timestamp};
}
