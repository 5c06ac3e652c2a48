//! Finds an endpoint and the token that belongs to it, by the rules of the [module above](super).

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::auth::check_token;
use super::profile::{CredentialsFile, Located, Profile, ProfileError};
use super::{Auth, ConfigError, Endpoint, MissingCredentials, Origin, Sources, TriedSource, Warning};

const API_ENDPOINT: &str = "SB_API_ENDPOINT";
const AUTH_TOKEN: &str = "SB_AUTH_TOKEN";
/// The profile that is used when none is named.
const DEFAULT_PROFILE: &str = "default";

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(super) struct Sourced<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

/// The pair that was found.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) endpoint: Sourced<Endpoint>,
    pub(super) auth: Sourced<Auth>,
    /// The setting of the profile that was named or that a value came from.
    pub(super) advance_access: Option<Sourced<bool>>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) fn find(sources: &Sources<'_>) -> Result<Resolved, ConfigError> {
    let explicit = Pair::explicit(sources)?;
    match &sources.explicit.profile {
        Some(name) => from_named_profile(sources, explicit, name),
        None => first_found(sources, explicit),
    }
}

/// The values of one source, or of several combined.
#[derive(Clone, Debug, Default)]
struct Pair {
    endpoint: Option<Sourced<Endpoint>>,
    auth: Option<Sourced<Auth>>,
}

/// How messages name a source and its missing values.
struct SourceLabel {
    name: String,
    no_endpoint: &'static str,
    no_token: &'static str,
}

impl SourceLabel {
    fn environment() -> Self {
        Self {
            name: "environment".to_owned(),
            no_endpoint: "SB_API_ENDPOINT is not set",
            no_token: "SB_AUTH_TOKEN is not set",
        }
    }

    fn profile(name: &str, path: &Path) -> Self {
        Self {
            name: format!("profile `{name}` of {}", path.display()),
            no_endpoint: "it has no `api_endpoint`",
            no_token: "it has no `auth_token`",
        }
    }

    fn tried(self, reason: impl Into<String>) -> TriedSource {
        TriedSource { source: self.name, reason: reason.into() }
    }
}

impl Pair {
    fn explicit(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let explicit = &sources.explicit;
        let endpoint =
            explicit.endpoint.as_deref().map(|text| endpoint(sources, text, Origin::Explicit)).transpose()?;
        let auth = match explicit.auth.as_ref().map(Auth::checked) {
            Some(Ok(value)) => Some(Sourced { value, origin: Origin::Explicit }),
            Some(Err(reason)) => return Err(ConfigError::Token { origin: Origin::Explicit, reason }),
            None => None,
        };
        Ok(Self { endpoint, auth })
    }

    fn environment(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let variable =
            |variable| (sources.env)(variable).map(|text| (text, Origin::Environment { variable }));
        Ok(Self {
            endpoint: variable(API_ENDPOINT)
                .map(|(text, origin)| endpoint(sources, &text, origin))
                .transpose()?,
            auth: variable(AUTH_TOKEN).map(|(text, origin)| token(&text, origin)).transpose()?,
        })
    }

    fn profile(sources: &Sources<'_>, profile: &Profile, path: &Path) -> Result<Self, ConfigError> {
        Ok(Self { endpoint: profile_endpoint(sources, profile, path)?, auth: profile_token(profile, path)? })
    }

    fn is_empty(&self) -> bool {
        self.endpoint.is_none() && self.auth.is_none()
    }

    fn is_complete(&self) -> bool {
        self.endpoint.is_some() && self.auth.is_some()
    }

    /// This pair, or the other if this one is empty. The error for half a pair names the missing half.
    fn or(self, other: Self) -> Self {
        if self.is_empty() { other } else { self }
    }

