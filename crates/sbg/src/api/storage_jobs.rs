//! Imports from volumes and exports to volumes: copies that the platform makes.

mod export_check;
pub(crate) mod exports;
pub(crate) mod imports;
mod outcome;

pub use exports::{ExportHandle, ExportList, ExportStart, Exports};
pub use imports::{ImportHandle, ImportList, ImportStart, Imports};
pub use outcome::StorageJobExt;
