//! A malicious server, or malicious names and ids: nothing is written outside the destination, nothing grows without bound, and nothing
//! is injected into a request.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use httpmock::HttpMockResponse;
use sbg::raw::ClientFilesExt as _;
use sbg::types::File;
use sbg::{Client, Error, ErrorKind, List, Page, Query, Result};
use sbg_tests::{assert_refused, client_of};
use serde_json::{Value, json};

use super::{Seen, TOKEN, Wire, project, response};

/// A page with these items and a link to `next`.
#[expect(clippy::needless_pass_by_value, reason = "the values are written out where it is called")]
fn page(items: Vec<Value>, next: Option<&str>) -> Value {
    let links: Vec<Value> =
        next.iter().map(|next| json!({"rel": "next", "href": next, "method": "GET"})).collect();
    json!({"href": "https://api.example.org/v2/files", "items": items, "links": links})
}

fn files(count: usize) -> Vec<Value> {
    (0..count).map(|number| json!({"id": format!("{number}")})).collect()
}

async fn listed(client: &Client) -> Result<Vec<File>> {
    client.files().query().project(project()).items().try_collect().await
}

/// A response with this body and, if given, the total number of items of the list.
fn counted(body: &Value, total: Option<usize>) -> HttpMockResponse {
    let response = HttpMockResponse::builder().status(200).body(body.to_string());
    match total {
        Some(total) => response.header("x-total-matching-query", total.to_string()).build(),
        None => response.build(),
    }
}

/// Follows the pages of a list, which never says that it ends, until one fails.
async fn last_error<T: Send + Sync + 'static>(mut page: Page<T>) -> Error {
    loop {
        match page.next_page().await {
            Ok(next) => page = next.expect("another page"),
            Err(error) => return error,
        }
    }
}

#[tokio::test]
async fn list_that_links_back_is_an_error() -> Result<()> {
    for (next, total) in [
        ("https://api.example.org/v2/files", None),
        ("/v2/files?offset=0", None),
        ("?offset=00", Some(250)),
        ("/v2/files?offset=0&limit=100", Some(101)),
    ] {
        let wire = Wire::responding(move |_| counted(&page(files(100), Some(next)), total)).await;
        let words = ["the next link leads to an earlier page, after 100", "items"];
        // The received items come first, then the error.
        let mut items = wire.client.files().query().project(project()).items();
        for id in 0..100 {
            assert_eq!(items.try_next().await?.map(|file| file.id), Some(id.to_string()));
        }
        assert_refused(items.try_next().await, ErrorKind::UnexpectedResponse, &words);
        assert!(items.try_next().await?.is_none());

        let first = wire.client.files().query().project(project()).page_size(100).page().await?;
        assert!(first.has_next());
        assert_refused(first.next_page().await, ErrorKind::UnexpectedResponse, &words);
        let pages: Result<Vec<_>> =
            wire.client.files().query().project(project()).pages().try_collect().await;
        assert_refused(pages, ErrorKind::UnexpectedResponse, &words);
    }
    Ok(())
}

/// Reads a list to its end, as a stream and page by page, and fails unless both end with the error for a link back.
async fn assert_leads_back<L: List>(query: Query<L>, name: &str) -> Result<()> {
    let words = [
        &format!("the list of {name} cannot be read to its end: the next link leads to an earlier page")[..],
        "after 1 of 2 items",
        "report it to the support of the platform",
    ];
    let all = query.clone().all().await;
    assert_refused(all.map(|items| items.len()), ErrorKind::UnexpectedResponse, &words);
    let first = query.page().await?;
    assert_eq!(first.items.len(), 1, "{name}");
    let next = first.next_page().await;
    assert_refused(next.map(|page| page.is_some()), ErrorKind::UnexpectedResponse, &words);
    Ok(())
}

