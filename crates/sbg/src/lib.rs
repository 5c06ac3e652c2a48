//! A client for the Seven Bridges platform, the Cancer Genomics Cloud, CAVATICA and BioData Catalyst.
//!
//! ```no_run
//! # async fn example() -> sbg::Result<()> {
//! let client = sbg::Client::from_env()?;
//! for project in client.projects().query().all().await? {
//!     println!("{}", project.id);
//! }
//! client.file("567890abc9b0307bc0414164").download("reads.bam").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to find what
//!
//! - A [`Client`] is the entry point. [`Client::from_env`] reads the same environment variables and files as the Python client; see
//!   [`config`]. [`Client::builder`] sets everything else.
//! - A *collection*, such as `client.projects()`, creates and lists. A *handle*, such as `client.project(id)`, holds an id; creating it
//!   sends nothing. An invalid id fails when the call is made.
//! - A call is a builder: set what you need, then `.await` it. [`RequestOptions`] sets the timeout, retries and extra query parameters
//!   of one call; [`Fields`] selects the fields to return.
//! - A list is a [`Query`]: [`all`](Query::all) reads the whole list, [`items`](Query::items) streams it, [`page`](Query::page) fetches one
//!   page.
//! - Long-running work on the platform (a task, an import, a job) is awaited with [`Wait`], which polls until it ends.
//! - [`transfer`] uploads and downloads files: in parallel, verified, and resumable after a crash.
//! - [`types`] has the data of the API. Methods that decode it are in traits; `use sbg::prelude::*;` brings all of them into scope.
//! - For calls without a method yet, use [`Client::request`] or the generated client [`Client::raw`].
//!
//! The [guide] has the Rust call for each call of the official Python client.
//!
//! # Runtime
//!
//! Calls need a Tokio runtime. Without one they fail with [`ErrorKind::Runtime`]; programs without a runtime use [`blocking`].
//! Transfers run on their own threads.
//!
//! # Errors
//!
//! Every fallible function returns [`Error`]. Match on [`Error::kind`], or print it: its one line says what failed, why, and what to
//! do.
//!
//! # Limits
//!
//! The platform allows 1000 requests in five minutes. The client counts its requests and waits for the next window before it reaches
//! the limit; [`ClientBuilder::on_wait`] reports each wait. Transient failures are retried where that is safe; see [`pipeline`].
//!
//! # Features
//!
//! - `rustls` (default): TLS with rustls and the root certificates of the operating system.
//! - `native-tls`: TLS with the library of the operating system.
//! - `aws-lc-rs`: the cryptography of AWS-LC for `rustls`, in place of ring.
//! - `cwl` (default): descriptions of apps in YAML and in several files.
//! - `packages` (default): code packages of apps in Nextflow and WDL.
//! - `transfer` (default): [`transfer`], uploads and downloads. Without it there are only calls of the API.
//! - `blocking` (default): [`blocking`], for programs without a runtime.

// Much of the crate is there for transfers.
#![cfg_attr(not(feature = "transfer"), allow(dead_code, unused_imports))]

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
mod table;
#[cfg(feature = "transfer")]
pub mod transfer;

pub use api::{
    apps, automations, billing, datasets, divisions, drs, feedback, files, markers, members, platform,
    projects, storage_jobs, tasks, teams, uploads, users, volumes,
};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Result};
pub use ids::{AppId, DatasetId, IntoId, InvalidId, ProjectId, VolumeId, WebUrl};
/// The date and time library in this crate's public interface, as in [`pipeline::RateLimit::reset_time`].
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

/// The traits of this crate. Import them all to call their methods: `use sbg::prelude::*;`.
pub mod prelude {
    pub use crate::billing::InvoiceExt as _;
    pub use crate::files::ItemResults as _;
    pub use crate::request::options::RequestOptions as _;
    pub use crate::storage_jobs::StorageJobExt as _;
    pub use crate::tasks::{TaskExt as _, TaskJobExt as _};
}

/// The data types of the API, generated from its specification, with accessors for awkward fields.
pub mod types {
    pub use sbg_raw::enums::*;
    pub use sbg_raw::types::*;
    pub use sbg_raw::{ErrorCode, Number, Secret, Timestamp};

    // Request bodies that the builder of the same name sends. Users want `projects::ProjectCreate` (the builder); this one is
    // `raw::types::ProjectCreate`. A private import shadows the public ones above.
    #[expect(hidden_glob_reexports, unused_imports, reason = "they hide names")]
    use sbg_raw::types::{
        AppCopy, AutomationCreate, AutomationEdit, AutomationPackageCreate, AutomationPackageEdit,
        AutomationRunCreate, AutomationRunEdit, AutomationRunRerun, DatasetEdit, DrsImportStart, ExportStart,
        FileCopy, FileEdit, FileMove, FileSearch, FolderCreate, ImportStart, MarkerCreate, MarkerEdit,
        ProjectCreate, ProjectEdit, TaskCreate, TaskEdit, TaskInputs, TaskInputsEdit, VolumeCreate,
        VolumeEdit,
    };
}
