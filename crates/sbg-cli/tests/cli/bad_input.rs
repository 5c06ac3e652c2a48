//! What goes wrong on the way: names, permissions, pipes, disks, and a token that is revoked.

use std::fs::File;
use std::process::{Command, Stdio};

use sbg_emulator::{Action, FaultRule};

use crate::harness::{PROJECT, User, stderr, stdout};

#[test]
fn exit_codes_are_those_of_the_help() {
    let user = User::new();
    let help = user.out(&["--help"]);
    assert!(help.contains("0 done, 1 failed, 2 usage") && help.contains("75 try again later"), "{help}");
    user.run(&["ls", "--nonsense"]).code(2);
    user.run(&["ls", "nonsense"]).code(2);
    user.run(&["ls", "rfranklin/none"]).code(4);
    user.run(&["up", "none.txt", PROJECT]).code(4);
    user.checked(user.sbg(&["whoami"]).env("SB_AUTH_TOKEN", "wrong")).code(5);
    user.checked(user.sbg(&["whoami"]).env("SB_API_ENDPOINT", "http://127.0.0.1:1/v2")).code(75);
}

#[test]
fn error_says_where_a_refused_token_came_from() {
    let user = User::new();
    let done = user.checked(user.sbg(&["whoami"]).env("SB_AUTH_TOKEN", "wrong-token-of-somebody")).code(5);
    let message = stderr(&done);
    assert!(message.contains("SB_AUTH_TOKEN") && message.contains("run `sbg configure`"), "{message}");
    assert!(!message.contains("wrong-token-of-somebody"));
}

