//! Lines about the progress where there is no terminal.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use sbg_emulator::{Action, FaultRule};

use crate::harness::{PROJECT, User, stderr};

/// Runs a command, whose transfer or listing never ends, until it prints a line that contains all of these.
fn prints(user: &User, arguments: &[&str], expected: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg"));
    command.args(["--progress-every", "20ms"]).args(arguments).env_clear().envs(user.environment());
    let mut child =
        command.current_dir(user.home()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let found = lines.find(|line| expected.iter().all(|part| line.contains(part)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found.is_some(), "{arguments:?} has ended without {expected:?}");
}

/// The first `path` of requests after `number - 1` others gets no response.
fn never(method: &str, path: &str, number: u64) -> FaultRule {
    FaultRule::api(Action::Delay(Duration::from_secs(3600))).method(method).path(path).nth(number)
}

#[test]
fn lines_about_a_transfer_are_printed() {
    let user = User::new();
    user.write("in/reads.bin", vec![7; 400_000]);
    user.emulator.faults().add(FaultRule::storage(Action::Delay(Duration::from_secs(3600))).method("PUT"));
    let expected = ["reads.bin: ", " of 400.0 kB", "0 of 1 files", "/s", " after 0."];
    prints(&user, &["up", "in/reads.bin", PROJECT], &expected);
    prints(&user, &["sync", "up", "in", PROJECT], &[PROJECT, " of 400.0 kB", "0 of 1 files", " after 0."]);
}

#[test]
fn lines_about_a_plan_are_printed() {
    let user = User::new();
    user.write("in/deep/a.txt", "a");
    user.emulator.create_file("rfranklin/rna-pilot", "deep/b.txt", "b");
    for more in [&[][..], &["--dry-run"]] {
        // The project is listed, the folder in it never.
        let fault = user.emulator.faults().add(never("GET", "/files", 2));
        let arguments = [&["sync", "up", "in", "rfranklin/rna-pilot"], more].concat();
        prints(&user, &arguments, &["rfranklin/rna-pilot: listed 4 files and folders after 0."]);
        user.emulator.faults().remove(fault);
    }
}

#[test]
fn quiet_and_quick_commands_print_no_lines() {
    let user = User::new();
    user.write("a.txt", "a");
    assert!(user.out(&["up", "--help"]).contains("[default: 10s]"));
    let done = user.run(&["up", "a.txt", PROJECT]).success();
    assert_eq!(stderr(&done), "uploaded 1 file (1 B)\n");
    let done = user.run(&["up", "-q", "--progress-every", "1ms", "a.txt", &format!("{PROJECT}/b.txt")]);
    assert_eq!(stderr(&done.success()), "");
    user.run(&["up", "--progress-every", "soon", "a.txt", PROJECT]).code(2);
}
