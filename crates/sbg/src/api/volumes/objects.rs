//! What is on a volume: its folders and objects, page by page.
//!
//! Such a list knows neither index nor total; each page links to the one after it. The link is never followed: only the token in its
//! query is used, so that a token of the user goes nowhere else.

use futures::{TryStreamExt as _, stream};
use sbg_raw::ClientVolumesExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::VolumeId;
use crate::request::call::{awaitable, set};
use crate::request::fields::Fields;
use crate::request::list::{LARGEST_PAGE, query_value};
use crate::request::next_page::{Tokens, leads_back};
use crate::request::stream::Items;
use crate::types;

/// The fields without which an object cannot be read.
pub(super) const IDENTITY: &[&str] = &["location"];

/// A query of one folder of a volume: [`send`](Self::send) it for one page, or stream its [`pages`](Self::pages) or
/// [`items`](Self::items).
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let mut objects = volume.list().prefix("S1/").items();
/// while let Some(object) = objects.try_next().await? {
///     println!("{}", object.location);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is sent"]
pub struct VolumeObjectQuery {
    client: Client,
    id: VolumeId,
    prefix: Option<String>,
    limit: Option<u32>,
    fields: Option<Fields>,
    token: Option<String>,
    /// The tokens before that one, and how many objects came by them.
    tokens: Tokens,
    read: u64,
}

impl VolumeObjectQuery {
    pub(super) fn new(client: Client, id: VolumeId) -> Self {
        let (prefix, limit, fields, token) = (None, None, None, None);
        Self { client, id, prefix, limit, fields, token, tokens: Tokens::default(), read: 0 }
    }

