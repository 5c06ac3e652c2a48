//! The client: what all calls and transfers share.

mod builder;
mod http;
mod tls;
#[cfg(feature = "transfer")]
mod transfers;

use std::fmt;
use std::sync::Arc;

pub use builder::ClientBuilder;

use crate::config::Endpoint;
use crate::drs::DrsServers;
use crate::error::Result;
use crate::pipeline::{ErrorHandler, Handlers, Options, Pipeline, RateLimit};
#[cfg(feature = "transfer")]
use crate::transfer::{Engine, KeptUrls};

/// A client for the API. Cheap to clone; all clones share connections, limits and the transfer engine.
///
/// Calls need a Tokio runtime with timers and I/O enabled; without one they fail with [`ErrorKind::Runtime`](crate::ErrorKind::Runtime).
/// Programs without a runtime use [`blocking::Client`](crate::blocking::Client). Transfers run on their own threads.
///
/// ```no_run
/// # async fn example() -> sbg::Result<()> {
/// let client = sbg::Client::from_env()?;
/// println!("{}", client.users().me().await?.username);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    raw: sbg_raw::Client,
    pipeline: Pipeline,
    #[cfg(feature = "transfer")]
    engine: Arc<Engine>,
    /// The signed URLs of the files that were read.
    #[cfg(feature = "transfer")]
    kept_urls: Arc<KeptUrls>,
    endpoint: Endpoint,
    drs: Arc<DrsServers>,
}

impl Client {
    /// A builder, to set credentials and limits.
    ///
    /// ```
    /// let client = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef0123456789abcdef").build()?;
    /// assert_eq!(client.endpoint(), &sbg::config::Endpoint::Cgc);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client with the credentials of the environment: `SB_API_ENDPOINT` and `SB_AUTH_TOKEN`, else the profile `default` of
    /// `~/.sevenbridges/credentials`. See [`config`](crate::config).
    ///
    /// ```no_run
    /// # async fn example() -> sbg::Result<()> {
    /// let client = sbg::Client::from_env()?;
    /// println!("{} as {}", client.endpoint(), client.users().me().await?.username);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) if no credentials are found (the message lists the sources that were
    /// searched); another kind if a value cannot be used.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// The underlying generated client, with every operation of the API. Its calls go through the same pipeline as those of the handles:
    /// the same limits, token, retries and errors (`?` turns its error into [`sbg::Error`](crate::Error)).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::raw::ClientPlatformExt as _;
    ///
    /// let index = client.raw().api_index().send().await?.into_inner();
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self) -> &sbg_raw::Client {
        &self.shared.raw
    }

    /// The environment that the client sends requests to.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// println!("{}", client.endpoint().name().unwrap_or("an installation of its own"));
    /// # }
    /// ```
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// The rate limit from the latest response. Makes no request; `None` before the first response.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.users().me().await?;
    /// if let Some(window) = client.latest_rate_limit() {
    ///     println!("{} requests left", window.remaining());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest_rate_limit(&self) -> Option<RateLimit> {
        self.shared.pipeline.policy.scheduler.latest()
    }

    /// Appends an error handler, or replaces the one with the same [name](ErrorHandler::name). Calls in progress keep the handlers that
    /// they started with.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::pipeline::GeneralErrorSleeper;
    ///
    /// client.add_error_handler(GeneralErrorSleeper::default().max_retries(3));
    /// # }
    /// ```
    pub fn add_error_handler(&self, handler: impl ErrorHandler + 'static) {
        self.change_handlers(|handlers| handlers.add(Arc::new(handler)));
    }

    /// Removes the error handler of this name; returns whether there was one.
    ///
    /// ```
    /// let client = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef").build()?;
    /// assert!(client.remove_error_handler("MaintenanceSleeper"));
    /// assert!(!client.remove_error_handler("MaintenanceSleeper"));
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn remove_error_handler(&self, name: &str) -> bool {
        self.change_handlers(|handlers| handlers.remove(name))
    }

    fn change_handlers<T>(&self, change: impl FnOnce(&mut Handlers) -> T) -> T {
        let mut handlers = self.shared.pipeline.policy.handlers.write();
        change(Arc::make_mut(&mut handlers))
    }

    /// The pipeline, for requests that are not generated calls, such as those with a YAML body.
    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.shared.pipeline
    }

    /// The same client with other options for its calls.
    pub(crate) fn with_options(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut pipeline = self.shared.pipeline.clone();
        change(Arc::make_mut(&mut pipeline.options));
        let transport = sbg_raw::Inner(Arc::new(pipeline.clone()));
        let endpoint = self.shared.endpoint.clone();
        let raw = sbg_raw::Client::new_with_client(endpoint.as_str(), pipeline.http.clone(), transport);
        let shared = Shared {
            raw,
            pipeline,
            #[cfg(feature = "transfer")]
            engine: self.shared.engine.clone(),
            #[cfg(feature = "transfer")]
            kept_urls: self.shared.kept_urls.clone(),
            endpoint,
            drs: self.shared.drs.clone(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn drs_servers(&self) -> &DrsServers {
        &self.shared.drs
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.shared.endpoint).finish_non_exhaustive()
    }
}
