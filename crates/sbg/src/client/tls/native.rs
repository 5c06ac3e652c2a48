//! The TLS library of the operating system: SChannel, Secure Transport or OpenSSL.

use reqwest::{Certificate, ClientBuilder, Identity};

use super::{bad_identity, bad_roots};
use crate::error::Result;

pub(in crate::client) struct Tls {
    roots: Vec<Certificate>,
    identity: Option<Identity>,
}

impl Tls {
    /// Trusts the system's certificates and those in the PEM files `roots`; presents `identity`, a PEM file with a private key and its
    /// certificate chain, to the servers.
    pub(in crate::client) fn new(roots: &[Vec<u8>], identity: Option<&[u8]>) -> Result<Self> {
        let mut extra = Vec::new();
        for pem in roots {
            let found = Certificate::from_pem_bundle(pem).map_err(|error| bad_roots().with_source(error))?;
            if found.is_empty() {
                return Err(bad_roots());
            }
            extra.extend(found);
        }
        let identity = identity.map(read).transpose().map_err(|error| bad_identity().with_source(error))?;
        Ok(Self { roots: extra, identity })
    }

    pub(in crate::client) fn apply(&self, http: ClientBuilder) -> ClientBuilder {
        let http = http.tls_backend_native().tls_certs_merge(self.roots.clone());
        match &self.identity {
            Some(identity) => http.identity(identity.clone()),
            None => http,
        }
    }
}

fn read(pem: &[u8]) -> reqwest::Result<Identity> {
    // The key is passed separately; other blocks among the certificates are skipped.
    let begin = b"-----BEGIN PRIVATE KEY-----";
    let at = pem.windows(begin.len()).position(|text| text == begin).unwrap_or(pem.len());
    Identity::from_pkcs8_pem(pem, &pem[at..])
}
