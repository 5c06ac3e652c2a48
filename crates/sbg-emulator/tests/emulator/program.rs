//! The program as a child process.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
};

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sbg-emulator"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running program, which is killed at the end of the test.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program was built");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// The value of the next line, which has to export this variable.
    pub(crate) fn export(&mut self, name: &str) -> String {
        let line = self.lines.next().expect("a line").expect("text");
        let value = line.strip_prefix(&format!("export {name}="));
        value.unwrap_or_else(|| panic!("no {name}: {line}")).to_owned()
    }

    /// Kills it without a shutdown.
    pub(crate) fn kill(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
