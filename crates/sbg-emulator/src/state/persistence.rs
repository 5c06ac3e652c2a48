//! The thread that saves the state to its directory: soon after a change, and at the end.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::state_dir::{State, StateDir};
use crate::shared::Shared;

/// The minimum time between two saves.
const PAUSE: Duration = Duration::from_millis(100);
/// A pause lasts at least this many times longer than a save, so that saving a large state does not become the main work.
const SHARE: u32 = 10;

/// Saves as long as it lives. Dropping it saves outstanding changes and waits for that.
#[derive(Debug)]
pub(crate) struct Persistence {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Persistence {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joining fails only after a panic, which was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Persistence {
    /// Saves once, so that an unwritable directory is reported at the start, and then after every change.
    pub(crate) fn start(dir: StateDir, shared: Arc<Shared>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let mut saved = shared.changes();
        save(&dir, &shared)?;
        let thread = std::thread::Builder::new().name("sbg-emulator-save".to_owned()).spawn(move || {
            let (mut pause, mut failing) = (PAUSE, false);
            loop {
                let ended = !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
                let changes = shared.changes();
                if changes != saved {
                    let began = Instant::now();
                    let outcome = save(&dir, &shared);
                    pause = PAUSE.max(began.elapsed() * SHARE);
                    match outcome {
                        Ok(()) => (saved, failing) = (changes, false),
                        // Report only the first failure in a row.
                        Err(error) if !failing => {
                            failing = true;
                            eprintln!("sbg-emulator: cannot save the state: {error}");
                        }
                        Err(_) => {}
                    }
                }
                if ended {
                    break;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn save(dir: &StateDir, shared: &Shared) -> io::Result<()> {
    let (text, dead) = {
        let world = shared.state();
        let state =
            State { ahead_nanos: shared.clock.ahead_nanos(), store: shared.store.state(), world: &*world };
        // What is unreferenced while the world is locked is not in this state either.
        (StateDir::describe(state)?, dir.blobs.dead())
    };
    dir.save(&text)?;
    dir.blobs.remove(dead);
    Ok(())
}
