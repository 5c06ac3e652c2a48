//! The files that a batch of downloads requests, as they become known.

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

use super::{DownloadItem, Input};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::Entry;
use crate::ids::check_segment;
use crate::tasks::TaskExt as _;
use crate::types;

/// An entry of the listing.
pub(super) enum Listed {
    Entry(Box<Entry>),
    /// The file cannot be downloaded.
    Failed {
        id: String,
        error: Error,
    },
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        Self::Entry(Box::new(entry))
    }
}

/// All requested files, as they become known.
pub(super) async fn listed(client: &Client, what: Input) -> Result<BoxStream<'static, Result<Listed>>> {
    let found = |entry: Result<Entry>| entry.map(Listed::from);
    let wanted = match what {
        Input::Tree { walk, .. } => return Ok(walk().map(found).boxed()),
        Input::Files(wanted) => return Ok(named(client, wanted).map(Ok).boxed()),
        Input::Outputs(id) => client.task(id).get().await?,
    };
    let files = named(client, wanted.output_files().into_iter().map(DownloadItem::from).collect()).map(Ok);
    let client = client.clone();
    let folders = stream::iter(wanted.output_folders()).flat_map(move |folder| {
        let name = folder.name.clone().unwrap_or_else(|| folder.id.clone());
        let below = move |entry: Result<Entry>| {
            entry.map(|entry| Entry { path: format!("{name}/{}", entry.path), ..entry }.into())
        };
        client.file(folder.id).walk().entries().map(below)
    });
    Ok(files.chain(folders).boxed())
}

/// Files per bulk call.
const ASKED_TOGETHER: usize = 100;

/// Concurrent bulk calls.
const CALLS: usize = 4;

/// Looks up the names of files that have none yet.
fn named(client: &Client, wanted: Vec<DownloadItem>) -> impl Stream<Item = Listed> + Send + use<> {
    let mut wanted = wanted.into_iter().peekable();
    let chunks = std::iter::from_fn(move || {
        wanted.peek()?;
        Some(wanted.by_ref().take(ASKED_TOGETHER).collect::<Vec<_>>())
    });
    let client = client.clone();
    let found = stream::iter(chunks).map(move |chunk| {
        let client = client.clone();
        async move { stream::iter(name_all(&client, chunk).await) }
    });
    found.buffered(CALLS).flatten()
}

async fn name_all(client: &Client, wanted: Vec<DownloadItem>) -> Vec<Listed> {
    let mut found: Vec<(String, Option<Result<types::File>>)> = Vec::with_capacity(wanted.len());
    for DownloadItem { id, known } in wanted {
        // A malformed id must not fail the call for the others.
        let malformed = check_segment("file id", &id).err().map(|error| Err(error.into()));
        let known = known.map(|file| *file).filter(|file| file.name.is_some());
        found.push((id, known.map(Ok).or(malformed)));
    }
    let ids: Vec<_> = found.iter().filter(|(_, file)| file.is_none()).map(|(id, _)| id.clone()).collect();
    let asked = match &ids[..] {
        [] => Ok(Vec::new()),
        [id] => Ok(vec![client.file(id).get().await]),
        _ => client.files().bulk_get(ids).await,
    };
    let (mut asked, error) = match asked {
        Ok(asked) => (asked.into_iter(), None),
        Err(error) => (Vec::new().into_iter(), Some(error)),
    };
    let unfinished = || {
        error.clone().unwrap_or_else(|| Error::new(ErrorKind::UnexpectedResponse, "a response is missing"))
    };
    let entry = |(id, known): (String, Option<Result<types::File>>)| match known
        .or_else(|| asked.next())
        .unwrap_or_else(|| Err(unfinished()))
    {
        Ok(file) => {
            let path = file.name.clone().unwrap_or_else(|| file.id.clone());
            Entry { path, file }.into()
        }
        Err(error) => Listed::Failed { id, error },
    };
    found.into_iter().map(entry).collect()
}
