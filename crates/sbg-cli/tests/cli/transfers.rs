//! `up` and `down`.

use std::fs;

use snapbox::str;

use crate::harness::{PROJECT, User, stderr};

fn path(below: &str) -> String {
    format!("{PROJECT}/{below}")
}

#[test]
fn folder_goes_up_and_down_unchanged() {
    let user = User::new();
    user.write("results/a.txt", "a");
    user.write("results/deep/b.bin", [0, 159, 146, 150]);
    fs::create_dir(user.path("results/empty")).unwrap();
    user.run(&["up", "results", PROJECT]).success().stderr_eq(str![[r#"
uploaded 2 files (5 B)

"#]]);
    let again = user.run(&["up", "results", PROJECT]).success();
    assert_eq!(stderr(&again), "uploaded 0 files (0 B), 2 up to date\n");
    user.run(&["down", &path("results"), "copy"]).success();
    assert_eq!(fs::read(user.path("copy/deep/b.bin")).unwrap(), [0, 159, 146, 150]);
    assert!(user.path("copy/empty").is_dir());
    // Into a folder that exists, under its name.
    user.run(&["down", &path("results"), "copy"]).success();
    assert_eq!(user.read("copy/results/a.txt"), "a");
}

#[test]
fn contents_of_a_folder_go_up_without_it() {
    let user = User::new();
    user.write("results/a.txt", "a");
    user.run(&["up", "results/.", &path("new/folder/")]).success();
    assert_eq!(user.out(&["ls", &path("new/folder")]), "a.txt\n");
}

#[test]
fn file_goes_up_under_another_name() {
    let user = User::new();
    user.write("a.txt", "first");
    let to = path("renamed.txt");
    user.run(&["up", "a.txt", &to, "--tag", "x", "--metadata", "sample_id=S7"]).success();
    assert_eq!(user.out(&["cat", &to]), "first");
    assert_eq!(user.out(&["tag", &to]), format!("{to}\tx\n"));
    assert_eq!(user.out(&["meta", "get", &to]), "sample_id\tS7\n");
    user.write("a.txt", "second");
    user.run(&["up", "a.txt", &to]).code(1);
    user.run(&["up", "a.txt", &to, "--on-conflict", "skip"]).success();
    assert_eq!(user.out(&["cat", &to]), "first");
    user.run(&["up", "a.txt", &to, "--on-conflict", "overwrite"]).success();
    assert_eq!(user.out(&["cat", &to]), "second");
}

#[test]
fn standard_input_goes_up_from_pipes_and_files() {
    let user = User::new();
    let piped = path("piped.txt");
    user.checked(user.sbg(&["up", "-", &piped]).stdin("from a pipe")).success();
    assert_eq!(user.out(&["cat", &piped]), "from a pipe");
    let sized = path("sized.txt");
    user.checked(user.sbg(&["up", "-", &sized, "--size", "5"]).stdin("12345")).success();
    assert_eq!(user.out(&["cat", &sized]), "12345");
    user.checked(user.sbg(&["up", "-", &path("short.txt"), "--size", "50"]).stdin("12345")).failure();
    user.run(&["ls", &path("short.txt")]).code(4);
    user.run(&["up", "-", PROJECT]).code(2);
}

#[test]
fn down_has_the_habits_of_cp() {
    let user = User::new();
    let notes = path("notes.txt");
    user.run(&["down", &notes]).success();
    assert_eq!(user.read("notes.txt"), "Photo 51 is the clearest.\n");
    user.run(&["down", &notes, "other.txt"]).success();
    assert_eq!(user.read("other.txt"), "Photo 51 is the clearest.\n");
    user.run(&["down", &notes, &path("reads"), "in/new/"]).success();
    assert_eq!(fs::read(user.path("in/new/reads/sample-1.fastq")).unwrap().len(), 2160);
    assert_eq!(user.out(&["down", &notes, "-"]), "Photo 51 is the clearest.\n");
    user.write("other.txt", "mine");
    user.run(&["down", &notes, "other.txt"]).code(1);
    assert_eq!(user.read("other.txt"), "mine");
}

#[test]
fn checksum_of_a_download_is_shown() {
    let user = User::new();
    let out = user.out(&["down", &path("notes.txt"), "--checksum", "md5", "n.txt"]);
    let line = out.lines().nth(1).unwrap();
    assert!(line.starts_with("md5\t") && line.ends_with("\tnotes.txt"), "{out}");
    assert_eq!(line.split('\t').nth(1).unwrap().len(), 32);
}

#[test]
fn failed_files_make_the_transfer_partial() {
    let user = User::new();
    user.write("in/a.txt", "a");
    user.write("in/b.txt", "b");
    user.run(&["up", "in/.", &path("to/")]).success();
    user.write("in/a.txt", "changed");
    user.write("in/c.txt", "c");
    let done = user.run(&["up", "in/.", &path("to")]).code(3);
    let message = stderr(&done);
    assert!(
        message.contains("a.txt: ") && message.contains("uploaded 1 file (1 B), 1 up to date"),
        "{message}"
    );
    assert!(message.contains("error: 1 of 3 failed"), "{message}");
}

#[test]
fn quiet_leaves_only_results() {
    let user = User::new();
    let done = user.run(&["down", "-q", &path("notes.txt")]).success();
    assert_eq!(stderr(&done), "");
}
