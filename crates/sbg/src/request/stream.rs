//! Pages and items as streams: to the end of the list, fetching some pages ahead if possible.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::list::PageRequest;
use super::next_page::{Next, Tokens, leads_back};
use super::page::{Page, Source, page};
use crate::error::Result;

/// Pages that a stream fetches ahead once it knows the total.
const PAGES_AHEAD: usize = 32;

/// A stream of the items (or the pages) of a list.
///
/// It implements [`Stream`]; [`try_next`](Self::try_next) and [`try_collect`](Self::try_collect) save an import.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use futures::TryStreamExt as _;
///
/// let projects = client.projects().query().items();
/// let names: Vec<Option<String>> = projects.map_ok(|project| project.name).try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct Items<T>(pub(super) Pin<Box<dyn Stream<Item = Result<T>> + Send>>);

impl<T> Items<T> {
    pub(crate) fn new(stream: impl Stream<Item = Result<T>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// The next item; `None` at the end.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut members = client.project("rfranklin/fibre-diffraction").members().query().items();
    /// while let Some(member) = members.try_next().await? {
    ///     println!("{:?}", member.username);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of fetching the next page. The stream ends with the first error.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.0.try_next().await
    }

    /// All items.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let apps: Vec<sbg::types::App> = client.apps().query().items().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first error of fetching a page.
    pub async fn try_collect<C: Default + Extend<T>>(self) -> Result<C> {
        self.0.try_collect().await
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

/// The pages from `first` on: the first one alone, then those that its total announces in parallel, then one after the other for as long
/// as the platform links to a next one.
pub(super) fn pages<T: Send + Sync + 'static>(
    source: Arc<dyn Source<T>>,
    first: PageRequest,
) -> impl Stream<Item = Result<Page<T>>> + Send {
    stream::once(page(source.clone(), first, Tokens::default())).flat_map(move |first| {
        let planned = first.as_ref().ok().map(planned);
        let source = source.clone();
        let planned = stream::iter(planned.into_iter().flatten())
            .map(move |at| page(source.clone(), at, Tokens::default()))
            .buffered(PAGES_AHEAD);
        let all = stream::once(async { first }).chain(planned);
        // The latest page is remembered: only the last one decides whether the list continues.
        until_the_end(all)
    })
}

/// The requests for the pages that the total of `first` announces after it. The total may be any number, so they are created lazily.
fn planned<T: Send + Sync + 'static>(first: &Page<T>) -> impl Iterator<Item = PageRequest> + Send + use<T> {
    let count = first.items.len() as u64;
    // If the platform ignores the requested page size, pages cannot be planned.
    let plannable =
        !first.source.by_token() && first.has_next() && u64::from(first.at.limit.unwrap_or(0)) == count;
    let after = first.at.offset.saturating_add(count);
    let end = first.total.filter(|_| plannable).unwrap_or(after);
    let at = first.at.clone();
    let step = usize::try_from(count).unwrap_or(usize::MAX).max(1);
    (after..end).step_by(step).map(move |offset| PageRequest { offset, ..at.clone() })
}

/// Ends a stream of pages at the last page of the list, and fetches further pages if the list continues after the planned ones.
fn until_the_end<T: Send + Sync + 'static>(
    all: impl Stream<Item = Result<Page<T>>> + Send + 'static,
) -> impl Stream<Item = Result<Page<T>>> + Send {
    enum State<T> {
        Planned(Pin<Box<dyn Stream<Item = Result<Page<T>>> + Send>>, Option<Latest<T>>),
        Over,
    }

    stream::unfold(State::Planned(Box::pin(all), None), |state| async move {
        let State::Planned(mut planned, latest) = state else { return None };
        let next = match (latest, planned.next().await) {
            (Some(Latest { next: Next::Back(reason), end, total, source, .. }), _) => {
                Err(leads_back(source.name(), reason, end, total))
            }
            // A page of unexpected length invalidates the plan: the rest is read page by page.
            (Some(Latest { next: Next::Page(at), source, tokens, .. }), Some(Ok(got)))
                if got.at.offset != at.offset =>
            {
                planned = stream::empty().boxed();
                page(source, at, tokens).await
            }
            (_, Some(next)) => next,
            (Some(Latest { next: Next::Page(at), source, tokens, .. }), None) => {
                page(source, at, tokens).await
            }
            (_, None) => return None,
        };
        let state = match &next {
            Ok(Page { next: Next::End, .. }) | Err(_) => State::Over,
            Ok(page) => State::Planned(planned, Some(Latest::of(page))),
        };
        Some((next, state))
    })
}

/// The parts of a page that decide how the list continues.
struct Latest<T> {
    next: Next,
    tokens: Tokens,
    source: Arc<dyn Source<T>>,
    /// Index after its last item.
    end: u64,
    total: Option<u64>,
}

impl<T> Latest<T> {
    fn of(page: &Page<T>) -> Self {
        Self {
            next: page.next.clone(),
            tokens: page.tokens.clone(),
            source: page.source.clone(),
            end: page.at.offset.saturating_add(page.items.len() as u64),
            total: page.total,
        }
    }
}
