//! What a fault does.

use std::time::Duration;

use serde_json::Value;

use crate::objects::storage_error::StorageError;

/// What happens to a request that a rule hits.
///
/// ```
/// use sbg_emulator::{Action, FaultRule};
///
/// let busy = Action::Status { code: 503, body: None, headers: vec![("retry-after".to_owned(), "1".to_owned())] };
/// let rule = FaultRule::api(busy).path("/files").first(2);
/// assert_eq!("api:lost-response".parse(), Ok(FaultRule::api(Action::LostResponse)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Sends this status without processing the request. Without a body it is a JSON error of the platform
    /// on the API, and an error in the format of the storage on the object store.
    Status {
        /// The HTTP status.
        code: u16,
        /// The body; a string is sent unchanged, anything else as JSON.
        body: Option<Value>,
        /// Headers to add.
        headers: Vec<(String, String)>,
    },
    /// 429 with code 1000.
    RateLimited {
        /// Whether the response says when to retry (`X-RateLimit-Reset`).
        reset_header: bool,
    },
    /// 503 with code 0: the platform is under maintenance.
    Maintenance,
    /// Closes the connection with a reset, without a response and without processing the request.
    Reset,
    /// Processes the request, then closes the connection without a response.
    LostResponse,
    /// Sends the head and this many bytes of the body, then closes the connection.
    CutBody(u64),
    /// Sends the head and this many bytes of the body, then nothing, and keeps the connection open.
    Stall(u64),
    /// Sends only the first half of a range (head and body agree). Whole objects stay whole: without a range, nothing
    /// would distinguish half an object from a smaller one.
    ShortRange,
    /// Sends a range that begins one byte later.
    ShiftedRange,
    /// Sends 200 and the whole object for a range.
    FullBodyInsteadOfRange,
    /// Sends a wrong total size in `Content-Range`.
    WrongTotal,
    /// Sends a different `ETag`, as if the object had been replaced.
    ChangedETag,
    /// Sends no `ETag` (a part is stored all the same).
    NoETag,
    /// Waits before the request is processed. Other rules still apply.
    Delay(Duration),
    /// Limits the connection to this many bytes per second in each direction, until it closes. Other rules still apply.
    Bandwidth(u64),
    /// Advances the clock before the request is processed. Other rules still apply.
    ClockJump(Duration),
    /// Sends 403 as for an expired signed URL.
    ExpiredUrl,
    /// Sends 502 with an HTML page, like a proxy.
    HtmlError,
    /// Sends this status without a body and without processing the request.
    EmptyBody(u16),
    /// Redirects with 302 to this URL; see [`Action::RedirectWith`].
    Redirect(String),
    /// Redirects to another URL. `{path}` in it is replaced by the path and query of the request, so `{path}` alone is a loop,
    /// `http://localhost:PORT{path}` another host, and `/moved{path}` another path under which the object store has everything as well.
    /// Requests below `/moved` are not redirected.
    RedirectWith {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The URL.
        url: String,
    },
    /// Sends an error in the format of the storage (on the API, of the platform) without processing the request.
    StorageError(StorageError),
    /// Sends an error of this status before the body of the request is read, then closes the connection. A client that is still
    /// sending gets a reset; the response is there if it is read.
    RefuseEarly(u16),
    /// The storage drops the upload of the part before the request is processed. The platform still lists the upload.
    DropUpload,
    /// Every byte of the object changes before the request is processed, and with it the tag, time and checksum. Files
    /// and URLs stay the same.
    ReplaceObject,
    /// Sends 206 for a range, with a body that promises a byte and ends without it.
    MissingByte,
    /// Corrupts the byte at this position of the body, or the last byte of a shorter body; the headers are correct.
    CorruptByte(u64),
}

impl Action {
    /// Whether it determines the response, which only one rule can.
    pub(super) fn decides(&self) -> bool {
        !matches!(self, Self::Delay(_) | Self::Bandwidth(_) | Self::ClockJump(_))
    }

    /// Whether it redirects; requests that were redirected once are left alone.
    pub(super) fn redirects(&self) -> bool {
        matches!(self, Self::Redirect(_) | Self::RedirectWith { .. })
    }
}
