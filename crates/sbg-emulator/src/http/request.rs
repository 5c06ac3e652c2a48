//! One request to the API as a handler sees it, and what the handler returns.

use std::time::Duration;

use http::HeaderName;
use serde_json::{Map, Value};

use super::{fields::Fields, rate_limit::RateLimitStatus};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// A request with a known sender and a parsed body.
#[derive(Debug)]
pub(crate) struct Request {
    /// The user that the token belongs to; empty for an anonymous request.
    pub(crate) actor: String,
    /// The rate limit as it stands after this request.
    pub(crate) rate_limit: Option<RateLimitStatus>,
    /// The path below `/v2`, as sent.
    pub(crate) path: String,
    /// `http://host:port/v2`
    pub(crate) base: String,
    /// How long signed URLs are valid.
    pub(crate) url_lifetime: Duration,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// The JSON body; `None` if there was none, or if it was `null`.
    pub(crate) body: Option<Value>,
    /// The text of a YAML body; its value is in `body`.
    pub(crate) yaml: Option<String>,
    /// Whether the client accepts YAML.
    pub(crate) accepts_yaml: bool,
}

impl Request {
    /// A path parameter. The route declares it, so it exists.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// `owner/project` from the path.
    pub(crate) fn project_id(&self) -> String {
        format!("{}/{}", self.param("project_owner"), self.param("project"))
    }

    /// The last value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query_pairs().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
    }

    /// A required query parameter; `code` is the error if it is missing.
    pub(crate) fn query_required(&self, name: &str, code: u32) -> Outcome<&str> {
        self.query(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::new(code).detail(format_args!("`{name}` is required.")))
    }

    /// All values of a query parameter that may be repeated.
    pub(crate) fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query_pairs().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A boolean query parameter in any case; false if absent.
    pub(crate) fn query_flag(&self, name: &str) -> Outcome<bool> {
        match self.query(name) {
            None | Some("") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => {
                Err(ApiError::bad_request(format_args!("`{name}` must be true or false, not `{text}`.")))
            }
        }
    }

    pub(crate) fn fields(&self) -> Fields {
        Fields::parse(self.query_all("fields"))
    }

    /// The absolute URL of a path below `/v2`.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The body, which must be an object; a missing body is an empty object.
    pub(crate) fn object(&self) -> Outcome<JsonObject<'_>> {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        match &self.body {
            None => Ok(JsonObject::new(&EMPTY)),
            Some(Value::Object(map)) => Ok(JsonObject::new(map)),
            Some(_) => Err(ApiError::bad_request("The body must be a JSON object.")),
        }
    }
}

/// What a handler returns.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// A YAML body, in place of JSON.
    pub(crate) yaml: Option<String>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    /// 200 with this JSON, unchanged.
    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, body: Some(body), yaml: None, headers: Vec::new() }
    }

    /// 200 with the properties that `fields` selects; all of them without a selector.
    pub(crate) fn object(request: &Request, body: Value) -> Self {
        Self::json(request.fields().apply(body, None))
    }

    /// A response without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, yaml: None, headers: Vec::new() }
    }

    /// 200 with a YAML text.
    pub(crate) fn yaml(text: String) -> Self {
        Self { status: 200, body: None, yaml: Some(text), headers: Vec::new() }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}
