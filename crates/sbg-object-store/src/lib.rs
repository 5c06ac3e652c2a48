//! The files of the Seven Bridges platform as an [`object_store::ObjectStore`], for `DataFusion`, Ballista, Polars, Lance and other
//! libraries that read and write through that trait.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use object_store::ObjectStoreExt as _;
//! use sbg_object_store::SbgStore;
//!
//! let store = SbgStore::project(sbg::Client::from_env()?, "rfranklin/fibre-diffraction");
//! let footer = store.get_range(&"tables/samples.parquet".into(), 0..8).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Paths
//!
//! A path is the names of the folders and of the file, as the platform shows them. [`SbgStore::owner`] has the short name of the project
//! in front, which fits URLs: `sbg://rfranklin/fibre-diffraction/tables/samples.parquet` is the path
//! `fibre-diffraction/tables/samples.parquet` of the owner `rfranklin`. [`SbgStore::url`] is the URL to register it with.
//!
//! Finding a path costs one call for each folder, listing a folder one call for each hundred files. Paths that were found are cached, for
//! [a minute](SbgStore::keep_for) by default, or until they are changed through the store. Other changes on the platform are seen
//! after that time, or when a read fails because the file is gone.
//!
//! # Reading
//!
//! All reads of a file use one signed URL. They are of one version as long as the path is cached: if the content is replaced meanwhile,
//! reads fail. `get_ranges` joins ranges that are close together. A read of the last bytes of a file, where
//! many formats have the length of their metadata, fetches 64 KiB for the next read.
//!
//! # Writing
//!
//! A file appears when it is complete. A multipart upload is collected in a temporary file of this machine and sent by `complete`, since
//! the platform needs the size first. A write that is dropped before it is complete is aborted and leaves nothing behind. Missing
//! folders are created.
//!
//! # Volumes
//!
//! [`VolumeStore`] lists the objects of a volume. The platform does not serve the content of volumes: import the objects and read them in a project.
//!
//! # What the platform does not have
//!
//! - Attributes and tags of `put` options, and updates of a certain version: [`NotImplemented`](object_store::Error::NotImplemented).
//! - Versions of a file. The entity tag is the id of the file, which changes when a file is overwritten by an upload.
//! - Atomic replacement by `copy` and `rename`: the new file gets its name after the old one is deleted.

mod error;
mod metadata;
mod multipart;
mod open_file;
mod store;
mod tree;
mod upload;
mod url;
mod volume;

pub use store::SbgStore;
pub use volume::VolumeStore;
