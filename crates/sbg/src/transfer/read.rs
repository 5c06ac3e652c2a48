//! Reads remote files into memory: as a stream, in one piece, or in place like a local file.

mod block_cache;
mod coalesce;
mod content;
mod kept_urls;
mod open_file;
mod range_reader;
mod readahead;
mod reader;
mod remote_file;
mod stream;

pub use content::Content;
pub(crate) use kept_urls::KeptUrls;
pub use reader::FileReader;
pub use stream::FileStream;
