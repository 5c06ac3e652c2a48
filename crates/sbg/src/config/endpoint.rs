//! The base URL of the API: the known platforms, and the form of a custom URL.

use std::{error::Error, fmt, net::IpAddr, str::FromStr};

use url::{Host, Url};

use crate::ids::excerpt;

/// The platform that a client talks to.
///
/// Parses from the name of a known environment (`platform`, `eu`, `cgc`, `cavatica`, `biodatacatalyst` or `bdc`, `cn`, in any
/// case) and from the base URL of its API, which ends in `/v2`. The URL of a known environment gives its variant.
///
/// ```
/// use sbg::config::Endpoint;
///
/// assert_eq!("cgc".parse(), Ok(Endpoint::Cgc));
/// assert_eq!("https://cgc-api.sbgenomics.com/v2/".parse(), Ok(Endpoint::Cgc));
///
/// let own: Endpoint = "http://127.0.0.1:8080/v2".parse()?;
/// assert_eq!(own.as_str(), "http://127.0.0.1:8080/v2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The Seven Bridges Platform: `https://api.sbgenomics.com/v2`.
    Platform,
    /// The Seven Bridges Platform in the European region: `https://eu-api.sbgenomics.com/v2`.
    Eu,
    /// The Cancer Genomics Cloud: `https://cgc-api.sbgenomics.com/v2`.
    Cgc,
    /// CAVATICA: `https://cavatica-api.sbgenomics.com/v2`.
    Cavatica,
    /// The Seven Bridges Platform in China: `https://api.sevenbridges.cn/v2`.
    Cn,
    /// NHLBI `BioData` Catalyst: `https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2`.
    BioDataCatalyst,
    /// Any other URL, such as that of an emulator or a private installation.
    Custom(CustomEndpoint),
}

/// A checked base URL that is not that of a known environment.
///
/// ```
/// use sbg::config::Endpoint;
///
/// let endpoint: Endpoint = "http://127.0.0.1:8080/v2".parse().unwrap();
/// assert!(matches!(endpoint, Endpoint::Custom(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomEndpoint(Url);

/// Each known environment with its names (the first one is shown in messages) and its base URL.
const KNOWN: [(Endpoint, &[&str], &str); 6] = [
    (Endpoint::Platform, &["platform"], "https://api.sbgenomics.com/v2"),
    (Endpoint::Eu, &["eu"], "https://eu-api.sbgenomics.com/v2"),
    (Endpoint::Cgc, &["cgc"], "https://cgc-api.sbgenomics.com/v2"),
    (Endpoint::Cavatica, &["cavatica"], "https://cavatica-api.sbgenomics.com/v2"),
    (
        Endpoint::BioDataCatalyst,
        &["biodatacatalyst", "bdc"],
        "https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2",
    ),
    (Endpoint::Cn, &["cn"], "https://api.sevenbridges.cn/v2"),
];

/// Hosts of the web interface, which people copy from the address bar, and the API host of each.
const WEB_HOSTS: [(&str, &str); 7] = [
    ("igor.sbgenomics.com", "api.sbgenomics.com"),
    ("platform.sbgenomics.com", "api.sbgenomics.com"),
    ("eu.sbgenomics.com", "eu-api.sbgenomics.com"),
    ("cgc.sbgenomics.com", "cgc-api.sbgenomics.com"),
    ("cavatica.sbgenomics.com", "cavatica-api.sbgenomics.com"),
    ("platform.sb.biodatacatalyst.nhlbi.nih.gov", "api.sb.biodatacatalyst.nhlbi.nih.gov"),
    ("platform.sevenbridges.cn", "api.sevenbridges.cn"),
];

