#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "blocking")]
pub mod blocking;
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
    apps, automations, billing, datasets, divisions, drs, feedback, files, markers, members, platform,
    projects, storage_jobs, tasks, teams, uploads, users, volumes,
};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Result};
pub use ids::{AppId, DatasetId, IntoId, InvalidId, ProjectId, VolumeId, WebUrl};
/// The library of the points in time of this crate's interface, such as [`pipeline::RateLimit::reset_time`].
pub use jiff;
pub use request::call::Get;
pub use request::custom::{Request, RequestList};
pub use request::fields::Fields;
pub use request::list::List;
pub use request::options::RequestOptions;
pub use request::page::Page;
pub use request::query::Query;
pub use request::stream::Items;
pub use request::wait::Wait;
pub use sbg_raw as raw;

/// The traits of this crate, to call their methods: `use sbg::prelude::*;`.
pub mod prelude {
    pub use crate::billing::InvoiceExt as _;
    pub use crate::files::ItemResults as _;
    pub use crate::request::options::RequestOptions as _;
    pub use crate::storage_jobs::StorageJobExt as _;
    pub use crate::tasks::{TaskExt as _, TaskJobExt as _};
}

/// The data types of the API, generated from its specification, with accessors for what is awkward.
pub mod types {
    pub use sbg_raw::enums::*;
    pub use sbg_raw::types::*;
    pub use sbg_raw::{ErrorCode, Number, Secret, Timestamp};

    // The bodies of requests that a builder of the same name sends: `projects::ProjectCreate` is the one to use, and this one is
    // `raw::types::ProjectCreate`. A private import takes precedence over the public ones above.
    #[expect(hidden_glob_reexports, unused_imports, reason = "they hide names")]
    use sbg_raw::types::{
        AppCopy, AutomationCreate, AutomationEdit, AutomationPackageCreate, AutomationPackageEdit,
        AutomationRunCreate, AutomationRunEdit, AutomationRunRerun, DatasetEdit, DrsImportStart, ExportStart,
        FileCopy, FileEdit, FileMove, FileSearch, FolderCreate, ImportStart, MarkerCreate, MarkerEdit,
        ProjectCreate, ProjectEdit, TaskCreate, TaskEdit, TaskInputs, TaskInputsEdit, VolumeCreate,
        VolumeEdit,
    };
}
