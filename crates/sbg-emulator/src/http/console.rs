//! A page for people, at `/` of the API: what is in the emulator, the latest requests, the faults and the clock. It reads and changes
//! them through the control endpoint.

use http::{HeaderName, Method, header, request::Parts};

use super::{local_access::host, response::Response};
use crate::shared::Shared;

/// The page may load nothing but its own script and style, and may not be shown inside another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Responds to requests for the page; `None` for others, and where the console is not served.
pub(crate) fn respond(shared: &Shared, head: &Parts) -> Option<Response> {
    let (content_type, text) = match head.uri.path() {
        "/" => ("text/html; charset=utf-8", page(shared)),
        "/console.js" => ("text/javascript; charset=utf-8", include_str!("console/console.js").to_owned()),
        "/console.css" => ("text/css; charset=utf-8", include_str!("console/console.css").to_owned()),
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
    let response = Response::text(200, content_type, text)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(HeaderName::from_static("x-content-type-options"), "nosniff");
    Some(response)
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
