//! The rules by which one value is preferred over another; the table is in the [module above](super).

use std::fmt;

use super::{
    Attempt, Auth, Config, ConfigError, Endpoint, MissingCredentials, Origin, Origins, Proxies, ProxyUrl, Sources,
    Warning, auth::check_token,
};
use crate::profile::{Credentials, Profile, ProfileError, Settings};

const API_ENDPOINT: &str = "SB_API_ENDPOINT";
const AUTH_TOKEN: &str = "SB_AUTH_TOKEN";
/// The profile that is used when none is asked for.
const DEFAULT_PROFILE: &str = "default";

pub(super) fn resolve(sources: &Sources<'_>) -> Result<Config, ConfigError> {
    let mut search = Search { sources, tried: Vec::new(), warnings: Vec::new(), profile: None };
    let (endpoint, auth) = match &sources.explicit.profile {
        Some(name) => search.named_profile(name)?,
        None => search.first_found()?,
    };
    let Search { warnings, profile, .. } = search;

    let explicit = &sources.explicit;
    let of_profile = profile.filter(|switch| {
        let same = |origin: &Origin| matches!(origin, Origin::Profile { .. });
        switch.is_some() && (same(&endpoint.origin) || same(&auth.origin))
    });
    let advance_access = explicit.advance_access.map(Sourced::explicit).or(of_profile.flatten());
    let settings = match &sources.paths.settings {
        Some(path) if explicit.proxies.is_none() || advance_access.is_none() => Settings::open(path)?,
        _ => None,
    };
    let advance_access = advance_access
        .or_else(|| settings.as_ref().and_then(Settings::sourced_advance_access))
        .unwrap_or(Sourced { value: false, origin: Origin::Default });
    todo!()
}
