//! Searches, and lists with continuation tokens.

use serde_json::{Value, json};

use crate::TestEnv;

const PROJECT: &str = "rfranklin/demo";

async fn library() -> TestEnv {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    for (path, sample, tag) in [
        ("a.fastq", "S1", "dna"),
        ("b.fastq", "S2", "rna"),
        ("deep/c.bam", "S1", "dna"),
        ("deep/d.txt", "S3", "x"),
    ] {
        let id = env.emulator.create_file(PROJECT, path, path);
        let edit = json!({"metadata": {"sample_id": sample, "age": "41"}, "tags": [tag]});
        env.patch(&format!("/files/{id}"), edit).await;
    }
    env
}

async fn search(env: &TestEnv, query: &str) -> Vec<String> {
    let response = env.post("/files/search", json!({"query": query})).await;
    let hits =
        response.json["result_set"].as_array().unwrap_or_else(|| panic!("{query}: {response:?}")).clone();
    assert_eq!(response.json["count"], hits.len());
    hits.iter().map(|hit| hit["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn search_finds_matching_files() {
    let env = library().await;
    let find = async |rest: &str| search(&env, &format!("IN \"/Projects/{PROJECT}\" {rest}")).await;
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
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    assert_eq!(search(&env, &format!("IN \"/Projects/{root}/deep\"")).await, ["c.bam", "d.txt"]);
    assert_eq!(search(&env, "IN \"/Datasets/admin/reference-sequences\"").await, ["phix.fasta"]);
}

#[tokio::test]
async fn search_continues_from_its_token() {
    let env = library().await;
    let body = json!({"query": format!("IN \"/Projects/{PROJECT}\" RECURSIVE")});
    let mut path = "/files/search?limit=2".to_owned();
    let mut seen = 0;
    loop {
        let page = env.post(&path, body.clone()).await;
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
    assert_eq!(env.post(&path, other).await.code(), 57001);
    assert_eq!(env.post("/files/search?cont_token=%21", body).await.code(), 57000);
}

#[tokio::test]
async fn invalid_search_is_rejected() {
    let mut env = library().await;
    let code = async |env: &TestEnv, body: Value| env.post("/files/search", body).await.code();
    assert_eq!(code(&env, json!({})).await, 90000);
    assert_eq!(code(&env, json!({"query": "SELECT 1"})).await, 90000);
    assert_eq!(code(&env, json!({"query": "IN \"/Projects/none\""})).await, 13002);
    assert_eq!(code(&env, json!({"query": "IN \"/Projects/rfranklin/demo/none\""})).await, 13002);
    env.as_user("fcrick");
    assert_eq!(code(&env, json!({"query": "IN \"/Projects/rfranklin/demo\""})).await, 13001);
}

#[tokio::test]
async fn scroll_lists_all_files_with_advance_access() {
    let mut env = TestEnv::start().await;
    env.emulator.create_project("demo");
    for number in 0..7 {
        env.emulator.create_file(PROJECT, &format!("f{number}"), "x");
    }
    let first = format!("/files/scroll?project={PROJECT}&limit=3&token=init");
    assert_eq!(env.get(&first).await.status, 403);
    env.use_advance_access();
    let mut url = first.clone();
    let mut names = Vec::new();
    loop {
        let page = env.get(&url).await;
        assert_eq!(crate::header(&page.headers, "x-total-matching-query"), "7");
        names.extend(page.column("name"));
        // A deleted file does not shift the others.
        if names.len() == 3 {
            let gone = page.column("id")[0].clone();
            env.delete(&format!("/files/{gone}")).await;
            env.emulator.create_file(PROJECT, "a-new-one", "x");
        }
        let Some(link) = page.json["links"].as_array().unwrap().first().cloned() else { break };
        assert_eq!(link["rel"], "next");
        link["href"].as_str().unwrap().clone_into(&mut url);
    }
    assert_eq!(names, ["f0", "f1", "f2", "f3", "f4", "f5", "f6"]);
    assert_eq!(env.get(&format!("{first}&offset=3")).await.code(), 90000);
    assert_eq!(env.get(&format!("{first}&metadata.a=b")).await.code(), 90000);
    assert_eq!(env.get(&format!("/files/scroll?project={PROJECT}")).await.code(), 90000);
    assert_eq!(env.get(&format!("/files/scroll?project={PROJECT}&token=x%21")).await.code(), 57000);
    assert_eq!(env.get(&url.replace("limit=3", "name=f1")).await.code(), 57001);
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let folder = env.get(&format!("/files/{root}/scroll?token=init&limit=2")).await;
    assert_eq!((folder.column("name").len(), &folder.json["links"][0]["rel"]), (2, &"next".into()));
}
