//! Checksums of the content of objects.

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::segment::{PERIOD, pattern};

/// The MD5 of chunks, one after the other.
pub(super) fn md5(chunks: impl Iterator<Item = Bytes>) -> [u8; 16] {
    let mut hasher = Md5::new();
    chunks.for_each(|chunk| hasher.update(&chunk));
    hasher.finalize().into()
}

/// The CRC-32C of chunks, one after the other.
pub(super) fn crc32c(chunks: impl Iterator<Item = Bytes>) -> u32 {
    chunks.fold(0, |crc, chunk| crc32c::crc32c_append(crc, &chunk))
}

/// The CRC-32C of `size` bytes of the pattern, each combined with `mask`. It takes as long for a pebibyte as for a few megabytes.
pub(super) fn crc32c_of_pattern(size: u64, mask: u8) -> u32 {
    let crc_of = |length: u64| {
        let mut bytes = pattern(0).to_vec();
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        for byte in &mut bytes {
            *byte ^= mask;
        }
        crc32c::crc32c(&bytes)
    };
    let combine = |first, second, length: u64| {
        crc32c::crc32c_combine(first, second, usize::try_from(length).unwrap_or(usize::MAX))
    };
    let (mut crc, mut periods) = (0, size / PERIOD);
    let (mut block, mut length) = (if periods > 0 { crc_of(PERIOD) } else { 0 }, PERIOD);
    while periods > 0 {
        if !periods.is_multiple_of(2) {
            crc = combine(crc, block, length);
        }
        periods /= 2;
        if periods > 0 {
            block = combine(block, block, length);
            length *= 2;
        }
    }
    combine(crc, crc_of(size % PERIOD), size % PERIOD)
}
