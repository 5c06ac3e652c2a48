//! `ls`, `stat`, `cat`, `cp`, `mv`, `rm`, `mkdir`, `meta`, `tag` and `find`.

use snapbox::str;

use crate::harness::{PROJECT, User};

fn path(below: &str) -> String {
    format!("{PROJECT}/{below}")
}

#[test]
fn ls_lists_projects_and_folders() {
    let user = User::new();
    user.run(&["ls"]).success().stdout_eq(str![[r#"
rfranklin/fibre-diffraction	Fibre diffraction
rfranklin/rna-pilot	RNA pilot

"#]]);
    user.run(&["ls", "-l", &path("reads")]).success().stdout_eq(str![[r#"
2160	[..]T[..]Z	[..]	sample-1.fastq
1350	[..]T[..]Z	[..]	sample-2.fastq
3240	[..]T[..]Z	[..]	sample-3.fastq

"#]]);
    let by_url = format!("https://cgc.sbgenomics.com/u/{PROJECT}/");
    assert_eq!(user.out(&["ls", &by_url]), user.out(&["ls", PROJECT]));
}

#[test]
fn tree_is_sorted_by_path() {
    let user = User::new();
    user.run(&["ls", "--tree", PROJECT]).success().stdout_eq(str![[r#"
├── _1_sample-1.concatenated.fastq
├── notes.txt
├── patterns/
│   ├── a-form.csv
│   └── b-form.csv
├── reads/
│   ├── sample-1.fastq
│   ├── sample-2.fastq
│   └── sample-3.fastq
├── sample-1.concatenated.fastq
├── sample-1.fastq.line-count.txt
└── sample-2.concatenated.fastq

"#]]);
}

#[test]
fn ls_filters_by_metadata_in_folders() {
    let user = User::new();
    let reads = user.out(&["ls", "--metadata", "sample_id=S1", &path("reads")]);
    assert_eq!(reads, "sample-1.fastq\nsample-3.fastq\n");
    let all = user.out(&["ls", "-r", "--metadata", "sample_id=S0", "--tag", "raw", PROJECT]);
    assert_eq!(all, "reads/sample-2.fastq\n");
}

#[test]
fn stat_shows_metadata_and_tags() {
    let user = User::new();
    user.run(&["stat", &path("reads/sample-1.fastq")]).success().stdout_eq(str![[r#"
id	[..]
name	sample-1.fastq
path	rfranklin/fibre-diffraction/reads/sample-1.fastq
size	2160
project	rfranklin/fibre-diffraction
parent	[..]
created_on	[..]
modified_on	[..]
tags	fastq, raw
metadata.experimental_strategy	WGS
metadata.sample_id	S1

"#]]);
}

#[test]
fn cat_prints_whole_files_and_ranges() {
    let user = User::new();
    let notes = path("notes.txt");
    assert_eq!(user.out(&["cat", &notes]), "Photo 51 is the clearest.\n");
    assert_eq!(user.out(&["cat", "--range", "6-7", &notes]), "51");
    assert_eq!(user.out(&["cat", "--range", "-10", &notes]), "clearest.\n");
    assert_eq!(user.out(&["cat", "--range", "500-", &notes]), "");
    let id = user.first(&["stat", &notes, "--json"]);
    let id = &id[id.find("\"id\":\"").unwrap() + 6..][..24];
    assert_eq!(user.out(&["cat", id]), "Photo 51 is the clearest.\n");
}

#[test]
fn cp_and_mv_work_like_those_of_a_shell() {
    let user = User::new();
    user.run(&["mkdir", "-p", &path("a/b")]).success();
    user.run(&["cp", &path("notes.txt"), &path("a/")]).success();
    user.run(&["cp", &path("notes.txt"), &path("a/copy.txt")]).success();
    user.run(&["mv", &path("a/copy.txt"), &path("a/renamed.txt")]).success();
    user.run(&["mv", &path("a/renamed.txt"), &path("a/b")]).success();
    user.run(&["cp", &path("a"), "rfranklin/rna-pilot"]).success();
    assert_eq!(
        user.out(&["ls", "--tree", "rfranklin/rna-pilot"]),
        "├── a/\n│   ├── b/\n│   │   └── renamed.txt\n│   └── notes.txt\n└── archive.tar\n"
    );
    // Files move with one request each; only a folder needs a job.
    user.run(&["mv", &path("a/b"), PROJECT]).success();
    assert_eq!(user.out(&["ls", &path("b")]), "renamed.txt\n");
}

#[test]
fn rm_deletes_nothing_if_a_name_is_wrong() {
    let user = User::new();
    user.run(&["rm", &path("notes.txt"), &path("nope")]).code(4);
    user.run(&["rm", &path("notes.txt"), &path("reads")]).code(2).stderr_eq(str![[r#"
error: `rfranklin/fibre-diffraction/reads` is a folder: `--recursive` deletes it

"#]]);
    assert_eq!(user.out(&["ls", &path("notes.txt")]), "notes.txt\n");
    user.run(&["rm", "-rf", &path("notes.txt"), &path("nope"), &path("reads")]).success();
    user.run(&["ls", &path("notes.txt")]).code(4);
    user.run(&["ls", &path("reads")]).code(4);
    user.run(&["rm", "-r", PROJECT]).code(2);
}

#[test]
fn rm_of_many_files_needs_few_requests() {
    let user = User::new();
    let names: Vec<String> = (0..150).map(|number| format!("f{number}")).collect();
    for name in &names {
        user.emulator.create_file(PROJECT, &format!("many/{name}"), "x");
    }
    user.emulator.clear_requests();
    let list: String = names.iter().map(|name| path(&format!("many/{name}\n"))).collect();
    user.checked(user.sbg(&["rm", "-"]).stdin(list)).success();
    assert_eq!(user.out(&["ls", &path("many")]), "");
    // The folder, its 150 names in a few groups, and two bulk calls; then those of `ls`.
    assert!(user.calls().len() < 15, "{:?}", user.calls());
}

#[test]
fn mkdir_refuses_what_exists() {
    let user = User::new();
    user.run(&["mkdir", &path("a/b")]).code(4);
    user.run(&["mkdir", &path("a")]).success();
    user.run(&["mkdir", &path("a")]).code(1);
    user.run(&["mkdir", "-p", &path("a"), &path("a/b/c")]).success();
    user.run(&["mkdir", "-p", &path("notes.txt")]).failure();
}

#[test]
fn metadata_is_set_and_merged() {
    let user = User::new();
    let notes = path("notes.txt");
    assert_eq!(user.out(&["meta", "set", &notes, "sample_id=S7", "note=a=b"]), "note\ta=b\nsample_id\tS7\n");
    user.run(&["meta", "merge", &notes, "case=1", "--remove", "note"]).success();
    assert_eq!(user.out(&["meta", "get", &notes]), "case\t1\nsample_id\tS7\n");
    let list = format!("{}\n{}\n", path("reads/sample-1.fastq"), path("reads/sample-2.fastq"));
    user.checked(user.sbg(&["meta", "merge", "-", "batch=7"]).stdin(list)).success();
    assert!(user.out(&["meta", "get", &path("reads/sample-2.fastq")]).contains("batch\t7\n"));
    assert_eq!(user.out(&["meta", "set", &notes]), "");
    user.run(&["meta", "merge", &notes]).code(2);
}

#[test]
fn tags_are_added_removed_and_replaced() {
    let user = User::new();
    let reads = path("reads/sample-1.fastq");
    let check = |arguments: &[&str], expected: &str| {
        let got = user.out(&[&["tag", &reads], arguments].concat());
        assert_eq!(got, format!("{reads}\t{expected}\n"));
    };
    check(&["checked"], "fastq, raw, checked");
    check(&["raw", "--remove"], "fastq, checked");
    check(&["new", "--set"], "new");
    check(&[], "new");
    check(&["--clear"], "");
    user.run(&["tag", &reads, "a", "--clear"]).code(2);
}

#[test]
fn find_matches_globs_and_queries() {
    let user = User::new();
    let found = user.out(&["find", &path("**/sample-[12].fastq")]);
    assert_eq!(found, format!("{PROJECT}/reads/sample-1.fastq\n{PROJECT}/reads/sample-2.fastq\n"));
    assert_eq!(user.out(&["find", &path("*"), "--type", "folder"]).lines().count(), 2);
    user.run(&["find", "*.bam"]).code(2);
}

#[test]
fn find_prints_what_the_query_selects() {
    let user = User::new();
    let query = r#"IN "/Projects/rfranklin/fibre-diffraction" WHERE name LIKE "%-2.fastq" RECURSIVE"#;
    let find = |more: &[&str]| user.out(&[&["find", "--query", query], more].concat());
    let found = find(&[]);
    let cells: Vec<_> = found.trim_end().split('\t').collect();
    assert_eq!(cells[1], "1.4 kB", "{found}");
    assert!(cells.len() == 3 && cells[2].ends_with("/reads/sample-2.fastq"), "{found}");
    assert_eq!(cells[0], user.json(&["stat", &path("reads/sample-2.fastq")])[0]["id"], "{found}");
    let requests = user.emulator.requests();
    let bodies: Vec<serde_json::Value> = requests
        .iter()
        .filter(|request| request.path == "/v2/files/search")
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(bodies, [serde_json::json!({"query": query})]);
    assert_eq!(find(&["--type", "folder"]), "");
}
