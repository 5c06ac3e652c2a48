//! Lists: a query is read as a whole, streamed by item or by page, or fetched as one page.

mod items;
mod next;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::fields::Fields;
use crate::types;

pub use items::Items;
use items::pages;
use next::Next;
#[cfg(fuzzing)]
pub use next::fuzz;
pub(crate) use next::{Tokens, leads_back};

/// Largest page that the platform gives, and the size that streams ask for: the fewer calls the better.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// Pages that a stream fetches ahead once it knows how many there are.
const PAGES_AHEAD: usize = 32;

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

/// A query of a list: set its filters, then read [`all`](Self::all) of it, stream its [`items`](Self::items), or fetch one
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

    /// Most items of a page, from 1 to 100. By default [`page`](Self::page) has 50, and the pages of the whole list have 100.
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

    /// Goes on at the [`next_token`](Page::next_token) of a page that was read before, by this process or another one; for lists that are
    /// read by continuation token.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, token: String) -> sbg::Result<()> {
    /// let search = client.files().search(r#"IN "/Projects/demo" WHERE tags IN ("dna") RECURSIVE"#);
    /// let page = search.continue_from(token).await?;
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
    /// Once the first page tells how many there are, the pages after it are fetched side by side, in order and some ahead of the
    /// reader. A list that shrinks or grows meanwhile ends where it then ends.
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
            return Err(Error::invalid(format!("a page has 1 to {LARGEST_PAGE} items, not {limit}")));
        }
        if self.offset.is_some() && self.list.by_token() {
            return Err(Error::invalid(
                "a list that is read by continuation token has no offset: set one or the other",
            ));
        }
        if self.token.is_some() && !self.list.by_token() {
            return Err(Error::invalid(
                "this list is not read by continuation token, so it cannot go on at one",
            ));
        }
        self.list.check()?;
        let fields = self.fields.as_ref().map(|fields| fields.with_identity(L::IDENTITY));
        Ok(PageRequest { offset: self.offset.unwrap_or(0), token: self.token.clone(), limit, fields })
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

/// Where pages come from, with the kind of list forgotten.
trait Source<T>: Send + Sync {
    fn by_token(&self) -> bool;
    fn fetch(&self, at: PageRequest) -> BoxFuture<'static, Result<Fetched<T>>>;
}

impl<L: List> Source<L::Item> for (L, Client) {
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
    /// Number of items in the whole list, where the platform tells it.
    pub total: Option<u64>,
    /// Address of this page.
    pub href: Option<String>,
    at: PageRequest,
    next: Next,
    /// The tokens of the pages before, where the list is read by token.
    tokens: Tokens,
    source: Arc<dyn Source<T>>,
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

    /// The continuation token of the page after this one, for [`continue_from`](Query::continue_from); `None` at the end of the list, and
    /// where the list is not read by token.
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

    /// Whether there is a page before this one. A list that is read by token cannot be read backwards.
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

    /// Fetches the page after this one; `None` at the end of the list.
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
    /// Whatever the call brings; [`ErrorKind::UnexpectedResponse`](crate::ErrorKind::UnexpectedResponse) where the platform links back to
    /// a page that was read before, so that the rest of the list cannot be reached.
    pub async fn next_page(&self) -> Result<Option<Self>> {
        match &self.next {
            Next::Page(at) => self.fetch(at.clone()).await.map(Some),
            Next::Back(reason) => Err(self.leads_back(reason)),
            Next::End => Ok(None),
        }
    }

    /// The page behind this one.
    async fn fetch(&self, at: PageRequest) -> Result<Self> {
        page(self.source.clone(), at, self.tokens.clone()).await
    }

    fn leads_back(&self, reason: &str) -> Error {
        leads_back(reason, self.at.offset.saturating_add(self.items.len() as u64), self.total)
    }

    /// Fetches the page before this one; `None` at the beginning of the list.
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
    /// Whatever the call brings.
    pub async fn previous_page(&self) -> Result<Option<Self>> {
        if !self.has_previous() {
            return Ok(None);
        }
        // A list that does not begin at a multiple of the page size has a shorter page first.
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

async fn page<T: Send + Sync + 'static>(
    source: Arc<dyn Source<T>>,
    at: PageRequest,
    mut tokens: Tokens,
) -> Result<Page<T>> {
    let fetched = source.fetch(at.clone()).await?;
    let next = Next::after(&fetched, &at, source.by_token(), &mut tokens);
    Ok(Page { items: fetched.items, total: fetched.total, href: fetched.href, at, next, tokens, source })
}
