//! Pages of collections: `offset` and `limit`, links to the previous and next page, the total in a header.

use http::HeaderName;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    error::{ApiError, Outcome},
    http::request::{Reply, Request},
};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// Replies with the requested page. Only its items are rendered, in the short form
/// unless `fields` selects other properties.
pub(crate) fn reply<T>(
    request: &Request,
    items: &[T],
    short: &[&str],
    render: impl Fn(&T) -> Value,
) -> Outcome<Reply> {
    respond(request, items, Some(short), render)
}

/// [`reply`] for lists that have no short form.
pub(crate) fn whole<T>(request: &Request, items: &[T], render: impl Fn(&T) -> Value) -> Outcome<Reply> {
    respond(request, items, None, render)
}

fn respond<T>(
    request: &Request,
    items: &[T],
    short: Option<&[&str]>,
    render: impl Fn(&T) -> Value,
) -> Outcome<Reply> {
    let page = Page::of(request)?;
    let fields = request.fields();
    let shown: Vec<Value> = items
        .iter()
        .skip(page.offset)
        .take(page.limit)
        .map(|item| fields.apply(render(item), short))
        .collect();
    let body = json!({
        "href": page.href(request, page.offset),
        "items": shown,
        "links": page.links(request, items.len()),
    });
    Ok(Reply::json(body).header(HeaderName::from_static("x-total-matching-query"), items.len()))
}

/// The requested page size.
pub(crate) fn limit(request: &Request) -> Outcome<usize> {
    let limit = number(request, "limit", DEFAULT_LIMIT)?;
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::bad_request(format_args!("`limit` must be between 1 and {MAX_LIMIT}.")))
    }
}

fn number(request: &Request, name: &str, default: usize) -> Outcome<usize> {
    match request.query(name) {
        None | Some("") => Ok(default),
        // Offsets are signed 64-bit numbers on the platform; negative ones are refused.
        Some(text) => {
            text.parse::<i64>().ok().and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
                ApiError::bad_request(format_args!("`{name}` must be a number of at least 0, not `{text}`."))
            })
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    fn of(request: &Request) -> Outcome<Self> {
        Ok(Self { offset: number(request, "offset", 0)?, limit: limit(request)? })
    }

    fn links(self, request: &Request, total: usize) -> Vec<Value> {
        let link =
            |rel: &str, offset| json!({ "href": self.href(request, offset), "rel": rel, "method": "GET" });
        let mut links = Vec::new();
        let next = self.offset.saturating_add(self.limit);
        if next < total {
            links.push(link("next", next));
        }
        if self.offset > 0 {
            // The page before an offset past the end is the last page, not an empty one.
            links.push(link("prev", self.offset.min(total).saturating_sub(self.limit)));
        }
        links
    }

    fn href(self, request: &Request, offset: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("offset", &offset.to_string()).append_pair("limit", &self.limit.to_string());
        query.extend_pairs(request.query_pairs().filter(|(key, _)| !matches!(*key, "offset" | "limit")));
        format!("{}?{}", request.href(&request.path), query.finish())
    }
}
