//! Pages for people. At `/` of the API: what is in the emulator, the latest requests, the faults and the clock; the page reads and changes
//! them through the control endpoint. At `/docs`: the reference of the API, a file that the user names.

use http::{HeaderName, Method, header, request::Parts};

use super::{local_access::host, response::Response};
use crate::shared::Shared;

/// The page may load nothing but its own script and style, and may not be shown inside another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The reference is one file with its scripts and styles, and sends requests to this emulator only.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; \
                           font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What `/docs` shows without a file.
const NO_DOCS: &str = "<!doctype html><html lang=\"en\"><title>Reference</title><p>The emulator was started without the reference of the \
                       API. In the repository, run <code>cargo xtask docs</code>, then start the emulator with \
                       <code>--docs target/docs/index.html</code>.</p></html>\n";

/// Responds to requests for the page; `None` for others, and where the console is not served.
pub(crate) fn respond(shared: &Shared, head: &Parts) -> Option<Response> {
    const HTML: &str = "text/html; charset=utf-8";
    let path = head.uri.path();
    let (content_type, policy) = match path {
        "/" => (HTML, POLICY),
        "/console.js" => ("text/javascript; charset=utf-8", POLICY),
        "/console.css" => ("text/css; charset=utf-8", POLICY),
        "/docs" => (HTML, DOCS_POLICY),
        _ => return None,
    };
    if !(shared.config.console.unwrap_or_else(|| shared.config.listen.ip().is_loopback())) {
        return None;
    }
    if head.method != Method::GET {
        return Some(Response::text(405, "text/plain", "allowed: GET\n").header(header::ALLOW, "GET"));
    }
    // Otherwise, a web page could read the token.
    if let Err(reason) = host(head) {
        return Some(Response::text(403, "text/plain", format!("{reason}\n")));
    }
    let text = match path {
        "/" => Ok(page(shared)),
        "/console.js" => Ok(include_str!("console/console.js").to_owned()),
        "/console.css" => Ok(include_str!("console/console.css").to_owned()),
        _ => docs(shared),
    };
    let text = match text {
        Ok(text) => text,
        Err(reason) => return Some(Response::text(500, "text/plain", reason)),
    };
    let response = Response::text(200, content_type, text)
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(HeaderName::from_static("x-content-type-options"), "nosniff");
    Some(response)
}

/// The reference of the API.
fn docs(shared: &Shared) -> Result<String, String> {
    let Some(file) = &shared.config.docs else { return Ok(NO_DOCS.to_owned()) };
    std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}\n", file.display()))
}

/// The page. It shows the token only if the user has chosen it, and so knows it.
fn page(shared: &Shared) -> String {
    let token = shared.config.token.as_deref();
    let token = token.map_or_else(
        || "as printed at the start".to_owned(),
        |token| format!("<code>{}</code>", escaped(token)),
    );
    include_str!("console/index.html")
        .replace("{{url}}", &escaped(&shared.api_base))
        .replace("{{token}}", &token)
}

/// A text inside HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("<a href=\"x\">&</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
    }
}
