//! Calls for many items, in chunks of the size that the platform accepts, with a result for each item.

use std::future::Future;

use futures::{StreamExt as _, stream};

use crate::error::{Error, ErrorKind, Result, one_line};
use crate::ids::InvalidId;
use crate::types;

/// Most items of one bulk call, a limit of the platform.
const CHUNK: usize = 100;

/// Chunks that are sent in parallel.
const PARALLEL: usize = 8;

/// Sends `items` in chunks and returns a result for each item, in the order of the items.
///
/// If a whole chunk fails, each of its items gets its error. The other chunks are not affected.
pub(crate) async fn in_chunks<I, R, F>(items: Vec<I>, send: impl Fn(Vec<I>) -> F) -> Result<Vec<Result<R>>>
where
    I: Send,
    R: Send,
    F: Future<Output = Result<Vec<Result<R>>>> + Send,
{
    if items.is_empty() {
        return Err(Error::invalid("a bulk call needs at least one item"));
    }
    let mut items = items.into_iter();
    let chunks = std::iter::from_fn(|| {
        let chunk: Vec<I> = items.by_ref().take(CHUNK).collect();
        (!chunk.is_empty()).then_some(chunk)
    });
    // The requests are created before the stream runs, so that it borrows nothing from the iterator above.
    let sent: Vec<_> = chunks.map(|chunk| (chunk.len(), send(chunk))).collect();
    let results: Vec<Vec<Result<R>>> = stream::iter(sent)
        .map(|(length, response)| async move { one_for_each(length, response.await) })
        .buffered(PARALLEL)
        .collect()
        .await;
    Ok(results.into_iter().flatten().collect())
}

fn one_for_each<R>(length: usize, response: Result<Vec<Result<R>>>) -> Vec<Result<R>> {
    let error = match response {
        Ok(results) if results.len() == length => return results,
        Ok(results) => {
            let message = format!("a bulk call of {length} items returned {} results", results.len());
            Error::new(ErrorKind::UnexpectedResponse, message)
        }
        Err(error) => error,
    };
    (0..length).map(|_| Err(error.clone())).collect()
}

/// Sends a bulk call for each chunk of items: `bulk!(client, items, bulk_file_get, BulkFileGet { file_ids })`, where the last word is the
/// field of the request that takes the chunk. An optional query parameter may follow.
macro_rules! bulk {
    ($client:expr, $items:expr, $call:ident, $body:ident { $chunk:ident } $(, $parameter:ident = $value:expr)?) => {{
        let client = $client.clone();
        $crate::request::bulk::in_chunks($items, move |$chunk| {
            let client = client.clone();
            $(let $parameter = $value.clone();)?
            async move {
                let call = client.raw().$call().body($crate::types::$body { $chunk });
                $(let call = $crate::request::call::set!(call, $parameter = $parameter);)?
                let items = call.send().await?.into_inner().items;
                Ok(items.into_iter().map(|item| $crate::request::bulk::item(item.resource, item.error)).collect())
            }
        })
    }};
}

pub(crate) use bulk;

/// Results in the order of these ids. A result for another item than expected at its position is an error: the caller would mistake it
/// for the requested one.
pub(crate) fn in_place<R>(
    ids: &[String],
    results: Vec<Result<R>>,
    id: impl Fn(&R) -> &str,
) -> Vec<Result<R>> {
    let in_its_place = |(wanted, result): (&String, Result<R>)| {
        result.and_then(|resource| {
            let given = id(&resource);
            if given == wanted {
                return Ok(resource);
            }
            let message = format!("a bulk call returned `{}` in place of `{wanted}`", one_line(given));
            Err(Error::new(ErrorKind::UnexpectedResponse, message))
        })
    };
    ids.iter().zip(results).map(in_its_place).collect()
}

/// The ids, each passed to `check` together with the name of its kind.
pub(crate) fn checked_ids<I: Into<String>>(
    check: for<'i> fn(&'static str, &'i str) -> Result<&'i str, InvalidId>,
    kind: &'static str,
    ids: impl IntoIterator<Item = I>,
) -> Result<Vec<String>> {
    ids.into_iter()
        .map(|id| {
            let id = id.into();
            check(kind, &id)?;
            Ok(id)
        })
        .collect()
}

/// The result of one item: its resource, or the error that replaces it.
pub(crate) fn item<R>(resource: Option<R>, error: Option<types::Error>) -> Result<R> {
    match (resource, error) {
        (_, Some(error)) => Err(Error::from_item(&error)),
        (Some(resource), None) => Ok(resource),
        (None, None) => Err(Error::new(
            ErrorKind::UnexpectedResponse,
            "a bulk call returned neither a resource nor an error for an item",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_keep_order_when_a_chunk_fails() {
        let results = in_chunks((0..250).collect(), |chunk: Vec<u32>| async move {
            match chunk[0] {
                100 => Err(Error::refused(500, None, "no")),
                _ => Ok(chunk.into_iter().map(Ok).collect()),
            }
        })
        .await
        .unwrap();
        assert_eq!(results.len(), 250);
        for (index, result) in (0..).zip(&results) {
            assert_eq!(result.as_ref().ok(), (!(100..200).contains(&index)).then_some(&index));
        }
    }

    #[test]
    fn misplaced_result_is_an_error() {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let failed = || Err(Error::new(ErrorKind::NotFound, "no"));
        let results = in_place(&ids, vec![Ok("a"), Ok("c"), failed()], |id| id);
        let kinds: Vec<_> = results.iter().map(|result| result.as_ref().map_err(Error::kind)).collect();
        assert_eq!(kinds, [Ok(&"a"), Err(ErrorKind::UnexpectedResponse), Err(ErrorKind::NotFound)]);
    }

    #[tokio::test]
    async fn missing_results_fail_every_item() {
        let results = in_chunks(vec![1, 2], |_| async { Ok(vec![Ok(1)]) }).await.unwrap();
        assert!(results.iter().all(Result::is_err) && results.len() == 2);
    }
}
