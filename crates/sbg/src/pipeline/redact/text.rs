//! Redacts texts that may hold secrets. Parts known to be harmless stay; all others of their kind go. Pure.

use std::borrow::Cow;

use url::{Origin, Url};

/// The replacement for a secret.
pub(in crate::pipeline) const REDACTED: &str = "***";

/// Headers whose values may be shown: they describe a body. Any other header may hold credentials.
const HEADERS: [&str; 6] =
    ["content-encoding", "content-length", "content-md5", "content-type", "etag", "x-ms-blob-type"];

/// The query parameters of the API whose values may be shown, sorted. Continuation tokens are not among them: they are opaque.
const PARAMETERS: [&str; 50] = [
    "_all",
    "action",
    "automation_id",
    "batch",
    "billing_group",
    "category",
    "copy_only",
    "created_by",
    "created_from",
    "created_to",
    "dataset",
    "date_from",
    "date_to",
    "division",
    "ended_from",
    "ended_to",
    "fields",
    "file",
    "force",
    "id",
    "include_archived",
    "invoice_id",
    "limit",
    "list_parts",
    "location",
    "metadata",
    "name",
    "offset",
    "order",
    "order_by",
    "origin.task",
    "origin_id",
    "overwrite",
    "package_id",
    "parent",
    "prefix",
    "project",
    "project_based",
    "project_id",
    "q",
    "role",
    "started_from",
    "started_to",
    "state",
    "status",
    "tag",
    "tags",
    "use_interruptible_instances",
    "visibility",
    "volume",
];

/// Whether the values of this header may be shown.
pub(super) fn is_known_header(name: &str) -> bool {
    HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether the values of this query parameter of the API may be shown.
pub(in crate::pipeline) fn is_known_parameter(name: &str) -> bool {
    PARAMETERS.binary_search(&name).is_ok() || name.starts_with("metadata.")
}

/// What ends a URL in a text. Any other character counts as part of it, because it may belong to a signature.
fn ends_url(character: char) -> bool {
    character.is_whitespace() || character.is_control() || matches!(character, '"' | '<' | '>' | '`')
}

/// The text with each URL redacted: without userinfo, and with values only for known query parameters of the API at `api`.
pub(super) fn urls<'t>(text: &'t str, api: &Origin) -> Cow<'t, str> {
    if !text.contains(['?', '@', '%', '#']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(ends_url) {
        let end = word.trim_end_matches(ends_url);
        redact_word(end, api, &mut out);
        out.push_str(&word[end.len()..]);
    }
    if out == text { text.into() } else { out.into() }
}

/// Redacts a part of a text without a delimiter of URLs. It holds at most one URL that matters: everything from its scheme on belongs to
/// it.
fn redact_word(word: &str, api: &Origin, out: &mut String) {
    // Plain, escaped as in quoted JSON, and (below) percent-encoded as in the query of another URL.
    let scheme = ["://", ":\\/\\/"].iter().filter_map(|mark| Some((word.find(mark)?, mark.len()))).min();
    let lower = word.to_ascii_lowercase();
    if let Some(at) = lower.find("%3a%2f%2f")
        && scheme.is_none_or(|(first, _)| at < first)
    {
        let after = at + "%3a%2f%2f".len();
        let secret = lower[after..].contains("%3f")
            || lower[after..].contains("%40")
            || word[after..].contains(['?', '@']);
        out.push_str(if secret { &word[..after] } else { word });
        if secret {
            out.push_str(REDACTED);
        }
        return;
    }
    let Some((at, length)) = scheme else {
        return redact_query(word, true, out);
    };
    // A query before the scheme has the URL as a value.
    if word[..at].contains('?') {
        return redact_query(word, true, out);
    }
    let after = at + length;
    out.push_str(&word[..after]);
    let rest = &word[after..];
    let authority = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let host = match rest[..authority].rsplit_once('@') {
        Some((_, host)) => {
            out.push_str(REDACTED);
            out.push('@');
            host
        }
        None => &rest[..authority],
    };
    out.push_str(host);
    let start =
        word[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).map_or(0, |i| i + 1);
    let origin = word.get(start..at).and_then(|scheme| Url::parse(&format!("{scheme}://{host}/")).ok());
    let is_api = origin.is_some_and(|url| url.origin() == *api);
    let rest = &rest[authority..];
    let path = rest.split('?').next().unwrap_or_default();
    if path.contains("://") { redact_word(rest, api, out) } else { redact_query(rest, is_api, out) }
}

fn holds_url(value: &str) -> bool {
    value.contains("://") || value.to_ascii_lowercase().contains("%3a%2f%2f")
}