#[tokio::test]
async fn every_list_that_links_back_names_itself() -> Result<()> {
    let item = json!({
        "id": "1", "name": "a", "username": "a", "path": "a", "url": "a", "default": false,
        "project": "a/b", "permissions": {}, "file": "1",
    });
    let back = move |_: &Seen| counted(&page(vec![item.clone()], Some("/v2/x?offset=0")), Some(2));
    let wire = Wire::tuned(back, |client| client.advance_access(true)).await;
    let client = &wire.client;
    let group = client.billing_group("00a20f7b-2c48-4a4c-b6e9-1c0e0ff6f1c1");
    let automation = client.automation("00a20f7b-2c48-4a4c-b6e9-1c0e0ff6f1c1");
    assert_leads_back(client.projects().query(), "projects").await?;
    assert_leads_back(client.projects().query().owner("rfranklin"), "projects").await?;
    assert_leads_back(client.files().query().project(project()), "files").await?;
    assert_leads_back(client.file("1").list(), "files of a folder").await?;
    assert_leads_back(client.apps().query(), "apps").await?;
    assert_leads_back(client.tasks().query(), "tasks").await?;
    assert_leads_back(client.volumes().query(), "volumes").await?;
    assert_leads_back(client.imports().query(), "imports").await?;
    assert_leads_back(client.exports().query(), "exports").await?;
    assert_leads_back(client.jobs().query(), "jobs").await?;
    assert_leads_back(client.project(project()).members().query(), "members").await?;
    assert_leads_back(client.volume("rfranklin/patterns").members().query(), "members").await?;
    assert_leads_back(client.users().query("a"), "users").await?;
    assert_leads_back(client.divisions().query(), "divisions").await?;
    assert_leads_back(client.teams().query("a"), "teams").await?;
    assert_leads_back(client.datasets().query(), "datasets").await?;
    assert_leads_back(client.datasets().query().owner("rfranklin"), "datasets").await?;
    assert_leads_back(client.markers().query("1"), "markers").await?;
    assert_leads_back(client.billing_groups().query(), "billing groups").await?;
    assert_leads_back(group.analysis_breakdown(), "costs of a billing group").await?;
    assert_leads_back(group.storage_breakdown(), "costs of a billing group").await?;
    assert_leads_back(group.egress_breakdown(), "costs of a billing group").await?;
    assert_leads_back(client.invoices().query(), "invoices").await?;
    assert_leads_back(client.automations().query(), "automations").await?;
    assert_leads_back(automation.packages().query(), "code packages").await?;
    assert_leads_back(automation.runs(), "runs of automations").await?;
    assert_leads_back(client.request("GET", "/x").list::<Value>(), "items").await
}

#[tokio::test]
async fn later_page_that_links_back_is_an_error() -> Result<()> {
    // With a total, pages are fetched ahead; without one, one by one.
    for total in [None, Some(400)] {
        let wire = Wire::responding(move |seen| {
            let offset = query(seen, "offset");
            let next = if offset == 200 { 100 } else { offset + 100 };
            counted(&page(files(100), Some(&format!("/v2/files?offset={next}"))), total)
        })
        .await;
        let words = ["the next link leads to an earlier page, after 300"];
        assert_refused(listed(&wire.client).await, ErrorKind::UnexpectedResponse, &words);
        let mut read = wire.client.files().query().project(project()).page_size(100).page().await?;
        for _ in 0..2 {
            read = read.next_page().await?.expect("a page");
        }
        assert_refused(read.next_page().await, ErrorKind::UnexpectedResponse, &words);
    }
    Ok(())
}

#[tokio::test]
async fn link_back_is_ignored_after_the_last_item() -> Result<()> {
    let wire = Wire::responding(|_| counted(&page(files(3), Some("/v2/files?offset=0")), Some(3))).await;
    assert_eq!(listed(&wire.client).await?.len(), 3);
    assert_eq!(wire.all().len(), 1);
    Ok(())
}

#[tokio::test]
async fn empty_page_with_a_next_link_is_an_error() {
    let next = |seen: &Seen| format!("/v2/files?offset={}", seen.target.len() * 100);
    let wire = Wire::responding(move |seen| response(200, &page(Vec::new(), Some(&next(seen))))).await;
    let words = ["a page is empty and links to a next one, after 0 items"];
    assert_refused(listed(&wire.client).await, ErrorKind::UnexpectedResponse, &words);
    assert_eq!(wire.all().len(), 1);
}

