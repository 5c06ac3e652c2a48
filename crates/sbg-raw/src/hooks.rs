//! The door from the generated client to the wire: every request goes through the [`Transport`] that the client was made with.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream;
use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::HeaderName;

use crate::{Client, Operation};

/// Why a transport has no answer to give.
///
/// It comes back inside of the `reqwest::Error` of [`Error::CommunicationError`](crate::Error::CommunicationError): look for the
/// own type of the transport with `downcast_ref` along the chain of `source()`.
pub type TransportError = Box<dyn StdError + Send + Sync>;

/// Carries out the requests of a client.
pub trait Transport: Send + Sync {
    /// Sends `request`, which is a call of `operation`, and gives the answer.
    ///
    /// # Errors
    ///
    /// Whatever the transport counts as a failure. An error answer that the transport passes on as an `Ok` becomes an
    /// [`Error::ErrorResponse`](crate::Error::ErrorResponse).
    fn send(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>>;
}

/// The transport of a client.
#[derive(Clone)]
pub struct Inner(pub Arc<dyn Transport>);

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner")
    }
}

/// Header which the generator adds to each request; the platform does not know it.
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

impl ClientHooks<Inner> for Client {
    async fn exec(
        &self,
        mut request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        request.headers_mut().remove(API_VERSION);
        let Some(operation) = Operation::find(info.operation_id) else {
            return Err(carry(format!("no operation `{}` in the table", info.operation_id).into()).await);
        };
        match self.inner.0.send(request, operation).await {
            Ok(response) => Ok(response),
            Err(error) => Err(carry(error).await),
        }
    }
}

/// Wraps `error` into a `reqwest::Error`, which cannot be made otherwise: as the failure to read a body.
async fn carry(error: TransportError) -> reqwest::Error {
    let body = reqwest::Body::wrap_stream(stream::once(async { Err::<Bytes, _>(error) }));
    let response = reqwest::Response::from(http::Response::new(body));
    match response.bytes().await {
        Err(carried) => carried,
        Ok(_) => unreachable!("a body that fails cannot be read"),
    }
}
