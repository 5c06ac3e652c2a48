//! What a list of the API is, and which page of it to fetch.

use std::fmt;
use std::future::Future;

use crate::client::Client;
use crate::error::Result;
use crate::types;

/// Largest page that the platform gives, and the size that streams ask for: the fewer calls the better.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// A list of the API, with its filters. Implemented by this crate alone.
///
/// ```
/// async fn first<L: sbg::List>(list: sbg::Query<L>) -> sbg::Result<Option<L::Item>> {
///     list.page_size(1).items().try_next().await
/// }
/// ```
pub trait List: Clone + fmt::Debug + Send + Sync + 'static {
    /// What the list holds.
    type Item: Send + Sync + 'static;

    /// The fields without which an item cannot be read.
    #[doc(hidden)]
    const IDENTITY: &'static [&'static str] = &["id"];

    /// What is wrong with the filters, found without asking the platform.
    #[doc(hidden)]
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether a page is found by a token that the page before it gives, rather than by the index of its first item.
    #[doc(hidden)]
    fn by_token(&self) -> bool {
        false
    }

    /// Fetches a page.
    #[doc(hidden)]
    fn fetch(
        self,
        client: Client,
        at: PageRequest,
    ) -> impl Future<Output = Result<Fetched<Self::Item>>> + Send + 'static;
}

/// Which page of a list to fetch.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub(crate) offset: u64,
    /// Where the list is read by token: the token of this page, `None` for the first one.
    pub(crate) token: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) fields: Option<String>,
}

impl PageRequest {
    /// The query parameter `offset`.
    pub(crate) fn offset_param(&self) -> i64 {
        i64::try_from(self.offset).unwrap_or(i64::MAX)
    }

    /// The query parameter `token` of a scroll, which begins with a word of its own.
    pub(crate) fn token_param(&self) -> &str {
        self.token.as_deref().unwrap_or("init")
    }

    /// The query parameter `limit`.
    pub(crate) fn limit_param(&self) -> Option<i32> {
        self.limit.and_then(|limit| i32::try_from(limit).ok())
    }
}

/// A page as it came.
#[doc(hidden)]
#[derive(Debug)]
pub struct Fetched<T> {
    pub(crate) items: Vec<T>,
    /// URL of this page.
    pub(crate) href: Option<String>,
    /// URL of the page after this one. It is never requested: it may name any host.
    pub(crate) next: Option<String>,
    pub(crate) total: Option<u64>,
    pub(crate) next_token: Option<String>,
}

impl<T> Fetched<T> {
    /// `headers` are those of the answer, which tell the size of the whole.
    pub(crate) fn new(
        headers: &http::HeaderMap,
        items: Vec<T>,
        href: Option<String>,
        links: Option<Vec<types::Link>>,
    ) -> Self {
        let total =
            headers.get("x-total-matching-query").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let next = links.into_iter().flatten().find(is_next).and_then(|link| link.href);
        let next_token = next.as_deref().and_then(|next| query_value(next, "token"));
        Self { items, href, next, total, next_token }
    }

    /// A page of a list that gives the token of the next page by itself.
    pub(crate) fn with_token(items: Vec<T>, total: Option<u64>, next_token: Option<String>) -> Self {
        let next_token = next_token.filter(|token| !token.is_empty());
        Self { items, href: None, next: None, total, next_token }
    }
}

fn is_next(link: &types::Link) -> bool {
    link.rel.as_deref().is_some_and(|rel| rel.eq_ignore_ascii_case("next"))
}

/// A parameter in the query of a link. The link itself is never followed: it may name any host.
pub(crate) fn query_value(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(named, _)| named == name).map(|(_, value)| value.into_owned())
}
