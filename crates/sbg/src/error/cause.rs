//! Classifies an error of the HTTP library by the types of its causes. Pure.
//!
//! The texts of other crates are ignored: they change without notice.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use tower_service::Service;

use super::ErrorKind;

/// The error of a tunnel through a proxy. The type is public but its path is not, so it is named as an associated type.
type TunnelError = <Tunnel<HttpConnector> as Service<http::Uri>>::Error;

/// The meaning of an error of the HTTP library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) kind: ErrorKind,
    pub(crate) message: &'static str,
    /// Whether another attempt would fail in the same way.
    pub(crate) lasting: bool,
    /// Whether the request certainly did not reach the server.
    pub(crate) never_left: bool,
}

impl Cause {
    /// `responded` says whether the head of a response had arrived.
    pub(crate) fn of(error: &reqwest::Error, responded: bool) -> Self {
        let connecting = error.is_connect();
        let cause = |kind, message| Self { kind, message, lasting: false, never_left: connecting };
        let lasting = |kind, message| Self { lasting: true, ..cause(kind, message) };
        let io_is = |kinds: &[io::ErrorKind]| {
            causes(error)
                .filter_map(|cause| cause.downcast_ref::<io::Error>())
                .any(|io| kinds.contains(&io.kind()))
        };
        if error.is_timeout() {
            return cause(ErrorKind::Timeout, "no data arrived for too long");
        }
        if let Some(tunnel) = causes(error).find_map(|cause| cause.downcast_ref::<TunnelError>()) {
            // Without a cause, the proxy itself refused. With one, it was unreachable, which may be temporary.
            return if tunnel.source().is_none() {
                lasting(ErrorKind::Proxy, "the proxy refused the connection")
            } else {
                cause(ErrorKind::Proxy, "the proxy cannot be reached")
            };
        }
        if error.is_dns() {
            return cause(ErrorKind::Dns, "cannot resolve the host name");
        }
        if connecting && io_is(&[io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset]) {
            return cause(ErrorKind::Network, "the connection broke while it was opened");
        }
        if causes(error).any(is_tls) || (connecting && io_is(&[io::ErrorKind::InvalidData])) {
            return lasting(ErrorKind::Tls, "TLS failed");
        }
        if connecting {
            return cause(ErrorKind::Network, "cannot connect");
        }
        if error.is_builder() {
            return lasting(ErrorKind::InvalidInput, "cannot build the request");
        }
        if responded {
            cause(ErrorKind::Network, "the connection broke in the middle of the response")
        } else {
            cause(ErrorKind::Network, "the connection broke before the response arrived")
        }
    }
}

/// Whether this is an error of the TLS library.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    if error.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if error.is::<native_tls::Error>() {
        return true;
    }
    let _ = error;
    false
}

/// An error and its causes. The error inside an [`io::Error`] is not among its sources, so it is visited as well.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => error.source(),
    })
}
