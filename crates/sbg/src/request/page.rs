//! One page of a list, and the way to the pages before and after it.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::list::{Fetched, List, PageRequest};
use super::next_page::{Next, Tokens, leads_back};
use crate::client::Client;
use crate::error::{Error, Result};

/// The source of pages, without the type of the list.
pub(super) trait Source<T>: Send + Sync {
    fn name(&self) -> &'static str;
    fn by_token(&self) -> bool;
    fn fetch(&self, at: PageRequest) -> BoxFuture<'static, Result<Fetched<T>>>;
}

impl<L: List> Source<L::Item> for (L, Client) {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn by_token(&self) -> bool {
        self.0.by_token()
    }

    fn fetch(&self, at: PageRequest) -> BoxFuture<'static, Result<Fetched<L::Item>>> {
        Box::pin(self.0.clone().fetch(self.1.clone(), at))
    }
}

/// One page of a list.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let page = client.projects().query().page().await?;
/// println!("{:?} projects in all", page.total);
/// for project in page {
///     println!("{}", project.id);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Number of items in the whole list, if the platform reports it.
    pub total: Option<u64>,
    /// URL of this page.
    pub href: Option<String>,
    pub(super) at: PageRequest,
    pub(super) next: Next,
    /// The tokens of the previous pages, if the list is paged by token.
    pub(super) tokens: Tokens,
    pub(super) source: Arc<dyn Source<T>>,
}

impl<T: Send + Sync + 'static> Page<T> {
    /// Index of the first item of this page in the whole list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.projects().query().offset(40).page().await?;
    /// assert_eq!(page.offset(), 40);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offset(&self) -> u64 {
        self.at.offset
    }

    /// Whether the platform announced a page after this one.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.projects().query().page().await?;
    /// let more = if page.has_next() { " and more" } else { "" };
    /// println!("{} projects{more}", page.items.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_next(&self) -> bool {
        !matches!(self.next, Next::End)
    }

    /// The continuation token of the next page, for [`continue_from`](crate::Query::continue_from); `None` at the end of the list, and if
    /// the list is not paged by token.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.files().query().project("rfranklin/fibre-diffraction").cont_token().page().await?;
    /// if let Some(token) = page.next_token() {
    ///     std::fs::write("listing.token", token).expect("a disk with room");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_token(&self) -> Option<&str> {
        match &self.next {
            Next::Page(at) => at.token.as_deref(),
            Next::End | Next::Back(_) => None,
        }
    }

    /// Whether there is a page before this one. A list that is paged by token cannot be read backwards.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let first = client.projects().query().page().await?;
    /// assert!(!first.has_previous());
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_previous(&self) -> bool {
        self.at.offset > 0 && !self.source.by_token()
    }

    /// Fetches the next page; `None` at the end of the list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut page = client.projects().query().page().await?;
    /// while let Some(next) = page.next_page().await? {
    ///     page = next;
    /// }
    /// println!("the last page has {} projects", page.items.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call; [`ErrorKind::UnexpectedResponse`](crate::ErrorKind::UnexpectedResponse) if the platform links back to an
    /// earlier page, so that the rest of the list cannot be reached.
    pub async fn next_page(&self) -> Result<Option<Self>> {
        match &self.next {
            Next::Page(at) => self.fetch(at.clone()).await.map(Some),
            Next::Back(reason) => Err(self.leads_back(reason)),
            Next::End => Ok(None),
        }
    }

    async fn fetch(&self, at: PageRequest) -> Result<Self> {
        page(self.source.clone(), at, self.tokens.clone()).await
    }

    fn leads_back(&self, reason: &str) -> Error {
        let read = self.at.offset.saturating_add(self.items.len() as u64);
        leads_back(self.source.name(), reason, read, self.total)
    }

    /// Fetches the previous page; `None` at the start of the list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.projects().query().offset(40).page_size(20).page().await?;
    /// if let Some(previous) = page.previous_page().await? {
    ///     assert_eq!(previous.offset(), 20);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn previous_page(&self) -> Result<Option<Self>> {
        if !self.has_previous() {
            return Ok(None);
        }
        // If the list was not started at a multiple of the page size, its first page is shorter.
        let size = u64::from(self.at.limit.unwrap_or(50)).min(self.at.offset);
        let limit = u32::try_from(size).ok().or(self.at.limit);
        let at = PageRequest { offset: self.at.offset - size, limit, ..self.at.clone() };
        page(self.source.clone(), at, Tokens::default()).await.map(Some)
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("items", &self.items)
            .field("total", &self.total)
            .field("offset", &self.at.offset)
            .finish_non_exhaustive()
    }
}

pub(super) async fn page<T: Send + Sync + 'static>(
    source: Arc<dyn Source<T>>,
    at: PageRequest,
    mut tokens: Tokens,
) -> Result<Page<T>> {
    let fetched = source.fetch(at.clone()).await?;
    let next = Next::after(&fetched, &at, source.by_token(), &mut tokens);
    Ok(Page { items: fetched.items, total: fetched.total, href: fetched.href, at, next, tokens, source })
}
