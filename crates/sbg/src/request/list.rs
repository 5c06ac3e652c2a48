//! The lists of the API, and which of their pages to fetch.

use std::fmt;
use std::future::Future;

use crate::client::Client;
use crate::error::Result;
use crate::types;

/// Largest page of the platform; streams request this size to save calls.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// A list of the API, with its filters. Only this crate implements it.
///
/// ```
/// async fn first<L: sbg::List>(list: sbg::Query<L>) -> sbg::Result<Option<L::Item>> {
///     list.page_size(1).items().try_next().await
/// }
/// ```
pub trait List: Clone + fmt::Debug + Send + Sync + 'static {
    /// The items of the list.
    type Item: Send + Sync + 'static;

    /// What the list has, in messages.
    #[doc(hidden)]
    const NAME: &'static str;

    /// The fields that are required to read an item.
    #[doc(hidden)]
    const IDENTITY: &'static [&'static str] = &["id"];

    /// Checks the filters, without a request.
    #[doc(hidden)]
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether the list is paged by a continuation token of the previous page, instead of by the index of the first item.
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
    /// In a list that is paged by token: the token of this page, `None` for the first one.
    pub(crate) token: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) fields: Option<String>,
}

impl PageRequest {
    /// The query parameter `offset`.
    pub(crate) fn offset_param(&self) -> i64 {
        i64::try_from(self.offset).unwrap_or(i64::MAX)
    }

    /// The query parameter `token` of a scroll; `init` for its first page.
    pub(crate) fn token_param(&self) -> &str {
        self.token.as_deref().unwrap_or("init")
    }

    /// The query parameter `limit`.
    pub(crate) fn limit_param(&self) -> Option<i32> {
        self.limit.and_then(|limit| i32::try_from(limit).ok())
    }
}

/// A page as the platform sent it.
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
    /// `headers` are those of the response, which hold the total number of items.
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

    /// A page of a list whose body holds the token of the next page.
    pub(crate) fn with_token(items: Vec<T>, total: Option<u64>, next_token: Option<String>) -> Self {
        let next_token = next_token.filter(|token| !token.is_empty());
        Self { items, href: None, next: None, total, next_token }
    }
}

fn is_next(link: &types::Link) -> bool {
    link.rel.as_deref().is_some_and(|rel| rel.eq_ignore_ascii_case("next"))
}

/// A query parameter of a link. The link itself is never followed: it may name any host.
pub(crate) fn query_value(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(named, _)| named == name).map(|(_, value)| value.into_owned())
}
