//! No TLS: only servers on this machine are reachable, over plain HTTP.

use reqwest::ClientBuilder;

use crate::error::{Error, ErrorKind, Result};

pub(in crate::client) struct Tls;

impl Tls {
    /// Refuses certificates and an identity, which need TLS.
    pub(in crate::client) fn new(roots: &[Vec<u8>], identity: Option<&[u8]>) -> Result<Self> {
        if roots.is_empty() && identity.is_none() {
            return Ok(Self);
        }
        Err(Error::new(ErrorKind::Config, "certificates cannot be used: sbg was built without TLS")
            .with_hint("build it with the feature `rustls` or `native-tls`"))
    }

    pub(in crate::client) fn apply(&self, http: ClientBuilder) -> ClientBuilder {
        http
    }
}