    /// The folder to list, such as `photographs/`; the root of the volume when it is not set.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let query = volume.list().prefix("photographs/");
    /// # }
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Number of entries of a page, from 1 to 100. A single page has 50 when it is not set, the pages of a stream have 100.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let query = volume.list().limit(100);
    /// # }
    /// ```
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The fields to return of each object. Its metadata come only when they are asked for, as by [`Fields::all`].
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// for object in volume.list().fields(sbg::Fields::all()).await?.items {
    ///     println!("{} {:?}", object.location, object.metadata);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Fetches one page. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let page = volume.list().prefix("photographs/").limit(10).send().await?;
    /// println!("{} objects, and more: {}", page.items.len(), page.has_next());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A limit out of bounds, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<VolumeObjects> {
        if let Some(limit) = self.limit.filter(|limit| !(1..=LARGEST_PAGE).contains(limit)) {
            return Err(Error::invalid(format!("a page has 1 to {LARGEST_PAGE} entries, not {limit}")));
        }
        let mut query = self.clone();
        let call = self.client.raw().volume_object_list();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        let limit = self.limit.and_then(|limit| i32::try_from(limit).ok());
        let fields = self.fields.map(|fields| fields.with_identity(IDENTITY));
        let call = set!(call, prefix = self.prefix, limit = limit, fields = fields);
        let page = set!(call, continuation_token = self.token).send().await?.into_inner();
        let mut links = page.links.iter().flatten().filter_map(|link| link.next.as_deref());
        let next = links.find(|link| !link.is_empty());
        let (items, prefixes) = (page.items, page.prefixes.unwrap_or_default());
        query.read = query.read.saturating_add(items.len() as u64);
        let empty = items.is_empty() && prefixes.is_empty();
        let next =
            next.map_or(Next::None, |link| Next::of(link, query.token.as_deref(), empty, &mut query.tokens));
        Ok(VolumeObjects { items, prefixes, href: page.href, next, query })
    }

    /// Streams the pages to the end of the folder.
    ///
    /// The stream does nothing until it is polled and stops fetching when it is dropped.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let mut pages = volume.list().pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     for folder in page.prefixes {
    ///         println!("{}", folder.prefix);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(mut self) -> Items<VolumeObjects> {
        self.limit = Some(self.limit.unwrap_or(LARGEST_PAGE));
        Items::new(stream::unfold(Some(Ok(self)), |next| async move {
            let page = match next? {
                Ok(query) => query.send().await,
                Err(error) => Err(error),
            };
            match page {
                Ok(page) => {
                    let next = page.next_query().transpose();
                    Some((Ok(page), next))
                }
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// Streams the objects to the end of the folder, without what lies in the folders in it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut objects = client.volume("rfranklin/patterns")?.list().prefix("photographs/").items();
    /// while let Some(object) = objects.try_next().await? {
    ///     println!("{}", object.location);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items(self) -> Items<types::VolumeObject> {
        let items = self.pages().map_ok(|page| stream::iter(page.items.into_iter().map(Ok)));
        Items::new(items.try_flatten())
    }
}

awaitable!(VolumeObjectQuery => VolumeObjects);

/// One page of a folder of a volume. Pages can be read forwards only.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let root = volume.list().await?;
/// for folder in &root.prefixes {
///     let within = volume.list().prefix(&folder.prefix).await?;
///     println!("{}: {} objects", folder.prefix, within.items.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeObjects {
    /// The objects of this page.
    pub items: Vec<types::VolumeObject>,
    /// The folders of this page; to go into one, list with its `prefix`.
    pub prefixes: Vec<types::VolumePrefix>,
    /// Address of this page.
    pub href: Option<String>,
    next: Next,
    query: VolumeObjectQuery,
}

impl VolumeObjects {
    /// Whether the platform announced a page after this one.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let page = volume.list().limit(10).await?;
    /// println!("{}{}", page.items.len(), if page.has_next() { " and more" } else { "" });
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_next(&self) -> bool {
        self.next != Next::None
    }

    /// Fetches the page after this one; `None` at the end of the folder.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let mut next = Some(volume.list().await?);
    /// while let Some(page) = next {
    ///     println!("{} objects", page.items.len());
    ///     next = page.next_page().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedResponse`](crate::ErrorKind::UnexpectedResponse) where this page links to a next one without a token for it,
    /// or with one that leads back; or whatever the call brings.
    pub async fn next_page(&self) -> Result<Option<Self>> {
        match self.next_query()? {
            Some(query) => query.send().await.map(Some),
            None => Ok(None),
        }
    }

    fn next_query(&self) -> Result<Option<VolumeObjectQuery>> {
        match &self.next {
            Next::None => Ok(None),
            Next::Token(token) => {
                Ok(Some(VolumeObjectQuery { token: Some(token.clone()), ..self.query.clone() }))
            }
            // To take this for the end would lose objects.
            Next::Back(reason) => Err(leads_back(reason, self.query.read, None)),
        }
    }
}

/// Where a page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    None,
    Token(String),
    /// There is a next page, and no way to it, for this reason.
    Back(&'static str),
}

impl Next {
    /// What a link says to the page that `current` led to.
    fn of(link: &str, current: Option<&str>, empty: bool, tokens: &mut Tokens) -> Self {
        match query_value(link, "continuation_token").filter(|token| !token.is_empty()) {
            Some(token) => match tokens.refuse(&token, current, empty) {
                Some(reason) => Self::Back(reason),
                None => Self::Token(token),
            },
            None => Self::Back("the next link has no continuation token"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_taken_out_of_the_link() {
        let check = |link: &str, expected: Next| {
            assert_eq!(Next::of(link, Some("here"), false, &mut Tokens::default()), expected, "{link}");
        };
        let unknown = || Next::Back("the next link has no continuation token");
        let token = |token: &str| Next::Token(token.to_owned());
        check("https://elsewhere/v2/storage/volumes/a/b/list?limit=2&continuation_token=cGhv", token("cGhv"));
        check("list?continuation_token=a%2Fb%3D%3D&limit=2#top", token("a/b=="));
        check("list?limit=2", unknown());
        check("list?continuation_token=", unknown());
        check("list?continuation_token=here", Next::Back("the continuation tokens lead round in circles"));
    }
}
