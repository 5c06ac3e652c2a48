//! Decompresses gzip objects while they are read.

use std::{
    fmt,
    io::{self, Read},
};

use bytes::{Buf as _, Bytes};
use flate2::read::MultiGzDecoder;

use super::reader::Reader;

/// The size of a decompressed chunk.
const CHUNK: usize = 64 * 1024;

/// The decompressed content of a gzip object with one or several members.
pub(crate) struct Unpacked(MultiGzDecoder<Chunks>);

impl Unpacked {
    pub(crate) fn new(reader: Reader) -> Self {
        Self(MultiGzDecoder::new(Chunks { reader, chunk: Bytes::new() }))
    }
}

impl fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacked").finish_non_exhaustive()
    }
}

/// Chunks, or the error that ends the stream.
impl Iterator for Unpacked {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = vec![0; CHUNK];
        match self.0.read(&mut chunk) {
            Ok(0) => None,
            Ok(length) => {
                chunk.truncate(length);
                Some(Ok(chunk.into()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// Chunks as a `Read`.
struct Chunks {
    reader: Reader,
    chunk: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            self.chunk = self.reader.next().transpose()?.unwrap_or_default();
        }
        let length = buffer.len().min(self.chunk.len());
        self.chunk.split_to(length).copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
