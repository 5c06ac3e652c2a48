//! The low-level client of the Seven Bridges API, generated from its OpenAPI document.
//!
//! One builder per operation ([`builder`]), the types of the bodies ([`types`]), and the tables that the specification gives
//! ([`OPERATIONS`], [`ERROR_CODES`]). Nothing here decides anything: authentication, limits, retries and paging belong to the
//! [`Transport`] that a [`Client`] is made with, which the crate `sbg` implements.
//!
//! ```no_run
//! # async fn example(client: sbg_raw::Client) -> Result<(), sbg_raw::Error<sbg_raw::types::Error>> {
//! use sbg_raw::ClientProjectsExt;
//!
//! let project = client.project_get().project_owner("rfranklin").project("fibre-diffraction").send().await?;
//! println!("{:?}", project.name);
//! # Ok(())
//! # }
//! ```

mod error_code;
mod hooks;
mod operation;
mod page;
mod values;

/// What `cargo xtask generate` writes.
#[rustfmt::skip]
mod generated {
    #[allow(clippy::all, clippy::pedantic, missing_docs, rust_2018_idioms, unused_imports, unreachable_pub)]
    pub(crate) mod client;
    pub(crate) mod enums;
    pub(crate) mod error_codes;
    pub(crate) mod ga4gh_drs {
        #[allow(clippy::all, clippy::pedantic, missing_docs, rust_2018_idioms, unused_imports, unreachable_pub)]
        pub(crate) mod client;
        pub(crate) mod operations;
    }
    pub(crate) mod operations;
}

pub use error_code::ErrorCode;
pub use generated::client::*;
pub use generated::error_codes::ERROR_CODES;
pub use generated::operations::{OPERATIONS, SECRET_FIELDS};
pub use hooks::{Inner, MostItems, Transport, TransportError, Unreadable};
pub use operation::{Operation, Pagination};
pub use page::{PageError, page_from_slice};
pub use values::{Identifier, MetadataFilter, Nullable, Number, Secret, Timestamp};

/// The Data Repository Service (DRS) of the GA4GH, generated from its own document: a client, its types and its operations.
///
/// ```no_run
/// # async fn example(client: sbg_raw::ga4gh_drs::Client) -> Result<(), sbg_raw::Error<sbg_raw::ga4gh_drs::types::Error>> {
/// use sbg_raw::ga4gh_drs::ClientGa4ghDrsExt;
///
/// let object = client.drs_object_get().object_id("567890abc9b0307bc0414164").send().await?;
/// println!("{:?} bytes", object.size);
/// # Ok(())
/// # }
/// ```
pub mod ga4gh_drs {
    pub use crate::generated::ga4gh_drs::client::*;
    pub use crate::generated::ga4gh_drs::operations::OPERATIONS;
}

/// The open enums: sets of values that may grow.
pub mod enums {
    pub use crate::generated::enums::*;
}
