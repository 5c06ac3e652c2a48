//! A server that means harm, or names and ids of somebody who does: nothing is written outside, nothing grows without bound, nothing is
//! put into a request that does not belong there.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use httpmock::HttpMockResponse;
use sbg::types::File;
use sbg::{Client, ErrorKind, Result};
use sbg_tests::{assert_refused, client_of};
use serde_json::{Value, json};

use super::{Seen, TOKEN, Wire, project, response};

/// A page with these items, which links to `next`.
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

#[tokio::test]
async fn a_page_that_links_to_itself_is_the_last() -> Result<()> {
    for next in ["https://api.example.org/v2/files", "/v2/files?offset=0", "?offset=00"] {
        let wire = Wire::responding(move |_| response(200, &page(files(3), Some(next)))).await;
        assert_eq!(listed(&wire.client).await?.len(), 3, "{next}");
        assert_eq!(wire.all().len(), 1, "{next}");
    }
    Ok(())
}

#[tokio::test]
async fn empty_pages_that_link_on_for_ever_end_a_list() -> Result<()> {
    let next = |seen: &Seen| format!("/v2/files?offset={}", seen.target.len() * 100);
    let wire = Wire::responding(move |seen| response(200, &page(Vec::new(), Some(&next(seen))))).await;
    assert_eq!(listed(&wire.client).await?.len(), 0);
    assert_eq!(wire.all().len(), 1);
    Ok(())
}

#[tokio::test]
async fn tokens_that_lead_round_in_circles_are_an_error() {
    let wire = Wire::responding(|seen| {
        let token = if seen.target.contains("cont_token=b") { "a" } else { "b" };
        let hits = vec![json!({"id": "1", "name": "x"})];
        response(200, &json!({"count": 1, "cont_token": token, "result_set": hits}))
    })
    .await;
    let hits = wire.client.files().search(r#"IN "/Projects/rfranklin/demo""#).items();
    let found: Result<Vec<_>> = hits.try_collect().await;
    assert_refused(found.map(|found| found.len()), ErrorKind::UnexpectedResponse, &["round in circles"]);
    assert!(wire.all().len() < 20, "{}", wire.all().len());
}

#[tokio::test]
async fn a_total_without_bound_makes_nothing_grow() -> Result<()> {
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
async fn a_page_that_is_shorter_than_the_others_loses_nothing_behind_it() -> Result<()> {
    // The second page has 60 items, and the third begins behind them.
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

/// A number in the query of a request.
fn query(seen: &Seen, name: &str) -> usize {
    let start = format!("{name}=");
    let mut pairs = seen.target.split(['?', '&']);
    pairs.find_map(|pair| pair.strip_prefix(&start)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let bomb = gzip(&vec![b' '; 32 << 20]);
    assert!(bomb.len() < 1 << 20);
    let wire = Wire::responding(move |_| {
        HttpMockResponse::builder().status(200).header("content-encoding", "gzip").body(bomb.clone()).build()
    })
    .await;
    assert_refused(wire.client.users().me().await, ErrorKind::UnexpectedResponse, &["not JSON"]);
    assert!(wire.last().header("accept-encoding").is_empty(), "{:?}", wire.last());
}

/// Packs bytes with the program that every system has.
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
async fn json_of_any_depth_is_refused_and_not_followed() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let wire =
        Wire::responding(move |_| HttpMockResponse::builder().status(200).body(deep.clone()).build()).await;
    assert_refused(
        wire.client.users().me().await,
        ErrorKind::UnexpectedResponse,
        &["another form than specified"],
    );
}

#[tokio::test]
async fn names_that_lead_out_of_the_folder_are_refused_one_by_one() -> Result<()> {
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
    let report = wire.client.project(project())?.files().download_tree(&inner).await?;
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

/// The number of the folder that is listed; 0 stands for the project.
fn listed_folder(seen: &Seen) -> usize {
    let id = seen.target.strip_prefix("/v2/files/f").and_then(|rest| rest.split('/').next());
    id.map_or(0, |id| id.parse().expect("a number"))
}

#[tokio::test]
async fn a_folder_that_lies_in_itself_is_walked_once() -> Result<()> {
    // From 1 into 2 and 3, and back into 1.
    let wire = Wire::responding(|seen| folder(listed_folder(seen) % 3 + 1)).await;
    let from_folder: Vec<_> = wire.client.file("f1").walk().entries().try_collect().await?;
    assert_eq!(from_folder.len(), 3);
    assert_eq!(wire.all().len(), 3);
    let from_project: Vec<_> = wire.client.project(project())?.files().walk().entries().try_collect().await?;
    assert_eq!(from_project.len(), 4);
    assert_eq!(wire.all().len(), 3 + 4);
    Ok(())
}

#[tokio::test]
async fn folders_in_folders_without_end_are_an_error() {
    let wire = Wire::responding(|seen| folder(listed_folder(seen) + 1)).await;
    let entries: Result<Vec<_>> = wire.client.file("f1").walk().entries().try_collect().await;
    let words = ["more than 1000 deep"];
    assert_refused(entries.map(|entries| entries.len()), ErrorKind::UnexpectedResponse, &words);
    assert_eq!(wire.all().len(), 1000);
}

#[tokio::test]
async fn ids_put_nothing_into_a_request_that_does_not_belong_there() {
    let wire = Wire::answering(json!({})).await;
    let client = &wire.client;
    for id in
        ["a\r\nX-Evil: 1", "../users", "..", "a/b", "a?b=c", "a#b", "a%2fb", "a\\b", " ", "", "a\u{85}b"]
    {
        let invalid = ErrorKind::InvalidInput;
        assert_refused(client.file(id).get().await, invalid, &[]);
        assert_refused(client.user(id).get().await, invalid, &[]);
        assert_refused(client.task(id).get().await, invalid, &[]);
        assert_refused(client.import(id).get().await, invalid, &[]);
        let error = client.project(format!("{id}/demo")).expect_err("no project id");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    assert!(wire.all().is_empty(), "{:?}", wire.all());
}

#[tokio::test]
async fn what_is_looked_for_stays_in_the_query() -> Result<()> {
    let wire = Wire::answering(page(Vec::new(), None)).await;
    wire.client
        .files()
        .query()
        .project(project())
        .name("a\r\nX-Evil: 1 & b#c")
        .metadata("k=&", "v ?")
        .await?;
    let seen = wire.last();
    assert!(seen.header("x-evil").is_empty());
    let expected = "GET /v2/files?metadata.k%3D%26=v+%3F&name=a%0D%0AX-Evil%3A+1+%26+b%23c&offset=0&project=rfranklin%2Fdemo";
    assert_eq!(seen.line(), expected);
    Ok(())
}

#[test]
fn headers_of_the_client_take_one_line() {
    for text in ["mine\r\nX-Evil: 1", "mine\n", "m\u{0}ne"] {
        let client = client_of("https://api.example.org/v2", TOKEN).user_agent(text).build();
        assert_refused(client, ErrorKind::Config, &[]);
    }
    let client = client_of("https://api.example.org/v2", "0123\r\nX-Evil: 1").build();
    assert_refused(client, ErrorKind::Token, &[]);
}
