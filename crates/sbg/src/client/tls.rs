//! Which TLS library is used, and the identity in the form that it wants. Other crates may switch on the other library in the HTTP
//! client that all share, so the choice is made here and not left to a default.

use reqwest::{ClientBuilder, Identity};

use crate::error::{Error, ErrorKind, Result};

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
compile_error!("sbg needs a TLS library: switch on its feature `rustls` or `native-tls`");

/// Uses the library of the operating system where it was switched on, else rustls.
pub(super) fn chosen(http: ClientBuilder) -> ClientBuilder {
    #[cfg(feature = "native-tls")]
    return http.tls_backend_native();
    #[cfg(all(feature = "rustls", not(feature = "native-tls")))]
    return http.tls_backend_rustls();
}

/// Reads a PEM file with a private key and a chain of certificates.
pub(super) fn identity(pem: &[u8]) -> Result<Identity> {
    read(pem).map_err(|error| {
        Error::new(ErrorKind::Config, "the identity is no PEM file with a private key and certificates")
            .with_source(error)
    })
}

#[cfg(feature = "native-tls")]
fn read(pem: &[u8]) -> reqwest::Result<Identity> {
    // The key must come by itself; among the certificates, other blocks are passed over.
    let begin = b"-----BEGIN PRIVATE KEY-----";
    let at = pem.windows(begin.len()).position(|text| text == begin).unwrap_or(pem.len());
    Identity::from_pkcs8_pem(pem, &pem[at..])
}

#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
fn read(pem: &[u8]) -> reqwest::Result<Identity> {
    Identity::from_pem(pem)
}
