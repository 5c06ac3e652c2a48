//! Reads a range of an object in chunks, which are not copied where they are in memory.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    content::Content,
    segment::{Segment, pattern},
};

/// The maximum size of a chunk. Larger chunks save system calls; smaller ones save memory with slow clients.
const CHUNK: u64 = 512 * 1024;

/// Reads a range of an object.
#[derive(Debug)]
pub(crate) struct Reader {
    content: Arc<Content>,
    at: u64,
    end: u64,
    /// The open file of the segment with this index, at the position where reading continues.
    open: Option<(usize, File)>,
}

impl Reader {
    pub(super) fn new(content: Arc<Content>, start: u64, end: u64) -> Self {
        let end = end.min(content.size());
        Self { content, at: start.min(end), end, open: None }
    }

    fn chunk(&mut self) -> io::Result<Bytes> {
        let Some((segment, at, number)) = self.content.locate(self.at) else { return Ok(Bytes::new()) };
        let most = CHUNK.min(segment.len() - at).min(self.end - self.at);
        let index = |number: u64| usize::try_from(number).map_err(io::Error::other);
        match segment {
            Segment::Memory(bytes) => Ok(bytes.slice(index(at)?..index(at + most)?)),
            Segment::Pattern(_) => {
                let mut bytes = pattern(at);
                bytes.truncate(index(most)?);
                Ok(bytes)
            }
            Segment::File { blob, at: first, .. } => {
                let file = match self.open.take() {
                    Some((open, file)) if open == number => file,
                    _ => {
                        let mut file = File::open(blob.path())?;
                        file.seek(SeekFrom::Start(first + at))?;
                        file
                    }
                };
                let mut bytes = Vec::with_capacity(index(most)?);
                if (&file).take(most).read_to_end(&mut bytes)? != index(most)? {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a stored object is too short"));
                }
                self.open = Some((number, file));
                Ok(bytes.into())
            }
        }
    }
}

/// Chunks, or the error that ends the stream.
impl Iterator for Reader {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let mut chunk = self.chunk();
        let mask = self.content.mask();
        if mask != 0 {
            chunk = chunk.map(|bytes| bytes.iter().map(|byte| byte ^ mask).collect());
        }
        match &chunk {
            Ok(bytes) => self.at += bytes.len() as u64,
            Err(_) => self.at = self.end,
        }
        Some(chunk)
    }
}
