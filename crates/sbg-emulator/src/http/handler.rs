//! The handlers of each origin. The server receives them, so that the HTTP layer depends on neither the API nor the object store.

use std::{io, pin::Pin, sync::Arc};

use http::request::Parts;
use hyper::body::Incoming;

use super::{origin::Origin, response::Response};
use crate::{faults::action::Action, shared::Shared};

/// One request on its way to a handler.
pub(crate) struct Exchange {
    pub(crate) shared: Arc<Shared>,
    /// The number of the request in the log.
    pub(crate) number: u64,
    pub(crate) head: Parts,
    pub(crate) body: Incoming,
    /// A fault for the handler to apply, if a rule has one.
    pub(crate) fault: Option<Action>,
}

/// Responds to one request. An error closes the connection without a response.
pub(crate) type Handler = fn(Exchange) -> Pin<Box<dyn Future<Output = io::Result<Response>> + Send>>;

/// The handlers of both origins.
#[derive(Clone, Copy)]
pub(crate) struct Handlers {
    pub(crate) api: Handler,
    pub(crate) storage: Handler,
}

impl Handlers {
    pub(super) fn of(self, origin: Origin) -> Handler {
        match origin {
            Origin::Api => self.api,
            Origin::Storage => self.storage,
        }
    }
}
