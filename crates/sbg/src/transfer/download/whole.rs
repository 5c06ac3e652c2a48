//! A download of the whole object in one response, written in order.

use std::sync::Arc;

use super::plan::Plan;
use super::sequential::{Next, Sequential};
use crate::error::Result;
use crate::transfer::digest::Digest;
use crate::transfer::engine::storage::Version;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::part_file::{PartFile, Tail};

/// Writes the whole object to the file. Returns its size, checksum and version.
pub(super) async fn fetch(
    mut reader: Sequential,
    plan: &Plan,
    shared: &Shared,
    target: &Arc<PartFile>,
) -> Result<(u64, Digest, Version)> {
    let counters = &shared.counters;
    let (mut written, mut crc32c) = (0, 0);
    loop {
        shared.running().await;
        let next = tokio::select! {
            next = reader.next(counters) => next?,
            () = shared.pause_wanted() => {
                // A paused download must not hold a connection that others wait for.
                reader.disconnect();
                continue;
            }
        };
        match next {
            Next::Piece(piece) => {
                target.write(&mut Tail::default(), &piece, written, true)?;
                crc32c = crc32c::crc32c_append(crc32c, &piece);
                written += piece.len() as u64;
                counters.add_bytes(piece.len() as u64);
            }
            Next::Restarted => {
                tracing::warn!(path = %target.path().display(), "a download restarts from zero");
                counters.take_back(written);
                (written, crc32c) = (0, 0);
                let (target, size) = (target.clone(), reader.size());
                blocking(move || {
                    target.clear()?;
                    size.map_or(Ok(()), |size| target.reserve(size))
                })
                .await?;
            }
            Next::End => break,
        }
    }
    plan.check_size(written)?;
    counters.plan(written, 1);
    counters.part_done();
    Ok((written, Digest::of_crc32c(crc32c), reader.version().clone()))
}
