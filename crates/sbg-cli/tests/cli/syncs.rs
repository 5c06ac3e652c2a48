//! `sync`.

use std::fs;

use serde_json::Value;
use snapbox::str;

use crate::harness::{PROJECT, User, stderr, stdout};

fn path(below: &str) -> String {
    format!("{PROJECT}/{below}")
}

/// The files below a folder of the project.
fn there(user: &User, folder: &str) -> Vec<String> {
    let mut files: Vec<String> = user.out(&["ls", "-r", &path(folder)]).lines().map(str::to_owned).collect();
    files.retain(|name| !name.ends_with('/'));
    files.sort();
    files
}

#[test]
fn sync_mirrors_in_both_directions() {
    let user = User::new();
    for name in ["a", "b", "deep/c"] {
        user.write(&format!("in/{name}.txt"), name);
    }
    user.run(&["sync", "up", "in", &path("to")]).success().stdout_eq(str![[r#"
create_folder	deep
copy_new	a.txt
copy_new	b.txt
copy_new	deep/c.txt

"#]]);
    user.write("in/a.txt", "changed");
    fs::remove_file(user.path("in/b.txt")).unwrap();
    let kept = user.run(&["sync", "up", "in", &path("to")]).success();
    assert_eq!(stdout(&kept), "copy_changed\ta.txt\n");
    assert_eq!(stderr(&kept), "copied 1 files (7 B), 1 up to date\n");
    let deleted = user.run(&["sync", "up", "in", &path("to"), "--delete"]).success();
    assert_eq!(stdout(&deleted), "delete_file\tb.txt\n");
    assert_eq!(stderr(&deleted), "copied 0 files (0 B), deleted 1, 2 up to date\n");
    assert_eq!(there(&user, "to"), ["a.txt", "deep/c.txt"]);

    user.write("out/extra.txt", "mine");
    user.run(&["sync", "down", &path("to/"), "out", "--delete", "--force-delete"]).success();
    assert_eq!((user.read("out/a.txt"), user.read("out/deep/c.txt")), ("changed".into(), "deep/c".into()));
    assert!(!user.path("out/extra.txt").exists());
}

#[test]
fn dry_run_prints_the_plan_and_changes_nothing() {
    let user = User::new();
    user.write("in/a.txt", "a");
    user.write("in/deep/b.txt", "b");
    user.emulator.create_file(PROJECT, "to/old.txt", "old");
    user.emulator.create_file(PROJECT, "to/a.txt", "other");
    let all = || {
        let mut lines: Vec<_> = user.json(&["ls", "-rl", PROJECT]).iter().map(Value::to_string).collect();
        lines.sort();
        lines
    };
    let before = all();
    user.emulator.clear_requests();
    let arguments = ["sync", "up", "in", &path("to"), "--delete", "--dry-run", "--journal", "journal.jsonl"];
    user.run(&arguments)
        .success()
        .stderr_eq(str![[r#"
nothing was changed: 2 files to copy (2 B), 1 to delete, 0 up to date

"#]])
        .stdout_eq(str![[r#"
create_folder	deep
copy_changed	a.txt
copy_new	deep/b.txt
delete_file	old.txt

"#]]);
    assert!(user.emulator.requests().iter().all(|request| request.method == "GET"));
    assert!(!user.path("journal.jsonl").exists());
    assert_eq!(all(), before);
    let plan = user.json(&arguments);
    assert!(plan.iter().all(|record| record["outcome"] == "planned"), "{plan:?}");
}

#[test]
fn deleting_most_files_needs_force() {
    let user = User::new();
    user.write("in/new.txt", "1");
    for name in ["a", "b", "c"] {
        user.emulator.create_file(PROJECT, &format!("to/{name}"), "x");
    }
    let to = path("to");
    for more in [&["--dry-run"][..], &[]] {
        let done = user.run(&[&["sync", "up", "in", &to, "--delete"], more].concat()).code(2);
        assert!(stderr(&done).contains("would delete 3 of the 3 files"), "{}", stderr(&done));
    }
    assert_eq!(there(&user, "to"), ["a", "b", "c"]);
    user.run(&["sync", "up", "in", &to, "--force-delete"]).code(2);
    user.run(&["sync", "up", "in", &to, "--delete", "--force-delete"]).success();
    assert_eq!(there(&user, "to"), ["new.txt"]);
}

#[test]
fn failed_paths_make_the_sync_partial() {
    let user = User::new();
    user.write("in/ok.txt", "1");
    user.write("in/clash", "a file here");
    user.emulator.create_file(PROJECT, "to/clash/x", "a folder there");
    user.emulator.create_file(PROJECT, "to/old", "x");
    user.emulator.create_file(PROJECT, "to/older", "x");
    let to = path("to");
    let done = user.run(&["sync", "up", "in", &to, "--json"]).code(3);
    let records: Vec<Value> = stdout(&done).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.iter().for_each(crate::json::check);
    let failed: Vec<_> = records.iter().filter(|record| record["outcome"] == "failed").collect();
    assert!(failed.len() == 1 && failed[0]["path"] == "clash", "{records:?}");
    let done = user.run(&["sync", "up", "in", &to]).code(3);
    assert!(
        stderr(&done).contains("clash: ") && stderr(&done).contains("1 of 2 failed"),
        "{}",
        stderr(&done)
    );
    assert_eq!(stdout(&done), "");
}

#[test]
fn nothing_is_deleted_after_a_failed_copy() {
    use sbg_emulator::{Action, FaultRule};
    let user = User::new();
    user.write("in/new.txt", "1");
    user.write("in/same.txt", "1");
    user.run(&["sync", "up", "in", &path("to")]).success();
    user.write("in/new.txt", "longer");
    user.emulator.create_file(PROJECT, "to/old", "x");
    let refused = Action::Status { code: 403, body: None, headers: Vec::new() };
    user.emulator.faults().add(FaultRule::api(refused).method("POST").path("/upload/multipart"));
    let done = user.run(&["sync", "up", "in", &path("to"), "--delete"]).code(3);
    assert!(
        stderr(&done).contains("new.txt: ") && stderr(&done).contains("2 of 3 failed"),
        "{}",
        stderr(&done)
    );
    assert_eq!(there(&user, "to"), ["new.txt", "old", "same.txt"]);
}

#[test]
fn revoked_token_keeps_and_reports_what_is_done() {
    use sbg_emulator::{Action, FaultRule};
    let user = User::new();
    for name in ["a", "b", "c"] {
        user.write(&format!("in/{name}.txt"), name);
    }
    let refused = Action::Status { code: 401, body: None, headers: Vec::new() };
    let third = FaultRule::api(refused).method("POST").path("/upload/multipart").nth(3);
    let revoked = user.emulator.faults().add(third);
    let done = user.run(&["sync", "up", "in", &path("to"), "--journal", "journal.jsonl"]).code(3);
    let copied: Vec<String> =
        stdout(&done).lines().filter_map(|line| Some(line.strip_prefix("copy_new\t")?.to_owned())).collect();
    assert_eq!(copied.len(), 2, "{}", stdout(&done));
    assert!(
        stderr(&done).contains("HTTP 401") && stderr(&done).contains("1 of 3 failed"),
        "{}",
        stderr(&done)
    );
    assert_eq!(there(&user, "to"), copied);
    assert_eq!(user.read("journal.jsonl").matches("\"bytes\":1").count(), 2);
    user.emulator.faults().remove(revoked);
    assert_eq!(user.out(&["sync", "up", "in", &path("to")]).lines().count(), 1);
    assert_eq!(there(&user, "to"), ["a.txt", "b.txt", "c.txt"]);

    let never = user.checked(user.sbg(&["sync", "up", "in", &path("to")]).env("SB_AUTH_TOKEN", "revoked"));
    assert!(stderr(&never.code(5)).contains("run `sbg configure`"));
}

#[test]
fn wrong_clock_hides_no_change() {
    use std::time::Duration;
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let check = |user: &User| {
        user.write("in/a.txt", "first");
        user.write("in/b.txt", "same");
        user.run(&["sync", "up", "in", &path("to")]).success();
        assert_eq!(user.out(&["sync", "up", "in", &path("to")]), "");
        user.write("in/a.txt", "other");
        assert_eq!(user.out(&["sync", "up", "in", &path("to")]), "copy_changed\ta.txt\n");
        user.run(&["sync", "down", &path("to"), "out"]).success();
        assert_eq!(user.read("out/a.txt"), "other");
        user.run(&["rm", &path("to/a.txt")]).success();
        user.emulator.create_file(PROJECT, "to/a.txt", "third");
        assert_eq!(user.out(&["sync", "down", &path("to"), "out"]), "copy_changed\ta.txt\n");
        assert_eq!(user.read("out/a.txt"), "third");
    };
    // This machine is a day ahead, then a day behind.
    check(&User::with(|builder| builder.clock_behind(DAY)));
    let behind = User::new();
    behind.emulator.clock().advance(DAY);
    check(&behind);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_do_not_stop_a_sync() {
    use std::os::unix::fs::symlink;
    let user = User::new();
    user.write("in/deep/a.txt", "a");
    symlink("..", user.path("in/deep/cycle")).unwrap();
    symlink("loop", user.path("in/loop")).unwrap();
    symlink("nowhere", user.path("in/broken")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(user.path("in/pipe")).status().unwrap().success());
    let done = user.run(&["sync", "up", "in", &path("to"), "--delete"]).code(3);
    assert_eq!(there(&user, "to"), ["deep/a.txt"]);
    for name in ["loop: ", "broken: ", "pipe: "] {
        assert!(stderr(&done).contains(name), "{name}{}", stderr(&done));
    }
}

#[test]
fn options_select_files() {
    let user = User::new();
    let check = |arguments: &[&str], expected: &[&str]| {
        let out = user.out(&[&["sync", "down", &path("reads"), "none", "--dry-run"], arguments].concat());
        let found: Vec<_> = out.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
        assert_eq!(found, expected, "{arguments:?}");
    };
    check(&["--metadata", "sample_id=S1"], &["sample-1.fastq", "sample-3.fastq"]);
    check(&["--include", "*-[12].*", "--exclude", "sample-1*"], &["sample-2.fastq"]);
    let shard = |part: &str| {
        user.out(&["sync", "down", &path("reads"), "none", "-n", "--shard", part]).lines().count()
    };
    assert_eq!(shard("1/2") + shard("2/2"), 3);
    for wrong in [["--shard", "3/2"], ["--include", "["], ["--api-share", "2"]] {
        user.run(&[&["sync", "down", &path("reads"), "none"][..], &wrong].concat()).code(2);
    }
    user.run(&["sync", "down", &path("nope"), "none"]).code(4);
    user.run(&["sync", "up", "missing", PROJECT]).code(4);
}

#[test]
fn journal_grows_by_each_run() {
    let user = User::new();
    for run in ["1", "22"] {
        user.write("in/a.txt", run);
        user.run(&["sync", "up", "in", &path("to"), "--journal", "journal.jsonl"]).success();
    }
    let journal = user.read("journal.jsonl");
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let operations: Vec<_> = lines.iter().filter_map(|line| line["operation"].as_str()).collect();
    assert_eq!(operations, ["copy_new", "copy_changed"]);
    assert_eq!(lines.iter().filter(|line| line["sync"] == "up").count(), 2);
}

#[cfg(unix)]
mod stopped {
    use std::time::Duration;

    use rustix::process::Signal;
    use sbg_emulator::{Action, FaultRule, Origin};

    use super::{User, path, there};
    use crate::interrupts::{end, signal, start, wait_for};

    /// A folder with several files.
    fn folder(user: &User) -> Vec<String> {
        let names: Vec<String> = (10..22).map(|number| format!("{number}.bin")).collect();
        for (name, size) in names.iter().zip(1..) {
            user.write(&format!("in/{name}"), name.repeat(1000 * size));
        }
        names
    }

    /// Stops a sync by a signal while some files are on the platform and one is on its way. Returns the exit code and standard error.
    fn stopped(user: &User, by: Signal) -> (Option<i32>, String) {
        let late = Action::Delay(Duration::from_secs(600));
        let fault = FaultRule::storage(late).method("PUT").nth(9);
        let fault = user.emulator.faults().add(fault);
        let child = start(user, &["sync", "up", "in", &path("to")]);
        wait_for(user, |request| request.origin == Origin::Api && request.path.ends_with("/complete"));
        signal(&child, by);
        let ended = end(child);
        user.emulator.faults().remove(fault);
        ended
    }

    fn assert_resumes(user: &User, names: &[String]) {
        user.run(&["sync", "up", "in", &path("to")]).success();
        assert_eq!(there(user, "to"), names);
        assert_eq!(user.out(&["uploads", "ls"]), "");
        user.run(&["sync", "down", &path("to"), "back"]).success();
        for name in names {
            assert_eq!(user.read(&format!("back/{name}")), user.read(&format!("in/{name}")));
        }
        assert_eq!(user.out(&["sync", "up", "in", &path("to")]), "");
    }

    #[test]
    fn interrupted_sync_resumes() {
        let user = User::new();
        let names = folder(&user);
        let (code, message) = stopped(&user, Signal::INT);
        assert_eq!(code, Some(130), "{message}");
        assert!(message.contains("run the same command to resume"), "{message}");
        assert_resumes(&user, &names);
    }

    #[test]
    fn killed_sync_resumes() {
        let user = User::new();
        let names = folder(&user);
        let (code, message) = stopped(&user, Signal::KILL);
        assert_eq!(code, None, "{message}");
        assert_resumes(&user, &names);
    }
}
