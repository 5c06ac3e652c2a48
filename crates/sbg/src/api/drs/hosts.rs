//! Which DRS servers a client knows: those that get the token, and those of compact identifiers.

use std::collections::BTreeMap;

use crate::config::Endpoint;

/// The DRS servers of the known environments.
const OWN: [(Endpoint, &str); 3] = [
    (Endpoint::Cgc, "cgc-ga4gh-api.sbgenomics.com"),
    (Endpoint::Cavatica, "cavatica-ga4gh-api.sbgenomics.com"),
    (Endpoint::BioDataCatalyst, "ga4gh-api.sb.biodatacatalyst.nhlbi.nih.gov"),
];

/// The servers of common prefixes of compact identifiers.
const PREFIXES: [(&str, &str); 5] = [
    ("dg.4503", "gen3.biodatacatalyst.nhlbi.nih.gov"),
    ("dg.4dfc", "nci-crdc.datacommons.io"),
    ("dg.anv0", "gen3.theanvil.io"),
    ("dg.f82a1a", "data.kidsfirstdrc.org"),
    ("drs.anv0", "data.terra.bio"),
];

/// The registry for other prefixes.
const RESOLVER: &str = "https://resolver.api.identifiers.org";

/// The DRS servers that a client knows. The default suits the known environments.
///
/// ```
/// use sbg::drs::DrsHosts;
///
/// let hosts = DrsHosts::default().prefix("dg.lab", "drs.lab.org").resolver(None::<String>);
/// let client = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef").drs_hosts(hosts).build()?;
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DrsHosts {
    own: Option<Vec<String>>,
    prefixes: BTreeMap<String, String>,
    resolver: Option<String>,
}

impl Default for DrsHosts {
    fn default() -> Self {
        let prefixes = PREFIXES.map(|(prefix, host)| (prefix.to_owned(), host.to_owned()));
        Self { own: None, prefixes: prefixes.into(), resolver: Some(RESOLVER.to_owned()) }
    }
}

impl DrsHosts {
    /// The hosts of the platform, as `host` or `host:port`: only they get the token. By default the DRS server of CGC, CAVATICA or
    /// `BioData` Catalyst, whichever the client is for; with an endpoint of your own its host; for other environments none.
    ///
    /// Whoever runs one of these hosts can act as you. Name no server of others.
    ///
    /// ```
    /// let hosts = sbg::drs::DrsHosts::default().own(["ga4gh.sbg.lab.org"]);
    /// ```
    pub fn own<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.own = Some(hosts.into_iter().map(Into::into).collect());
        self
    }

    /// The server for a prefix of compact identifiers. Some prefixes of Gen3 (`dg.4503`, `dg.4dfc`, `dg.anv0`, `dg.f82a1a`) and Terra
    /// (`drs.anv0`) are known.
    ///
    /// ```
    /// let hosts = sbg::drs::DrsHosts::default().prefix("dg.lab", "drs.lab.org");
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>, host: impl Into<String>) -> Self {
        self.prefixes.insert(prefix.into().to_ascii_lowercase(), host.into());
        self
    }

    /// The registry that is asked for other prefixes: a URL of a service with the interface of `resolver.api.identifiers.org`, which is
    /// the default. It sees the identifier and gets no token. `None`: other prefixes fail.
    ///
    /// ```
    /// let hosts = sbg::drs::DrsHosts::default().resolver(Some("https://identifiers.lab.org"));
    /// ```
    pub fn resolver(mut self, url: Option<impl Into<String>>) -> Self {
        self.resolver = url.map(Into::into);
        self
    }

    /// The hosts that get the token of this endpoint.
    pub(super) fn own_of(&self, endpoint: &Endpoint) -> Vec<String> {
        if let Some(own) = &self.own {
            return own.clone();
        }
        if let Endpoint::Custom(_) = endpoint {
            let url = endpoint.url();
            let host = url.host_str().unwrap_or_default();
            return vec![url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))];
        }
        OWN.iter().filter(|(known, _)| known == endpoint).map(|(_, host)| (*host).to_owned()).collect()
    }

    /// The server for a prefix, if it is known without the registry.
    pub(super) fn of_prefix(&self, prefix: &str) -> Option<&str> {
        self.prefixes.get(&prefix.to_ascii_lowercase()).map(String::as_str)
    }

    /// The base URL of the registry.
    pub(super) fn registry(&self) -> Option<&str> {
        self.resolver.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_hosts_are_those_of_the_endpoint() {
        let check = |endpoint: &str, expected: &[&str]| {
            let endpoint: Endpoint = endpoint.parse().unwrap();
            assert_eq!(DrsHosts::default().own_of(&endpoint), expected, "{endpoint}");
        };
        check("cgc", &["cgc-ga4gh-api.sbgenomics.com"]);
        check("cavatica", &["cavatica-ga4gh-api.sbgenomics.com"]);
        check("bdc", &["ga4gh-api.sb.biodatacatalyst.nhlbi.nih.gov"]);
        check("platform", &[]);
        check("http://127.0.0.1:8080/v2", &["127.0.0.1:8080"]);
        check("https://sbg.lab.org/v2", &["sbg.lab.org"]);
        let named = DrsHosts::default().own(["a.org"]);
        assert_eq!(named.own_of(&Endpoint::Cgc), ["a.org"]);
    }

    #[test]
    fn prefixes_are_known_in_any_case() {
        let hosts = DrsHosts::default().prefix("DG.Lab", "drs.lab.org");
        assert_eq!(hosts.of_prefix("dg.lab"), Some("drs.lab.org"));
        assert_eq!(hosts.of_prefix("dg.4DFC"), Some("nci-crdc.datacommons.io"));
        assert_eq!(hosts.of_prefix("doi"), None);
    }
}