#[test]
fn closed_pipe_ends_quietly() {
    let user = User::new();
    for number in 0..3000 {
        user.emulator.create_file(
            "rfranklin/rna-pilot",
            &format!("a-file-with-a-long-name-{number:0100}"),
            "",
        );
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg"));
    command.args(["ls", "rfranklin/rna-pilot"]).env_clear().envs(user.environment());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The reader is gone before anything is written.
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_an_error() {
    let user = User::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg"));
    command.args(["ls", PROJECT]).env_clear().envs(user.environment()).stdout(full);
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("No space left on device"));
}

/// Runs `sbg` with the folder `small` on a disk of 8 MiB, or with a limit on the size of files where nothing can be mounted. Afterwards
/// prints the files in it.
#[cfg(target_os = "linux")]
fn without_room(user: &User, arguments: &[&str]) -> std::process::Output {
    let mount = "mount -t tmpfs -o size=8m tmpfs";
    let can_mount = |how: &&[&str]| {
        let probe = Command::new("unshare").args(*how).args(["sh", "-c", &format!("{mount} /mnt")]).output();
        probe.is_ok_and(|done| done.status.success())
    };
    let how = [&["-m"][..], &["-r", "-m"]].into_iter().find(can_mount);
    let bound = match how {
        Some(_) => format!("{mount} small || exit 9"),
        // Shells count in blocks of 512 or 1024 bytes: 8 or 16 MiB.
        None => r#"trap "" XFSZ; ulimit -f 16384"#.to_owned(),
    };
    let script = format!(
        r#"mkdir -p small; {bound}; "$@"; code=$?; find small -type f -printf 'left %P %s\n'; exit $code"#
    );
    let mut command = Command::new(how.map_or("env", |_| "unshare"));
    command.args(how.unwrap_or_default()).args(["sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_sbg")]);
    command.args(arguments).env_clear().envs(user.environment()).current_dir(user.home()).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn whole_files_stay_when_the_disk_is_full() {
    let user = User::new();
    user.emulator.create_file("rfranklin/rna-pilot", "set/fits.txt", "fits");
    user.emulator.create_large_file("rfranklin/rna-pilot", "set/large.bam", 20 << 20);
    let check = |arguments: &[&str], code: i32, expected: &[&str]| {
        let done = without_room(&user, arguments);
        let (out, message) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{message}");
        assert!(message.contains("no room for the 20971520 bytes of `"), "{message}");
        let left: Vec<_> = out.lines().filter(|line| line.starts_with("left ")).collect();
        assert_eq!(left, expected, "{message}");
    };
    let set = "rfranklin/rna-pilot/set";
    check(&["down", &format!("{set}/large.bam"), "small/large.bam"], 1, &[]);
    check(&["down", set, "small"], 3, &["left set/fits.txt 4"]);
    check(&["sync", "down", set, "small"], 3, &["left fits.txt 4"]);
}

#[test]
fn revoked_token_keeps_and_reports_what_is_done() {
    let user = User::new();
    for name in ["a", "b", "c"] {
        user.write(&format!("in/{name}.txt"), name);
    }
    let refused = Action::Status { code: 401, body: None, headers: Vec::new() };
    user.emulator.faults().add(FaultRule::api(refused).method("POST").path("/upload/multipart").nth(2));
    let done = user.run(&["up", "in/.", &format!("{PROJECT}/to/")]).code(3);
    assert_eq!(stdout(&done).matches("transferred\t").count(), 2, "{}", stdout(&done));
    assert!(
        stderr(&done).contains("HTTP 401") && stderr(&done).contains("1 of 3 failed"),
        "{}",
        stderr(&done)
    );
    assert_eq!(user.out(&["ls", &format!("{PROJECT}/to")]).lines().count(), 2);
}

#[test]
fn names_cannot_control_the_terminal() {
    let user = User::new();
    user.emulator.create_file("rfranklin/rna-pilot", "red\u{1b}[31m\nfake.txt", "");
    let out = user.out(&["ls", "rfranklin/rna-pilot"]);
    assert!(out.contains("red\\u{1b}[31m\\nfake.txt\n"), "{out}");
}

#[test]
fn colors_obey_no_color() {
    let user = User::new();
    let done = user.checked(user.sbg(&["ls", "rfranklin/none"]).env("CLICOLOR_FORCE", "1"));
    assert!(stderr(&done).contains("\u{1b}["), "{}", stderr(&done));
    let done = user.checked(user.sbg(&["ls", "rfranklin/none"]).env("NO_COLOR", "1"));
    assert!(!stderr(&done).contains('\u{1b}'), "{}", stderr(&done));
}

#[cfg(unix)]
#[test]
fn unreadable_names_do_not_stop_the_upload() {
    use std::os::unix::ffi::OsStrExt as _;
    let user = User::new();
    user.write("in/good.txt", "good");
    std::fs::write(user.path("in").join(std::ffi::OsStr::from_bytes(b"bad\xff.txt")), "bad").unwrap();
    std::os::unix::fs::symlink("loop", user.path("in/loop")).unwrap();
    let done = user.run(&["up", "in/.", &format!("{PROJECT}/to/")]).code(3);
    assert_eq!(stdout(&done).matches("transferred\tgood.txt").count(), 1);
    assert!(stderr(&done).contains("not UTF-8") && stderr(&done).contains("loop: "), "{}", stderr(&done));
}

#[test]
fn file_in_the_way_of_a_folder_is_an_error() {
    let user = User::new();
    user.write("notes.txt/a.txt", "a");
    let done = user.run(&["up", "notes.txt", PROJECT]).failure();
    assert!(stderr(&done).contains("notes.txt"), "{}", stderr(&done));
    user.run(&["ls", &format!("{PROJECT}/notes.txt/")]).code(2);
    user.run(&["mkdir", "-p", &format!("{PROJECT}/notes.txt/x")]).failure();
}

#[test]
fn names_that_no_disk_holds_are_reported() {
    let user = User::new();
    let long = "é".repeat(200);
    for name in ["good.txt", &long, "..", &format!("folder {long}/x")] {
        user.emulator.create_file("rfranklin/rna-pilot", &format!("set/{name}"), "1");
    }
    let check = |arguments: &[&str], expected: usize| {
        let done = user.run(arguments).code(3);
        let message = stderr(&done);
        assert!(message.contains(&format!("{expected} of {} failed", expected + 1)), "{message}");
        let why = ["has 400 bytes; file systems hold", "File name too long"];
        assert!(why.iter().any(|why| message.contains(why)), "{message}");
        assert!(message.contains("`..` is not a valid local file name"), "{message}");
    };
    check(&["down", "rfranklin/rna-pilot/set", "one"], 3);
    // A sync has actions for folders, too.
    check(&["sync", "down", "rfranklin/rna-pilot/set", "two"], 4);
    assert_eq!((user.read("one/good.txt"), user.read("two/good.txt")), ("1".into(), "1".into()));
}

#[test]
fn two_files_of_one_name_are_not_both_uploaded() {
    let user = User::new();
    user.write("a/x.txt", "first");
    user.write("b/x.txt", "second");
    let done = user.run(&["up", "a/x.txt", "b/x.txt", &format!("{PROJECT}/to/")]).code(3);
    assert!(
        stderr(&done).contains("x.txt: ") && stderr(&done).contains("1 of 2 failed"),
        "{}",
        stderr(&done)
    );
    assert_eq!(user.out(&["ls", &format!("{PROJECT}/to")]), "x.txt\n");
}
