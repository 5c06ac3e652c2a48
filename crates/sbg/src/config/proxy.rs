//! URLs of proxies: their syntax, and the redaction of their passwords.

use std::{error::Error, fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::endpoint::is_loopback;
use crate::ids::excerpt;

/// The proxies that requests go through; none by default.
///
/// They are used for API calls and for transfers. Which of the two applies depends on the scheme of the requested URL,
/// which is `https` for the platform and its storage.
///
/// ```
/// use sbg::config::Proxies;
///
/// let proxies = Proxies::none().https("proxy.lab.org:3128".parse()?).no_proxy("localhost,.lab.org");
/// assert_eq!(proxies.for_https().unwrap().to_string(), "http://proxy.lab.org:3128/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    pub(super) https: Option<ProxyUrl>,
    pub(super) http: Option<ProxyUrl>,
    pub(super) no_proxy: Option<String>,
}

impl Proxies {
    /// No proxy: every request goes directly to its host.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// assert!(Proxies::none().is_none());
    /// let straight = sbg::Client::builder().proxies(Proxies::none());
    /// ```
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets the proxy of requests to `https` URLs.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// let proxies = Proxies::none().https("rfranklin:secret@proxy.lab.org:3128".parse()?);
    /// assert_eq!(proxies.for_https().unwrap().to_string(), "http://***@proxy.lab.org:3128/");
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn https(mut self, proxy: ProxyUrl) -> Self {
        self.https = Some(proxy);
        self
    }

    /// Sets the proxy of requests to `http` URLs.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// let proxies = Proxies::none().http("proxy.lab.org:3128".parse()?);
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn http(mut self, proxy: ProxyUrl) -> Self {
        self.http = Some(proxy);
        self
    }

    /// Sets the hosts that are reached without a proxy: names, domains (`.lab.org`), addresses or networks
    /// (`10.0.0.0/8`), separated by commas, or `*` for all.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// let proxies = Proxies::none().https("proxy.lab.org:3128".parse()?).no_proxy("localhost,10.0.0.0/8");
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = Some(hosts.into());
        self
    }

    /// The proxy of requests to `https` URLs.
    ///
    /// ```no_run
    /// if let Some(proxy) = sbg::config::Config::from_env()?.proxies.for_https() {
    ///     println!("transfers go through {proxy}");
    /// }
    /// # Ok::<(), sbg::config::ConfigError>(())
    /// ```
    pub fn for_https(&self) -> Option<&ProxyUrl> {
        self.https.as_ref()
    }

    /// The proxy of requests to `http` URLs.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// let proxies = Proxies::none().https("proxy.lab.org:3128".parse()?);
    /// assert!(proxies.for_http().is_none());
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn for_http(&self) -> Option<&ProxyUrl> {
        self.http.as_ref()
    }

    /// The hosts that are reached without a proxy, separated by commas.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// assert_eq!(Proxies::none().no_proxy("localhost,.lab.org").exceptions(), Some("localhost,.lab.org"));
    /// ```
    pub fn exceptions(&self) -> Option<&str> {
        self.no_proxy.as_deref()
    }

    /// Whether every request goes directly to its host.
    ///
    /// ```
    /// use sbg::config::Proxies;
    ///
    /// assert!(!Proxies::none().https("proxy.lab.org:3128".parse()?).is_none());
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn is_none(&self) -> bool {
        self.https.is_none() && self.http.is_none()
    }
}

/// The URL of a proxy, parsed from `host:port` or from an `http` or `https` URL.
///
/// A user name and password may precede the host (`user:password@host:port`). `Debug` and `Display` redact both; only
/// [`expose`](Self::expose) shows them. The default port is 80, or 443 for `https`.
///
/// ```
/// use sbg::config::ProxyUrl;
///
/// let proxy: ProxyUrl = "rfranklin:secret@proxy.lab.org:3128".parse()?;
/// assert_eq!(proxy.to_string(), "http://***@proxy.lab.org:3128/");
/// # Ok::<(), sbg::config::InvalidProxy>(())
/// ```
#[derive(Clone)]
pub struct ProxyUrl {
    url: SecretString,
    shown: String,
}

impl ProxyUrl {
    /// The whole URL, with user name and password.
    ///
    /// ```
    /// use sbg::config::ProxyUrl;
    ///
    /// let proxy: ProxyUrl = "rfranklin:secret@proxy.lab.org:3128".parse()?;
    /// assert_eq!(proxy.expose(), "http://rfranklin:secret@proxy.lab.org:3128/");
    /// # Ok::<(), sbg::config::InvalidProxy>(())
    /// ```
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

impl ProxyUrl {
    /// Whether the proxy is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        Url::parse(self.expose()).is_ok_and(|url| is_loopback(&url))
    }
}

