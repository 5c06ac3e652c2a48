//! Options that every call has.

use std::time::Duration;

use crate::client::Client;

/// Options of one call. Every call and every query has them; import the trait to set them.
///
/// Options set on a [`Client`] apply to all calls of that client and of the handles made from it.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use std::time::Duration;
///
/// use sbg::RequestOptions as _;
///
/// let me = client.users().me().timeout(Duration::from_secs(5)).retries(0).await?;
/// let hasty = client.timeout(Duration::from_secs(5));
/// let project = hasty.project("rfranklin/fibre-diffraction").get().await?;
/// # Ok(())
/// # }
/// ```
///
/// They apply to each request of a query or of a bulk call. A [`Wait`](crate::Wait) and transfers have their own settings.
pub trait RequestOptions: Sized {
    /// Changes the client that makes the call.
    #[doc(hidden)]
    fn with_client(self, change: impl FnOnce(&Client) -> Client) -> Self;

    /// Longest total time for a call: waiting for the rate limit, attempts, pauses between them, and the response. Unlimited by default;
    /// each attempt has [`call_timeout`](crate::ClientBuilder::call_timeout).
    ///
    /// A call that takes longer fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). The platform may still carry it out.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use std::time::Duration;
    ///
    /// use sbg::RequestOptions as _;
    ///
    /// let projects = client.projects().query().timeout(Duration::from_secs(10)).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    fn timeout(self, timeout: Duration) -> Self {
        self.with_client(|client| client.with_options(|options| options.timeout = Some(timeout)))
    }

    /// Most retries after a failed attempt; 0 for a single attempt. By default [`retry_policy`](crate::ClientBuilder::retry_policy)
    /// decides.
    ///
    /// Calls that are not safe to repeat are never retried. Error handlers, such as the one that waits for the rate limit, are not
    /// affected.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::RequestOptions as _;
    ///
    /// let me = client.users().me().retries(0).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn retries(self, count: u32) -> Self {
        self.with_client(|client| client.with_options(|options| options.retries = Some(count)))
    }

    /// Adds a pair to the query of the URL, such as a parameter that this crate does not support yet.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::RequestOptions as _;
    ///
    /// let projects = client.projects().query().query_param("sort", "name").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    fn query_param(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let pair = (name.into(), value.into());
        self.with_client(|client| client.with_options(|options| options.query.push(pair)))
    }
}

impl RequestOptions for Client {
    fn with_client(self, change: impl FnOnce(&Client) -> Client) -> Self {
        change(&self)
    }
}

/// Implements [`RequestOptions`] for a type that has its client in a field.
macro_rules! request_options {
    ($builder:ty, $($field:ident).+) => {
        impl $crate::request::options::RequestOptions for $builder {
            fn with_client(
                mut self,
                change: impl FnOnce(&$crate::client::Client) -> $crate::client::Client,
            ) -> Self {
                self.$($field).+ = change(&self.$($field).+);
                self
            }
        }
    };
}

pub(crate) use request_options;
