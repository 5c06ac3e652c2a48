//! Imports from volumes and exports to volumes: copies that the platform makes.

pub(crate) mod exports;
pub(crate) mod imports;

pub use exports::{ExportHandle, ExportList, ExportStart, Exports};
pub use imports::{ImportHandle, ImportList, ImportStart, Imports, StorageJobExt};
