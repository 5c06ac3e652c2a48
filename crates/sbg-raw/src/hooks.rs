//! The door from the generated client to the wire: every request goes through the [`Transport`] that the client was made with.

#![expect(clippy::result_large_err, reason = "the generated functions return the errors of progenitor")]

use std::error::Error as StdError;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream;
use http::{Extensions, HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::operation::find;
use crate::page::{PageError, page_from_slice};
use crate::{Client, Error, Operation, ResponseValue, ga4gh_drs, types};

/// Why a transport returns no response.
///
/// It comes back inside of the `reqwest::Error` of [`Error::CommunicationError`] or [`Error::ResponseBodyError`]: look for the own type
/// of the transport with `downcast_ref` along the chain of `source()`.
///
/// ```
/// use sbg_raw::TransportError;
///
/// let error: TransportError = Box::new(std::io::Error::other("the lab is closed"));
/// assert!(error.downcast_ref::<std::io::Error>().is_some());
/// ```
pub type TransportError = Box<dyn StdError + Send + Sync>;

/// Carries out the requests of a client.
///
/// ```
/// use futures::future::BoxFuture;
/// use sbg_raw::{Operation, Transport, TransportError};
///
/// struct Plain {
///     http: reqwest::Client,
///     token: http::HeaderValue,
/// }
///
/// impl Transport for Plain {
///     fn send(
///         &self,
///         mut request: reqwest::Request,
///         _: &'static Operation,
///     ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
///         request.headers_mut().insert("x-sbg-auth-token", self.token.clone());
///         Box::pin(async { Ok(self.http.execute(request).await?) })
///     }
/// }
/// ```
pub trait Transport: Send + Sync {
    /// Sends `request`, which is a call of `operation`, and returns the response.
    ///
    /// ```no_run
    /// # async fn example(transport: &dyn sbg_raw::Transport) -> Result<(), sbg_raw::TransportError> {
    /// let url = "https://cgc-api.sbgenomics.com/v2/user".parse()?;
    /// let operation = sbg_raw::Operation::find("user_me").unwrap();
    /// let response = transport.send(reqwest::Request::new(http::Method::GET, url), operation).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever the transport counts as a failure. An error response that the transport passes on as an `Ok` becomes an
    /// [`Error::ErrorResponse`](crate::Error::ErrorResponse).
    fn send(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>>;

    /// The error about a response that cannot be read. It may say more about the call than `unreadable` does.
    ///
    /// ```
    /// use futures::future::BoxFuture;
    /// use sbg_raw::{Operation, Transport, TransportError, Unreadable};
    ///
    /// struct Telling(reqwest::Client);
    ///
    /// impl Transport for Telling {
    /// #     fn send(
    /// #         &self,
    /// #         request: reqwest::Request,
    /// #         _: &'static Operation,
    /// #     ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
    /// #         Box::pin(async { Ok(self.0.execute(request).await?) })
    /// #     }
    ///     fn unreadable(&self, unreadable: Unreadable) -> TransportError {
    ///         format!("{unreadable}: {}", String::from_utf8_lossy(&unreadable.body)).into()
    ///     }
    /// }
    /// ```
    fn unreadable(&self, unreadable: Unreadable) -> TransportError {
        Box::new(unreadable)
    }
}

/// A response that does not match the specification of the operation, such as a list instead of an object.
///
/// ```
/// # fn example(unreadable: sbg_raw::Unreadable) {
/// println!("{} responded {}: {:?}", unreadable.operation.id, unreadable.status, unreadable.error);
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the response to `{}` does not match the specification", operation.id)]
#[non_exhaustive]
pub struct Unreadable {
    /// The operation that was called.
    pub operation: &'static Operation,
    /// HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What the transport attached to the response.
    pub extensions: Extensions,
    /// The body.
    pub body: Bytes,
    /// What is wrong with it.
    #[source]
    pub error: PageError,
}

/// Most items of a page, which a transport puts in the extensions of a response: decoding it ends with the first item too many.
///
/// ```
/// let mut response = http::Response::new("{}");
/// response.extensions_mut().insert(sbg_raw::MostItems(100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostItems(pub u64);

/// The transport of a client.
///
/// ```
/// use std::sync::Arc;
///
/// use sbg_raw::{Client, Inner, Transport};
///
/// fn client(http: reqwest::Client, transport: impl Transport + 'static) -> Client {
///     Client::new_with_client("https://cgc-api.sbgenomics.com/v2", http, Inner(Arc::new(transport)))
/// }
/// ```
#[derive(Clone)]
pub struct Inner(pub Arc<dyn Transport>);

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner")
    }
}

/// A generated client: each has a transport, a table of its operations, and a type of its errors.
pub(crate) trait Generated {
    /// What the platform responds instead of a result.
    type Refusal: DeserializeOwned;

    fn transport(&self) -> &dyn Transport;

    /// The operations, sorted by id.
    fn operations() -> &'static [Operation];
}

impl Generated for Client {
    type Refusal = types::Error;

