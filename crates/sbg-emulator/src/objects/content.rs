//! The content of an object: segments in order, found by position.

use std::{io, sync::Arc};

use bytes::Bytes;

use super::segment::{Blob, Segment};

/// Immutable segments in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    segments: Vec<Segment>,
    /// Where each segment begins.
    starts: Vec<u64>,
    size: u64,
    /// Combined with every byte by exclusive or: 0 unless the content was replaced in place.
    mask: u8,
}

impl Content {
    pub(crate) fn new(mut segments: Vec<Segment>, mask: u8) -> Self {
        segments.retain(|segment| segment.len() > 0);
        let mut size = 0;
        let starts = segments
            .iter()
            .map(|segment| {
                let start = size;
                size += segment.len();
                start
            })
            .collect();
        Self { segments, starts, size, mask }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn mask(&self) -> u8 {
        self.mask
    }

    /// The segment that has a byte, the position of the byte in it, and the index of the segment.
    pub(crate) fn locate(&self, at: u64) -> Option<(&Segment, u64, usize)> {
        let index = self.starts.partition_point(|&start| start <= at).checked_sub(1)?;
        let segment = self.segments.get(index)?;
        Some((segment, at - self.starts[index], index)).filter(|(segment, at, _)| *at < segment.len())
    }

    /// The bytes of the segments in memory.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = &Bytes> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Memory(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// Replaces the bytes in memory by a file that contains what [`Content::in_memory`] returns.
    pub(crate) fn move_to(&mut self, blob: &Arc<Blob>) {
        let mut at = 0;
        for segment in &mut self.segments {
            if let Segment::Memory(bytes) = segment {
                let length = bytes.len() as u64;
                *segment = Segment::File { blob: Arc::clone(blob), at, length };
                at += length;
            }
        }
    }

    /// Finds the files of content that was just deserialized. An error if one is missing or too short.
    pub(crate) fn find_files(&mut self, find: impl Fn(&Blob) -> io::Result<Arc<Blob>>) -> io::Result<()> {
        for segment in &mut self.segments {
            if let Segment::File { blob, at, length } = segment {
                let found = find(blob)?;
                found.check(*at + *length)?;
                *blob = found;
            }
        }
        Ok(())
    }
}
