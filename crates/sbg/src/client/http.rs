//! The HTTP clients: one for API calls, one for the object storage.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::ClientBuilder;
use super::tls::Tls;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};

/// Idle connections to the object storage are closed after this time. S3 closes its end after about 5 s, and a request on a connection
/// that is being closed is lost.
#[cfg(feature = "transfer")]
const STORAGE_IDLE: Duration = Duration::from_secs(4);

/// The loopback hosts, in the syntax of proxy exceptions.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

impl ClientBuilder {
    /// The TLS settings of both HTTP clients. Reading the system's certificates is slow, so it is done once.
    pub(super) fn tls(&self) -> Result<Tls> {
        let identity = self.identity.as_ref().map(ExposeSecret::expose_secret);
        Tls::new(&self.root_certificates, identity)
    }

    pub(super) fn api_client(&self, config: &Config, tls: &Tls) -> Result<reqwest::Client> {
        // The transport follows redirects itself: it knows which of them may keep the token.
        let http = self.http(config, tls)?.redirect(reqwest::redirect::Policy::none());
        built(http.read_timeout(self.read_timeout).pool_max_idle_per_host(self.pool_max_idle_per_host))
    }

    #[cfg(feature = "transfer")]
    pub(super) fn storage_client(&self, config: &Config, tls: &Tls) -> Result<reqwest::Client> {
        // Over HTTP/2 all parts would share one connection, which is slower than several.
        let http = self.http(config, tls)?.redirect(reqwest::redirect::Policy::none()).http1_only();
        // The engine enforces the timeout without data: the HTTP library's own would count the time in which a body is sent. If the API
        // is https only, so is the storage. The engine refuses other URLs with a clear error; this setting enforces it for every request.
        let http = http.https_only(config.endpoint.url().scheme() == "https");
        built(http.pool_idle_timeout(STORAGE_IDLE))
    }

    /// The settings that both clients share.
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
            // Other crates may enable decompression in the HTTP library, but files must arrive as they are stored.
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
            // Plain http to this machine is allowed because it does not leave it, so it must not go through a proxy elsewhere.
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
