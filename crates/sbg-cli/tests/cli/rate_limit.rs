//! Waits are announced with the time at which they end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::harness::{PROJECT, User};

#[test]
fn wait_for_the_rate_limit_is_announced() {
    let user = User::with(|builder| builder.rate_limit(2));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg"));
    command.args(["cat", &format!("{PROJECT}/reads/sample-1.fastq")]).env_clear().envs(user.environment());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("waiting until 20"), "{line}");
    assert!(line.contains("Z (") && line.ends_with(": the rate limit is used up\n"), "{line}");
}
