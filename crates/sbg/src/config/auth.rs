//! How requests are authenticated.

use secrecy::{ExposeSecret, SecretString};

/// The credential of a client. `Debug` hides the secret.
///
/// White space around a secret, such as the line end of the file that it was read from, is trimmed when the configuration
/// is resolved.
///
/// ```
/// use sbg::config::Auth;
///
/// let auth = Auth::token("0123456789abcdef0123456789abcdef");
/// let header = match &auth {
///     Auth::AuthToken(_) => "X-SBG-Auth-Token",
///     Auth::OAuth(_) => "Authorization",
///     Auth::Session(_) => "X-SBG-Session-Id",
///     _ => "another one",
/// };
/// assert_eq!(header, "X-SBG-Auth-Token");
/// assert!(!format!("{auth:?}").contains("0123"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Auth {
    /// An authentication token, from the developer page of the platform (header `X-SBG-Auth-Token`).
    AuthToken(SecretString),
    /// An OAuth 2.0 bearer token (header `Authorization`).
    OAuth(SecretString),
    /// The id of a session on the platform (header `X-SBG-Session-Id`).
    Session(SecretString),
}

impl Auth {
    /// Authenticates with a token of the platform.
    ///
    /// ```
    /// use sbg::config::Auth;
    ///
    /// let client = sbg::Client::builder().endpoint("cgc").auth(Auth::token("0123456789abcdef0123456789abcdef"));
    /// ```
    pub fn token(token: impl Into<String>) -> Self {
        Self::AuthToken(SecretString::from(token.into()))
    }

    /// Authenticates with an OAuth 2.0 bearer token.
    ///
    /// ```
    /// use sbg::config::Auth;
    ///
    /// let client = sbg::Client::builder().endpoint("cgc").auth(Auth::oauth("eyJhbGciOiJub25lIn0.e30."));
    /// ```
    pub fn oauth(token: impl Into<String>) -> Self {
        Self::OAuth(SecretString::from(token.into()))
    }

    /// Authenticates with the id of a session.
    ///
    /// ```
    /// use sbg::config::Auth;
    ///
    /// let client = sbg::Client::builder().endpoint("platform").auth(Auth::session("f3a1c0de"));
    /// ```
    pub fn session(id: impl Into<String>) -> Self {
        Self::Session(SecretString::from(id.into()))
    }

    /// The secret itself, whichever kind it is.
    ///
    /// ```
    /// use sbg::config::Auth;
    /// use secrecy::ExposeSecret as _;
    ///
    /// assert_eq!(Auth::oauth("eyJhbGciOiJub25lIn0.e30.").secret().expose_secret(), "eyJhbGciOiJub25lIn0.e30.");
    /// ```
    pub fn secret(&self) -> &SecretString {
        let (Self::AuthToken(secret) | Self::OAuth(secret) | Self::Session(secret)) = self;
        secret
    }

    /// Trimmed and checked.
    pub(super) fn checked(&self) -> Result<Self, InvalidToken> {
        let secret = check_token(self.secret().expose_secret())?;
        Ok(match self {
            Self::AuthToken(_) => Self::AuthToken(secret),
            Self::OAuth(_) => Self::OAuth(secret),
            Self::Session(_) => Self::Session(secret),
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && self.secret().expose_secret() == other.secret().expose_secret()
    }
}

/// Why a text is not a token. Never shows any part of it.
///
/// ```
/// use sbg::config::{Auth, ConfigError, ExplicitConfig, InvalidToken, Sources};
///
/// let explicit = ExplicitConfig::default().endpoint("cgc").auth(Auth::token("my token"));
/// match Sources::new(explicit).resolve() {
///     Err(ConfigError::Token { reason, .. }) => assert_eq!(reason, InvalidToken::Space),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It is empty.
    #[error("the token is empty")]
    Empty,
    /// It contains a line break.
    #[error("the token contains a line break")]
    LineBreak,
    /// It contains a space or tab.
    #[error("the token contains a space")]
    Space,
    /// It contains a character that cannot be sent in a header: a control character, or one that is not ASCII.
    #[error("the token contains a control character or one that is not ASCII")]
    Character,
}

/// Trims and checks a token.
pub(crate) fn check_token(text: &str) -> Result<SecretString, InvalidToken> {
    let text = text.trim();
    check_characters(text)?;
    Ok(SecretString::from(text))
}

/// Accepts only characters that can be sent in a header and written to an ini file unchanged.
pub(crate) fn check_characters(token: &str) -> Result<(), InvalidToken> {
    if token.is_empty() {
        return Err(InvalidToken::Empty);
    }
    match token.chars().find(|c| !c.is_ascii_graphic()) {
        None => Ok(()),
        Some('\r' | '\n') => Err(InvalidToken::LineBreak),
        Some(' ' | '\t') => Err(InvalidToken::Space),
        Some(_) => Err(InvalidToken::Character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_trimmed_and_validated() {
        let check = |text: &str, expected: Result<&str, InvalidToken>| {
            let got = check_token(text);
            assert_eq!(
                got.as_ref().map(SecretString::expose_secret).map_err(|error| *error),
                expected,
                "{text:?}"
            );
        };
        check("0123456789abcdef", Ok("0123456789abcdef"));
        check(" a.b-c_d~e+f/g==\r\n", Ok("a.b-c_d~e+f/g=="));
        check("", Err(InvalidToken::Empty));
        check(" \n", Err(InvalidToken::Empty));
        check("ab\ncd", Err(InvalidToken::LineBreak));
        check("ab\rcd", Err(InvalidToken::LineBreak));
        check("ab # my token", Err(InvalidToken::Space));
        check("ab\tcd", Err(InvalidToken::Space));
        check("ab\0", Err(InvalidToken::Character));
        check("ab\u{fffd}", Err(InvalidToken::Character));
    }

    #[test]
    fn debug_redacts_every_auth_kind() {
        for auth in [Auth::token("SECRET"), Auth::oauth("SECRET"), Auth::session("SECRET")] {
            assert!(!format!("{auth:?} {auth:#?}").contains("SECRET"));
            assert_eq!(auth.checked().unwrap().secret().expose_secret(), "SECRET");
            assert!(auth.is_same(&auth.clone()));
            assert!(!auth.is_same(&Auth::token("OTHER")));
        }
        assert!(!Auth::token("SECRET").is_same(&Auth::oauth("SECRET")));
    }
}
