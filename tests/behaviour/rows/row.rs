//! A row of the guide as a test.

use std::panic::AssertUnwindSafe;

use anyhow::Result;
use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, join_all};
use sbg::Client;

use super::scene::{ONLY_ROW, Scene};

type Check = Box<dyn for<'s> FnOnce(&'s Scene, Client) -> LocalBoxFuture<'s, Result<()>>>;

/// A row of the guide: the Python call, and a check that runs the equivalent Rust call.
pub(super) struct Row {
    pub(super) python: &'static str,
    check: Check,
}

/// The row of this Python call. `check` runs the Rust call, checks its result, and names the requests that it sent.
pub(super) fn row<F>(python: &'static str, check: F) -> Row
where
    F: AsyncFnOnce(&Scene, Client) -> Result<()> + 'static,
{
    Row { python, check: Box::new(move |scene, client| Box::pin(check(scene, client))) }
}

/// Runs the rows of an area in parallel, each in a separate world, and fails with the names of those that failed.
pub(super) async fn run(area: &'static str, rows: Vec<Row>) {
    let only = std::env::var(ONLY_ROW).ok();
    let chosen = rows.into_iter().filter(|row| only.as_deref().is_none_or(|only| row.python == only));
    let outcomes: Vec<Option<String>> = join_all(chosen.map(|row| outcome(area, row))).await;
    assert!(!outcomes.is_empty(), "the area `{area}` has no such row");
    let failed: Vec<String> = outcomes.into_iter().flatten().collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// Why a row failed.
async fn outcome(area: &'static str, row: Row) -> Option<String> {
    let Row { python, check } = row;
    let played = async {
        let scene = Scene::of(area, python).await;
        check(&scene, scene.client.clone()).await?;
        scene.finish();
        anyhow::Ok(())
    };
    let problem = match AssertUnwindSafe(played).catch_unwind().await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
        }
    };
    Some(format!("`{python}`: {problem}"))
}
