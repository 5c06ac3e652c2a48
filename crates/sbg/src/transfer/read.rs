//! Reads remote files into memory, as a stream or in one piece.

mod content;
mod stream;

pub use content::Content;
pub use stream::FileStream;
