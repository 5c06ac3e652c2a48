//! The object store: what objects are, how they are read and written, and how each kind of storage behaves.

pub(crate) mod blobs;
pub(crate) mod checksum_headers;
pub(crate) mod checksums;
pub(crate) mod content;
pub(crate) mod etag;
pub(crate) mod flavor;
pub(crate) mod http;
pub(crate) mod object;
pub(crate) mod profile;
pub(crate) mod quirk;
pub(crate) mod ranges;
pub(crate) mod reader;
pub(crate) mod segment;
pub(crate) mod signing;
pub(crate) mod storage_error;
pub(crate) mod unpack;
pub(crate) mod writer;
