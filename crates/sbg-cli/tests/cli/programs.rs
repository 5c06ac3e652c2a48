//! `completions`, `man`, `drift` and `emulator`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::harness::{PROJECT, User, stdout};

#[test]
fn completions_and_pages_need_no_token() {
    let user = User::new();
    let run = |arguments: &[&str]| {
        let command = user.sbg(arguments).env_remove("SB_AUTH_TOKEN").env_remove("SB_API_ENDPOINT");
        stdout(&user.checked(command).success())
    };
    assert!(run(&["completions", "bash"]).contains("complete -F _sbg"));
    assert!(run(&["completions", "zsh"]).starts_with("#compdef sbg"));
    assert!(run(&["completions", "fish"]).contains("complete -c sbg"));
    assert!(run(&["man"]).contains(".TH sbg 1"));
    run(&["man", "--all", "pages"]);
    assert!(user.read("pages/sbg-tasks-wait.1").contains("Wait until tasks have ended"));
    assert_eq!(run(&["--version"]), format!("sbg {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_has_help() {
    let user = User::new();
    let commands = user.out(&["--help"]);
    let commands =
        commands.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(user.out(&[name, "--help"]).contains("Usage: sbg "), "{name}");
    }
}

#[test]
fn drift_checks_recorded_traffic() {
    let user = User::new();
    let traffic = r#"{"method": "GET", "path": "/user", "query": [], "status": 200, "response": {"username": "rfranklin"}}"#;
    user.write("good.jsonl", traffic);
    user.run(&["drift", "good.jsonl"]).success();
    user.write("bad.jsonl", traffic.replace("/user", "/nowhere"));
    let done = user.run(&["drift", "--json", "bad.jsonl"]).code(1);
    assert!(stdout(&done).lines().all(|line| line.starts_with('{')), "{}", stdout(&done));
    user.run(&["drift", "none.jsonl"]).code(2);
}

#[test]
fn emulator_prints_how_to_reach_it() {
    let user = User::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg"));
    command.args(["emulator", "--demo"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut emulator = command.spawn().unwrap();
    let mut lines = BufReader::new(emulator.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut value =
        |name: &str| lines.next().unwrap().strip_prefix(name).unwrap().trim_matches('\'').to_owned();
    let (url, token) = (value("export SB_API_ENDPOINT="), value("export SB_AUTH_TOKEN="));
    let list = user.sbg(&["ls", PROJECT]).env("SB_API_ENDPOINT", url).env("SB_AUTH_TOKEN", token);
    list.assert().success();
    emulator.kill().unwrap();
    emulator.wait().unwrap();
}
