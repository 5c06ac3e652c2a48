//! The one error type of the crate.
//!
//! An [`Error`] describes what was tried, what failed, and the known details: its [kind](ErrorKind), the HTTP status and error code of the
//! platform, the request id to quote to support, and the number of attempts.

mod build;
mod cause;
mod convert;
mod hint;
mod kind;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use sbg_raw::{ErrorCode, Operation};
use serde_json::{Map, Value};

pub(crate) use self::build::code_of;
pub(crate) use self::cause::Cause;
pub(crate) use self::hint::REPORT_LIST;
pub use self::kind::ErrorKind;
pub(crate) use self::text::{excerpt, one_line};

/// A result whose error is [`sbg::Error`](Error).
///
/// ```
/// fn short_name(id: &str) -> sbg::Result<String> {
///     Ok(id.parse::<sbg::ProjectId>()?.project().to_owned())
/// }
/// # assert_eq!(short_name("rfranklin/demo").unwrap(), "demo");
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The source of an error.
#[derive(Clone, Debug)]
enum Source {
    /// The cause, which the message does not repeat.
    Cause(Arc<dyn StdError + Send + Sync>),
    /// An error whose text is the message; its own source is the cause.
    Same(Arc<dyn StdError + Send + Sync>),
}

/// Anything that can go wrong in this crate. Cheap to clone.
///
/// ```
/// use sbg::{Error, ErrorKind};
///
/// let error: Error = "demo".parse::<sbg::ProjectId>().unwrap_err().into();
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert!(error.to_string().contains("expected `owner/project`"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<i32>,
    /// The error code of the object storage, such as `SlowDown`.
    storage_code: Option<String>,
    more_info: Option<String>,
    /// The fields of the response other than its message, code, status and link.
    details: Map<String, Value>,
    request_id: Option<String>,
    operation: Option<&'static Operation>,
    attempts: u32,
    hint: Option<String>,
    source: Option<Source>,
    /// Whether the platform itself refused the call, in its own error format; a proxy or gateway may send the status alone.
    refused: bool,
}

impl Error {
    /// The kind of the error, to match on.
    ///
    /// ```
    /// let error = sbg::Client::builder().endpoint("cgc").token("").build().unwrap_err();
    /// assert_eq!(error.kind(), sbg::ErrorKind::Token);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message of the error: the platform's own, if it sent one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.project("rfranklin/nowhere").get().await.unwrap_err();
    /// assert_eq!(error.message(), "Requested project or member does not exist.");
    /// # Ok(())
    /// # }
    /// ```
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// HTTP status of the response, if there was one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.project("rfranklin/nowhere").get().await.unwrap_err();
    /// assert_eq!(error.status(), Some(404));
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Error code of the platform, such as 5002; 0 stands for maintenance.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.file("567890abc9b0307bc0414164").get().await.unwrap_err();
    /// assert_eq!(error.code(), Some(5002));
    /// # Ok(())
    /// # }
    /// ```
    pub fn code(&self) -> Option<i32> {
        self.0.code
    }

    /// The error code of the object storage, such as `NoSuchKey` or `SlowDown`, if it refused a request of a transfer with one.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) {
    /// if let Err(error) = client.file("567890abc9b0307bc0414164").download("reads.bam").await {
    ///     if error.storage_code() == Some("InvalidObjectState") {
    ///         eprintln!("restore the file from the archive first");
    ///     }
    /// }
    /// # }
    /// ```
    pub fn storage_code(&self) -> Option<&str> {
        self.0.storage_code.as_deref()
    }

    /// The platform's documentation of the [code](Self::code).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.file("567890abc9b0307bc0414164").get().await.unwrap_err();
    /// assert_eq!(error.code_info().map(|info| info.group), Some("5xxx"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn code_info(&self) -> Option<&'static ErrorCode> {
        self.0.code.and_then(ErrorCode::find)
    }

    /// URL of a page about the error, if the platform gave one.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// if let Err(error) = client.users().me().await
    ///     && let Some(page) = error.more_info()
    /// {
    ///     eprintln!("{error}, see {page}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn more_info(&self) -> Option<&str> {
        self.0.more_info.as_deref()
    }

    /// The fields of the platform's error other than `status`, `code`, `message` and `more_info`, as it sent them. Some errors are
    /// explained there. A `code` that is text, and so is not a [code](Self::code) of the platform, is kept here.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) {
    /// if let Err(error) = client.task("0ad6e7f2-4d2c-4d3b-a7d8-8d3d0c9d1d11").run().await
    ///     && let Some(errors) = error.details().get("errors")
    /// {
    ///     eprintln!("{errors}");
    /// }
    /// # }
    /// ```
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Identifier of the request, to quote to the support of the platform.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// if let Err(error) = client.users().me().await {
    ///     eprintln!("{}; quote {} to the support", error.message(), error.request_id().unwrap_or("the time"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Operation id of the failed call, such as `file_get`; `None` if it was not a call of the API.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.file("567890abc9b0307bc0414164").get().await.unwrap_err();
    /// assert_eq!(error.operation(), Some("file_get"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(|operation| operation.id)
    }

    /// What to do about it, if something is known to help.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.project("rfranklin/nowhere").get().await.unwrap_err();
    /// assert!(error.hint().is_some_and(|hint| hint.contains("owner/short-name")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn hint(&self) -> Option<&str> {
        let inner = &*self.0;
        let known = || match inner.kind {
            ErrorKind::Storage | ErrorKind::StorageUnavailable => {
                hint::of_storage(inner.status, inner.storage_code.as_deref())
            }
            kind => hint::hint(kind, inner.status, inner.code),
        };
        self.0.hint.as_deref().or_else(known)
    }

    /// Number of attempts to send the request; 0 if it was not sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let error = client.file("567890abc9b0307bc0414164").get().await.unwrap_err();
    /// assert_eq!(error.attempts(), 1, "what is not there is not asked for again");
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the resource does not exist, or you may not see it. A missing object in the storage is [`ErrorKind::Storage`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.project("rfranklin/fibre-diffraction");
    /// let exists = match project.get().await {
    ///     Err(error) if error.is_not_found() => false,
    ///     found => found.map(|_| true)?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind(), ErrorKind::NotFound)
    }

    /// Whether the token is missing, unknown or expired.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// let client = sbg::Client::builder().endpoint(emulator.url()).token("0123456789abcdef").build()?;
    /// let error = client.users().me().await.unwrap_err();
    /// assert!(error.is_unauthorized());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unauthorized)
    }

    /// Whether you lack the permission.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// match client.project("fcrick/models").delete().await {
    ///     Err(error) if error.is_forbidden() => eprintln!("ask fcrick to do so"),
    ///     done => done?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_forbidden(&self) -> bool {
        matches!(self.kind(), ErrorKind::Forbidden)
    }

    /// Whether the call conflicts with an existing resource, such as a file of the same name.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, cwl: serde_json::Value) -> sbg::Result<()> {
    /// match client.apps().install("rfranklin/demo/helix-angle", cwl).await {
    ///     Err(error) if error.is_conflict() => println!("it is there already"),
    ///     installed => println!("{}", installed?.id),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind(), ErrorKind::Conflict)
    }

    /// Whether the rate limit is exceeded.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// if let Err(error) = client.users().me().await
    ///     && error.is_rate_limited()
    /// {
    ///     eprintln!("too many requests for now: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.kind(), ErrorKind::RateLimited)
    }

    /// Whether the platform is under maintenance.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// if let Err(error) = client.users().me().await
    ///     && error.is_maintenance()
    /// {
    ///     eprintln!("the platform is under maintenance");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_maintenance(&self) -> bool {
        matches!(self.kind(), ErrorKind::Maintenance)
    }

    /// Whether the same call may succeed later: the platform is busy or down, or the network failed.
    ///
    /// ```
    /// let error = sbg::Error::from("demo".parse::<sbg::ProjectId>().unwrap_err());
    /// assert!(!error.is_transient(), "it will be no project id later either");
    /// ```
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.id)?;
        }
        f.write_str(&inner.message)?;
        let mut facts = Vec::new();
        facts.extend(inner.status.map(|status| format!("HTTP {status}")));
        facts.extend(inner.code.map(|code| format!("code {code}")));
        facts.extend(inner.storage_code.as_ref().map(|code| format!("storage code {code}")));
        facts.extend(inner.request_id.as_ref().map(|id| format!("request {id}")));
        facts.extend((inner.attempts > 1).then(|| format!("{} attempts", inner.attempts)));
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("operation", &self.operation())
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("storage_code", &inner.storage_code)
            .field("request_id", &inner.request_id)
            .field("attempts", &inner.attempts)
            .field("hint", &self.hint())
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.0.source.as_ref()? {
            Source::Cause(cause) => Some(&**cause),
            Source::Same(same) => same.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_shows_the_call_and_the_response() {
        let said = serde_json::from_value(serde_json::json!({"code": 5002})).unwrap();
        let error = Error::refused(404, Some(5002), "Requested file does not exist.")
            .with_said(&said, Some("r-17".to_owned()))
            .with_operation(Operation::find("project_get").unwrap(), 3)
            .with_hint("look at the id");
        let expected = "project_get: Requested file does not exist. (HTTP 404, code 5002, request r-17, 3 attempts); look at the id";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.code_info().map(|info| info.group), Some("5xxx"));
        assert!(error.is_not_found() && !error.is_transient());
        assert_eq!(error.hint(), Some("look at the id"));
    }
}
