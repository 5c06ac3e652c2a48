//! The builder: all settings, and how the client is built from them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use sbg_raw::Inner;
use secrecy::SecretSlice;
use url::Url;

use super::{Client, Shared};
use crate::config::{Auth, Config, ConfigPaths, ExplicitConfig, Proxies, Sources};
use crate::drs::{DrsHosts, DrsServers};
use crate::error::{Error, Result};
use crate::pipeline::{
    Authenticator, ErrorHandler, Handlers, OnWait, Pipeline, Policy, Preflight, Recorder, RetryPolicy,
    Scheduler, Waiting,
};

/// Settings of a [`Client`].
///
/// ```
/// let client = sbg::Client::builder()
///     .endpoint("cgc")
///     .token("0123456789abcdef0123456789abcdef")
///     .max_parallel_requests(20)
///     .build()?;
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    explicit: ExplicitConfig,
    config: Option<Config>,
    paths: Option<ConfigPaths>,
    max_parallel_requests: usize,
    pub(super) pool_max_idle_per_host: usize,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
    call_timeout: Duration,
    wait_for_rate_limit: bool,
    api_share: f64,
    retry: RetryPolicy,
    handlers: Handlers,
    on_wait: Option<OnWait>,
    pub(super) user_agent: Option<String>,
    pub(super) root_certificates: Vec<Vec<u8>>,
    pub(super) identity: Option<SecretSlice<u8>>,
    record: Option<PathBuf>,
    drs_hosts: DrsHosts,
    #[cfg(feature = "transfer")]
    pub(super) transfers: super::transfers::Transfers,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            explicit: ExplicitConfig::default(),
            config: None,
            paths: None,
            max_parallel_requests: 100,
            pool_max_idle_per_host: 32,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(10 * 60),
            wait_for_rate_limit: true,
            api_share: 1.0,
            retry: RetryPolicy::default(),
            handlers: Handlers::shipped(),
            on_wait: None,
            user_agent: None,
            root_certificates: Vec::new(),
            identity: None,
            record: None,
            drs_hosts: DrsHosts::default(),
            #[cfg(feature = "transfer")]
            transfers: super::transfers::Transfers::default(),
        }
    }
}

