//! Searches for files with the query language.

use serde_json::{Value, json};

use super::{cursor, page};
use crate::{
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        files::{Alias, FileNode},
        search::extension,
        search_query,
    },
};

pub(super) static ROUTES: &[Route] = &[Route::post("/files/search", search)];

fn search(world: &mut World, request: &Request) -> Outcome<Reply> {
    let text = request.object()?.required("query", 90000)?;
    let query = search_query::parse(text)
        .map_err(|reason| ApiError::bad_request(format_args!("Invalid query: {reason}.")))?;
    let size = page::limit(request)?;
    let given = request.query("cont_token").filter(|token| !token.is_empty()).or(query.token.as_deref());
    let start = match given {
        Some(token) => {
            let position = cursor::open(text, token)?.as_u64().and_then(|start| usize::try_from(start).ok());
            position.ok_or(ApiError::new(57001))?
        }
        None => 0,
    };
    let found = world.search(&request.actor, &query)?;
    let wanted: Vec<&FileNode> =
        found.into_iter().skip(query.offset).take(query.limit.unwrap_or(usize::MAX)).collect();
    let end = start.saturating_add(size);
    let token = (end < wanted.len()).then(|| cursor::seal(text, &end.into()));
    let shown = wanted.iter().skip(start).take(size).map(|file| render(world, &query, file));
    Ok(Reply::json(json!({
        "count": wanted.len(),
        "cont_token": token,
        "result_set": shown.collect::<Vec<Value>>(),
    })))
}

/// A file as search results show it, which differs from other calls.
fn render(world: &World, query: &search_query::Query, file: &FileNode) -> Value {
    let volume =
        |Alias { volume, location }: &Alias| json!({ "volume": volume, "location": location }).to_string();
    let mut value = json!({
        "vs_route": null,
        "type": world.property(file, "type"),
        "time_updated": file.modified.as_millisecond(),
        "volume": file.alias.as_ref().map(volume),
        "size": world.property(file, "size"),
        "imported": file.alias.is_some().to_string(),
        "name": file.name,
        "time_created": file.created.as_millisecond(),
        "parent_path": world.parent_path(file),
        "file_extension": extension(file),
        "locations": json!(["aws:us-east-1"]).to_string(),
        "id": file.id,
        "state": "AVAILABLE",
        "operation_timestamp": file.modified.as_millisecond(),
        "coords": format!("vsstore://emulator/{}", file.id),
    });
    for (field, name) in &query.names {
        value[name] = world.property(file, field);
    }
    value
}
