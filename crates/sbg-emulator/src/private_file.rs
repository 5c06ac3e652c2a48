//! Files that only their owner can read.

use std::fs::OpenOptions;

/// Makes what is created with these options a file of its owner alone: it holds tokens, keys of volumes or signed URLs.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
