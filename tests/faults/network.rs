//! The connection to the platform: DNS, TLS, proxies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use sbg::config::Proxies;
use sbg::pipeline::RetryPolicy;
use sbg::{Client, ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, client_of, quick_retry, with_environment};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A client of this endpoint with two attempts.
fn client(endpoint: &str, tune: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    tune(client_of(endpoint, TOKEN).retry_policy(quick_retry().max_attempts(2))).build().expect("a client")
}

/// Listens and handles each connection with `treat`; returns the host and port.
async fn listen<F>(treat: impl Fn(TcpStream) -> F + Send + 'static) -> Result<String>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    Ok(address)
}

/// Reads the head of a request and responds with `text`.
async fn answer(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, text: &str) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            return;
        }
    }
    // A client that disconnects early causes an error here, which is ignored.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn unresolved_host_is_named() -> Result<()> {
    let client = client("https://no-such-host.invalid/v2", |client| client);
    let words = ["user_me", "cannot resolve the host name", "host no-such-host.invalid", "2 attempts"];
    let error = assert_refused(client.users().me().await, ErrorKind::Dns, &words);
    assert!(error.is_transient() && error.status().is_none());
    // A request that was never sent can be retried, even if it is not idempotent.
    assert_refused(client.projects().create("x").await, ErrorKind::Dns, &["project_create", "2 attempts"]);
    Ok(())
}

#[tokio::test]
async fn untrusted_certificate_is_refused() -> Result<()> {
    let emulator = Emulator::builder().tls(true).min_part_size(1).start().await?;
    let stranger = client(emulator.url(), |client| client);
    let words = ["user_me", "TLS failed (host 127.0.0.1)", "root_certificates(pem)"];
    let error = assert_refused(stranger.users().me().await, ErrorKind::Tls, &words);
    assert_eq!((error.attempts(), error.is_transient()), (1, false), "another attempt meets the same");
    let cause = std::error::Error::source(&error).and_then(std::error::Error::source).expect("a cause");
    // The library of the operating system has its own messages.
    let told = if cfg!(feature = "native-tls") { "certificate verify failed" } else { "UnknownIssuer" };
    assert!(format!("{cause:?}").contains(told), "{cause:?}");
    assert!(emulator.requests().is_empty());

    let ca = emulator.ca_pem().expect("an authority").to_owned();
    let friend = client_of(emulator.url(), &emulator.token()).root_certificates(ca).build()?;
    let project: sbg::ProjectId = emulator.create_project("demo").parse()?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("a"), "ACGT")?;
    let file = friend.upload(folder.path().join("a")).to(&project).await?;
    friend.file(&file.id).download(folder.path().join("b")).await?;
    assert_eq!(std::fs::read(folder.path().join("b"))?, b"ACGT");
    Ok(())
}

/// The location of system certificates depends on the system. On Linux an environment variable sets it, for both rustls and OpenSSL.
#[cfg(target_os = "linux")]
#[test]
fn system_certificate_authorities_are_trusted() -> Result<()> {
    let emulator = Emulator::builder().tls(true).min_part_size(1).start_blocking()?;
    let folder = tempfile::tempdir()?;
    let (authorities, token) = (folder.path().join("authorities.pem"), emulator.token());
    std::fs::write(&authorities, emulator.ca_pem().expect("an authority"))?;
    let path = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let variables = [
        ("SSL_CERT_FILE", path(&authorities)),
        ("ENDPOINT", emulator.url().to_owned()),
        ("TOKEN", token),
        ("FOLDER", path(folder.path())),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    with_environment("network::system_certificate_authorities_are_trusted", &variables, || {
        let [endpoint, token, folder] =
            ["ENDPOINT", "TOKEN", "FOLDER"].map(|name| std::env::var(name).expect("it is set"));
        let client = client_of(&endpoint, &token).build().expect("a client");
        let folder = std::path::PathBuf::from(folder);
        let work = async {
            let project = client.projects().create("demo").await?.id;
            std::fs::write(folder.join("a"), "ACGT")?;
            let file = client.upload(folder.join("a")).to(project).await?;
            client.file(&file.id).download(folder.join("b")).await?;
            anyhow::Ok(std::fs::read(folder.join("b"))?)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        assert_eq!(runtime.expect("a runtime").block_on(work).expect("a way to the platform"), b"ACGT");
    });
    Ok(())
}

#[tokio::test]
async fn connect_timeout_ends_a_silent_handshake() -> Result<()> {
    let taken = Arc::new(AtomicU32::new(0));
    let count = taken.clone();
    // The server accepts each connection and stays silent, so the TLS handshake never completes.
    let silent = listen(move |mut stream: TcpStream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await }
    });
    let forever = Duration::from_secs(600);
    let client = client(&format!("https://{}/v2", silent.await?), |client| {
        client.connect_timeout(Duration::from_millis(100)).read_timeout(forever).call_timeout(forever)
    });
    // Nothing was sent yet, so even a creation can be retried.
    let call = tokio::time::timeout(Duration::from_secs(60), client.projects().create("x").send()).await;
    let words = ["project_create", "no data arrived for too long", "2 attempts"];
    let error = assert_refused(call.expect("no other limit ends it"), ErrorKind::Timeout, &words);
    assert_eq!((error.attempts(), taken.load(Ordering::SeqCst)), (2, 2));
    Ok(())
}

