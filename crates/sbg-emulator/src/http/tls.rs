//! HTTPS: a certificate authority and a server certificate that live as long as the emulator.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use tokio::io::BufReader;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

use super::connection::Connection;

/// Days before its creation for which a certificate is valid, for clocks that are behind.
const DAYS_BEFORE: i64 = 2;
/// Days after its creation. Some systems refuse certificates that live longer than 398 days.
const DAYS_AFTER: i64 = 365;
/// The read buffer. By default, the TLS library reads a quarter of a record at a time.
const READ_BUFFER: usize = 128 * 1024;
/// The write buffer: many records for one system call, few enough to stay in the cache.
const WRITE_BUFFER: usize = 256 * 1024;

/// An encrypted connection.
pub(crate) type SecureConnection = TlsStream<BufReader<Connection>>;

/// A certificate with its key, and the certificate authority that signed it.
pub(crate) struct Identity {
    ca_pem: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    /// Creates keys and certificates, valid for the loopback names and these addresses.
    pub(crate) fn new(addresses: &[IpAddr]) -> io::Result<Self> {
        let (ca_pem, issuer) = authority().map_err(io::Error::other)?;
        let (certificate, key) = certify(&issuer, addresses).map_err(io::Error::other)?;
        let mut provider = ring::default_provider();
        // The shorter key is what object stores choose, and it is faster. The sort keeps the order of the rest.
        provider.cipher_suites.sort_by_key(|suite| !format!("{:?}", suite.suite()).contains("AES_128"));
        let mut config = server_config(provider, certificate, &key).map_err(io::Error::other)?;
        config.ignore_client_order = true;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// The certificate of the authority, in PEM.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Performs the handshake with a client.
    pub(crate) async fn accept(&self, connection: Connection) -> io::Result<SecureConnection> {
        let connection = BufReader::with_capacity(READ_BUFFER, connection);
        self.acceptor.accept_with(connection, |session| session.set_buffer_limit(Some(WRITE_BUFFER))).await
    }
}

fn server_config(
    provider: CryptoProvider,
    certificate: rcgen::Certificate,
    key: &KeyPair,
) -> Result<ServerConfig, tokio_rustls::rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)
}

/// The certificate authority: its certificate in PEM, and the key it signs with.
fn authority() -> Result<(String, Issuer<'static, KeyPair>), rcgen::Error> {
    let mut params = params("sbg-emulator authority", Vec::new());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((pem, Issuer::new(params, key)))
}

fn certify(
    issuer: &Issuer<'_, KeyPair>,
    addresses: &[IpAddr],
) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let mut names = vec![SanType::DnsName("localhost".try_into()?)];
    names.extend(loopback.map(SanType::IpAddress));
    let others = addresses.iter().filter(|address| !address.is_unspecified() && !loopback.contains(address));
    names.extend(others.copied().map(SanType::IpAddress));
    let mut params = params("sbg-emulator", names);
    // Strict clients require the identifier of the signer.
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, issuer)?, key))
}

fn params(name: &str, names: Vec<SanType>) -> CertificateParams {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let midnight = |days: i64| {
        let date = today.saturating_add(Span::new().days(days));
        let number = |part: i8| part.unsigned_abs();
        rcgen::date_time_ymd(date.year().into(), number(date.month()), number(date.day()))
    };
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = names;
    params.not_before = midnight(-DAYS_BEFORE);
    params.not_after = midnight(DAYS_AFTER);
    params
}
