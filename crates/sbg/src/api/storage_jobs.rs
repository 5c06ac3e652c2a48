//! Imports from volumes and exports to them: copies between a volume and the platform, done by the platform.

pub(crate) mod exports;
pub(crate) mod imports;

pub use exports::{ExportHandle, ExportList, ExportStart, Exports};
pub use imports::{ImportHandle, ImportList, ImportStart, Imports, StorageJobExt};