impl Endpoint {
    /// The base URL of the API, without a trailing slash.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// assert_eq!(Endpoint::Cavatica.as_str(), "https://cavatica-api.sbgenomics.com/v2");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Self::Custom(CustomEndpoint(url)) => url.as_str(),
            known => KNOWN.iter().find(|(endpoint, ..)| endpoint == known).map_or("", |(.., url)| url),
        }
    }

    /// The base URL of the API, without a trailing slash.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// assert_eq!(Endpoint::Eu.url().host_str(), Some("eu-api.sbgenomics.com"));
    /// ```
    pub fn url(&self) -> Url {
        match self {
            Self::Custom(CustomEndpoint(url)) => url.clone(),
            known => Url::parse(known.as_str()).expect("the table holds valid URLs, as a test shows"),
        }
    }

    /// The name of a known environment, such as `cgc`; `None` for any other.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// assert_eq!(Endpoint::BioDataCatalyst.name(), Some("biodatacatalyst"));
    /// assert_eq!("http://127.0.0.1:8080/v2".parse::<Endpoint>()?.name(), None);
    /// # Ok::<(), sbg::config::InvalidEndpoint>(())
    /// ```
    pub fn name(&self) -> Option<&'static str> {
        KNOWN.iter().find(|(endpoint, ..)| endpoint == self).map(|(_, names, _)| names[0])
    }

    /// The known environments.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// let names: Vec<_> = Endpoint::known().filter_map(|endpoint| endpoint.name()).collect();
    /// assert_eq!(names, ["platform", "eu", "cgc", "cavatica", "biodatacatalyst", "cn"]);
    /// ```
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(|(endpoint, ..)| endpoint)
    }

    /// Parses like [`FromStr`], but accepts plain `http` to any host.
    ///
    /// Anyone on the network path can then read the token. Use this only for test installations in a closed
    /// network.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// assert!("http://sbg.lab.org/v2".parse::<Endpoint>().is_err());
    /// let endpoint = Endpoint::parse_allowing_http("http://sbg.lab.org/v2")?;
    /// assert_eq!(endpoint.as_str(), "http://sbg.lab.org/v2");
    /// # Ok::<(), sbg::config::InvalidEndpoint>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when the text is neither the name of a known environment nor the base URL of an API.
    pub fn parse_allowing_http(text: &str) -> Result<Self, InvalidEndpoint> {
        Self::parse(text, true)
    }

    pub(super) fn parse(text: &str, allow_insecure_http: bool) -> Result<Self, InvalidEndpoint> {
        let text = text.trim();
        let known =
            KNOWN.into_iter().find(|(_, names, _)| names.iter().any(|name| text.eq_ignore_ascii_case(name)));
        if let Some((endpoint, ..)) = known {
            return Ok(endpoint);
        }
        let url = parse_url(text, allow_insecure_http)
            .map_err(|problem| InvalidEndpoint { given: redacted(text), problem })?;
        let known = KNOWN.into_iter().find(|(.., known)| *known == url.as_str());
        Ok(known.map_or_else(|| Self::Custom(CustomEndpoint(url)), |(endpoint, ..)| endpoint))
    }
}

/// Parses a name or a base URL; plain `http` is accepted for loopback hosts only.
impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        Self::parse(text, false)
    }
}

/// Writes the base URL.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The base URL, so that an environment is accepted wherever its URL is.
impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.as_str().to_owned()
    }
}

/// A text that is neither the name of a known environment nor the base URL of an API.
///
/// The message shows the text only in part: user names, passwords and queries are redacted, and a text that could be a token
/// is not shown.
///
/// ```
/// use sbg::config::Endpoint;
///
/// let error = "https://sbg.lab.org".parse::<Endpoint>().unwrap_err();
/// assert!(error.to_string().ends_with("(expected `https://sbg.lab.org/v2`)"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEndpoint {
    given: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Empty,
    NotAUrl,
    Malformed(&'static str),
    Unparsable(url::ParseError),
    Scheme,
    Path {
        expected: String,
    },
    /// The host is that of a web interface.
    WebHost {
        expected: String,
    },
    PlainHttp,
}

impl InvalidEndpoint {
    /// Whether the text would be valid if plain `http` were allowed.
    ///
    /// ```
    /// use sbg::config::Endpoint;
    ///
    /// assert!("http://sbg.lab.org/v2".parse::<Endpoint>().unwrap_err().is_plain_http());
    /// assert!(!"ftp://sbg.lab.org/v2".parse::<Endpoint>().unwrap_err().is_plain_http());
    /// ```
    pub fn is_plain_http(&self) -> bool {
        self.problem == Problem::PlainHttp
    }
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given, problem } = self;
        match problem {
            Problem::Empty => f.write_str("the API endpoint is empty (expected a URL such as ")?,
            _ => write!(f, "`{given}` is not an API endpoint: ")?,
        }
        match problem {
            Problem::Empty => f.write_str("`https://api.sbgenomics.com/v2`)"),
            Problem::NotAUrl => {
                f.write_str("expected a URL such as `https://api.sbgenomics.com/v2`, or one of the names")?;
                for (position, (_, names, _)) in KNOWN.iter().enumerate() {
                    write!(f, "{} {}", if position == 0 { "" } else { "," }, names[0])?;
                }
                Ok(())
            }
            Problem::Malformed(what) => f.write_str(what),
            Problem::Unparsable(error) => error.fmt(f),
            Problem::Scheme => f.write_str("the URL must begin with `https://`"),
            Problem::Path { expected } => {
                write!(f, "the path of the URL must end in `/v2` (expected `{expected}`)")
            }
            Problem::WebHost { expected } => {
                write!(f, "this is the host of the web interface (expected its API, `{expected}`)")
            }
            Problem::PlainHttp => f.write_str(
                "over plain http anyone on the network can read the token; use `https://`, or, in a closed \
                 network, opt in with `allow_insecure_http(true)`",
            ),
        }
    }
}