#[tokio::test]
async fn plain_storage_is_refused_if_the_api_uses_tls() -> Result<()> {
    let plain = Emulator::builder().min_part_size(1).start().await?;
    let emulator = Emulator::builder().tls(true).min_part_size(1).start().await?;
    let ca = emulator.ca_pem().expect("an authority").to_owned();
    let client = client_of(emulator.url(), &emulator.token()).root_certificates(ca);
    let client = client.retry_policy(quick_retry()).build()?;
    let id = emulator.create_file(&emulator.create_project("demo"), "large", b"ACGT".as_slice());

    let body = Some(serde_json::json!({"url": format!("{}/large?X-Signature=x", plain.storage_url())}));
    let elsewhere = Action::Status { code: 200, body, headers: Vec::new() };
    emulator.faults().add(FaultRule::api(elsewhere).path("/download_info"));
    let folder = tempfile::tempdir()?;
    let download = client.file(&id).download(folder.path().join("large")).await;
    assert_refused(download, ErrorKind::UnexpectedResponse, &["URL", "without TLS"]);
    assert!(plain.requests().is_empty());
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn plain_server_and_reset_give_different_errors() -> Result<()> {
    let plain = listen(async |mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
        // Waits until the client disconnects, to avoid a reset.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    });
    let error = client(&format!("https://{}/v2", plain.await?), |client| client).users().me().await;
    assert_eq!(assert_refused(error, ErrorKind::Tls, &["TLS failed"]).attempts(), 1);

    let breaks_off = listen(async |stream: TcpStream| drop(stream)).await?;
    let client = client(&format!("https://{breaks_off}/v2"), |client| client);
    // Nothing was sent yet, so even a creation can be retried.
    let words = ["the connection broke while it was opened", "2 attempts"];
    assert_refused(client.projects().create("x").await, ErrorKind::Network, &words);
    Ok(())
}

/// A certificate authority with two certificates, one for `127.0.0.1` and one for a client, both with their keys.
struct Pki {
    ca: rcgen::Certificate,
    server: (rcgen::Certificate, KeyPair),
    /// As PEM.
    client: String,
}

impl Pki {
    fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL treats a certificate with the name of its authority as self-signed.
        params.distinguished_name.push(DnType::CommonName, "authority");
        let ca = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        let certify = |name: &str, usage: ExtendedKeyUsagePurpose| -> Result<_> {
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new([name.to_owned()])?;
            params.extended_key_usages.push(usage);
            Ok((params.signed_by(&key, &issuer)?, key))
        };
        let server = certify("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth)?;
        let (certificate, key) = certify("rfranklin", ExtendedKeyUsagePurpose::ClientAuth)?;
        Ok(Self { ca, server, client: format!("{}{}", key.serialize_pem(), certificate.pem()) })
    }

    /// Starts a server that requires a client certificate of the authority, and returns the base URL of the API.
    async fn serve(self, body: &'static str) -> Result<String> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build()?;
        let (certificate, key) = self.server;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = listen(move |stream| {
            let accepting = acceptor.accept(stream);
            async move {
                if let Ok(stream) = accepting.await {
                    answer(
                        stream,
                        &format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
                    )
                    .await;
                }
            }
        });
        Ok(format!("https://{}/v2", address.await?))
    }
}

#[tokio::test]
async fn client_certificate_is_sent_on_request() -> Result<()> {
    let pki = Pki::new()?;
    let (ca, identity) = (pki.ca.pem(), pki.client.clone());
    let url = pki.serve(r#"{"username": "rfranklin"}"#).await?;
    let nobody = client(&url, |client| client.root_certificates(ca.clone()));
    assert_refused(nobody.users().me().await, ErrorKind::Tls, &["TLS failed"]);
    let known = client(&url, |client| client.root_certificates(ca).identity(identity));
    assert_eq!(known.users().me().await?.username, "rfranklin");
    Ok(())
}

#[test]
fn invalid_certificates_are_rejected() {
    let pem = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n";
    let client = || client_of("cgc", TOKEN);
    assert_refused(
        client().identity("no PEM").build(),
        ErrorKind::Config,
        &["the identity is not a PEM file"],
    );
    assert_refused(client().identity(pem).build(), ErrorKind::Config, &["the identity is not a PEM file"]);
    assert_refused(client().root_certificates("no PEM").build(), ErrorKind::Config, &["not a PEM file"]);
    assert_refused(client().root_certificates(pem).build(), ErrorKind::Config, &["not a PEM file"]);
}

/// The heads of the requests that a proxy forwarded.
type Forwarded = Arc<Mutex<Vec<String>>>;

/// Starts a proxy for plain HTTP. It reads only the first request of each connection.
async fn proxy() -> Result<(String, Forwarded)> {
    let forwarded = Forwarded::default();
    let log = forwarded.clone();
    let address = listen(move |mut stream| {
        let log = log.clone();
        async move {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
                    return;
                }
            }
            let text = String::from_utf8_lossy(&head).into_owned();
            let host = text.split('/').nth(2).unwrap_or_default().to_owned();
            log.lock().push(text);
            let mut target = TcpStream::connect(host).await.expect("the host that was asked for");
            target.write_all(&head).await.expect("the host reads");
            let _ = copy_bidirectional(&mut stream, &mut target).await;
        }
    });
    Ok((address.await?, forwarded))
}

#[tokio::test]
async fn proxy_is_used_except_for_no_proxy_hosts() -> Result<()> {
    let (address, forwarded) = proxy().await?;
    let seen = || forwarded.lock().clone();
    let through = Proxies::none().http(format!("me:secret@{address}").parse()?);
    let stage =
        Stage::tuned(Emulator::builder().min_part_size(1), |client| client.proxies(through.clone())).await;
    let file = stage.client.upload(stage.local("a", "ACGT")).to(&stage.project).await?;
    stage.client.file(&file.id).download(stage.path("b")).await?;
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    let connections = stage.emulator.requests().iter().map(|request| request.connection).max();
    assert_eq!(connections, Some(seen().len() as u64), "none of them went another way");
    let (api, storage) = (stage.emulator.url(), stage.emulator.storage_url());
    for (origin, method) in [(api, "POST"), (api, "GET"), (storage, "PUT")] {
        let line = format!("{method} {origin}/");
        assert!(seen().iter().any(|head| head.starts_with(&line)), "{line} is not in {:?}", seen());
    }
    // `me:secret` in Base64.
    assert!(
        seen().iter().all(|head| head.to_lowercase().contains("proxy-authorization: basic bwu6c2vjcmv0"))
    );

    let before = seen().len();
    let around =
        client_of(api, &stage.emulator.token()).proxies(through.no_proxy("localhost,127.0.0.0/8")).build()?;
    assert_eq!(around.users().me().await?.username, "rfranklin");
    assert_eq!(seen().len(), before);
    Ok(())
}

#[tokio::test]
async fn refusing_proxy_is_named_without_its_password() -> Result<()> {
    for status in ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"] {
        let answers = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let address = listen(move |stream| {
            let answers = answers.clone();
            async move { answer(stream, &answers).await }
        });
        let address = address.await?;
        let proxies = Proxies::none().https(format!("me:secret@{address}").parse()?);
        let client = client("https://api.sbgenomics.com/v2", |client| client.proxies(proxies));
        let shown = format!("the proxy is http://***@{address}/, from the program itself");
        let words = ["user_me", "the proxy refused the connection", &shown];
        let error = assert_refused(client.users().me().await, ErrorKind::Proxy, &words);
        assert_eq!(error.attempts(), 1, "it has made up its mind");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn proxy_and_platform_connect_errors_differ() -> Result<()> {
    let proxies = Proxies::none().https("127.0.0.1:9".parse()?);
    let client = client("https://api.sbgenomics.com/v2", |client| client.proxies(proxies));
    let words = ["cannot be reached", "the proxy is http://127.0.0.1:9/", "2 attempts"];
    assert_refused(client.users().me().await, ErrorKind::Proxy, &words);
    let direct = client_of("http://127.0.0.1:9/v2", TOKEN).retry_policy(RetryPolicy::none()).build()?;
    let words = ["cannot connect (host 127.0.0.1)"];
    assert_refused(direct.users().me().await, ErrorKind::Network, &words);
    Ok(())
}

#[tokio::test]
async fn loopback_bypasses_a_remote_proxy() -> Result<()> {
    let emulator = Emulator::builder().start().await?;
    // An address reserved for documentation, where no host exists.
    let elsewhere = Proxies::none().http("http://192.0.2.1:3128".parse()?);
    let client = client_of(emulator.url(), &emulator.token()).proxies(elsewhere).build()?;
    assert_eq!(client.users().me().await?.username, "rfranklin");
    Ok(())
}
