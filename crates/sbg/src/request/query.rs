//! Queries: the filters of a list. A query is read as a whole, streamed by item or page, or fetched as one page.

use std::fmt;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::fields::Fields;
use super::list::{LARGEST_PAGE, List, PageRequest};
use super::next_page::Tokens;
use super::options::RequestOptions;
use super::page::{Page, Source, page};
use super::stream::{Items, pages};
use crate::client::Client;
use crate::error::{Error, Result};

/// A query of a list: set its filters, then read [`all`](Self::all) items, stream its [`items`](Self::items), or fetch one
/// [`page`](Self::page).
///
/// A query is not a future: a single page would look like the whole list.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// for project in client.projects().query().owner("rfranklin").all().await? {
///     println!("{}", project.id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a query does nothing until its items are read"]
pub struct Query<L> {
    pub(crate) client: Client,
    pub(crate) list: L,
    limit: Option<u32>,
    offset: Option<u64>,
    token: Option<String>,
    fields: Option<Fields>,
}

impl<L: List> Query<L> {
    pub(crate) fn new(client: Client, list: L) -> Self {
        Self { client, list, limit: None, offset: None, token: None, fields: None }
    }

    /// Most items of a page, from 1 to 100. By default a single [`page`](Self::page) has 50; the pages of a whole list have 100.
    ///
    /// It does not limit [`all`](Self::all) or [`items`](Self::items): they read to the end of the list. To stop earlier, stop reading
    /// the stream.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().page_size(20);
    /// # }
    /// ```
    pub fn page_size(mut self, items: u32) -> Self {
        self.limit = Some(items);
        self
    }

    /// Index of the first item, from 0.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let third_page_of_twenty = client.projects().query().page_size(20).offset(40);
    /// # }
    /// ```
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Continues at the [`next_token`](Page::next_token) of an earlier page, read by this process or another one; for lists that are
    /// paged by continuation token.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, token: String) -> sbg::Result<()> {
    /// let search = client.files().search(r#"IN "/Projects/demo" WHERE tags IN ("dna") RECURSIVE"#);
    /// let page = search.continue_from(token).page().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn continue_from(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The fields to return of each item.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().fields(sbg::Fields::only(["name", "created_on"]));
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// All items of the list, from every page.
    ///
    /// For a list of unknown length, [`items`](Self::items) keeps only some pages in memory.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let projects = client.projects().query().owner("rfranklin").all().await?;
    /// println!("{} projects", projects.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a filter that breaks a rule, before anything is sent; otherwise the
    /// first error that fetching a page returns.
    pub async fn all(self) -> Result<Vec<L::Item>> {
        self.items().try_collect().await
    }

    /// One page of the list: [`page_size`](Self::page_size) items from [`offset`](Self::offset), at most. The list may have more; see
    /// [`Page::next_page`] and [`all`](Self::all).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.projects().query().page_size(20).page().await?;
    /// println!("{} of {:?} projects", page.items.len(), page.total);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a filter that breaks a rule, before anything is sent; otherwise
    /// the error of the call.
    pub async fn page(self) -> Result<Page<L::Item>> {
        let at = self.first_page(self.limit)?;
        let source: Arc<dyn Source<L::Item>> = Arc::new((self.list, self.client));
        page(source, at, Tokens::default()).await
    }

    /// Streams the pages to the end of the list.
    ///
    /// The stream does nothing until it is polled and stops fetching when it is dropped.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut pages = client.projects().query().pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} to {}", page.offset(), page.offset() + page.items.len() as u64);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(self) -> Items<Page<L::Item>> {
        let first = self.first_page(Some(self.limit.unwrap_or(LARGEST_PAGE)));
        let source: Arc<dyn Source<L::Item>> = Arc::new((self.list, self.client));
        Items(match first {
            Ok(first) => pages(source, first).boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        })
    }

    /// Streams the items to the end of the list.
    ///
    /// Once the first page reports the total, later pages are fetched in parallel, some ahead of the reader, and returned in order. If
    /// the list shrinks or grows in the meantime, the stream ends with the changed list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut projects = client.projects().query().items();
    /// while let Some(project) = projects.try_next().await? {
    ///     println!("{}", project.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items(self) -> Items<L::Item> {
        let items = self.pages().map_ok(|page| stream::iter(page.items.into_iter().map(Ok))).try_flatten();
        Items(items.boxed())
    }

    fn first_page(&self, limit: Option<u32>) -> Result<PageRequest> {
        if let Some(limit) = self.limit.filter(|limit| !(1..=LARGEST_PAGE).contains(limit)) {
            return Err(Error::invalid(format!(
                "the page size must be from 1 to {LARGEST_PAGE}, not {limit}"
            )));
        }
        if self.offset.is_some() && self.list.by_token() {
            return Err(Error::invalid(
                "a list is read by offset or by continuation token, not by both: leave out one of them",
            ));
        }
        if self.token.is_some() && !self.list.by_token() {
            return Err(Error::invalid(
                "this list is not read by continuation token, so it cannot continue from one",
            ));
        }
        self.list.check()?;
        let fields = self.fields.as_ref().map(|fields| fields.with_identity(L::IDENTITY));
        Ok(PageRequest { offset: self.offset.unwrap_or(0), token: self.token.clone(), limit, fields })
    }
}

impl<L> RequestOptions for Query<L> {
    fn with_client(mut self, change: impl FnOnce(&Client) -> Client) -> Self {
        self.client = change(&self.client);
        self
    }
}

impl<L: fmt::Debug> fmt::Debug for Query<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("list", &self.list)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .field("token", &self.token)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