impl Error for InvalidEndpoint {}

fn parse_url(text: &str, allow_insecure_http: bool) -> Result<Url, Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    let Some((_, rest)) = text.split_once("://") else { return Err(Problem::NotAUrl) };
    // The URL parser would fix all of these silently.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::Malformed("white space is not allowed"));
    }
    if text.contains('\\') {
        return Err(Problem::Malformed("`\\` is not allowed"));
    }
    if rest.is_empty() || rest.starts_with('/') {
        return Err(Problem::Malformed("the host name is missing"));
    }
    let mut url = Url::parse(text).map_err(Problem::Unparsable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Problem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::Malformed("a user name or password is not allowed"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::Malformed("a query (`?`) or fragment (`#`) is not allowed"));
    }
    if let Some((_, api)) = WEB_HOSTS.iter().find(|(web, _)| url.host_str() == Some(web)) {
        return Err(Problem::WebHost { expected: format!("https://{api}/v2") });
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/v2") {
        url.set_path(&format!("{path}/v2"));
        return Err(Problem::Path { expected: url.into() });
    }
    url.set_path(&path);
    if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
        return Err(Problem::PlainHttp);
    }
    Ok(url)
}

/// Whether the host of this URL is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// The part of an invalid endpoint that a message may show.
fn redacted(text: &str) -> String {
    /// Shorter than any token of the platform, long enough for a mistyped name of an environment.
    const SHORT: usize = 24;
    if let Some((scheme, rest)) = text.split_once("://") {
        // The last `@`, because a password may contain the characters that end the authority of a URL.
        let (userinfo, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("***@", rest));
        let rest = rest.find(['?', '#']).map_or_else(|| rest.to_owned(), |end| format!("{}…", &rest[..=end]));
        excerpt(&format!("{scheme}://{userinfo}{rest}"), 120)
    } else if text.chars().count() < SHORT || text.trim_end_matches('/').ends_with("/v2") {
        excerpt(text.rsplit('@').next().unwrap_or_default(), 120)
    } else {
        format!("({} characters)", text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_parses_from_name_or_url() {
        let check = |text: &str, expected: &str| {
            let got = match text.parse::<Endpoint>() {
                Ok(endpoint) => format!("{} {endpoint}", endpoint.name().unwrap_or("-")),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, expected, "{text:?}");
        };
        check("platform", "platform https://api.sbgenomics.com/v2");
        check("eu", "eu https://eu-api.sbgenomics.com/v2");
        check("CGC", "cgc https://cgc-api.sbgenomics.com/v2");
        check("Cavatica", "cavatica https://cavatica-api.sbgenomics.com/v2");
        check("BioDataCatalyst", "biodatacatalyst https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2");
        check("bdc", "biodatacatalyst https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2");
        check("https://api.sbgenomics.com/v2", "platform https://api.sbgenomics.com/v2");
        check("  HTTPS://API.sbgenomics.com:443/v2//\n", "platform https://api.sbgenomics.com/v2");
        check("https://gcp-api.sbgenomics.com/v2/", "- https://gcp-api.sbgenomics.com/v2");
        check("https://proxy.lab.org:8443/sbg/v2", "- https://proxy.lab.org:8443/sbg/v2");
        check("http://127.0.0.1:8080/v2", "- http://127.0.0.1:8080/v2");
        check("http://127.9.9.9/v2", "- http://127.9.9.9/v2");
        check("http://[::1]:8080/v2", "- http://[::1]:8080/v2");
        check("http://[::ffff:127.0.0.1]/v2", "- http://[::ffff:7f00:1]/v2");
        check("http://LocalHost:80/v2", "- http://localhost/v2");

        let names = "expected a URL such as `https://api.sbgenomics.com/v2`, or one of the names platform, eu, cgc, \
                     cavatica, biodatacatalyst, cn";
        check("", "the API endpoint is empty (expected a URL such as `https://api.sbgenomics.com/v2`)");
        check("  ", "the API endpoint is empty (expected a URL such as `https://api.sbgenomics.com/v2`)");
        check("cgcc", &format!("`cgcc` is not an API endpoint: {names}"));
        check("api.sbgenomics.com/v2", &format!("`api.sbgenomics.com/v2` is not an API endpoint: {names}"));
        check(
            "0123456789abcdef0123456789abcdef",
            &format!("`(32 characters)` is not an API endpoint: {names}"),
        );
        check("https:/x/v2", &format!("`https:/x/v2` is not an API endpoint: {names}"));
        check("ftp://x/v2", "`ftp://x/v2` is not an API endpoint: the URL must begin with `https://`");
        check("https://", "`https://` is not an API endpoint: the host name is missing");
        check("https:///v2", "`https:///v2` is not an API endpoint: the host name is missing");
        check("https://:443/v2", "`https://:443/v2` is not an API endpoint: empty host");
        check("https://x\\v2", "`https://x\\v2` is not an API endpoint: `\\` is not allowed");
        check("https://x:y/v2", "`https://x:y/v2` is not an API endpoint: invalid port number");
        check("https://a b/v2", "`https://a b/v2` is not an API endpoint: white space is not allowed");
        check("https://a\nb/v2", "`https://a\\nb/v2` is not an API endpoint: white space is not allowed");
        check(
            "https://api.sbgenomics.com",
            "`https://api.sbgenomics.com` is not an API endpoint: the path of the URL must end in `/v2` (expected \
             `https://api.sbgenomics.com/v2`)",
        );
        check(
            "https://x/api/",
            "`https://x/api/` is not an API endpoint: the path of the URL must end in `/v2` (expected `https://x/api/v2`)",
        );
        check(
            "https://cgc.sbgenomics.com/u/rfranklin/demo",
            "`https://cgc.sbgenomics.com/u/rfranklin/demo` is not an API endpoint: this is the host of the web interface \
             (expected its API, `https://cgc-api.sbgenomics.com/v2`)",
        );
        check(
            "https://platform.sb.biodatacatalyst.nhlbi.nih.gov/v2",
            "`https://platform.sb.biodatacatalyst.nhlbi.nih.gov/v2` is not an API endpoint: this is the host of the web \
             interface (expected its API, `https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2`)",
        );
        check(
            "https://x/notv2",
            "`https://x/notv2` is not an API endpoint: the path of the URL must end in `/v2` (expected \
             `https://x/notv2/v2`)",
        );
        check(
            "https://x/v2?token=SECRET",
            "`https://x/v2?…` is not an API endpoint: a query (`?`) or fragment (`#`) is not allowed",
        );
        check(
            "https://x/v2#SECRET",
            "`https://x/v2#…` is not an API endpoint: a query (`?`) or fragment (`#`) is not allowed",
        );
        check(
            "https://me:SECRET@x/v2",
            "`https://***@x/v2` is not an API endpoint: a user name or password is not allowed",
        );
        check("https://me:SE?CRET@x/v2", "`https://***@x/v2` is not an API endpoint: invalid port number");
    }

    #[test]
    fn plain_http_needs_loopback_or_opt_in() {
        for text in ["http://10.0.0.7/v2", "http://localhost.evil.org/v2", "http://api.sbgenomics.com/v2"] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert!(error.is_plain_http(), "{text}: {error}");
            assert!(error.to_string().contains("allow_insecure_http(true)"), "{error}");
            let allowed = Endpoint::parse_allowing_http(text).unwrap();
            assert_eq!((allowed.as_str(), allowed.name()), (text, None));
        }
        assert!(Endpoint::parse_allowing_http("http://10.0.0.7").is_err());
    }

    #[test]
    fn known_endpoints_round_trip() {
        for endpoint in Endpoint::known() {
            assert_eq!(endpoint.url().as_str(), endpoint.as_str());
            assert_eq!(endpoint.as_str().parse(), Ok(endpoint.clone()));
            assert_eq!(endpoint.name().unwrap().parse(), Ok(endpoint.clone()));
            assert_eq!(String::from(endpoint.clone()).parse(), Ok(endpoint));
        }
        assert_eq!(Endpoint::known().count(), 6);
    }
}
