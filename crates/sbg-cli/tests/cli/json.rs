//! Records have the fields that `docs/cli-json.md` lists, and every kind that it lists is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::{PROJECT, User, stderr};

/// The fields of a kind: type, and whether every record has it.
type Fields = BTreeMap<String, (String, bool)>;

/// The kinds of the document: headings with the names of kinds, then a table with name, type, and `always` for each field.
static KINDS: LazyLock<BTreeMap<String, Fields>> = LazyLock::new(|| {
    let mut kinds: BTreeMap<String, Fields> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for line in include_str!("../../../../docs/cli-json.md").lines() {
        if let Some(heading) = line.strip_prefix("## `") {
            names = heading
                .split('`')
                .filter(|part| !part.trim().is_empty() && *part != ", ")
                .map(str::to_owned)
                .collect();
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            for name in &names {
                let field = cells[0].trim_end_matches('`').to_owned();
                let described = (cells[1].to_owned(), cells[2] == "always");
                kinds.entry(name.clone()).or_default().insert(field, described);
            }
        }
    }
    kinds
});

/// Checks a record against the document.
pub fn check(record: &Value) {
    let map = record.as_object().unwrap();
    let kind = map["kind"].as_str().unwrap();
    let fields = KINDS.get(kind).unwrap_or_else(|| panic!("the kind `{kind}` is not documented: {record}"));
    for (name, value) in map.iter().filter(|(name, _)| *name != "kind") {
        let (documented, _) = fields
            .get(name)
            .unwrap_or_else(|| panic!("the field `{name}` of `{kind}` is not documented: {record}"));
        assert!(has_type(value, documented), "`{name}` of `{kind}` is not {documented}: {record}");
    }
    for (name, (_, always)) in fields {
        assert!(!always || map.contains_key(name), "`{kind}` has no `{name}`: {record}");
    }
}

fn has_type(value: &Value, documented: &str) -> bool {
    match documented {
        "text" => value.is_string(),
        "time" => value.as_str().is_some_and(|text| text.contains('T') && text.ends_with('Z')),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "flag" => value.is_boolean(),
        "texts" => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        "map" => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        "price" => value
            .as_object()
            .is_some_and(|price| price["amount"].is_number() && price["currency"].is_string()),
        "any" => true,
        other => panic!("the document has a type `{other}`"),
    }
}

#[test]
fn every_command_prints_documented_records() {
    let user = User::new();
    let path = |below: &str| format!("{PROJECT}/{below}");
    user.write("in/a.txt", "a");
    user.start_upload("left-over.bam");
    let (notes, reads) = (path("notes.txt"), path("reads"));
    let input = format!("file={}", path("reads/sample-1.fastq"));
    let mut seen = BTreeSet::new();
    let mut run = |arguments: &[&str]| {
        let records = user.json(arguments);
        assert!(!records.is_empty(), "{arguments:?}");
        seen.extend(records.iter().map(|record| record["kind"].as_str().unwrap().to_owned()));
        records
    };
    run(&["whoami"]);
    run(&["rate-limit"]);
    run(&["ls"]);
    run(&["ls", "-rl", PROJECT]);
    run(&["ls", "--tree", PROJECT]);
    run(&["stat", PROJECT, &notes, &reads]);
    run(&["find", &path("**/*.fastq")]);
    run(&["up", "in", PROJECT]);
    run(&["down", &reads, "reads"]);
    run(&["down", &notes, "--checksum", "sha256", "n.txt"]);
    run(&["sync", "up", "in", &path("synced"), "--dry-run"]);
    run(&["sync", "up", "in", &path("synced")]);
    run(&["sync", "down", &path("synced"), "synced"]);
    run(&["sheet", &reads]);
    user.write("sheet.csv", "local_path,sample_id\nin/a.txt,S1\n");
    run(&["up", "--sheet", "sheet.csv", &path("described/")]);
    run(&["drs", "get", &user.drs_uri("notes.txt"), "object.txt"]);
    user.write("manifest.csv", "drs_uri\ndrs://caninedc.org/b-form\n");
    run(&["drs", "import", "manifest.csv", PROJECT]);
    run(&["mkdir", "-p", &path("x/y")]);
    run(&["cp", &reads, &path("x")]);
    run(&["cp", &notes, &path("x/n.txt")]);
    run(&["mv", &path("x/n.txt"), &path("x/m.txt")]);
    run(&["rm", "-r", &path("x/y"), &path("x/m.txt")]);
    run(&["meta", "set", &notes, "sample_id=S1"]);
    run(&["meta", "merge", &notes, "case=1"]);
    run(&["meta", "get", &notes]);
    run(&["tag", &notes, "seen"]);
    run(&["projects", "create", "New"]);
    run(&["projects", "ls"]);
    run(&["members", "ls", PROJECT]);
    run(&["members", "set", PROJECT, "fcrick", "--permissions", "write"]);
    run(&["apps", "ls", PROJECT]);
    run(&["apps", "copy", &path("line-count"), "rfranklin/new"]);
    let task =
        run(&["run", &path("line-count"), "-i", &input, "--wait"])[0]["id"].as_str().unwrap().to_owned();
    run(&["tasks", "ls"]);
    run(&["tasks", "wait", &task]);
    run(&["tasks", "outputs", &task]);
    run(&["tasks", "outputs", &task, "--to", "out"]);
    run(&["tasks", "logs", &task]);
    run(&["tasks", "cost", &task]);
    run(&["tasks", "rerun", &task]);
    run(&["volumes", "ls"]);
    run(&["volumes", "show", "rfranklin/patterns"]);
    run(&["volumes", "ls", "rfranklin/patterns"]);
    run(&["import", "rfranklin/patterns", "README.txt", &path("imported.txt"), "--wait"]);
    run(&["export", &notes, "rfranklin/patterns", "out.txt", "--wait"]);
    run(&["jobs", "ls"]);
    run(&["jobs", "ls", "import"]);
    run(&["jobs", "ls", "export"]);
    let upload = run(&["uploads", "ls"])[0]["id"].as_str().unwrap().to_owned();
    run(&["uploads", "abort", &upload]);
    let group = run(&["cost"])[0]["id"].as_str().unwrap().to_owned();
    run(&["cost", &group]);
    let failed = user.run(&["--json", "ls", "rfranklin/none"]).code(4);
    let error: Value = serde_json::from_str(&stderr(&failed)).unwrap();
    check(&error);
    seen.insert("error".to_owned());
    let documented: BTreeSet<String> = KINDS.keys().cloned().collect();
    assert_eq!(seen, documented);
}

#[test]
fn failed_items_have_records_with_their_error() {
    let user = User::new();
    user.write("in/a.txt", "a");
    let to = format!("{PROJECT}/to/");
    user.run(&["up", "in/.", &to]).success();
    user.write("in/a.txt", "changed");
    let done = user.run(&["--json", "up", "in/.", &to]).code(1);
    let record: Value = serde_json::from_str(&crate::harness::stdout(&done)).unwrap();
    check(&record);
    assert_eq!((record["outcome"].as_str(), record["error"].is_string()), (Some("failed"), true));
}