    /// Adds the missing value from another source, unless that would split a pair. Returns the reason if it did not.
    fn complete(&mut self, from: &Self, label: &SourceLabel) -> Option<String> {
        match (&self.endpoint, &self.auth, &from.endpoint, &from.auth) {
            (Some(_), Some(_), ..) => None,
            (None, None, Some(_), Some(_)) => {
                self.clone_from(from);
                None
            }
            (None, None, None, None) => Some(format!("{}, {}", label.no_endpoint, label.no_token)),
            (_, None, _, None) => Some(label.no_token.to_owned()),
            (None, _, None, _) => Some(label.no_endpoint.to_owned()),
            (Some(own), None, Some(other), Some(_)) if own.value != other.value => {
                Some(format!("its token belongs to {}, not to {}", other.value, own.value))
            }
            (Some(_), None, _, Some(auth)) => {
                self.auth = Some(auth.clone());
                None
            }
            (None, Some(own), Some(_), Some(other)) if !own.value.is_same(&other.value) => {
                Some("its endpoint belongs to another token".to_owned())
            }
            (None, Some(_), Some(endpoint), _) => {
                self.endpoint = Some(endpoint.clone());
                None
            }
        }
    }

    /// The complete pair, or the error about the incomplete one.
    fn finish(
        self,
        advance_access: Option<Sourced<bool>>,
        warnings: Vec<Warning>,
        tried: Vec<TriedSource>,
    ) -> Result<Resolved, ConfigError> {
        match self {
            Self { endpoint: Some(endpoint), auth: Some(auth) } => {
                Ok(Resolved { endpoint, auth, advance_access, warnings })
            }
            Self { endpoint, auth } => Err(ConfigError::Missing(Box::new(MissingCredentials {
                endpoint: endpoint.map(|endpoint| endpoint.value),
                auth: auth.map(|auth| auth.origin),
                tried,
            }))),
        }
    }
}

fn first_found(sources: &Sources<'_>, explicit: Pair) -> Result<Resolved, ConfigError> {
    let mut pair = explicit;
    if pair.is_complete() {
        return pair.finish(None, Vec::new(), Vec::new());
    }
    let mut tried = vec![tried_program(&pair)];

    let environment = Pair::environment(sources)?;
    let label = SourceLabel::environment();
    if let Some(reason) = pair.complete(&environment, &label) {
        tried.push(label.tried(reason));
    } else {
        return pair.finish(None, Vec::new(), tried);
    }

    let Some(path) = &sources.paths.credentials else {
        let reason = "no home folder to look for `.sevenbridges/credentials` in".to_owned();
        tried.push(TriedSource { source: "credentials file".to_owned(), reason });
        return pair.or(environment).finish(None, Vec::new(), tried);
    };
    let label = SourceLabel::profile(DEFAULT_PROFILE, path);
    let opened = CredentialsFile::open(path).and_then(|file| Ok((file.profile(DEFAULT_PROFILE)?, file)));
    let (profile, file) = match opened {
        Ok(found) => found,
        Err(error @ (ProfileError::NotFound { .. } | ProfileError::UnknownProfile { .. })) => {
            tried.push(label.tried(error.to_string()));
            return pair.or(environment).finish(None, Vec::new(), tried);
        }
        Err(error) => return Err(error.into()),
    };
    let mut warnings = file_warnings(&file);
    let of_profile = Pair::profile(sources, &profile, path)?;
    if pair.is_empty() {
        if of_profile.is_complete() {
            warnings.extend(unused(&environment, &of_profile));
        } else {
            pair = environment;
        }
    }
    if let Some(reason) = pair.complete(&of_profile, &label) {
        tried.push(label.tried(reason));
    }
    pair.or(of_profile).finish(profile_switch(&profile, path), warnings, tried)
}

