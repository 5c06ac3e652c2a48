//! Lines of JSON: `{"method", "path", "query": [[key, value]...], "request": JSON, "status", "response": JSON}`. Only the method and the
//! path are required.

use std::io::BufRead;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::Bases;
use crate::exchange::{Body, Exchange, Found};
use crate::report::Position;

#[derive(Deserialize)]
struct Line {
    method: String,
    path: String,
    #[serde(default)]
    query: Option<Vec<(String, String)>>,
    #[serde(default, deserialize_with = "present")]
    request: Option<Value>,
    status: Option<u16>,
    #[serde(default, deserialize_with = "present")]
    response: Option<Value>,
}

/// A field that is present, even if it is null.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(field).map(Some)
}

pub(crate) fn read(
    mut traffic: impl BufRead,
    bases: &Bases,
    each: &mut dyn FnMut(Position, Found) -> Result<()>,
) -> Result<()> {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        if traffic.read_until(b'\n', &mut line).context("cannot read the rest")? == 0 {
            return Ok(());
        }
        if !line.trim_ascii().is_empty() {
            let found = match serde_json::from_slice::<Line>(&line) {
                Ok(line) => exchange(line, bases),
                Err(error) => Found::Malformed(format!("this line is not an exchange: {error}")),
            };
            each(Position::Line(number), found)?;
        }
    }
}

fn exchange(line: Line, bases: &Bases) -> Found {
    let Some(path) = bases.path(&line.path) else { return Found::Elsewhere };
    Found::Exchange(Exchange {
        method: line.method,
        path,
        query: line.query.unwrap_or_default(),
        request: line.request.map_or(Body::None, Body::Json),
        status: line.status,
        response: line.response.map_or(Body::Omitted, Body::Json),
    })
}
