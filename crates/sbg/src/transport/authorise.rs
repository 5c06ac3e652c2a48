//! Puts the token on a request, if the request goes to the API host.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::config::Auth;
use crate::error::{Error, Result};

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-sbg-auth-token");
const SESSION_ID: HeaderName = HeaderName::from_static("x-sbg-session-id");

/// Credentials and the only place where they may go.
#[derive(Debug)]
pub(crate) struct Authorise {
    auth: Auth,
    base: Url,
    origin: String,
}

impl Authorise {
    /// Credentials for the API at `base`; `origin` tells where they came from, for the hint of a refusal.
    pub(crate) fn new(auth: Auth, base: Url, origin: String) -> Self {
        Self { auth, base, origin }
    }

    /// Adds the token. A request to any other place than the API is refused, so that no link can lead a token astray.
    pub(crate) fn apply(&self, request: &mut reqwest::Request) -> Result<()> {
        let to_api = request.url().origin() == self.base.origin();
        if !to_api {
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

    /// Says which credentials were refused, and blots out the token where the answer quoted it.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let error = error.without(self.auth.secret().expose_secret());
        if error.is_unauthorized() {
            error.with_hint(format!("the token came from {}", self.origin))
        } else {
            error
        }
    }
}
