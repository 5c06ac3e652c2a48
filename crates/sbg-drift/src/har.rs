//! HTTP archives (HAR 1.2), as saved by browsers, mitmproxy and Charles. The file is one JSON document, whose entries are read one by
//! one.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::BufRead;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use crate::base::Bases;
use crate::exchange::{Body, Exchange, Found};
use crate::report::Position;

#[derive(Deserialize)]
struct Entry<'e> {
    #[serde(borrow)]
    request: Request<'e>,
    #[serde(borrow)]
    response: Option<Response<'e>>,
}

#[derive(Deserialize)]
struct Request<'e> {
    #[serde(borrow)]
    method: Cow<'e, str>,
    #[serde(borrow)]
    url: Cow<'e, str>,
    #[serde(borrow, rename = "postData")]
    post_data: Option<Content<'e>>,
}

#[derive(Deserialize)]
struct Response<'e> {
    status: Option<i64>,
    #[serde(borrow)]
    content: Option<Content<'e>>,
}

#[derive(Deserialize)]
struct Content<'e> {
    #[serde(borrow)]
    text: Option<Cow<'e, str>>,
    #[serde(borrow)]
    encoding: Option<Cow<'e, str>>,
    size: Option<f64>,
}

type Each<'c> = &'c mut dyn FnMut(Position, Found) -> Result<()>;

pub(crate) fn read(traffic: impl BufRead, bases: &Bases, each: Each<'_>) -> Result<()> {
    let count = Cell::new(0);
    let mut stopped = None;
    let mut archive = serde_json::Deserializer::from_reader(traffic);
    let log = Field {
        name: "log",
        of: Field { name: "entries", of: Entries { bases, each, count: &count, stopped: &mut stopped } },
    };
    let read = log.deserialize(&mut archive).and_then(|()| archive.end());
    if let Some(error) = stopped {
        return Err(error);
    }
    match read {
        Ok(()) => Ok(()),
        // The parser cannot continue after broken JSON.
        Err(error) => each(
            Position::Entry(count.get() + 1),
            Found::Malformed(format!("the archive cannot be read from here on: {error}")),
        ),
    }
}

/// An object with one field that matters.
struct Field<S> {
    name: &'static str,
    of: S,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Field<S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Field<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut of = Some(self.of);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match of.take_if(|_| key == self.name) {
                Some(of) => map.next_value_seed(of)?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        match of {
            Some(_) => Err(A::Error::missing_field(self.name)),
            None => Ok(()),
        }
    }
}

struct Entries<'c, 's> {
    bases: &'c Bases,
    each: Each<'c>,
    count: &'c Cell<usize>,
    /// The error of the callback, which stops reading.
    stopped: &'s mut Option<anyhow::Error>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<Box<RawValue>>()? {
            self.count.set(self.count.get() + 1);
            let found = match serde_json::from_str::<Entry<'_>>(entry.get()) {
                Ok(entry) => exchange(&entry, self.bases),
                Err(error) => Found::Malformed(format!("this entry is not an exchange: {error}")),
            };
            if let Err(error) = (self.each)(Position::Entry(self.count.get()), found) {
                *self.stopped = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

fn exchange(entry: &Entry<'_>, bases: &Bases) -> Found {
    let request = &entry.request;
    // Browsers send CORS preflight requests; the platform has no such operation.
    let Some(path) = bases.path(&request.url).filter(|_| request.method != "OPTIONS") else {
        return Found::Elsewhere;
    };
    let query = request.url.parse::<Url>().map(|url| url.query_pairs().into_owned().collect());
    let response = entry.response.as_ref();
    let status =
        response.and_then(|response| u16::try_from(response.status?).ok()).filter(|status| *status > 0);
    let body = |content: Option<&Content<'_>>| content.map_or(Ok(Body::None), body);
    let bodies = body(request.post_data.as_ref())
        .and_then(|request| Ok((request, body(response.and_then(|response| response.content.as_ref()))?)));
    match bodies {
        Ok((request_body, response)) => Found::Exchange(Exchange {
            method: request.method.to_string(),
            path,
            query: query.unwrap_or_default(),
            request: request_body,
            status,
            response,
        }),
        Err(reason) => Found::Malformed(reason),
    }
}

/// A body: JSON if it parses, else text. Browsers omit large bodies and keep their size.
fn body(content: &Content<'_>) -> Result<Body, String> {
    let text = match (content.text.as_deref(), content.encoding.as_deref()) {
        (None, _) if content.size.is_some_and(|size| size > 0.0) => return Ok(Body::Omitted),
        (None, _) => return Ok(Body::None),
        (Some(text), Some("base64")) => {
            let bytes =
                STANDARD.decode(text.trim()).map_err(|error| format!("a body is not base64: {error}"))?;
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        }
        (Some(text), _) => Cow::Borrowed(text),
    };
    if text.trim().is_empty() {
        return Ok(if content.size.is_some_and(|size| size > 0.0) { Body::Omitted } else { Body::None });
    }
    Ok(Body::Json(serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))))
}
