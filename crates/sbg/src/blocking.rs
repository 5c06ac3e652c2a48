//! The client for programs without an async runtime.
//!
//! [`Client`] is a [`crate::Client`] with its own runtime. Build calls as in async code, and pass them to [`Client::run`] instead of
//! writing `.await`; read lists and other streams with [`Client::iter`].
//!
//! ```no_run
//! fn main() -> sbg::Result<()> {
//!     let client = sbg::blocking::Client::from_env()?;
//!     for project in client.iter(client.projects().query().items()) {
//!         println!("{}", project?.id);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Everything that can be awaited works the same way: calls, waits for tasks, downloads, uploads.
//!
//! ```no_run
//! # fn main() -> sbg::Result<()> {
//! let client = sbg::blocking::Client::from_env()?;
//! let files = client.run(client.project("rfranklin/demo").files().query().all())?;
//! let downloaded = client.run(client.file(&files[0]).download("reads.bam"))?;
//! println!("{} bytes", downloaded.bytes);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "transfer")]
mod reader;

use std::fmt;
use std::future::IntoFuture;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use tokio::runtime::{Builder, Handle, Runtime};

#[cfg(feature = "transfer")]
pub use reader::FileReader;

use crate::ClientBuilder;
use crate::error::{Error, ErrorKind, Result};

/// A client that blocks the thread until a call is done. Cheap to clone; all clones share the runtime.
///
/// It dereferences to the async [`Client`](crate::Client), which builds the calls. See the [module](self) for an example.
#[derive(Clone)]
pub struct Client {
    client: crate::Client,
    runtime: Arc<Owned>,
}

impl Client {
    /// A client with the credentials of the environment, as [`Client::from_env`](crate::Client::from_env).
    ///
    /// ```no_run
    /// let client = sbg::blocking::Client::from_env()?;
    /// println!("{}", client.run(client.users().me())?.username);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::from_env`](crate::Client::from_env); [`ErrorKind::Runtime`] if no thread can be started.
    pub fn from_env() -> Result<Self> {
        Self::build(crate::Client::builder())
    }

    /// A client with these settings.
    ///
    /// ```
    /// let builder = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef0123456789abcdef");
    /// let client = sbg::blocking::Client::build(builder)?;
    /// assert_eq!(client.endpoint(), &sbg::config::Endpoint::Cgc);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`]; [`ErrorKind::Runtime`] if no thread can be started.
    pub fn build(builder: ClientBuilder) -> Result<Self> {
        Self::new(builder.build()?)
    }

    /// A blocking client over an async one.
    ///
    /// ```
    /// let client = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef0123456789abcdef").build()?;
    /// let client = sbg::blocking::Client::new(client)?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Runtime`] if no thread can be started.
    pub fn new(client: crate::Client) -> Result<Self> {
        // One thread keeps the connections alive between calls; a call itself runs on the thread that waits for it.
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("sbg-blocking").enable_all().build();
        let runtime = runtime.map_err(|error| {
            Error::new(ErrorKind::Runtime, "cannot start the thread of the blocking client")
                .with_source(error)
        })?;
        Ok(Self { client, runtime: Arc::new(Owned(Some(runtime))) })
    }

    /// Makes a call and waits for its result: `client.run(call)` instead of `call.await`.
    ///
    /// ```no_run
    /// # fn example(client: sbg::blocking::Client) -> sbg::Result<()> {
    /// let create = client.projects().create("Fibre diffraction").tags(["dna"]);
    /// let project = client.run(create)?;
    /// let members = client.run(client.project(&project.id).members().query().all())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call; [`ErrorKind::Runtime`] on a thread of an async runtime, which must not be blocked.
    pub fn run<T>(&self, call: impl IntoFuture<Output = Result<T>>) -> Result<T> {
        let runtime = self.runtime.get()?;
        runtime.block_on(call.into_future())
    }

    /// Reads a stream item by item: the items of a query, the entries of a walk, the pieces of a file.
    ///
    /// ```no_run
    /// # fn example(client: sbg::blocking::Client) -> sbg::Result<()> {
    /// for entry in client.iter(client.project("rfranklin/demo").files().walk().entries()) {
    ///     println!("{}", entry?.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The iterator ends with the first error. On a thread of an async runtime that error is [`ErrorKind::Runtime`].
    pub fn iter<T, S: Stream<Item = Result<T>>>(&self, stream: S) -> Iter<S> {
        Iter { stream: Some(Box::pin(stream)), runtime: self.runtime.clone() }
    }
}

impl Deref for Client {
    type Target = crate::Client;

    fn deref(&self) -> &crate::Client {
        &self.client
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::Client").field("endpoint", self.client.endpoint()).finish_non_exhaustive()
    }
}

/// The items of a stream, read on the calling thread. Made by [`Client::iter`].
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<S> {
    stream: Option<Pin<Box<S>>>,
    runtime: Arc<Owned>,
}

impl<T, S: Stream<Item = Result<T>>> Iterator for Iter<S> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let stream = self.stream.as_mut()?;
        let next = match self.runtime.get() {
            Ok(runtime) => runtime.block_on(stream.next()),
            Err(error) => Some(Err(error)),
        };
        if !matches!(next, Some(Ok(_))) {
            self.stream = None;
        }
        next
    }
}

impl<S> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iter")
    }
}

/// The runtime of a client. Dropping a runtime blocks, which is not allowed everywhere; this wrapper shuts it down in the background.
struct Owned(Option<Runtime>);

impl Owned {
    /// The runtime; refused on a thread that belongs to an async runtime.
    fn get(&self) -> Result<&Runtime> {
        let refused = |message: &str| {
            Error::new(ErrorKind::Runtime, message)
                .with_hint("use `sbg::Client` and `.await` there; on a thread of `spawn_blocking`, use `Handle::block_on`")
        };
        if Handle::try_current().is_ok() {
            return Err(refused("a blocking call would stop the async runtime that this thread belongs to"));
        }
        self.0.as_ref().ok_or_else(|| refused("the runtime of the blocking client has shut down"))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
