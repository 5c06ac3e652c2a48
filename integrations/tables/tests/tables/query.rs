//! `query_table`: what it finds, and what it requests for that.

use sbg_emulator::Origin;

use crate::stage::{GROUP, Stage};

/// The value of the last column in the only row of a table.
fn value(output: &str) -> &str {
    let row = output.lines().rev().nth(2).expect("a row above the last line and the number of rows");
    row.rsplit('|').nth(1).expect("a column").trim()
}

#[test]
fn only_the_column_of_the_query_is_read() {
    let stage = Stage::start();
    let (_, size) = stage.table("tables/samples.parquet", 0..200_000);
    stage.emulator.clear_requests();
    let output = stage.query(&["SELECT sum(depth) FROM 'tables/samples.parquet'"]).unwrap();
    assert_eq!(value(&output), (2000 * 4950).to_string(), "{output}");
    assert!(output.ends_with("\n1\n"), "{output}");
    let requests = stage.requests();
    assert_eq!(requests.api, 3, "the folder, the file and its signed URL: {requests:?}");
    assert!(requests.storage <= 12, "the metadata, and a column of ten row groups: {requests:?}");
    assert!(requests.sent < size / 3, "{requests:?} of {size} bytes");
}

#[test]
fn only_row_groups_that_can_match_are_read() {
    let stage = Stage::start();
    stage.table("samples.parquet", 0..200_000);
    let read = |sql: &str| {
        stage.emulator.clear_requests();
        let output = stage.query(&[sql]).unwrap();
        (value(&output).to_owned(), stage.requests())
    };
    let (all, of_all) = read("SELECT count(note) FROM 'samples.parquet' WHERE id >= 0");
    assert_eq!(all, "200000");
    let sql = format!("SELECT count(note) FROM 'samples.parquet' WHERE id >= {}", 200_000 - GROUP);
    let (one, of_one) = read(&sql);
    assert_eq!(one, GROUP.to_string());
    assert!(of_one.sent < of_all.sent / 4, "one of ten row groups: {of_one:?} of {of_all:?}");
    let (none, of_none) = read("SELECT count(note) FROM 'samples.parquet' WHERE id < 0");
    assert_eq!(none, "0");
    assert_eq!(of_none.storage, 1, "the metadata shows that no row matches: {of_none:?}");
}

#[test]
fn only_files_of_the_partition_are_read() {
    let stage = Stage::start();
    let ids: Vec<_> = (0..4)
        .map(|sample| {
            let rows = sample * 40_000..(sample + 1) * 40_000;
            stage.table(&format!("cohort/sample=S{sample}/reads.parquet"), rows).0
        })
        .collect();
    stage.emulator.clear_requests();
    let output = stage.query(&["SELECT sum(depth) FROM 'cohort/' WHERE sample = 'S2'"]).unwrap();
    assert_eq!(value(&output), (400 * 4950).to_string(), "{output}");
    let requests = stage.emulator.requests();
    let of_file = |id: &String| {
        let signed = requests.iter().find(|request| request.path.contains(&format!("{id}/download_info")));
        let url = signed.and_then(|request| request.response_json()).expect("a signed URL");
        let url = url["url"].as_str().expect("text");
        let path = url.split('?').next().unwrap_or_default();
        let storage = requests.iter().filter(|request| request.origin == Origin::Storage);
        storage.filter(|request| path.ends_with(&request.path)).count()
    };
    let counts: Vec<_> = ids.iter().map(of_file).collect();
    assert!(counts[2] > 1, "{counts:?}");
    assert_eq!([counts[0], counts[1], counts[3]], [1; 3], "only their metadata, for the schema: {counts:?}");
    let api = stage.requests().api;
    assert!(api <= 10, "{api} calls: the folder, the five folders of the list, and four signed URLs");
}

#[test]
fn csv_files_are_tables_too() {
    let stage = Stage::start();
    let text: String = (0..1000).map(|id| format!("S{id},{}\n", id % 10)).collect();
    stage.emulator.create_file(&stage.project, "samples.csv", format!("sample,depth\n{text}"));
    stage.table("reads.parquet", 0..1000);
    let sql = "SELECT sum(s.depth * r.depth) FROM 'samples.csv' s JOIN 'reads.parquet' r ON s.sample = concat('S', r.id)";
    let expected: i64 = (0..1000).map(|id| (id % 10) * (id % 100)).sum();
    let output = stage.query(&[sql]).unwrap();
    assert_eq!(value(&output), expected.to_string(), "{output}");
}

#[test]
fn rows_are_written_to_the_project() {
    let stage = Stage::start();
    stage.table("samples.parquet", 0..1000);
    let copy = format!(
        "COPY (SELECT id, depth FROM 'samples.parquet' WHERE depth = 7) TO 'sbg://{}/results/seven.parquet'",
        stage.project
    );
    let output = stage.query(&[&copy, "SELECT sum(id) FROM 'results/seven.parquet'"]).unwrap();
    let expected: i64 = (0..1000).filter(|id| id % 100 == 7).sum();
    assert_eq!(value(&output), expected.to_string(), "{output}");
}

#[test]
fn bad_input_is_named() {
    let stage = Stage::start();
    stage.table("samples.parquet", 0..1000);
    stage.emulator.create_file(&stage.project, "notes.parquet", "no table at all, only text");
    stage.emulator.create_file(&stage.project, "empty/readme", "");
    let fails = |sql: &str, word: &str| {
        let error = stage.query(&[sql]).expect_err(word);
        assert!(error.contains(word), "`{word}` is not in: {error}");
        assert!(!error.contains("panicked"), "{error}");
    };
    fails("SELECT 1 FROM 'none.parquet'", "none.parquet");
    fails("SELECT 1 FROM 'none/'", "none/");
    fails("SELECT 1 FROM 'notes.parquet'", "notes.parquet");
    fails("SELECT 1 FROM 'empty/'", "readme");
    fails("SELECT width FROM 'samples.parquet'", "No field named width");
    fails(
        "SELECT 1 FROM 'sbg://user@lab/demo/x.parquet'",
        "not a URL of the form `sbg://owner/project/path`",
    );
    fails("SELEKT 1", "SELEKT");
    let error = stage.query(&[]).unwrap_err();
    assert!(error.contains("usage"), "{error}");
}
