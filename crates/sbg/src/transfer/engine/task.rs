//! Tasks on the threads of the engine: blocking work, and what became of a task.

use std::any::Any;

use tokio::task::JoinError;

use crate::error::{Error, ErrorKind, Result};

/// Runs work that waits for the disk, apart from the threads that move bytes.
pub(in crate::transfer) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// What has become of a task: a panic is another thing than a stop.
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
    Error::new(ErrorKind::Panic, format!("the transfer panicked: {}", said.unwrap_or("it does not tell why")))
}
