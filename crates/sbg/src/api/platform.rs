//! The index of the API and the current rate limit.

use sbg_raw::ClientPlatformExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::request::call::Get;
use crate::types;

impl Client {
    /// The URLs of the parts of the API. The only call that needs no token.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let index = client.api_index().await?;
    /// println!("{:?}", index.projects_url);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn api_index(&self) -> Result<types::ApiIndex> {
        Ok(self.raw().api_index().send().await?.into_inner())
    }

    /// How many requests and instances the caller has left.
    ///
    /// This makes a request; [`Client::latest_rate_limit`] returns the values from the headers of the latest response.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let standing = client.rate_limit().await?;
    /// println!("{:?}", standing.rate.and_then(|rate| rate.remaining));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn rate_limit(&self) -> Get<types::RateLimit> {
        let client = self.clone();
        Get::new(&client, &[], move |client, fields| async move {
            let call = crate::request::call::set!(client.raw().rate_limit_get(), fields = fields);
            Ok(call.send().await?.into_inner())
        })
    }
}