impl ClientBuilder {
    /// The environment: its name (`platform`, `eu`, `cgc`, `cavatica`, `biodatacatalyst`, `cn`), the URL of its API, or an
    /// [`Endpoint`](crate::config::Endpoint).
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// let by_name = sbg::Client::builder().endpoint("cavatica");
    /// let known = sbg::Client::builder().endpoint(Endpoint::Cavatica);
    /// let own = sbg::Client::builder().endpoint("https://sbg.lab.org/v2");
    /// ```
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.explicit = self.explicit.endpoint(endpoint);
        self
    }

    /// An authentication token, from the developer page of the environment.
    ///
    /// ```no_run
    /// let token = std::fs::read_to_string("/run/secrets/sbg-token").unwrap();
    /// let client = sbg::Client::builder().endpoint("cgc").token(token).build();
    /// ```
    pub fn token(self, token: impl Into<String>) -> Self {
        self.auth(Auth::token(token))
    }

    /// Credentials of any kind.
    ///
    /// ```
    /// use sbg::config::Auth;
    ///
    /// let client = sbg::Client::builder().endpoint("cgc").auth(Auth::oauth("eyJhbGciOiJub25lIn0.e30."));
    /// ```
    pub fn auth(mut self, auth: Auth) -> Self {
        self.explicit = self.explicit.auth(auth);
        self
    }

    /// The profile of `~/.sevenbridges/credentials` to use.
    ///
    /// ```no_run
    /// let client = sbg::Client::builder().profile("cgc").build()?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.explicit = self.explicit.profile(name);
        self
    }

    /// A configuration that is already resolved. It replaces the environment, the user's files, and the endpoint, token, profile, proxies
    /// and advance access set on this builder.
    ///
    /// ```no_run
    /// let config = sbg::config::Config::from_env()?;
    /// println!("endpoint {} from {}", config.endpoint, config.origins.endpoint);
    /// let client = sbg::Client::builder().config(config).build()?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Paths of the user's files, instead of those in the home folder.
    ///
    /// ```
    /// use sbg::config::ConfigPaths;
    ///
    /// let client = sbg::Client::builder().config_paths(ConfigPaths::under("/srv/pipeline"));
    /// ```
    pub fn config_paths(mut self, paths: ConfigPaths) -> Self {
        self.paths = Some(paths);
        self
    }

    /// Whether operations in advance access may be called. They may change without notice. `false` by default.
    ///
    /// ```
    /// let client = sbg::Client::builder().advance_access(true);
    /// ```
    pub fn advance_access(mut self, allowed: bool) -> Self {
        self.explicit = self.explicit.advance_access(allowed);
        self
    }

    /// The proxies, for calls and transfers. By default those of the environment and of the settings file.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// let client = sbg::Client::builder().proxies(Proxies::none().https("proxy.lab.org:3128".parse()?));
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.explicit = self.explicit.proxies(proxies);
        self
    }

    /// Whether the token may be sent over plain `http` to hosts other than this one. `false` by default.
    ///
    /// ```
    /// let builder = sbg::Client::builder().endpoint("http://sbg.lab.org/v2").token("0123456789abcdef");
    /// let client = builder.allow_insecure_http(true).build()?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn allow_insecure_http(mut self, allowed: bool) -> Self {
        self.explicit = self.explicit.allow_insecure_http(allowed);
        self
    }

    /// Most parallel requests to the API, over all clones of the client; at least 1, and 100 by default.
    ///
    /// ```
    /// let gentle = sbg::Client::builder().max_parallel_requests(4);
    /// ```
    pub fn max_parallel_requests(mut self, count: usize) -> Self {
        self.max_parallel_requests = count;
        self
    }

    /// Most idle connections to the API that are kept open; 32 by default.
    ///
    /// ```
    /// let client = sbg::Client::builder().pool_max_idle_per_host(4);
    /// ```
    pub fn pool_max_idle_per_host(mut self, count: usize) -> Self {
        self.pool_max_idle_per_host = count;
        self
    }

    /// Longest time to open a connection; 10 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = sbg::Client::builder().connect_timeout(Duration::from_secs(3));
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Longest time without data, for calls and transfers; 60 s by default, and at most 30 s for transfers.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = sbg::Client::builder().read_timeout(Duration::from_secs(20));
    /// ```
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Longest time for one attempt of a call, from connecting to the end of the response; 10 min by default. Transfers have no such
    /// limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = sbg::Client::builder().call_timeout(Duration::from_secs(60));
    /// ```
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// Whether to wait for the next window of the rate limit instead of getting a 429. `true` by default.
    ///
    /// The responses report how much of the window is left. When it is spent, all calls, including those of transfers, wait in one queue,
    /// and leave in order of arrival when the next window begins. They also wait in it while the server asks for a pause with
    /// `Retry-After`.
    ///
    /// ```
    /// let client = sbg::Client::builder().wait_for_rate_limit(false);
    /// ```
    pub fn wait_for_rate_limit(mut self, wait: bool) -> Self {
        self.wait_for_rate_limit = wait;
        self
    }

    /// Part of the rate limit that this client may use; above 0 and at most 1, which is the default.
    ///
    /// The limit of the platform is one per token. Where several processes use the same token, such as the workers of a cluster, give
    /// each its part: then none of them delays the others. A client that has used its part waits for the next window, as for the
    /// whole limit. At least one request is allowed in each window.
    ///
    /// ```
    /// let workers = 4_u32;
    /// let client = sbg::Client::builder().api_share(1.0 / f64::from(workers));
    /// ```
    pub fn api_share(mut self, share: f64) -> Self {
        self.api_share = share;
        self
    }

    /// Limits of the retries.
    ///
    /// ```
    /// use sbg::pipeline::RetryPolicy;
    ///
    /// let client = sbg::Client::builder().retry_policy(RetryPolicy::none());
    /// ```
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Appends an error handler, or replaces the one with the same [name](ErrorHandler::name).
    ///
    /// By default a client has a [`RateLimitSleeper`](crate::pipeline::RateLimitSleeper) and a
    /// [`MaintenanceSleeper`](crate::pipeline::MaintenanceSleeper).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::MaintenanceSleeper;
    ///
    /// let over_night = MaintenanceSleeper::default().max_wait(Duration::from_secs(12 * 60 * 60));
    /// let client = sbg::Client::builder().error_handler(over_night);
    /// ```
    pub fn error_handler(mut self, handler: impl ErrorHandler + 'static) -> Self {
        self.handlers.add(Arc::new(handler));
        self
    }

    /// Removes all error handlers, including the default ones. To remove one, see [`Client::remove_error_handler`].
    ///
    /// ```
    /// use sbg::pipeline::RateLimitSleeper;
    ///
    /// let client = sbg::Client::builder().without_error_handlers().error_handler(RateLimitSleeper::default());
    /// ```
    pub fn without_error_handlers(mut self) -> Self {
        self.handlers = Handlers::default();
        self
    }

    /// Calls `callback` before each wait of a call (for the rate limit, an error handler or a retry), to show why it pauses. Each wait is
    /// also a `tracing` event. `callback` must not block.
    ///
    /// ```
    /// let client = sbg::Client::builder().on_wait(|waiting| {
    ///     eprintln!("{} waits {:?}: {}", waiting.operation, waiting.wait, waiting.reason);
    /// });
    /// ```
    pub fn on_wait(mut self, callback: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.on_wait = Some(OnWait(Arc::new(callback)));
        self
    }

    /// Text to append to the user agent, after the name of this crate; such as `my-pipeline/2.1`.
    ///
    /// ```
    /// let client = sbg::Client::builder().user_agent("my-pipeline/2.1");
    /// ```
    pub fn user_agent(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent = Some(suffix.into());
        self
    }

    /// Trusts the certificate authorities in this PEM file in addition to those of the system.
    ///
    /// ```no_run
    /// let client = sbg::Client::builder().root_certificates(std::fs::read("/etc/ssl/lab-authority.pem")?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Client certificate for servers that ask for one: a PEM file with the private key (PKCS #8) and the certificate chain.
    ///
    /// ```no_run
    /// let client = sbg::Client::builder().identity(std::fs::read("rfranklin.pem")?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.identity = Some(pem.into().into());
        self
    }

    /// Writes every exchange with the API to this file, one line of JSON each, in the format that `cargo xtask drift` reads.
    ///
    /// Secrets are redacted. Headers of calls are not written. Fields that hold credentials are redacted, as are headers and query
    /// parameters that are not known to be harmless, and the userinfo of URLs anywhere in a text. The file is emptied first. It is
    /// readable by its owner only, and never written through a link.
    ///
    /// ```
    /// let client = sbg::Client::builder().record("traffic.jsonl");
    /// ```
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// The DRS servers to know: which of them get the token, and which serve compact identifiers. By default those of the known environments.
    ///
    /// ```
    /// use sbg::drs::DrsHosts;
    ///
    /// let builder = sbg::Client::builder().drs_hosts(DrsHosts::default().prefix("dg.lab", "drs.lab.org"));
    /// ```
    pub fn drs_hosts(mut self, hosts: DrsHosts) -> Self {
        self.drs_hosts = hosts;
        self
    }

    /// Builds the client. Makes no request.
    ///
    /// ```
    /// let builder = sbg::Client::builder().endpoint("https://cgc-api.sbgenomics.com").token("0123456789abcdef");
    /// let error = builder.build().unwrap_err();
    /// assert_eq!(error.kind(), sbg::ErrorKind::Endpoint);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) if no credentials are found;
    /// [`UnknownProfile`](crate::ErrorKind::UnknownProfile), [`ConfigFile`](crate::ErrorKind::ConfigFile),
    /// [`Endpoint`](crate::ErrorKind::Endpoint), [`Token`](crate::ErrorKind::Token), [`Proxy`](crate::ErrorKind::Proxy) or
    /// [`Config`](crate::ErrorKind::Config) if a setting cannot be used; [`ErrorKind::Io`](crate::ErrorKind::Io) if the file to record to
    /// cannot be written; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a limit of 0, or a share of the rate limit
    /// that cannot be kept.
    pub fn build(self) -> Result<Client> {
        if self.max_parallel_requests == 0 {
            return Err(Error::invalid("the number of parallel requests must be at least 1"));
        }
        if !(self.api_share > 0.0 && self.api_share <= 1.0) {
            let message = format!(
                "the share of the rate limit is {}: it must be above 0 and at most 1",
                self.api_share
            );
            return Err(Error::invalid(message));
        }
        if self.api_share < 1.0 && !self.wait_for_rate_limit {
            let message = "a client that does not wait for the rate limit cannot keep to a share of it";
            return Err(
                Error::invalid(message).with_hint("set `wait_for_rate_limit(true)` or leave out `api_share`")
            );
        }
        let mut sources = Sources::new(self.explicit.clone());
        if let Some(paths) = &self.paths {
            sources = sources.paths(paths.clone());
        }
        let config = match self.config.clone() {
            Some(config) => config,
            None => sources.resolve()?,
        };
        for warning in &config.warnings {
            tracing::warn!(%warning, "configuration");
        }
        let base = config.endpoint.url();
        let policy = Arc::new(Policy {
            preflight: Preflight { advance_access: config.advance_access },
            scheduler: Scheduler::new(self.max_parallel_requests, self.wait_for_rate_limit, self.api_share),
            auth: Authenticator::new(
                config.auth.clone(),
                base.clone(),
                config.origins.auth.to_string(),
                proxy_of(&config, &base),
            ),
            call_timeout: self.call_timeout,
            retry: self.retry.clone(),
            handlers: RwLock::new(Arc::new(self.handlers.clone())),
            on_wait: self.on_wait.clone(),
            recorder: self.record.as_deref().map(|path| Recorder::create(path, base.clone())).transpose()?,
        });
        let raw = |http: reqwest::Client| {
            let pipeline = Pipeline { policy: policy.clone(), http: http.clone(), options: Arc::default() };
            sbg_raw::Client::new_with_client(config.endpoint.as_str(), http, Inner(Arc::new(pipeline)))
        };
        let tls = self.tls()?;
        let http = self.api_client(&config, &tls)?;
        Ok(Client {
            shared: Arc::new(Shared {
                raw: raw(http.clone()),
                #[cfg(feature = "transfer")]
                engine: self.engine(&config, &tls, raw(self.api_client(&config, &tls)?))?,
                #[cfg(feature = "transfer")]
                kept_urls: Arc::default(),
                pipeline: Pipeline { policy: policy.clone(), http, options: Arc::default() },
                endpoint: config.endpoint.clone(),
                drs: Arc::new(DrsServers::new(&config.endpoint, self.drs_hosts.clone(), policy)?),
            }),
        })
    }
}

/// The proxy that the calls use and where its URL came from.
fn proxy_of(config: &Config, base: &Url) -> Option<String> {
    let (proxy, origin) = if base.scheme() == "https" {
        (config.proxies.for_https(), &config.origins.https_proxy)
    } else {
        (config.proxies.for_http(), &config.origins.http_proxy)
    };
    proxy.map(|proxy| format!("the proxy is {proxy}, from {origin}"))
}