/// Tokens that repeat in a cycle: in links of volumes, in links of scrolled lists, and in searches.
#[tokio::test]
async fn repeated_tokens_are_an_error_on_every_list() -> Result<()> {
    let token = |seen: &Seen| if seen.target.contains("token=b") { "a" } else { "b" };
    let linked = move |seen: &Seen| {
        let next = format!("/v2/x?token={}", token(seen));
        response(200, &page(vec![json!({"id": "1", "location": "x", "name": "x"})], Some(&next)))
    };
    let wire = Wire::tuned(linked, |client| client.advance_access(true)).await;
    let words = ["the continuation tokens repeat, after"];
    let scrolled: Result<Vec<_>> =
        wire.client.files().query().project(project()).cont_token().items().try_collect().await;
    assert_refused(scrolled, ErrorKind::UnexpectedResponse, &words);
    assert!(wire.all().len() < 20, "{}", wire.all().len());

    // Page by page.
    let error = last_error(wire.client.files().query().project(project()).cont_token().page().await?).await;
    assert_refused::<()>(Err(error), ErrorKind::UnexpectedResponse, &words);
    assert!(wire.all().len() < 40, "{}", wire.all().len());

    // Links of volume lists have another format.
    let volumes = move |seen: &Seen| {
        let next = format!("/v2/x?continuation_token={}", token(seen));
        response(200, &json!({"items": [{"location": "x"}], "prefixes": [], "links": [{"next": next}]}))
    };
    let wire = Wire::responding(volumes).await;
    let volume = wire.client.volume("rfranklin/patterns");
    let objects: Result<Vec<_>> = volume.list().items().try_collect().await;
    assert_refused(objects, ErrorKind::UnexpectedResponse, &words);
    let error = last_error(volume.list().page().await?).await;
    assert_refused::<()>(Err(error), ErrorKind::UnexpectedResponse, &words);
    assert!(wire.all().len() < 20, "{}", wire.all().len());
    Ok(())
}

#[tokio::test]
async fn page_with_too_many_items_is_refused() -> Result<()> {
    let wire = Wire::responding(|_| response(200, &page(files(101), None))).await;
    let words = ["file_list", "a page of more than the 100 requested items", "report it to the support"];
    assert_refused(listed(&wire.client).await, ErrorKind::UnexpectedResponse, &words);
    let words = ["a page of more than the 20 requested items"];
    let page = wire.client.files().query().project(project()).page_size(20).page().await;
    assert_refused(page, ErrorKind::UnexpectedResponse, &words);
    let raw = wire.client.raw().file_list().limit(20).send().await;
    assert_refused(raw.map(drop).map_err(Error::from), ErrorKind::UnexpectedResponse, &words);
    let custom = wire.client.request("GET", "/files").list::<Value>().page_size(20).page().await;
    assert_refused(custom, ErrorKind::UnexpectedResponse, &[words[0], "report it to the support"]);
    Ok(())
}

#[tokio::test]
async fn page_with_too_many_bytes_is_refused() {
    let padding = "x".repeat(17 << 20);
    let wire =
        Wire::responding(move |_| response(200, &json!({"items": [{"id": "1", "name": padding}]}))).await;
    let words = ["larger than the 16777216 bytes that are read: ask for fewer items or fields at once"];
    assert_refused(listed(&wire.client).await, ErrorKind::UnexpectedResponse, &words);
    assert_eq!(wire.all().len(), 1, "it would be as large the next time");
}

