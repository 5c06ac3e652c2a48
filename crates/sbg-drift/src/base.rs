//! Which requests go to the API, and which part of their URL is the path of an operation.

use serde_json::Value;
use url::{Host, Url};

/// The base URLs of the API, which precede the paths of the document.
///
/// ```
/// let bases = sbg_drift::Bases::of(&sbg_drift::document());
/// assert_eq!(bases.path("https://cgc-api.sbgenomics.com/v2/user/").as_deref(), Some("/user/"));
/// assert_eq!(bases.path("https://storage.example.com/a"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Bases {
    urls: Vec<Url>,
    /// Path prefixes, for traffic recorded without hosts.
    prefixes: Vec<String>,
    /// Whether any loopback address can be the host of an API.
    loopback: bool,
}

impl Bases {
    /// The servers of a document, and `/v2` on any port of this machine.
    pub fn of(document: &Value) -> Self {
        let servers = document["servers"].as_array().into_iter().flatten();
        let urls = servers.filter_map(|server| server["url"].as_str()?.parse().ok());
        Self { urls: urls.collect(), prefixes: Vec::new(), loopback: true }
    }

    /// These bases only: URLs, or prefixes of paths such as `/v2`.
    pub fn only<'b>(bases: impl IntoIterator<Item = &'b str>) -> Self {
        let mut only = Self::default();
        for base in bases {
            match base.parse::<Url>() {
                Ok(url) if url.has_host() => only.urls.push(url),
                _ => only.prefixes.push(base.trim_end_matches('/').to_owned()),
            }
        }
        only
    }

    /// The path below the base, encoded as in `url`; `None` if the URL belongs to another server. A path without a host is below any
    /// base.
    pub fn path(&self, url: &str) -> Option<String> {
        if url.is_empty() || url.starts_with('/') {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            let below = self.prefixes.iter().find_map(|prefix| below(prefix, path));
            return Some(below.unwrap_or(path).to_owned());
        }
        let url: Url = url.parse().ok()?;
        let path = url.path();
        let same = |base: &&Url| base.origin() == url.origin();
        let of_url =
            self.urls.iter().filter(same).find_map(|base| below(base.path().trim_end_matches('/'), path));
        let of_prefix = || self.prefixes.iter().find_map(|prefix| below(prefix, path));
        let of_loopback = || below("/v2", path).filter(|_| self.loopback && is_loopback(&url));
        of_url.or_else(of_prefix).or_else(of_loopback).map(str::to_owned)
    }
}

fn below<'p>(base: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_below_a_base() {
        let check = |bases: &Bases, url: &str, expected: Option<&str>| {
            assert_eq!(bases.path(url).as_deref(), expected, "{url}");
        };
        let known = Bases::of(&crate::document());
        check(&known, "https://api.sbgenomics.com/v2", Some(""));
        check(&known, "https://api.sbgenomics.com/v2/files?limit=1", Some("/files"));
        check(&known, "https://api.sbgenomics.com/v20/files", None);
        check(&known, "https://storage.example.com/v2/files", None);
        check(&known, "http://127.0.0.1:41234/v2/files/a%2Fb", Some("/files/a%2Fb"));
        check(&known, "http://127.0.0.1:41234/objects/1", None);
        check(&known, "/files?x=1", Some("/files"));
        check(&known, "data:image/png;base64,AAAA", None);
        let own = Bases::only(["https://sbg.lab.org/api/v2/", "/v2"]);
        check(&own, "https://sbg.lab.org/api/v2/user", Some("/user"));
        check(&own, "https://proxy.lab.org/v2/user", Some("/user"));
        check(&own, "/v2/user", Some("/user"));
        check(&own, "https://api.sbgenomics.com/user", None);
    }
}
