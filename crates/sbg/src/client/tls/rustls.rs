//! rustls, with the certificates that the operating system trusts.

use std::sync::{Arc, OnceLock};

use reqwest::ClientBuilder;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
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
            .with_custom_certificate_verifier(verifier(roots, provider)?);
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

fn verifier(roots: &[Vec<u8>], provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    if roots.is_empty() {
        return Ok(Arc::new(SystemVerifier { provider, loaded: OnceLock::new() }));
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
    return match Verifier::new_with_extra_roots(extra, provider) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => Err(bad_roots().with_source(error)),
    };
    #[cfg(target_os = "android")]
    return Err(Error::new(ErrorKind::Config, "custom root certificates are not supported on Android"));
}

/// Loads the certificates of the operating system for the first TLS connection: there are many, and a client of a server without TLS needs
/// none of them.
#[derive(Debug)]
struct SystemVerifier {
    provider: Arc<CryptoProvider>,
    loaded: OnceLock<std::result::Result<Verifier, rustls::Error>>,
}

impl SystemVerifier {
    fn loaded(&self) -> std::result::Result<&Verifier, rustls::Error> {
        self.loaded.get_or_init(|| Verifier::new(self.provider.clone())).as_ref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for SystemVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        self.loaded()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.loaded()?.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.loaded()?.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn certificates(
    pem: &[u8],
) -> std::result::Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}
