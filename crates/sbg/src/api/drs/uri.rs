//! DRS URIs in their two forms. Pure.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, Result};
use crate::ids::excerpt;

/// The characters of an id that are not encoded.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URI of an object of the Data Repository Service. Parses from text, and displays as the URI.
///
/// ```
/// use sbg::drs::DrsUri;
///
/// let uri: DrsUri = "drs://caninedc.org/b-form".parse()?;
/// assert_eq!(uri, DrsUri::Host { host: "caninedc.org".to_owned(), id: "b-form".to_owned() });
/// let uri: DrsUri = "drs://dg.4503:b-form".parse()?;
/// assert_eq!(uri, DrsUri::Compact { prefix: "dg.4503".to_owned(), accession: "b-form".to_owned() });
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DrsUri {
    /// `drs://HOST/ID`: an object on a server. The host may have a port, for tests.
    Host {
        /// Name of the server.
        host: String,
        /// Id on the server, not percent-encoded.
        id: String,
    },
    /// `drs://PREFIX:ACCESSION`, a compact identifier: a registry knows the server for the prefix.
    Compact {
        /// The prefix, such as `dg.4503`; with a provider code, `code/prefix`.
        prefix: String,
        /// Id within the prefix, not percent-encoded.
        accession: String,
    },
}

impl FromStr for DrsUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = |why: &str| {
            let shown = excerpt(text, 80);
            Error::invalid(format!(
                "`{shown}` is not a DRS URI: {why} (expected `drs://host/id` or `drs://prefix:accession`)"
            ))
        };
        let text = text.trim();
        let rest = match text.get(..6) {
            Some(scheme) if scheme.eq_ignore_ascii_case("drs://") => &text[6..],
            _ => return Err(refused("it must begin with `drs://`")),
        };
        let odd = |c: char| {
            matches!(c, '?' | '#' | '\\' | '@' | '"' | '<' | '>') || c.is_whitespace() || c.is_control()
        };
        if let Some(c) = rest.chars().find(|c| odd(*c)) {
            return Err(refused(&format!("`{}` is not allowed", c.escape_default())));
        }
        let decoded = |id: &str, what: &str| {
            let id = percent_decode_str(id).decode_utf8().map_err(|_| refused("it is not UTF-8"))?;
            if id.is_empty() || matches!(&*id, "." | "..") || id.chars().any(char::is_control) {
                return Err(refused(&format!("the {what} is missing or invalid")));
            }
            Ok(id.into_owned())
        };
        if let Some((host, id)) = rest.split_once('/')
            && is_host(host, id)
        {
            return Ok(Self::Host { host: host.to_ascii_lowercase(), id: decoded(id, "id")? });
        }
        let Some((prefix, accession)) = rest.split_once(':') else {
            return Err(refused("the id is missing"));
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if prefix.split('/').count() > 2 || !prefix.split('/').all(is_name) {
            return Err(refused("the prefix is missing or invalid"));
        }
        Ok(Self::Compact { prefix: prefix.to_ascii_lowercase(), accession: decoded(accession, "accession")? })
    }
}

/// Whether the text before the first slash is a host. The specification forbids `:` in such URIs, but some have it in their ids; a
/// provider code of a compact identifier has no dot.
fn is_host(text: &str, id: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() => (name, Some(port)),
        Some(_) => return false,
        None => (text, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit());
    let has_form = name.contains('.') || name.eq_ignore_ascii_case("localhost") || name.starts_with('[');
    !name.is_empty() && port.is_none_or(is_port) && (has_form || (port.is_none() && !id.contains(':')))
}

/// Writes the URI, with a percent-encoded id.
impl fmt::Display for DrsUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, id } => write!(f, "drs://{host}/{}", utf8_percent_encode(id, KEPT)),
            Self::Compact { prefix, accession } => {
                write!(f, "drs://{prefix}:{}", utf8_percent_encode(accession, KEPT))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_is_read_in_both_forms() {
        let check = |text: &str, expected: &str| {
            let shown = match text.parse::<DrsUri>() {
                Ok(DrsUri::Host { host, id }) => format!("{host} | {id}"),
                Ok(DrsUri::Compact { prefix, accession }) => format!("{prefix} : {accession}"),
                Err(error) => error.to_string(),
            };
            match expected.strip_prefix('!') {
                Some(word) => assert!(shown.contains(word), "{text}: {shown}"),
                None => assert_eq!(shown, expected, "{text}"),
            }
        };
        check("drs://caninedc.org/b-form", "caninedc.org | b-form");
        check(" DRS://CanineDC.org/B-form\n", "caninedc.org | B-form");
        check("drs://caninedc.org/dg.1%2Fb%20form", "caninedc.org | dg.1/b form");
        check("drs://caninedc.org/a/b", "caninedc.org | a/b");
        check("drs://caninedc.org/ark:/12345", "caninedc.org | ark:/12345");
        check("drs://127.0.0.1:8080/b-form", "127.0.0.1:8080 | b-form");
        check("drs://localhost:8080/b-form", "localhost:8080 | b-form");
        check("drs://[::1]:8080/b-form", "[::1]:8080 | b-form");
        check("drs://intranet/b-form", "intranet | b-form");
        check("drs://dg.4503:fc046e84-6cf9", "dg.4503 : fc046e84-6cf9");
        check("drs://dg.4DFC:a%2Fb", "dg.4dfc : a/b");
        check("drs://doi:10.5072/FK2805660V", "doi : 10.5072/FK2805660V");
        check("drs://sgn/ark:12345", "sgn/ark : 12345");
        for text in ["", "b-form", "https://caninedc.org/b-form", "drs:/caninedc.org/b"] {
            check(text, "!must begin with `drs://`");
        }
        for text in
            ["drs://caninedc.org", "drs://caninedc.org/", "drs://caninedc.org/..", "drs://caninedc.org/%2e"]
        {
            check(text, "!is missing");
        }
        check("drs://:b", "!the prefix is missing");
        check("drs:///b", "!the id is missing");
        check("drs://user@caninedc.org/b", "!`@` is not allowed");
        check("drs://caninedc.org/b?x=1", "!`?` is not allowed");
        check("drs://caninedc.org/b\\c", "!is not allowed");
        check("drs://caninedc.org/%ff", "!not UTF-8");
        check("drs://caninedc.org/%0a", "!is missing or invalid");
    }

    #[test]
    fn displayed_uri_parses_to_the_same() {
        for text in ["drs://caninedc.org/a%2Fb%3Ac%25", "drs://dg.4503:a%2Fb", "drs://127.0.0.1:80/%C3%A9"] {
            let uri: DrsUri = text.parse().unwrap();
            assert_eq!(uri.to_string(), text);
            assert_eq!(uri.to_string().parse::<DrsUri>().unwrap(), uri);
        }
    }
}