/// Redacts the query and fragment of a text that may be the end of a URL. Known parameters keep their values if it is `ours`.
fn redact_query(text: &str, ours: bool, out: &mut String) {
    let (text, fragment) = match text.split_once('#') {
        Some((text, fragment)) => (text, Some(fragment)),
        None => (text, None),
    };
    match text.split_once('?') {
        Some((path, query)) if !ours => {
            out.push_str(path);
            out.push('?');
            out.push_str(if query.is_empty() { "" } else { REDACTED });
        }
        Some((path, query)) => {
            out.push_str(path);
            for (number, pair) in query.split('&').enumerate() {
                out.push(if number == 0 { '?' } else { '&' });
                match pair.split_once('=') {
                    Some((name, value)) if !is_known_parameter(name) || holds_url(value) => {
                        out.push_str(name);
                        out.push('=');
                        out.push_str(REDACTED);
                    }
                    _ => out.push_str(pair),
                }
            }
        }
        None => out.push_str(text),
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(if fragment.contains('=') { REDACTED } else { fragment });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn harmless_url_parts_are_kept() {
        let api = Url::parse("https://api.example.com/v2").unwrap().origin();
        let check = |text: &str, expected: &str| assert_eq!(urls(text, &api), expected);
        // URL of the storage: the whole query is redacted.
        check("https://store.example.com/a?X-Amz-Signature=s3cret", "https://store.example.com/a?***");
        check("HTTPS://STORE.EXAMPLE.COM/a?SIG=s3cret", "HTTPS://STORE.EXAMPLE.COM/a?***");
        check("get https://store/a?sig=s3cret, then", "get https://store/a?*** then");
        check("<a href=\"https://store/a?sig=s3cret\">", "<a href=\"https://store/a?***\">");
        check("(see https://store/a?sig=s3cret)", "(see https://store/a?***");
        check("s3://bucket/key?versionId=1", "s3://bucket/key?***");
        check("https://store/a?", "https://store/a?");
        check("https://store/a#access_token=s3cret", "https://store/a#***");
        check("https:\\/\\/store\\/a?sig=s3cret", "https:\\/\\/store\\/a?***");
        check("redirect=https%3A%2F%2Fstore%2Fa%3Fsig%3Ds3cret", "redirect=https%3A%2F%2F***");
        check(
            "a https://store/a?sig=s3cret b https://store/b?sig=s3cret",
            "a https://store/a?*** b https://store/b?***",
        );
        // URL of the API: known parameters stay.
        let page = "https://api.example.com/v2/files?offset=2&limit=1&metadata.sample_id=S1&fields=id";
        check(page, page);
        check("HTTPS://API.example.com:443/v2/a?limit=2", "HTTPS://API.example.com:443/v2/a?limit=2");
        check(
            "https://api.example.com/v2/a?limit=2&signature=s3cret",
            "https://api.example.com/v2/a?limit=2&signature=***",
        );
        check("https://api.example.com/v2/a?token=s3cret", "https://api.example.com/v2/a?token=***");
        check(
            "https://api.example.com/v2/a?location=https://store/?s=s3cret",
            "https://api.example.com/v2/a?location=***",
        );
        check(
            "https://api.example.com/v2/a?location=https%3A%2F%2Fstore%2Fa%3Fs%3Ds3cret",
            "https://api.example.com/v2/a?location=***",
        );
        check(
            "https://api.example.com/v2,https://rosy:s3cret@store/a?limit=1",
            "https://api.example.com/v2,https://***@store/a?***",
        );
        check("http://api.example.com/v2/a?limit=2", "http://api.example.com/v2/a?***");
        check("https://api.example.com:8443/v2/a?limit=2", "https://api.example.com:8443/v2/a?***");
        // Userinfo, anywhere.
        check("https://rosy:s3cret@store/a", "https://***@store/a");
        check("https://rosy:s3@cret@api.example.com/v2?limit=1", "https://***@api.example.com/v2?limit=1");
        check("proxy http://s3cret@proxy:80.", "proxy http://***@proxy:80.");
        // Without a scheme.
        check("/v2/files?offset=2&limit=1", "/v2/files?offset=2&limit=1");
        check("bucket/key?X-Amz-Signature=s3cret", "bucket/key?X-Amz-Signature=***");
        check("?next=https://store/a?sig=s3cret", "?next=***");
        for harmless in [
            "",
            "100 %",
            "Who?",
            "r.franklin@example.org",
            "https://docs.example.org/a#part",
            "a :// b",
            "://?",
            "é?",
        ] {
            check(harmless, harmless);
        }
    }

    #[test]
    fn known_parameters_match_the_specification() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/sbg.openapi.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let operations = document["paths"].as_object().unwrap().values().filter_map(Value::as_object);
        let declared = operations
            .flat_map(|path| path.values())
            .filter_map(|operation| operation["parameters"].as_array());
        let declared = declared.flatten().map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => parameter,
        });
        let mut names: BTreeSet<&str> = declared
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        for token in ["token", "cont_token", "continuation_token"] {
            assert!(names.remove(token), "{token}");
        }
        assert_eq!(names.into_iter().collect::<Vec<_>>(), PARAMETERS);
    }

    #[test]
    fn only_body_headers_are_known() {
        for known in ["ETag", "Content-Type", "x-ms-blob-type"] {
            assert!(is_known_header(known), "{known}");
        }
        for other in ["Authorization", "x-amz-security-token", "x-anything", ""] {
            assert!(!is_known_header(other), "{other}");
        }
    }
}
