//! Puts the token on a request, if the request goes to the API host; and keeps secrets out of the errors about it.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::{Origin, Url};

use super::redact::secrets;
use crate::config::Auth;
use crate::error::{Error, ErrorKind, Result};

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-sbg-auth-token");
const SESSION_ID: HeaderName = HeaderName::from_static("x-sbg-session-id");

/// Credentials and the only place where they may go.
#[derive(Debug)]
pub(crate) struct Authorise {
    auth: Auth,
    base: Url,
    /// Where the credentials came from, for the hint of a refusal.
    from: String,
    /// Which proxy the requests go through and where its address came from, for the hint about one that fails.
    proxy: Option<String>,
}

impl Authorise {
    /// Credentials for the API at `base`, which came from `from`; `proxy` tells of the proxy on the way.
    pub(crate) fn new(auth: Auth, base: Url, from: String, proxy: Option<String>) -> Self {
        Self { auth, base, from, proxy }
    }

    /// The only place where the token may go.
    pub(super) fn api(&self) -> Origin {
        self.base.origin()
    }

    /// Adds the token. A request to any other place than the API is refused, so that no link can lead a token astray.
    pub(crate) fn apply(&self, request: &mut reqwest::Request) -> Result<()> {
        if request.url().origin() != self.api() {
            let host = request.url().host_str().unwrap_or("another host");
            return Err(Error::invalid(format!("a call of the API must go to the API, not to {host}")));
        }
        let (name, value) = match &self.auth {
            Auth::AuthToken(token) => (AUTH_TOKEN, token.expose_secret().to_owned()),
            Auth::OAuth(token) => (AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
            Auth::Session(id) => (SESSION_ID, id.expose_secret().to_owned()),
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| Error::invalid("the token has characters that no header can carry"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
        Ok(())
    }

    /// Says whose credentials were refused or which proxy failed, and blots out whatever secret of `request` the answer quotes.
    pub(super) fn explain(&self, error: Error, request: &reqwest::Request) -> Error {
        let error = self.with_secrets(request, |secrets| secrets.iter().copied().fold(error, Error::without));
        match (error.kind(), &self.proxy) {
            _ if error.is_unauthorized() => error.with_hint(format!("the token came from {}", self.from)),
            (ErrorKind::Proxy, Some(proxy)) => error.with_hint(proxy.clone()),
            _ => error,
        }
    }

    /// Gives every secret that goes with `request` to `work`: the token, and what the specification says is secret in the body.
    pub(super) fn with_secrets<T>(&self, request: &reqwest::Request, work: impl FnOnce(&[&str]) -> T) -> T {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let body: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
        let mut secrets = body.as_ref().map(secrets).unwrap_or_default();
        secrets.push(self.token());
        work(&secrets)
    }

    /// The token, to blot it out wherever an answer quotes it.
    pub(super) fn token(&self) -> &str {
        self.auth.secret().expose_secret()
    }
}
