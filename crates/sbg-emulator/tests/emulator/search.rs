//! Searches, and lists that go on with tokens.

use serde_json::{Value, json};

use crate::Bench;

const PROJECT: &str = "rfranklin/demo";

async fn library() -> Bench {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    for (path, sample, tag) in [
        ("a.fastq", "S1", "dna"),
        ("b.fastq", "S2", "rna"),
        ("deep/c.bam", "S1", "dna"),
        ("deep/d.txt", "S3", "x"),
    ] {
        let id = bench.emulator.create_file(PROJECT, path, path);
        let edit = json!({"metadata": {"sample_id": sample, "age": "41"}, "tags": [tag]});
        bench.patch(&format!("/files/{id}"), edit).await;
    }
    bench
}

async fn search(bench: &Bench, query: &str) -> Vec<String> {
    let answer = bench.post("/files/search", json!({"query": query})).await;
    let hits = answer.json["result_set"].as_array().unwrap_or_else(|| panic!("{query}: {answer:?}")).clone();
    assert_eq!(answer.json["count"], hits.len());
    hits.iter().map(|hit| hit["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_search_finds_what_fits_its_condition() {
    let bench = library().await;
    let find = async |rest: &str| search(&bench, &format!("IN \"/Projects/{PROJECT}\" {rest}")).await;
    assert_eq!(find("").await, ["a.fastq", "b.fastq", "deep"]);
    assert_eq!(find("RECURSIVE").await.len(), 5);
    assert_eq!(find("WHERE tags IN (\"dna\", \"x\") RECURSIVE").await, ["a.fastq", "c.bam", "d.txt"]);
    assert_eq!(find("WHERE type = \"FOLDER\"").await, ["deep"]);
    assert_eq!(find("WHERE file_extension IN ('bam', 'txt') RECURSIVE").await, ["c.bam", "d.txt"]);
    assert_eq!(
        find("WHERE metadata.sample_id = 'S1' AND NOT tags = 'rna' RECURSIVE").await,
        ["a.fastq", "c.bam"]
    );
    assert_eq!(find("WHERE sample_id = 'S3' OR size > 9 RECURSIVE").await, ["c.bam", "d.txt"]);
    assert_eq!(find("WHERE age < 100 AND name LIKE '%.fastq'").await, ["a.fastq", "b.fastq"]);
    assert_eq!(
        find("WHERE type = 'FILE' RECURSIVE ORDER BY name DESC LIMIT 2 OFFSET 1").await,
        ["c.bam", "b.fastq"]
    );
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    assert_eq!(search(&bench, &format!("IN \"/Projects/{root}/deep\"")).await, ["c.bam", "d.txt"]);
    assert_eq!(search(&bench, "IN \"/Datasets/admin/reference-sequences\"").await, ["phix.fasta"]);
}

#[tokio::test]
async fn a_search_goes_on_with_its_token() {
    let bench = library().await;
    let body = json!({"query": format!("IN \"/Projects/{PROJECT}\" RECURSIVE")});
    let mut path = "/files/search?limit=2".to_owned();
    let mut seen = 0;
    loop {
        let page = bench.post(&path, body.clone()).await;
        assert_eq!(page.json["count"], 5);
        seen += page.json["result_set"].as_array().unwrap().len();
        match page.json["cont_token"].as_str() {
            Some(token) => {
                let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                path = format!("/files/search?limit=2&cont_token={token}");
            }
            None => break,
        }
    }
    assert_eq!(seen, 5);
    let other = json!({"query": format!("IN \"/Projects/{PROJECT}\"")});
    assert_eq!(bench.post(&path, other).await.code(), 57001);
    assert_eq!(bench.post("/files/search?cont_token=%21", body).await.code(), 57000);
}

#[tokio::test]
async fn what_is_wrong_with_a_search_is_said() {
    let mut bench = library().await;
    let code = async |bench: &Bench, body: Value| bench.post("/files/search", body).await.code();
    assert_eq!(code(&bench, json!({})).await, 90000);
    assert_eq!(code(&bench, json!({"query": "SELECT 1"})).await, 90000);
    assert_eq!(code(&bench, json!({"query": "IN \"/Projects/none\""})).await, 13002);
    assert_eq!(code(&bench, json!({"query": "IN \"/Projects/rfranklin/demo/none\""})).await, 13002);
    bench.become_user("fcrick");
    assert_eq!(code(&bench, json!({"query": "IN \"/Projects/rfranklin/demo\""})).await, 13001);
}

#[tokio::test]
async fn scrolling_needs_advance_access_and_leads_through_all_files() {
    let mut bench = Bench::start().await;
    bench.emulator.create_project("demo");
    for number in 0..7 {
        bench.emulator.create_file(PROJECT, &format!("f{number}"), "x");
    }
    let first = format!("/files/scroll?project={PROJECT}&limit=3&token=init");
    assert_eq!(bench.get(&first).await.status, 403);
    bench.use_advance_access();
    let mut url = first.clone();
    let mut names = Vec::new();
    loop {
        let page = bench.get(&url).await;
        assert_eq!(crate::header(&page.headers, "x-total-matching-query"), "7");
        names.extend(page.column("name"));
        // A file that goes does not shift the others.
        if names.len() == 3 {
            let gone = page.column("id")[0].clone();
            bench.delete(&format!("/files/{gone}")).await;
            bench.emulator.create_file(PROJECT, "a-new-one", "x");
        }
        let Some(link) = page.json["links"].as_array().unwrap().first().cloned() else { break };
        assert_eq!(link["rel"], "next");
        link["href"].as_str().unwrap().clone_into(&mut url);
    }
    assert_eq!(names, ["f0", "f1", "f2", "f3", "f4", "f5", "f6"]);
    assert_eq!(bench.get(&format!("{first}&offset=3")).await.code(), 90000);
    assert_eq!(bench.get(&format!("{first}&metadata.a=b")).await.code(), 90000);
    assert_eq!(bench.get(&format!("/files/scroll?project={PROJECT}")).await.code(), 90000);
    assert_eq!(bench.get(&format!("/files/scroll?project={PROJECT}&token=x%21")).await.code(), 57000);
    assert_eq!(bench.get(&url.replace("limit=3", "name=f1")).await.code(), 57001);
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let folder = bench.get(&format!("/files/{root}/scroll?token=init&limit=2")).await;
    assert_eq!((folder.column("name").len(), &folder.json["links"][0]["rel"]), (2, &"next".into()));
}
