//! Reads the OpenAPI document: its operations, its schemas, and whether recorded traffic is what it says.
//!
//! It knows the subset of OpenAPI in which the document is written, and does no I/O. The tasks of the workspace and the fuzz targets use it.

pub mod drift;
mod routes;
mod schema;

pub use routes::{Route, Routes, operations};
pub use schema::{Breach, Schemas};