#[tokio::test]
async fn circular_search_tokens_are_an_error() -> Result<()> {
    let wire = Wire::responding(|seen| {
        let token = if seen.target.contains("cont_token=b") { "a" } else { "b" };
        let hits = vec![json!({"id": "1", "name": "x"})];
        response(200, &json!({"count": 1, "cont_token": token, "result_set": hits}))
    })
    .await;
    let search = || wire.client.files().search(r#"IN "/Projects/rfranklin/demo""#);
    let words = ["the list of found files cannot be read to its end: the continuation tokens repeat"];
    let found: Result<Vec<_>> = search().items().try_collect().await;
    assert_refused(found.map(|found| found.len()), ErrorKind::UnexpectedResponse, &words);
    assert!(wire.all().len() < 20, "{}", wire.all().len());

    let error = last_error(search().page().await?).await;
    assert_refused::<()>(Err(error), ErrorKind::UnexpectedResponse, &words);
    assert!(wire.all().len() < 40, "{}", wire.all().len());
    Ok(())
}

#[tokio::test]
async fn huge_total_allocates_nothing() -> Result<()> {
    let wire = Wire::responding(|seen| {
        let body = if seen.target.contains("offset=0") {
            page(files(100), Some("/v2/files?offset=100"))
        } else {
            page(files(1), None)
        };
        HttpMockResponse::builder()
            .status(200)
            .header("x-total-matching-query", u64::MAX.to_string())
            .body(body.to_string())
            .build()
    })
    .await;
    assert_eq!(listed(&wire.client).await?.len(), 101);
    assert!(wire.all().len() < 100, "{}", wire.all().len());
    Ok(())
}

#[tokio::test]
async fn short_page_loses_no_later_items() -> Result<()> {
    // The second page has 60 items, and the third starts after them.
    let wire = Wire::responding(|seen| {
        let offset: usize = query(seen, "offset");
        let count = [(0, 100), (100, 60), (160, 100), (260, 40)].into_iter().find(|(at, _)| *at == offset);
        let count = count.map_or(1, |(_, count)| count);
        let items = (offset..offset + count).map(|number| json!({"id": number.to_string()})).collect();
        let next = format!("/v2/files?offset={}", offset + count);
        let body = page(items, (offset + count < 300).then_some(next.as_str()));
        HttpMockResponse::builder()
            .status(200)
            .header("x-total-matching-query", "300")
            .body(body.to_string())
            .build()
    })
    .await;
    let ids: Vec<String> = listed(&wire.client).await?.into_iter().map(|file| file.id).collect();
    assert_eq!(ids, (0..300).map(|number: u32| number.to_string()).collect::<Vec<_>>());
    Ok(())
}

/// A number from the query of a request.
fn query(seen: &Seen, name: &str) -> usize {
    let start = format!("{name}=");
    let mut pairs = seen.target.split(['?', '&']);
    pairs.find_map(|pair| pair.strip_prefix(&start)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn compressed_response_is_not_decompressed() {
    let bomb = gzip(&vec![b' '; 32 << 20]);
    assert!(bomb.len() < 1 << 20);
    let wire = Wire::responding(move |_| {
        HttpMockResponse::builder().status(200).header("content-encoding", "gzip").body(bomb.clone()).build()
    })
    .await;
    assert_refused(wire.client.users().me().await, ErrorKind::UnexpectedResponse, &["not JSON"]);
    assert!(wire.last().header("accept-encoding").is_empty(), "{:?}", wire.last());
}

/// Compresses bytes with the system's `gzip`.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip =
        Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip");
    let mut stdin = gzip.stdin.take().expect("an input");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let packed = gzip.wait_with_output().expect("gzip ends").stdout;
    writer.join().expect("no panic").expect("gzip reads to the end");
    packed
}

#[tokio::test]
async fn deeply_nested_json_is_refused() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let wire =
        Wire::responding(move |_| HttpMockResponse::builder().status(200).body(deep.clone()).build()).await;
    assert_refused(
        wire.client.users().me().await,
        ErrorKind::UnexpectedResponse,
        &["does not match the specification"],
    );
}

#[tokio::test]
async fn names_leaving_the_folder_are_refused() -> Result<()> {
    let names = ["..", "../evil", "a/../../evil", "/etc/evil", "x/", "a//b", ".", "nul\u{0}byte"];
    let wire = Wire::responding(move |seen| {
        assert!(!seen.target.contains("download_info"), "{seen:?}");
        let file = |(number, name): (usize, &&str)| {
            json!({"id": format!("{number}"), "name": name, "type": "FILE", "size": 4})
        };
        response(200, &page(names.iter().enumerate().map(file).collect(), None))
    })
    .await;
    let outer = tempfile::tempdir().expect("a folder");
    let inner = outer.path().join("inner");
    let report = wire.client.project(project()).files().download_tree(&inner).await?;
    let failed: Vec<_> = report.failures().map(|(_, error)| error.kind()).collect();
    assert_eq!(failed, [ErrorKind::InvalidInput; 8]);
    let outside: Vec<_> = fs::read_dir(outer.path()).expect("a folder").flatten().collect();
    assert!(outside.iter().all(|entry| entry.path() == inner), "{outside:?}");
    assert!(fs::read_dir(&inner).map_or(0, Iterator::count) == 0);
    Ok(())
}

/// A page with a folder of this id.
fn folder(id: usize) -> HttpMockResponse {
    response(200, &page(vec![json!({"id": format!("f{id}"), "name": "folder", "type": "FOLDER"})], None))
}

/// The number of the listed folder; 0 for the project.
fn listed_folder(seen: &Seen) -> usize {
    let id = seen.target.strip_prefix("/v2/files/f").and_then(|rest| rest.split('/').next());
    id.map_or(0, |id| id.parse().expect("a number"))
}

#[tokio::test]
async fn folder_cycle_is_walked_once() -> Result<()> {
    // From 1 to 2 to 3, and back to 1.
    let wire = Wire::responding(|seen| folder(listed_folder(seen) % 3 + 1)).await;
    let from_folder: Vec<_> = wire.client.file("f1").walk().entries().try_collect().await?;
    assert_eq!(from_folder.len(), 3);
    assert_eq!(wire.all().len(), 3);
    let from_project: Vec<_> = wire.client.project(project()).files().walk().entries().try_collect().await?;
    assert_eq!(from_project.len(), 4);
    assert_eq!(wire.all().len(), 3 + 4);
    Ok(())
}

#[tokio::test]
async fn endlessly_nested_folders_are_an_error() {
    let wire = Wire::responding(|seen| folder(listed_folder(seen) + 1)).await;
    let entries: Result<Vec<_>> = wire.client.file("f1").walk().entries().try_collect().await;
    let words = ["more than 1000 levels deep"];
    assert_refused(entries.map(|entries| entries.len()), ErrorKind::UnexpectedResponse, &words);
    assert_eq!(wire.all().len(), 1000);
}

#[tokio::test]
async fn ids_cannot_inject_into_a_request() {
    let wire = Wire::answering(json!({})).await;
    let client = &wire.client;
    for id in [
        "a\r\nX-Evil: 1",
        "../users",
        "..",
        "a/b/c",
        "a/..",
        "a?b=c",
        "a#b",
        "a%2fb",
        "a\\b",
        " ",
        "",
        "a\u{85}b",
    ] {
        let invalid = ErrorKind::InvalidInput;
        assert_refused(client.file(id).get().await, invalid, &[]);
        assert_refused(client.user(id).get().await, invalid, &[]);
        assert_refused(client.task(id).get().await, invalid, &[]);
        assert_refused(client.import(id).get().await, invalid, &[]);
        let error = assert_refused(client.project(format!("{id}/demo")).get().await, invalid, &[]);
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    // Servers are pooled: a list that another test dropped may still be read ahead from the same port.
    let sent: Vec<_> = wire.all().into_iter().filter(|seen| !seen.line().contains("&offset=")).collect();
    assert!(sent.is_empty(), "{sent:?}");
}

#[tokio::test]
async fn filters_cannot_inject_into_a_request() -> Result<()> {
    let wire = Wire::answering(page(Vec::new(), None)).await;
    wire.client
        .files()
        .query()
        .project(project())
        .name("a\r\nX-Evil: 1 & b#c")
        .metadata("k=&", "v ?")
        .page()
        .await?;
    let seen = wire.last();
    assert!(seen.header("x-evil").is_empty());
    let expected = "GET /v2/files?metadata.k%3D%26=v+%3F&name=a%0D%0AX-Evil%3A+1+%26+b%23c&offset=0&project=rfranklin%2Fdemo";
    assert_eq!(seen.line(), expected);
    Ok(())
}

#[test]
fn client_headers_cannot_span_lines() {
    for text in ["mine\r\nX-Evil: 1", "mine\n", "m\u{0}ne"] {
        let client = client_of("https://api.example.org/v2", TOKEN).user_agent(text).build();
        assert_refused(client, ErrorKind::Config, &[]);
    }
    let client = client_of("https://api.example.org/v2", "0123\r\nX-Evil: 1").build();
    assert_refused(client, ErrorKind::Token, &[]);
}
