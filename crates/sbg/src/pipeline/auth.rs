//! Puts the token on requests to the API host, and redacts secrets in the errors about them.

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

/// Credentials, and the only origin that may receive them.
#[derive(Debug)]
pub(crate) struct Authenticator {
    auth: Auth,
    base: Url,
    /// Where the credentials came from, for the hint when they are refused.
    from: String,
    /// Whether requests carry the token.
    sends_token: bool,
    /// The proxy that the requests use and where its URL came from, for the hint when it fails.
    proxy: Option<String>,
}

impl Authenticator {
    /// Credentials for the API at `base`, which came from `from`; `proxy` describes the proxy in use.
    pub(crate) fn new(auth: Auth, base: Url, from: String, proxy: Option<String>) -> Self {
        Self { auth, base, from, sends_token: true, proxy }
    }

    /// The rules for another server, at `base`.
    pub(super) fn for_server(&self, base: Url, sends_token: bool) -> Self {
        let Self { auth, from, proxy, .. } = self;
        Self { auth: auth.clone(), base, from: from.clone(), sends_token, proxy: proxy.clone() }
    }

    /// The only origin that may receive the token.
    pub(super) fn api(&self) -> Origin {
        self.base.origin()
    }

    /// Adds the token. Refuses a request to any other origin than the API, so that no link can leak the token.
    pub(crate) fn apply(&self, request: &mut reqwest::Request) -> Result<()> {
        if request.url().origin() != self.api() {
            let host = request.url().host_str().unwrap_or("another host");
            return Err(Error::invalid(format!("an API call must go to the API host, not to {host}")));
        }
        if !self.sends_token {
            return Ok(());
        }
        let (name, value) = match &self.auth {
            Auth::AuthToken(token) => (AUTH_TOKEN, token.expose_secret().to_owned()),
            Auth::OAuth(token) => (AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
            Auth::Session(id) => (SESSION_ID, id.expose_secret().to_owned()),
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| Error::invalid("the token has characters that are not allowed in a header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
        Ok(())
    }

    /// Names the source of refused credentials or the proxy that failed, and redacts every secret of `request` that the response quotes.
    pub(super) fn explain(&self, error: Error, request: &reqwest::Request) -> Error {
        let error = self.with_secrets(request, |secrets| secrets.iter().copied().fold(error, Error::without));
        match (error.kind(), &self.proxy) {
            _ if error.is_unauthorized() && !self.sends_token => {
                error.with_hint("no token was sent, because this server does not belong to the platform: only public objects can be read there")
            }
            _ if error.is_unauthorized() => error.with_hint(format!("the token came from {}", self.from)),
            (ErrorKind::Proxy, Some(proxy)) => error.with_hint(proxy.clone()),
            _ => error,
        }
    }

    /// Passes every secret of `request` to `work`: the token, and the fields of the body that the specification marks as secret.
    pub(super) fn with_secrets<T>(&self, request: &reqwest::Request, work: impl FnOnce(&[&str]) -> T) -> T {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let body: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
        let mut secrets = body.as_ref().map(secrets).unwrap_or_default();
        secrets.push(self.token());
        work(&secrets)
    }

    /// The token, to redact it wherever a response quotes it.
    pub(super) fn token(&self) -> &str {
        self.auth.secret().expose_secret()
    }
}
