//! Tasks on the threads of the engine: blocking work, and the results of tasks.

use std::any::Any;

use tokio::task::{JoinError, JoinHandle};

use crate::error::{Error, ErrorKind, Result};

/// Runs work that waits for the disk, off the threads that move bytes.
pub(in crate::transfer) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = joined(run(Box::new(move || Box::new(work()))).await.map(Ok))?;
    *done.downcast().expect("the work returns this type")
}

/// Work of any type: what runs it is then compiled once, not for each.
type Work = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

fn run(work: Work) -> JoinHandle<Box<dyn Any + Send>> {
    tokio::task::spawn_blocking(work)
}

/// The result of a task. A panic becomes an error of its own kind.
pub(in crate::transfer) fn joined<T>(done: Result<Result<T>, JoinError>) -> Result<T> {
    done.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => Err(panicked(&*panic)),
        Err(_) => Err(Error::cancelled()),
    })
}

/// The error that stands for a panic.
pub(in crate::transfer) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|said| &**said));
    Error::new(ErrorKind::Panic, format!("the transfer panicked: {}", said.unwrap_or("no message")))
}
