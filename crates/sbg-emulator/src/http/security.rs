//! Whether both origins speak HTTP or HTTPS.

use std::io;

use crate::config::Config;

/// The protocol of both origins.
pub(crate) enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(super::tls::Identity),
}

impl Security {
    #[cfg_attr(not(feature = "tls"), expect(clippy::unnecessary_wraps, reason = "keys may fail to be made"))]
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        #[cfg(feature = "tls")]
        if config.tls {
            let storage = config.storage_listen.unwrap_or(config.listen);
            return Ok(Self::Tls(super::tls::Identity::new(&[config.listen.ip(), storage.ip()])?));
        }
        let _ = config;
        Ok(Self::Plain)
    }
}
