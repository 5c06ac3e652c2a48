//! rustls, with the certificates that the operating system trusts.

use std::sync::Arc;

use reqwest::ClientBuilder;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use super::{bad_identity, bad_roots};
use crate::error::{Error, ErrorKind, Result};

pub(in crate::client) struct Tls(ClientConfig);

impl Tls {
    /// Trusts the system's certificates and those in the PEM files `roots`; presents `identity`, a PEM file with a private key and its
    /// certificate chain, to the servers.
    pub(in crate::client) fn new(roots: &[Vec<u8>], identity: Option<&[u8]>) -> Result<Self> {
        let unusable = |error| Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error);
        let provider = provider();
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier(roots, provider)?));
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(pem) => {
                let key =
                    PrivateKeyDer::from_pem_slice(pem).map_err(|error| bad_identity().with_source(error))?;
                let chain = certificates(pem).map_err(|error| bad_identity().with_source(error))?;
                if chain.is_empty() {
                    return Err(bad_identity());
                }
                config.with_client_auth_cert(chain, key).map_err(|error| bad_identity().with_source(error))?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(config))
    }

    pub(in crate::client) fn apply(&self, http: ClientBuilder) -> ClientBuilder {
        http.tls_backend_preconfigured(self.0.clone())
    }
}

/// The provider that the program has installed for the process, else the one that this crate was built with.
fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| {
        #[cfg(feature = "aws-lc-rs")]
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        #[cfg(not(feature = "aws-lc-rs"))]
        let provider = rustls::crypto::ring::default_provider();
        Arc::new(provider)
    })
}

fn verifier(roots: &[Vec<u8>], provider: Arc<CryptoProvider>) -> Result<Verifier> {
    let unusable = |error| {
        Error::new(ErrorKind::Config, "the certificates of the operating system cannot be used")
            .with_source(error)
    };
    if roots.is_empty() {
        return Verifier::new(provider).map_err(unusable);
    }
    let mut extra = Vec::new();
    for pem in roots {
        let found = certificates(pem).map_err(|error| bad_roots().with_source(error))?;
        if found.is_empty() {
            return Err(bad_roots());
        }
        extra.extend(found);
    }
    #[cfg(not(target_os = "android"))]
    return Verifier::new_with_extra_roots(extra, provider).map_err(|error| bad_roots().with_source(error));
    #[cfg(target_os = "android")]
    return Err(Error::new(ErrorKind::Config, "custom root certificates are not supported on Android"));
}

fn certificates(
    pem: &[u8],
) -> std::result::Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}
