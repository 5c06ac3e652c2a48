//! HTTP, as both origins speak it: connections, requests and responses, and what happens to every one of them.

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod connection;
mod console;
pub(crate) mod control;
pub(crate) mod counting_body;
pub(crate) mod dispatch;
pub(crate) mod fields;
pub(crate) mod handler;
pub(crate) mod incoming;
mod local_access;
pub(crate) mod origin;
pub(crate) mod rate_limit;
pub(crate) mod request;
pub(crate) mod request_log;
pub(crate) mod response;
pub(crate) mod router;
pub(crate) mod security;
pub(crate) mod server;
#[cfg(feature = "tls")]
mod tls;
pub(crate) mod traffic;
