//! Lists of files that are read with continuation tokens. They need advance access.

use http::HeaderName;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    call::{Call, Reply},
    error::{ApiError, Outcome},
    page,
    route::Route,
    token,
    world::{
        World,
        files::{FileFilter, FileNode},
    },
};

use super::files::{self, Case};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/files/scroll", scroll).advance(),
    Route::get("/files/{folder_id}/scroll", scroll_folder).advance(),
];

/// What asks for the first page.
const FIRST: &str = "init";

fn scroll(world: &mut World, call: &Call) -> Outcome<Reply> {
    let files = world.list_files(&call.actor, files::queried_place(call)?, &files::read_filter(call))?;
    reply(call, files, Case::Small)
}

fn scroll_folder(world: &mut World, call: &Call) -> Outcome<Reply> {
    let place = crate::world::files::Place::Folder(call.param("folder_id"));
    let files = world.list_files(&call.actor, place, &FileFilter::default())?;
    reply(call, files, Case::Capital)
}

/// One page. Files come in the order of names and a token holds the last name, so that files that come and go between
/// two pages neither hide nor repeat others.
fn reply(call: &Call, files: Vec<&FileNode>, case: Case) -> Outcome<Reply> {
    let refused = |name: &str| name == "offset" || name.starts_with("metadata.");
    if let Some((name, _)) = call.query_pairs().find(|(name, _)| refused(name)) {
        return Err(ApiError::bad_request(format_args!(
            "`{name}` cannot be combined with continuation tokens."
        )));
    }
    let limit = page::limit(call)?;
    let list = list_of(call);
    let after = match call.query_required("token", 90000)? {
        FIRST => None,
        token => Some(token::open(&list, token)?),
    };
    let total = files.len();
    let after = after.as_ref().and_then(Value::as_str);
    let mut rest = files.into_iter().filter(|file| after.is_none_or(|after| file.name.as_str() > after));
    let shown: Vec<&FileNode> = rest.by_ref().take(limit).collect();
    let mut links = Vec::new();
    if let (Some(last), Some(_)) = (shown.last(), rest.next()) {
        let next = token::seal(&list, &last.name.as_str().into());
        links.push(json!({ "href": href(call, &next, limit), "rel": "next", "method": "GET" }));
    }
    let fields = call.fields();
    let items: Vec<Value> = shown
        .into_iter()
        .map(|file| fields.apply(files::render(call, file, case), Some(files::SHORT)))
        .collect();
    let here = call.query("token").unwrap_or(FIRST);
    let body = json!({ "href": href(call, here, limit), "items": items, "links": links });
    Ok(Reply::json(body).header(HeaderName::from_static("x-total-matching-query"), total))
}

/// What has to stay the same from page to page: everything but the token, the size and the look.
fn list_of(call: &Call) -> String {
    let filters = call.query_pairs().filter(|(key, _)| !matches!(*key, "token" | "limit" | "fields"));
    let mut text = form_urlencoded::Serializer::new(format!("{}?", call.path));
    text.extend_pairs(filters);
    text.finish()
}

fn href(call: &Call, token: &str, limit: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", token).append_pair("limit", &limit.to_string());
    query.extend_pairs(call.query_pairs().filter(|(key, _)| !matches!(*key, "token" | "limit")));
    format!("{}?{}", call.href(&call.path), query.finish())
}
