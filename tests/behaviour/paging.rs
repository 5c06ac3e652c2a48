//! Lists: one page, page by page, item by item; and the requests that are sent.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::TryStreamExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sbg::files::FileQuery;
use sbg::types::File;
use sbg::{ErrorKind, Items, Page};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, eventually};

/// A project with `count` files, named by number.
async fn stage_with(count: usize) -> Stage {
    let stage = Stage::start().await;
    for number in 0..count {
        stage.file(&format!("{number:04}"), "");
    }
    stage
}

fn query(stage: &Stage) -> FileQuery {
    stage.client.files().query().project(&stage.project)
}

/// The requested offsets of the file list, in order of arrival.
fn offsets(stage: &Stage) -> Vec<usize> {
    let asked = stage.calls("GET", "/files");
    asked.iter().map(|request| request.query_values("offset")[0].parse().expect("a number")).collect()
}

/// Fails unless these are the files from `first` up to but excluding `end`, in order.
#[track_caller]
fn assert_numbered(files: &[File], first: usize, end: usize) {
    let names: Vec<_> = files.iter().filter_map(|file| file.name.clone()).collect();
    let expected: Vec<_> = (first..end).map(|number| format!("{number:04}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn page_knows_its_position() -> Result<()> {
    let stage = stage_with(130).await;
    let first = query(&stage).page().await?;
    assert_numbered(&first.items, 0, 50);
    assert_eq!((first.total, first.offset()), (Some(130), 0));
    assert!(first.has_next() && !first.has_previous());

    let last = query(&stage).offset(100).page_size(100).page().await?;
    assert_numbered(&last.items, 100, 130);
    assert!(!last.has_next() && last.has_previous());
    assert!(last.next_page().await?.is_none());
    let beyond = query(&stage).offset(1000).page().await?;
    assert!(beyond.items.is_empty() && !beyond.has_next());
    assert_eq!(stage.emulator.requests().len(), 3, "an end costs no request");
    Ok(())
}

#[tokio::test]
async fn pages_lead_to_adjacent_pages() -> Result<()> {
    let stage = stage_with(130).await;
    let first = query(&stage).page_size(40).page().await?;
    let second = first.next_page().await?.expect("a second page");
    assert_numbered(&second.items, 40, 80);
    let back = second.previous_page().await?.expect("the first page");
    assert_numbered(&back.items, 0, 40);
    assert!(back.previous_page().await?.is_none());

    let odd = query(&stage).offset(30).page_size(50).page().await?;
    let before = odd.previous_page().await?.expect("what is before");
    assert_numbered(&before.items, 0, 30);
    Ok(())
}

#[tokio::test]
async fn streams_fetch_each_page_once_in_order() -> Result<()> {
    let stage = stage_with(730).await;
    let files: Vec<File> = query(&stage).items().try_collect().await?;
    assert_numbered(&files, 0, 730);
    let mut asked = offsets(&stage);
    assert_eq!(asked[0], 0, "the first page is fetched alone");
    asked.sort_unstable();
    assert_eq!(asked, [0, 100, 200, 300, 400, 500, 600, 700]);

    stage.emulator.clear_requests();
    let pages: Vec<Page<File>> = query(&stage).page_size(90).pages().try_collect().await?;
    assert_eq!(
        pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(),
        [90, 90, 90, 90, 90, 90, 90, 90, 10]
    );
    assert_eq!(offsets(&stage).len(), 9);
    Ok(())
}

#[tokio::test]
async fn later_pages_are_fetched_in_parallel() -> Result<()> {
    let stage = stage_with(500).await;
    let forever = std::time::Duration::from_secs(600);
    let held = stage.fault(FaultRule::api(Action::Delay(forever)).method("GET").path("/files").nth(2));
    let files = query(&stage).items();
    let reader = tokio::spawn(async move { files.try_collect::<Vec<File>>().await });
    eventually("others are asked for while one is not answered", || offsets(&stage).len() >= 3).await;
    assert_eq!(stage.emulator.faults().fired(held), 1);
    assert!(!reader.is_finished());
    reader.abort();
    Ok(())
}

#[tokio::test]
async fn stream_starts_at_its_offset() -> Result<()> {
    let stage = stage_with(250).await;
    let files: Vec<File> = query(&stage).offset(120).page_size(50).items().try_collect().await?;
    assert_numbered(&files, 120, 250);
    let mut asked = offsets(&stage);
    asked.sort_unstable();
    assert_eq!(asked, [120, 170, 220]);
    Ok(())
}

#[tokio::test]
async fn short_list_costs_one_request() -> Result<()> {
    for count in [0, 1, 100] {
        let stage = stage_with(count).await;
        let files: Vec<File> = query(&stage).items().try_collect().await?;
        assert_numbered(&files, 0, count);
        assert_eq!(offsets(&stage), [0]);
    }
    Ok(())
}

#[tokio::test]
async fn stream_is_lazy_and_stops_when_dropped() -> Result<()> {
    let stage = stage_with(300).await;
    let unused = query(&stage).page_size(2).items();
    drop(unused);
    stage.assert_no_requests();

    let mut files = query(&stage).page_size(2).items();
    files.try_next().await?;
    files.try_next().await?;
    assert_eq!(offsets(&stage), [0], "the first page is enough for two items");
    files.try_next().await?;
    drop(files);
    // Requests that were in flight when the stream was dropped arrive before this one.
    stage.client.users().me().await?;
    let fetched = offsets(&stage).len();
    assert!(fetched < 40, "{fetched} of 150 pages were fetched for three items");
    stage.client.users().me().await?;
    assert_eq!(offsets(&stage).len(), fetched);
    Ok(())
}

#[tokio::test]
async fn invalid_page_sizes_are_never_sent() -> Result<()> {
    let stage = stage_with(3).await;
    for limit in [0, 101, u32::MAX] {
        let words = [&format!("from 1 to 100, not {limit}")[..]];
        assert_refused(query(&stage).page_size(limit).page().await, ErrorKind::InvalidInput, &words);
        assert_refused(
            query(&stage).page_size(limit).items().try_next().await,
            ErrorKind::InvalidInput,
            &words,
        );
        let pages: sbg::Result<Vec<_>> = query(&stage).page_size(limit).pages().try_collect().await;
        assert_refused(pages, ErrorKind::InvalidInput, &words);
    }
    stage.assert_no_requests();
    assert_eq!(query(&stage).page_size(1).page().await?.items.len(), 1);
    assert_eq!(query(&stage).page_size(100).page().await?.items.len(), 3);
    Ok(())
}

#[tokio::test]
async fn shrinking_list_ends_cleanly() -> Result<()> {
    let stage = stage_with(250).await;
    let mut stream = query(&stage).page_size(50).items();
    let mut names = BTreeSet::new();
    while let Some(file) = stream.try_next().await? {
        assert!(names.insert(file.name), "{:?} came twice", file.id);
        if names.len() == 50 {
            let rest: Vec<File> = query(&stage).offset(50).items().try_collect().await?;
            for file in rest {
                stage.client.file(&file.id).delete().await?;
            }
        }
    }
    assert_eq!(names.len(), 50);
    assert!(stream.try_next().await?.is_none(), "an end is an end");
    Ok(())
}

#[tokio::test]
async fn growing_list_is_read_to_its_new_end() -> Result<()> {
    let stage = stage_with(250).await;
    let mut stream = query(&stage).items();
    let mut files = vec![stream.try_next().await?.expect("a file")];
    for number in 250..520 {
        stage.file(&format!("{number:04}"), "");
    }
    while let Some(file) = stream.try_next().await? {
        files.push(file);
    }
    assert_numbered(&files, 0, 520);
    let asked = offsets(&stage);
    assert_eq!(asked.len(), asked.iter().collect::<BTreeSet<_>>().len(), "no page twice: {asked:?}");
    Ok(())
}

#[tokio::test]
async fn failed_page_is_retried_without_loss() -> Result<()> {
    let stage = stage_with(430).await;
    stage.fault(FaultRule::api(Action::Reset).method("GET").path("/files").nth(2));
    stage.fault(FaultRule::api(Action::CutBody(500)).method("GET").path("/files").nth(3));
    let files: Vec<File> = query(&stage).items().try_collect().await?;
    assert_numbered(&files, 0, 430);
    Ok(())
}

#[tokio::test]
async fn stream_ends_at_the_first_error() -> Result<()> {
    let stage = stage_with(230).await;
    let status = |code| Action::Status { code, body: None, headers: Vec::new() };
    stage.fault(FaultRule::api(status(400)).method("GET").path("/files").nth(2));
    let mut stream = query(&stage).items();
    let mut count = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => panic!("the list ended without an error"),
            Err(error) => break error,
        }
    };
    // The second request may be for the second or the third page, because pages are fetched in parallel.
    assert!(count == 100 || count == 200, "{count}");
    assert_eq!(error.operation(), Some("file_list"));
    assert!(stream.try_next().await?.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_can_move_to_another_task() -> Result<()> {
    fn assert_send<T: Send + 'static>(value: T) -> T {
        value
    }
    let stage = stage_with(120).await;
    let items: Items<File> = assert_send(query(&stage).items());
    let reader =
        tokio::spawn(assert_send(
            async move { items.try_fold(0, |count, _| async move { Ok(count + 1) }).await },
        ));
    assert_eq!(reader.await??, 120);
    drop(assert_send(query(&stage).pages()));
    drop(assert_send(query(&stage).page()));
    eventually("both pages are asked for", || offsets(&stage).len() == 2).await;
    Ok(())
}

#[tokio::test]
async fn every_list_is_paged() -> Result<()> {
    let stage = Stage::start().await;
    for number in 0..5 {
        stage.emulator.create_project(&format!("p{number}"));
        stage.file(&format!("inside/{number}"), "");
    }
    let projects: Vec<_> = stage.client.projects().query().page_size(2).items().try_collect().await?;
    assert_eq!(projects.len(), 6);
    let owned: Vec<_> =
        stage.client.projects().query().owner("rfranklin").page_size(4).items().try_collect().await?;
    assert_eq!(owned.len(), 6);
    let members: Vec<_> =
        stage.client.project(&stage.project).members().query().page_size(1).items().try_collect().await?;
    assert_eq!(members.len(), 1);
    let folder = stage.client.project(&stage.project).files().query().all().await?[0].id.clone();
    let inside: Vec<_> = stage.client.file(&folder).list().page_size(2).items().try_collect().await?;
    assert_eq!(inside.len(), 5);
    Ok(())
}

/// The number of files in the list.
const COUNT: usize = 150;

#[test]
fn any_slice_of_a_list_is_read_once_in_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let emulator = Emulator::builder().rate_limit(u32::MAX);
    let stage = runtime.block_on(Stage::with(emulator));
    for number in 0..COUNT {
        stage.file(&format!("{number:04}"), "");
    }
    let parts = (0..COUNT as u64 + 20, 1..=100_u32);
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&parts, |(offset, limit)| {
            let query = || query(&stage).offset(offset).page_size(limit);
            let streamed: sbg::Result<Vec<File>> = runtime.block_on(query().items().try_collect());
            let streamed: Vec<String> = streamed.expect("a list").into_iter().map(|file| file.id).collect();
            let mut by_page = Vec::new();
            let mut page = Some(runtime.block_on(query().page()).expect("a page"));
            while let Some(current) = page {
                prop_assert!(current.items.len() <= limit as usize);
                page = runtime.block_on(current.next_page()).expect("a page");
                by_page.extend(current.items.into_iter().map(|file| file.id));
            }
            prop_assert_eq!(streamed.len(), COUNT.saturating_sub(usize::try_from(offset).expect("small")));
            prop_assert_eq!(streamed, by_page);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
