//! On a real terminal: bars, aligned columns, and a prompt that shows nothing.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use sbg_emulator::{Action, FaultRule, Origin};

use crate::harness::{PROJECT, User};

/// A process on a pseudo terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    reader: JoinHandle<Vec<u8>>,
    closing: Arc<AtomicBool>,
}

impl Terminal {
    /// Starts `sbg` as the leader of a session, so that the terminal is its own.
    fn start(environment: Vec<(&'static str, String)>, arguments: &[&str], user: &User) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let side: OwnedFd =
            rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let mut command = Command::new("setsid");
        // As in a shell in the foreground, which ignores no signals.
        command.args(["--ctty", "--wait", "env", "--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_sbg")]);
        command.args(arguments);
        command.env_clear().envs(environment).env("TERM", "xterm").current_dir(user.home());
        command.stdin(side.try_clone().unwrap()).stdout(side.try_clone().unwrap()).stderr(side);
        let child = command.spawn().unwrap();
        drop(command);
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let closing = Arc::new(AtomicBool::new(false));
        let is_closing = closing.clone();
        let reader = std::thread::spawn(move || {
            let (mut all, mut piece) = (Vec::new(), [0; 4096]);
            // Reading fails when the last process has closed the terminal.
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                all.extend_from_slice(&piece[..count]);
                if is_closing.load(Ordering::Relaxed) {
                    break;
                }
            }
            all
        });
        Self { child, keyboard, reader, closing }
    }

    /// Closes the terminal, as its window does, and returns the exit code.
    fn close(self) -> Option<i32> {
        let Self { mut child, keyboard, reader, closing } = self;
        drop(keyboard);
        // The reader has the other copy, and is awakened by the next frame of a bar.
        closing.store(true, Ordering::Relaxed);
        reader.join().unwrap();
        child.wait().unwrap().code()
    }

    /// Waits until what is typed is no longer shown.
    fn wait_for_the_prompt(&self) {
        use rustix::termios::{LocalModes, tcgetattr};
        while tcgetattr(&self.keyboard).unwrap().local_modes.contains(LocalModes::ECHO) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Everything that was on the screen, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let status = self.child.wait().unwrap();
        let screen = self.reader.join().unwrap();
        (String::from_utf8_lossy(&screen).into_owned(), status.code())
    }
}

#[test]
fn bars_are_shown_and_removed() {
    let user = User::new();
    user.write("reads.bin", vec![7; 400_000]);
    user.emulator.faults().add(FaultRule::storage(Action::Bandwidth(1_000_000)).method("PUT"));
    let (screen, code) = Terminal::start(user.environment(), &["up", "reads.bin", PROJECT], &user).end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("reads.bin") && screen.contains("of 400.0 kB, 0 of 1 files"), "{screen}");
    // The line of the bar is cleared before the result is printed.
    let last = screen.lines().rev().find(|line| !line.trim().is_empty()).unwrap();
    assert!(last.contains("uploaded 1 file (400.0 kB)"), "{screen}");
    assert!(screen.contains("\u{1b}[2K"), "{screen}");
}

#[test]
fn no_bar_is_shown_if_quiet() {
    let user = User::new();
    user.write("reads.bin", vec![7; 400_000]);
    let (screen, code) =
        Terminal::start(user.environment(), &["up", "-q", "reads.bin", PROJECT], &user).end();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(screen.lines().count(), 1, "{screen}");
}

#[test]
fn columns_are_aligned_on_a_terminal() {
    let user = User::new();
    let (screen, _) =
        Terminal::start(user.environment(), &["ls", "-l", &format!("{PROJECT}/reads")], &user).end();
    let columns: Vec<usize> = screen.lines().map(|line| line.find("sample-").unwrap()).collect();
    assert!(columns.len() == 3 && columns.iter().all(|column| *column == columns[0]), "{screen}");
    assert!(screen.contains("2.2 kB  20"), "{screen}");
}

#[test]
fn token_is_not_shown_while_it_is_typed() {
    let user = User::new();
    let environment = user.environment().into_iter().filter(|(name, _)| !name.starts_with("SB_")).collect();
    let arguments = ["configure", "--endpoint", user.emulator.url()];
    let mut terminal = Terminal::start(environment, &arguments, &user);
    let token = user.emulator.token();
    terminal.wait_for_the_prompt();
    writeln!(terminal.keyboard, "{token}").unwrap();
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("Token (not shown):") && screen.contains("saved the profile"), "{screen}");
    assert!(!screen.contains(&token), "{screen}");
}

#[test]
fn closed_terminal_stops_an_upload_that_resumes() {
    let user = User::new();
    let content = vec![7; 12 << 20];
    user.write("reads.bin", &content);
    let late = Action::Delay(Duration::from_secs(600));
    let stalled = user.emulator.faults().add(FaultRule::storage(late).method("PUT"));
    let terminal = Terminal::start(user.environment(), &["up", "reads.bin", PROJECT], &user);
    crate::interrupts::wait_for(&user, |request| {
        request.origin == Origin::Storage && request.method == "PUT"
    });
    // By a signal, although nothing more can be written to the terminal.
    assert_eq!(terminal.close(), Some(129));
    user.emulator.faults().remove(stalled);
    assert_eq!(user.out(&["uploads", "ls"]).lines().count(), 1);
    user.run(&["up", "reads.bin", PROJECT]).success();
    assert_eq!(user.out(&["uploads", "ls"]), "");
    user.run(&["down", &format!("{PROJECT}/reads.bin"), "back.bin"]).success();
    assert_eq!(std::fs::read(user.path("back.bin")).unwrap(), content);
}
