//! Keeps web pages of other sites out of the control endpoint and the console.
//!
//! A page must not reach them through the browser of the person who runs the emulator. So each request has a header that pages cannot
//! send to another site, has no `Origin` of another site, and a `Host` that no web page can have.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{header, request::Parts};

/// The required header.
const HEADER: &str = "x-emulator-control";

/// Refuses requests that may come from a web page of another site, with the reason.
pub(super) fn admit(head: &Parts) -> Result<(), String> {
    let host = host(head)?;
    if let Some(origin) = head.headers.get(header::ORIGIN)
        && !["http", "https"].iter().any(|scheme| origin == format!("{scheme}://{host}").as_str())
    {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        return Err(format!(
            "the request comes from a web page (`Origin: {origin}`): use another program, such as curl"
        ));
    }
    if head.headers.get(HEADER).is_none_or(|value| value != "1") {
        return Err("missing header `X-Emulator-Control: 1`".to_owned());
    }
    Ok(())
}

/// The host that a request was sent to, which must be one that no web page can have.
pub(super) fn host(head: &Parts) -> Result<String, String> {
    let host = head.headers.get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
    let host = host.unwrap_or_default().into_owned();
    if is_local(&host) {
        Ok(host)
    } else {
        Err(format!(
            "the request was sent to `{host}`: use `localhost`, an IP address or a name without dots"
        ))
    }
}

/// Whether this is a host that no web page can have. Otherwise, a page could rebind the DNS name that it was loaded from to this
/// address and count as the same site. Containers use names without dots.
fn is_local(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address =
        bracketed.map_or_else(|| name.parse::<Ipv4Addr>().is_ok(), |name| name.parse::<Ipv6Addr>().is_ok());
    let label = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = name.to_ascii_lowercase();
    let local =
        label(&name) || name.strip_suffix(".localhost").is_some_and(|rest| rest.split('.').all(label));
    port.parse::<u16>().is_ok() && (address || local)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn only_local_host_names_are_accepted() {
        let local = [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:1",
            "127.0.0.1:8080",
            "192.168.0.7",
            "[::1]:8080",
            "[::1]",
        ];
        for host in local.into_iter().chain(["emulator:8080", "lab-box"]) {
            assert!(is_local(host), "{host}");
        }
        let others = [
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "evillocalhost.",
            "127.0.0.1.",
            "",
        ];
        for host in others.into_iter().chain([
            ":80",
            "localhost:",
            "localhost:80:80",
            "[::1",
            "[x]:80",
            ".localhost",
            "a@localhost",
        ]) {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn browser_headers_are_refused() {
        let check = |headers: &[(&str, &str)], expected: Option<&str>| {
            let request = Request::post("/_emulator/clock");
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let (head, ()) = request.body(()).unwrap().into_parts();
            let refused = admit(&head).err();
            let fits = refused.as_deref().map_or("", |text| text).contains(expected.unwrap_or_default());
            assert!(fits && refused.is_some() == expected.is_some(), "{headers:?}: {refused:?}");
        };
        let (host, own) = (("host", "127.0.0.1:8080"), ("x-emulator-control", "1"));
        check(&[host, own], None);
        check(&[host], Some("missing header `X-Emulator-Control: 1`"));
        check(&[host, ("x-emulator-control", "")], Some("missing header"));
        check(&[host, own, ("origin", "https://example.org")], Some("`Origin: https://example.org`"));
        check(&[host, own, ("origin", "null")], Some("`Origin: null`"));
        check(&[host, own, ("origin", "http://127.0.0.1:8080")], None);
        check(&[host, own, ("origin", "http://127.0.0.1:8081")], Some("comes from a web page"));
        check(&[host, own, ("origin", "http://localhost:8080")], Some("comes from a web page"));
        check(&[("host", "evil.example.org:8080"), own], Some("sent to `evil.example.org:8080`"));
        check(&[own], Some("sent to ``"));
    }
}
