//! The HTTP clients below the client: one for calls of the API, one for bytes of the object storage.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::ClientBuilder;
use super::tls::Tls;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};

/// Idle connections to the object storage are closed after this time. S3 closes its end after about 5 s, and a request on a
/// connection that is just being closed is lost.
const STORAGE_IDLE: Duration = Duration::from_secs(4);

/// The hosts that are this machine, as exceptions of proxies are written.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

impl ClientBuilder {
    /// What the clients below agree on about TLS. Reading the certificates of the system takes a while, so it is done once.
    pub(super) fn tls(&self) -> Result<Tls> {
        let identity = self.identity.as_ref().map(ExposeSecret::expose_secret);
        Tls::new(&self.root_certificates, identity)
    }

    pub(super) fn api_client(&self, config: &Config, tls: &Tls) -> Result<reqwest::Client> {
        // The transport follows redirects itself: it knows which of them keep the token with the API.
        let http = self.http(config, tls)?.redirect(reqwest::redirect::Policy::none());
        built(http.read_timeout(self.read_timeout).pool_max_idle_per_host(self.pool_max_idle_per_host))
    }

    pub(super) fn storage_client(&self, config: &Config, tls: &Tls) -> Result<reqwest::Client> {
        // Over HTTP/2 all parts would share one connection, which is slower than several.
        let http = self.http(config, tls)?.redirect(reqwest::redirect::Policy::none()).http1_only();
        // The limit on silence is kept by the engine: that of the library counts the time in which a body is sent as silence.
        // What is kept from listeners on the way to the API is kept from them on the way to the storage as well.
        // The engine says so of an address; that every request keeps to it is left to nobody else.
        let http = http.https_only(config.endpoint.url().scheme() == "https");
        built(http.pool_idle_timeout(STORAGE_IDLE))
    }

    /// What both clients have in common.
    fn http(&self, config: &Config, tls: &Tls) -> Result<reqwest::ClientBuilder> {
        let name = concat!("sbg/", env!("CARGO_PKG_VERSION"));
        let user_agent = match &self.user_agent {
            Some(suffix) => format!("{name} {suffix}"),
            None => name.to_owned(),
        };
        let mut http = reqwest::Client::builder()
            .user_agent(user_agent)
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            // Other crates may switch on features of the HTTP library. Files must come as they are stored all the same.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .no_proxy();
        let exceptions = config.proxies.exceptions().unwrap_or_default();
        for (proxy, https) in [(config.proxies.for_https(), true), (config.proxies.for_http(), false)] {
            let Some(parsed) = proxy else { continue };
            let address = parsed.expose();
            let proxy = if https { reqwest::Proxy::https(address) } else { reqwest::Proxy::http(address) };
            let proxy = proxy.map_err(|error| {
                Error::new(ErrorKind::Proxy, "the proxy cannot be used").with_source(error.without_url())
            })?;
            // Plain http is allowed to this machine because it does not leave it, and so it must not take this way either.
            let exceptions =
                if parsed.is_loopback() { exceptions.to_owned() } else { format!("{exceptions},{LOOPBACK}") };
            http = http.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&exceptions)));
        }
        Ok(tls.apply(http))
    }
}

fn built(http: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    http.build()
        .map_err(|error| Error::new(ErrorKind::Config, "the HTTP client cannot be set up").with_source(error))
}