    fn transport(&self) -> &dyn Transport {
        &*self.inner.0
    }

    fn operations() -> &'static [Operation] {
        &crate::OPERATIONS
    }
}

impl Generated for ga4gh_drs::Client {
    type Refusal = ga4gh_drs::types::Error;

    fn transport(&self) -> &dyn Transport {
        &*self.inner.0
    }

    fn operations() -> &'static [Operation] {
        &ga4gh_drs::OPERATIONS
    }
}

/// A response with its whole body.
pub(crate) struct Received {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
}

/// Sends a request and returns the response if it is a success. The same code serves all operations, whatever they return.
pub(crate) async fn receive<C: Generated>(
    client: &C,
    request: reqwest::Request,
    operation: &'static str,
) -> Result<Received, Error<C::Refusal>> {
    let (response, operation) = exchange(client, request, operation).await?;
    read(response, operation).await
}

/// Sends a request whose response has no body.
pub(crate) async fn confirm<C: Generated>(
    client: &C,
    request: reqwest::Request,
    operation: &'static str,
) -> Result<ResponseValue<()>, Error<C::Refusal>> {
    exchange(client, request, operation).await.map(|(response, _)| ResponseValue::empty(response))
}

async fn exchange<C: Generated>(
    client: &C,
    request: reqwest::Request,
    operation: &'static str,
) -> Result<(reqwest::Response, &'static Operation), Error<C::Refusal>> {
    let operation =
        find(C::operations(), operation).expect("client and table are generated from the same operations");
    let response = match client.transport().send(request, operation).await {
        Ok(response) => response,
        Err(error) => return Err(Error::CommunicationError(carry(error))),
    };
    match response.status().as_u16() {
        200..=299 => Ok((response, operation)),
        400..=599 => {
            let received = read(response, operation).await?;
            Err(Error::ErrorResponse(decode(client, received)?))
        }
        _ => Err(Error::UnexpectedResponse(response)),
    }
}

async fn read<E>(
    mut response: reqwest::Response,
    operation: &'static Operation,
) -> Result<Received, Error<E>> {
    let (status, extensions) = (response.status(), std::mem::take(response.extensions_mut()));
    let headers = response.headers().clone();
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    Ok(Received { operation, status, headers, extensions, body })
}

/// Decodes a response as the type that the operation returns. If it does not match, the transport makes the error.
pub(crate) fn decode<C: Generated, T: DeserializeOwned>(
    client: &C,
    received: Received,
) -> Result<ResponseValue<T>, Error<C::Refusal>> {
    let decoded = from_body(&received.body);
    received.into_value(client, decoded)
}

/// Decodes a page, with at most as many items as the transport says.
pub(crate) fn decode_page<C: Generated, T: DeserializeOwned>(
    client: &C,
    received: Received,
) -> Result<ResponseValue<T>, Error<C::Refusal>> {
    let most = received.extensions.get().map_or(u64::MAX, |MostItems(most)| *most);
    let decoded = page_from_slice(&received.body, most);
    received.into_value(client, decoded)
}

impl Received {
    fn into_value<C: Generated, T>(
        self,
        client: &C,
        decoded: Result<T, PageError>,
    ) -> Result<ResponseValue<T>, Error<C::Refusal>> {
        match decoded {
            Ok(inner) => Ok(ResponseValue::new(inner, self.status, self.headers)),
            Err(error) => Err(self.unreadable(client, error)),
        }
    }

    fn unreadable<C: Generated>(self, client: &C, error: PageError) -> Error<C::Refusal> {
        let Self { operation, status, headers, extensions, body } = self;
        let unreadable = Unreadable { operation, status, headers, extensions, body, error };
        Error::ResponseBodyError(carry(client.transport().unreadable(unreadable)))
    }
}

/// Reads a body, the one time that it is parsed. `null` stands for an object without fields, such as the metadata of a file that has
/// none.
fn from_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, PageError> {
    let read = serde_json::from_slice(body);
    let read = match read {
        Err(_) if body.trim_ascii() == b"null" => serde_json::from_slice(b"{}").or(read),
        read => read,
    };
    read.map_err(PageError::Form)
}

/// Wraps `error` into a `reqwest::Error`, which cannot be made otherwise: as the failure to read a body.
fn carry(error: TransportError) -> reqwest::Error {
    let body = reqwest::Body::wrap_stream(stream::once(ready(Err::<Bytes, _>(error))));
    let response = reqwest::Response::from(http::Response::new(body));
    match response.bytes().now_or_never() {
        Some(Err(carried)) => carried,
        Some(Ok(_)) | None => unreachable!("a body that has failed is read at once, as its error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types;

    #[test]
    fn null_is_read_as_an_object_without_fields() {
        let metadata: types::Metadata = from_body(b" null\n").unwrap();
        assert!(metadata.is_empty());
        let file = from_body::<types::File>(b"null").unwrap_err();
        assert!(file.to_string().starts_with("invalid type: null"), "{file}");
    }
}
