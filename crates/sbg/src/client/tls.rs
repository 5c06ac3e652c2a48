//! TLS for the HTTP clients of one client; loaded once and shared by all of them.
//!
//! The features of this crate alone choose the library: another crate may enable a second one in the HTTP library.

#[cfg(feature = "native-tls")]
#[path = "tls/native.rs"]
mod backend;
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
#[path = "tls/rustls.rs"]
mod backend;
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[path = "tls/none.rs"]
mod backend;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::error::{Error, ErrorKind};

pub(super) use self::backend::Tls;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn bad_roots() -> Error {
    Error::new(ErrorKind::Config, "the root certificates are not a PEM file of certificates")
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn bad_identity() -> Error {
    Error::new(ErrorKind::Config, "the identity is not a PEM file with a private key and certificates")
}
