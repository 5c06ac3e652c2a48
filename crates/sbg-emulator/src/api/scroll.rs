//! Lists of files that are read with continuation tokens. They need advance access.

use http::HeaderName;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{cursor, files, page};
use crate::{
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        files::{FileFilter, FileNode},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/files/scroll", scroll).advance(),
    Route::get("/files/{folder_id}/scroll", scroll_folder).advance(),
];

/// The token of the first page.
const FIRST: &str = "init";

fn scroll(world: &mut World, request: &Request) -> Outcome<Reply> {
    let files =
        world.list_files(&request.actor, files::queried_container(request)?, &files::read_filter(request))?;
    reply(request, files)
}

fn scroll_folder(world: &mut World, request: &Request) -> Outcome<Reply> {
    let container = crate::world::files::Container::Folder(request.param("folder_id"));
    let files = world.list_files(&request.actor, container, &FileFilter::default())?;
    reply(request, files)
}

/// One page. Files are sorted by name and a token contains the last name, so files that are added or deleted between
/// two pages neither hide nor repeat others.
fn reply(request: &Request, files: Vec<&FileNode>) -> Outcome<Reply> {
    let refused = |name: &str| name == "offset" || name.starts_with("metadata.");
    if let Some((name, _)) = request.query_pairs().find(|(name, _)| refused(name)) {
        return Err(ApiError::bad_request(format_args!(
            "`{name}` cannot be combined with continuation tokens."
        )));
    }
    let limit = page::limit(request)?;
    let list = list_of(request);
    let after = match request.query_required("token", 90000)? {
        FIRST => None,
        token => Some(cursor::open(&list, token)?),
    };
    let total = files.len();
    let after = after.as_ref().and_then(Value::as_str);
    let mut rest = files.into_iter().filter(|file| after.is_none_or(|after| file.name.as_str() > after));
    let shown: Vec<&FileNode> = rest.by_ref().take(limit).collect();
    let mut links = Vec::new();
    if let (Some(last), Some(_)) = (shown.last(), rest.next()) {
        let next = cursor::seal(&list, &last.name.as_str().into());
        links.push(json!({ "href": href(request, &next, limit), "rel": "next", "method": "GET" }));
    }
    let fields = request.fields();
    let items: Vec<Value> = shown
        .into_iter()
        .map(|file| fields.apply(files::render(request, file), Some(files::SHORT)))
        .collect();
    let here = request.query("token").unwrap_or(FIRST);
    let body = json!({ "href": href(request, here, limit), "items": items, "links": links });
    Ok(Reply::json(body).header(HeaderName::from_static("x-total-matching-query"), total))
}

/// The part of the query that must not change between pages: everything but token, limit and fields.
fn list_of(request: &Request) -> String {
    let filters = request.query_pairs().filter(|(key, _)| !matches!(*key, "token" | "limit" | "fields"));
    let mut text = form_urlencoded::Serializer::new(format!("{}?", request.path));
    text.extend_pairs(filters);
    text.finish()
}

fn href(request: &Request, token: &str, limit: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", token).append_pair("limit", &limit.to_string());
    query.extend_pairs(request.query_pairs().filter(|(key, _)| !matches!(*key, "token" | "limit")));
    format!("{}?{}", request.href(&request.path), query.finish())
}