impl FromStr for ProxyUrl {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let text = text.trim();
        let invalid = |problem| InvalidProxy { given: redacted(text), problem };
        if text.is_empty() {
            return Err(invalid(Problem::Empty));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid(Problem::WhiteSpace));
        }
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|error| invalid(Problem::Unparsable(error)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(Problem::Scheme));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(Problem::Trailing));
        }
        let shown = redacted(url.as_str());
        Ok(Self { url: SecretString::from(String::from(url)), shown })
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProxyUrl").field(&self.shown).finish()
    }
}

/// A text that is not a proxy URL. The message redacts user name and password.
///
/// ```
/// use sbg::config::ProxyUrl;
///
/// let error = "socks5://rfranklin:secret@proxy.lab.org".parse::<ProxyUrl>().unwrap_err();
/// assert!(!error.to_string().contains("secret"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProxy {
    given: String,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    Empty,
    WhiteSpace,
    Unparsable(url::ParseError),
    Scheme,
    Trailing,
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem == Problem::Empty {
            return f.write_str("the proxy URL is empty (expected `host:port`)");
        }
        write!(f, "`{}` is not a proxy URL: ", self.given)?;
        match self.problem {
            Problem::Unparsable(error) => error.fmt(f)?,
            Problem::Scheme => f.write_str("only http and https proxies are supported")?,
            Problem::WhiteSpace => f.write_str("white space is not allowed")?,
            Problem::Empty | Problem::Trailing => f.write_str("a path, query or fragment is not allowed")?,
        }
        f.write_str(" (expected `host:port`, or a URL such as `http://user:password@host:port`)")
    }
}

impl Error for InvalidProxy {}

/// The URL without user name and password.
fn redacted(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    // The last `@` of all, because a password may contain the characters that end the authority of a URL.
    let (userinfo, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("***@", rest));
    excerpt(&format!("{scheme}{separator}{userinfo}{rest}"), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_parses_from_host_or_url() {
        let check = |text: &str, expected: Result<(&str, &str), &str>| {
            let got = text.parse::<ProxyUrl>();
            let got = got.as_ref().map(|url| (url.expose(), url.shown.as_str())).map_err(ToString::to_string);
            assert_eq!(got, expected.map_err(str::to_owned), "{text:?}");
        };
        let form = "(expected `host:port`, or a URL such as `http://user:password@host:port`)";
        let ok = |url| Ok((url, url));
        check("proxy.lab.org:3128", ok("http://proxy.lab.org:3128/"));
        check(" 10.0.0.1:3128\n", ok("http://10.0.0.1:3128/"));
        check("[::1]:3128", ok("http://[::1]:3128/"));
        check("proxy", ok("http://proxy/"));
        check("https://proxy:443", ok("https://proxy/"));
        check("http://proxy:8080/", ok("http://proxy:8080/"));
        check("me:SECRET@proxy:1", Ok(("http://me:SECRET@proxy:1/", "http://***@proxy:1/")));
        check("http://me:SEC@RET@proxy:1", Ok(("http://me:SEC%40RET@proxy:1/", "http://***@proxy:1/")));
        check("http://me@proxy", Ok(("http://me@proxy/", "http://***@proxy/")));

        check("", Err("the proxy URL is empty (expected `host:port`)"));
        check(
            "socks5://me:SECRET@proxy:1",
            Err(&format!(
                "`socks5://***@proxy:1` is not a proxy URL: only http and https proxies are supported {form}"
            )),
        );
        check("proxy:port", Err(&format!("`proxy:port` is not a proxy URL: invalid port number {form}")));
        check("a b:1", Err(&format!("`a b:1` is not a proxy URL: white space is not allowed {form}")));
        check(
            "http://proxy:1/path",
            Err(&format!(
                "`http://proxy:1/path` is not a proxy URL: a path, query or fragment is not allowed {form}"
            )),
        );
        check(
            "http://me:SE/CRET@proxy:1",
            Err(&format!("`http://***@proxy:1` is not a proxy URL: invalid port number {form}")),
        );
        check(
            "me:1/SECRET@proxy:1",
            Err(&format!(
                "`***@proxy:1` is not a proxy URL: a path, query or fragment is not allowed {form}"
            )),
        );
    }

    #[test]
    fn proxy_password_is_redacted() {
        let proxies = Proxies::none().https("me:SECRET@proxy:1".parse().unwrap()).no_proxy("localhost");
        let shown = format!("{proxies:?} {proxies:#?} {}", proxies.for_https().unwrap());
        assert!(!shown.contains("SECRET") && !shown.contains("me:"), "{shown}");
        assert!(shown.contains("http://***@proxy:1/"), "{shown}");
        assert!(!proxies.is_none() && Proxies::none().is_none());
        assert_eq!(proxies.exceptions(), Some("localhost"));
        assert!(proxies.for_http().is_none());
    }
}