fn from_named_profile(sources: &Sources<'_>, explicit: Pair, name: &str) -> Result<Resolved, ConfigError> {
    let Some(path) = &sources.paths.credentials else {
        return Err(ConfigError::NoHome { profile: name.to_owned() });
    };
    let file = CredentialsFile::open(path)?;
    let profile = file.profile(name)?;
    let mut warnings = file_warnings(&file);
    let mut tried = vec![tried_program(&explicit)];
    let mut pair = explicit;
    if pair.auth.is_none() {
        pair.auth = profile_token(&profile, path)?;
        // The program set both, but may not know that they do not belong together.
        if let (Some(used), Some(auth)) = (&pair.endpoint, &pair.auth)
            && let Some(own) = profile_endpoint(sources, &profile, path)?
            && own.value != used.value
        {
            let (auth, used) = (auth.origin.clone(), used.value.clone());
            warnings.push(Warning::OtherEndpoint { auth, own: own.value, used });
        }
    }
    if pair.endpoint.is_none() {
        pair.endpoint = profile_endpoint(sources, &profile, path)?;
    }
    let label = SourceLabel::profile(name, path);
    let missing =
        [pair.endpoint.is_none().then_some(label.no_endpoint), pair.auth.is_none().then_some(label.no_token)];
    tried.push(label.tried(missing.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    tried.push(SourceLabel::environment().tried("ignored, because a profile was named"));
    pair.finish(profile_switch(&profile, path), warnings, tried)
}

fn endpoint(sources: &Sources<'_>, text: &str, origin: Origin) -> Result<Sourced<Endpoint>, ConfigError> {
    match Endpoint::parse(text, sources.explicit.allow_insecure_http) {
        Ok(value) => Ok(Sourced { value, origin }),
        Err(reason) => Err(ConfigError::Endpoint { origin, reason }),
    }
}

fn token(text: &str, origin: Origin) -> Result<Sourced<Auth>, ConfigError> {
    match check_token(text) {
        Ok(token) => Ok(Sourced { value: Auth::AuthToken(token), origin }),
        Err(reason) => Err(ConfigError::Token { origin, reason }),
    }
}

fn profile_endpoint(
    sources: &Sources<'_>,
    profile: &Profile,
    path: &Path,
) -> Result<Option<Sourced<Endpoint>>, ConfigError> {
    let found = profile.api_endpoint.as_ref();
    found.map(|Located { value, line }| endpoint(sources, value, origin(profile, path, *line))).transpose()
}

fn profile_token(profile: &Profile, path: &Path) -> Result<Option<Sourced<Auth>>, ConfigError> {
    let found = profile.auth_token.as_ref();
    found
        .map(|Located { value, line }| token(value.expose_secret(), origin(profile, path, *line)))
        .transpose()
}

fn profile_switch(profile: &Profile, path: &Path) -> Option<Sourced<bool>> {
    profile
        .advance_access
        .map(|Located { value, line }| Sourced { value, origin: origin(profile, path, line) })
}

fn origin(profile: &Profile, path: &Path, line: usize) -> Origin {
    Origin::Profile { profile: profile.name().to_owned(), path: path.to_owned(), line }
}

fn file_warnings(file: &CredentialsFile) -> Vec<Warning> {
    file.warnings().iter().cloned().map(Warning::File).collect()
}

fn tried_program(explicit: &Pair) -> TriedSource {
    let reason = match (&explicit.endpoint, &explicit.auth) {
        (None, None) => "it sets neither endpoint nor token",
        (None, _) => "it sets no endpoint",
        _ => "it sets no token",
    };
    TriedSource { source: "the program".to_owned(), reason: reason.to_owned() }
}

/// The variable that is set alone and differs from the profile that is used instead.
fn unused(environment: &Pair, used: &Pair) -> Option<Warning> {
    let used_endpoint = used.endpoint.as_ref()?;
    let (variable, missing) = match (&environment.endpoint, &environment.auth) {
        (Some(endpoint), None) if endpoint.value != used_endpoint.value => (API_ENDPOINT, AUTH_TOKEN),
        (None, Some(auth)) if !used.auth.as_ref()?.value.is_same(&auth.value) => (AUTH_TOKEN, API_ENDPOINT),
        _ => return None,
    };
    Some(Warning::Unused { variable, missing, used: used_endpoint.origin.clone() })
}
