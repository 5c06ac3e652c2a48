//! Ctrl-C and termination.
#![cfg(unix)]

use std::fs::File;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sbg_emulator::{Action, FaultRule, Origin};

use crate::harness::{PROJECT, User};

pub fn start(user: &User, arguments: &[&str]) -> Child {
    // The tests may run in the background of a shell, which ignores interrupts there, and a program inherits that.
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_sbg")]).args(arguments);
    command.env_clear().envs(user.environment()).current_dir(user.home());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

/// Waits until the emulator has seen a request.
pub fn wait_for(user: &User, is_there: impl Fn(&sbg_emulator::Recorded) -> bool) {
    while !user.emulator.requests().iter().any(&is_there) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn end(child: Child) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn interrupted_upload_resumes() {
    let user = User::new();
    File::create(user.path("big.bin")).unwrap().set_len(40 << 20).unwrap();
    let slow = user.emulator.faults().add(FaultRule::storage(Action::Bandwidth(100_000)).method("PUT"));
    let child = start(&user, &["up", "big.bin", PROJECT]);
    wait_for(&user, |request| request.origin == Origin::Storage && request.method == "PUT");
    signal(&child, Signal::INT);
    let (code, message) = end(child);
    assert_eq!(code, Some(130), "{message}");
    assert!(message.contains("stopping; interrupt again to stop at once"), "{message}");
    assert!(message.contains("run the same command to resume"), "{message}");
    assert_eq!(user.out(&["uploads", "ls"]).lines().count(), 1);
    user.emulator.faults().remove(slow);
    user.run(&["up", "big.bin", PROJECT]).success();
    // The same upload was completed.
    assert_eq!(user.out(&["uploads", "ls"]), "");
}

#[test]
fn interrupted_call_ends_at_once() {
    let user = User::new();
    user.emulator.faults().add(FaultRule::api(Action::Delay(Duration::from_secs(600))).path("/user"));
    for (sent, expected) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        user.emulator.clear_requests();
        let child = start(&user, &["whoami"]);
        wait_for(&user, |request| request.path == "/v2/user");
        signal(&child, sent);
        assert_eq!(end(child).0, Some(expected));
    }
}

#[test]
fn second_interrupt_stops_at_once() {
    let user = User::new();
    File::create(user.path("big.bin")).unwrap().set_len(40 << 20).unwrap();
    user.emulator.faults().add(FaultRule::storage(Action::Stall(0)).method("PUT"));
    let child = start(&user, &["up", "big.bin", PROJECT]);
    wait_for(&user, |request| request.origin == Origin::Storage && request.method == "PUT");
    signal(&child, Signal::INT);
    signal(&child, Signal::INT);
    assert_eq!(end(child).0, Some(130));
}

#[test]
fn interrupted_wait_says_that_the_task_continues() {
    let user = User::with(|builder| builder.state_time(Duration::from_secs(3600)));
    let input = format!("file={PROJECT}/reads/sample-1.fastq");
    let child = start(&user, &["run", &format!("{PROJECT}/line-count"), "-i", &input, "--wait"]);
    wait_for(&user, |request| request.method == "GET" && request.path.starts_with("/v2/tasks/"));
    signal(&child, Signal::INT);
    let (code, message) = end(child);
    assert_eq!(code, Some(130));
    assert!(message.contains("tasks that were started continue"), "{message}");
}

#[test]
fn hangup_is_ignored_under_nohup() {
    let user = User::new();
    user.emulator.faults().add(FaultRule::api(Action::Delay(Duration::from_millis(200))).path("/user"));
    let mut command = Command::new("nohup");
    command
        .args([env!("CARGO_BIN_EXE_sbg"), "whoami"])
        .env_clear()
        .envs(user.environment())
        .current_dir(user.home());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&user, |request| request.path == "/v2/user");
    signal(&child, Signal::HUP);
    let (code, message) = end(child);
    assert_eq!(code, Some(0), "{message}");
}
