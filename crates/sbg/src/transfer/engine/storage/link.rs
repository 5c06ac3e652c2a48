//! A signed URL with the headers to send along.

use std::sync::Arc;

use http::HeaderMap;

/// A URL of the storage that works without a token, and the headers it needs; the platform's own URLs need none.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Link {
    url: Arc<str>,
    /// Secret headers are marked as sensitive: `Debug` hides them, and another host does not get them.
    pub(super) headers: HeaderMap,
}

impl Link {
    pub(in crate::transfer) fn new(url: String, headers: HeaderMap) -> Self {
        Self { url: url.into(), headers }
    }

    pub(in crate::transfer) fn url(&self) -> &str {
        &self.url
    }
}
