//! Checks recorded exchanges against what the document says about their operations.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::Result;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::base::Bases;
use crate::exchange::{Body, Exchange, Found};
use crate::lenient;
use crate::report::{Class, Kind, Position, Problem, Report};
use crate::routes::{Route, Routes};
use crate::schema::{Breach, Schemas};
use crate::traffic::{self, Format};

/// The operation name of an error response.
pub const ERROR: &str = "error";

/// Parameters that clients send with nearly every GET.
const COMMON: [&str; 3] = ["fields", "limit", "offset"];

/// Decodes a response of an operation, or of [`ERROR`], as its generated type; returns the reason if that fails.
pub type Decode<'d> = dyn Fn(&str, &Value) -> Option<String> + 'd;

/// What to check.
///
/// ```
/// let mut options = sbg_drift::Options::default();
/// options.ignore = vec!["trailing-slash".to_owned(), "file_get".to_owned(), "/internal/".to_owned()];
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The base URLs of the API; if `None`, the servers of the document.
    pub bases: Option<Bases>,
    /// What to skip: kinds and classes of problems, operation ids, and path prefixes, which start with a slash.
    pub ignore: Vec<String>,
}

/// Checks exchanges against a document, which is read once.
///
/// ```
/// let document = sbg_drift::document();
/// let drift = sbg_drift::Drift::new(&document, sbg_drift::Options::default())?;
/// # Ok::<(), anyhow::Error>(())
/// ```
pub struct Drift<'d> {
    routes: Routes<'d>,
    schemas: Schemas,
    bases: Bases,
    ignore: Vec<String>,
}

impl<'d> Drift<'d> {
    /// Checks exchanges against `document`, a bundle.
    ///
    /// # Errors
    ///
    /// The document has invalid schemas.
    pub fn new(document: &'d Value, options: Options) -> Result<Self> {
        Ok(Self {
            routes: Routes::of(document),
            schemas: Schemas::new(document)?,
            bases: options.bases.unwrap_or_else(|| Bases::of(document)),
            ignore: options.ignore,
        })
    }

    /// Checks the exchanges in `traffic` one by one and passes each problem to `found`. Responses are decoded by `decode`.
    ///
    /// # Errors
    ///
    /// The traffic cannot be read, or a schema of the document is invalid. Differences in an exchange are problems, not errors.
    pub fn check(
        &self,
        traffic: impl BufRead,
        format: Format,
        decode: &Decode<'_>,
        found: &mut dyn FnMut(&Problem),
    ) -> Result<Report> {
        let mut report = Report::default();
        traffic::read(traffic, format, &self.bases, &mut |position, at| {
            let mut checker = Checker {
                drift: self,
                decode,
                position,
                operation: String::new(),
                refused: false,
                recorded: false,
                problems: Vec::new(),
            };
            let succeeded = match at {
                Found::Elsewhere => {
                    report.elsewhere += 1;
                    return Ok(());
                }
                Found::Exchange(exchange) => {
                    if self
                        .ignore
                        .iter()
                        .any(|start| start.starts_with('/') && exchange.path.starts_with(start.as_str()))
                    {
                        return Ok(());
                    }
                    checker.exchange(&exchange)?;
                    exchange.status.is_some_and(|status| (200..=299).contains(&status))
                }
                Found::Malformed(reason) => {
                    checker.report(Kind::Malformed, reason);
                    false
                }
            };
            let Checker { mut problems, operation, .. } = checker;
            problems.retain(|problem| !self.ignores(problem));
            problems.sort();
            problems.iter().for_each(&mut *found);
            report.count(&problems, &operation, succeeded);
            Ok(())
        })?;
        Ok(report)
    }

    fn ignores(&self, problem: &Problem) -> bool {
        let class = problem.class.map(Class::name);
        let names = [Some(problem.kind.name()), class, Some(problem.operation.as_str())];
        self.ignore.iter().any(|ignored| names.contains(&Some(ignored.as_str())))
    }
}

struct Checker<'c, 'd> {
    drift: &'c Drift<'d>,
    decode: &'c Decode<'c>,
    position: Position,
    operation: String,
    /// Whether the platform refused the call.
    refused: bool,
    /// Whether the recording has a response.
    recorded: bool,
    problems: Vec<Problem>,
}

impl Checker<'_, '_> {
    fn report(&mut self, kind: Kind, message: impl Into<String>) {
        // If the document and the platform both refuse a request, they agree.
        if self.refused && matches!(kind, Kind::NoOperation | Kind::Path | Kind::Query | Kind::Request) {
            return self.notice(Class::Refused, message);
        }
        self.push(kind, None, message.into());
    }

    /// Reports a part of a request or response. Whether the platform takes an id of another form is not known without its response.
    fn breach(&mut self, kind: Kind, breach: &Breach, message: String) {
        if breach.of_form && !self.recorded {
            return self.notice(Class::Form, message);
        }
        self.report(kind, message);
    }

    fn notice(&mut self, class: Class, message: impl Into<String>) {
        self.push(Kind::Notice, Some(class), message.into());
    }

    fn push(&mut self, kind: Kind, class: Option<Class>, message: String) {
        let operation = self.operation.clone();
        self.problems.push(Problem { position: self.position, kind, class, operation, message });
    }

    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        self.recorded = exchange.status.is_some();
        self.refused = exchange.status.is_some_and(|status| (400..=499).contains(&status));
        let method = exchange.method.to_ascii_uppercase();
        let path = match exchange.path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let Some(route) = self.drift.routes.find(&method, path).cloned() else {
            let message = match self.drift.routes.methods(path)[..] {
                [] => format!("the specification has no `{method} {path}`"),
                ref methods => {
                    format!("the specification has no `{method} {path}`, but {}", methods.join(", "))
                }
            };
            self.report(Kind::NoOperation, message);
            return Ok(());
        };
        route.id().clone_into(&mut self.operation);
        if path != "/" && exchange.path.ends_with('/') {
            self.notice(Class::TrailingSlash, "the path ends in a slash");
        }
        let in_path = self.path(&route, path)?;
        self.query(&route, &exchange.query, &in_path)?;
        self.request(&route, &exchange.request)?;
        match exchange.status {
            Some(status) => self.response(&route, status, &exchange.response),
            None => {
                self.notice(Class::NoResponse, "the recording has no response");
                Ok(())
            }
        }
    }

    /// Checks the parameters in the path, and returns their values.
    fn path(&mut self, route: &Route<'_>, path: &str) -> Result<Vec<(String, String)>> {
        let mut values = Vec::new();
        for (name, text) in route.path_parameters(path) {
            let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
            let parameter = route.parameters.iter().find(|p| p["in"] == "path" && p["name"] == name);
            if let Some(schema) = parameter.map(|parameter| &parameter["schema"]) {
                let value = self.typed(name, schema, &text);
                self.fits(Kind::Path, name, schema, &value)?;
            }
            values.push((name.to_owned(), text));
        }
        Ok(values)
    }

    fn query(
        &mut self,
        route: &Route<'_>,
        query: &[(String, String)],
        in_path: &[(String, String)],
    ) -> Result<()> {
        let declared: Vec<&Value> = route.parameters.iter().filter(|p| p["in"] == "query").copied().collect();
        let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in query {
            given.entry(name).or_default().push(value);
        }
        for (name, values) in &given {
            let repeats = |value: &&str| in_path.iter().any(|(known, text)| known == name && text == *value);
            if let Some(parameter) = declared.iter().find(|p| p["name"] == *name && !self.is_map(p)) {
                self.query_values(name, &parameter["schema"], values)?;
            } else if let Some(parameter) = declared.iter().find(|p| self.is_map(p) && is_entry(p, name)) {
                let of = self
                    .drift
                    .schemas
                    .follow(&parameter["schema"])
                    .map(|schema| schema["additionalProperties"].clone());
                for value in values {
                    self.fits(Kind::Query, name, &of.clone().unwrap_or_default(), &json!(value))?;
                }
            } else if route.method == "GET" && COMMON.contains(name) {
                self.notice(Class::CommonParameter, format!("the parameter `{name}` is not declared"));
            } else if values.iter().all(repeats) {
                self.notice(
                    Class::RepeatedParameter,
                    format!("the parameter `{name}` repeats a part of the path"),
                );
            } else {
                self.report(Kind::Query, format!("the parameter `{name}` is not declared"));
            }
        }
        for parameter in declared.iter().filter(|p| p["required"] == true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !given.contains_key(name) {
                self.report(Kind::Query, format!("the parameter `{name}` is required and was not sent"));
            }
        }
        Ok(())
    }

    /// Whether each entry of a query parameter is sent as a separate parameter: `metadata.sample_id` for `metadata`.
    fn is_map(&self, parameter: &Value) -> bool {
        self.drift.schemas.follow(&parameter["schema"]).is_some_and(|schema| schema["type"] == "object")
    }

    fn query_values(&mut self, name: &str, schema: &Value, values: &[&str]) -> Result<()> {
        let followed = self.drift.schemas.follow(schema);
        let items = followed.filter(|schema| schema["type"] == "array").map(|schema| schema["items"].clone());
        let value = match (items, values) {
            (Some(items), _) => values.iter().map(|value| self.typed(name, &items, value)).collect(),
            (None, [value]) => self.typed(name, schema, value),
            // The official Python client repeats the tags of a list of projects.
            (None, _) if name == "tags" => {
                self.notice(
                    Class::RepeatedParameter,
                    format!(
                        "the parameter `{name}` was sent {} times instead of once with commas",
                        values.len()
                    ),
                );
                return Ok(());
            }
            (None, _) => {
                let message =
                    format!("the parameter `{name}` is not a list and was sent {} times", values.len());
                self.report(Kind::Query, message);
                return Ok(());
            }
        };
        self.fits(Kind::Query, name, schema, &value)
    }

    /// The value of a parameter, converted to the type in its schema; the text itself if it cannot be converted, which then breaks the
    /// schema.
    fn typed(&mut self, name: &str, schema: &Value, text: &str) -> Value {
        let Some(schema) = self.drift.schemas.follow(schema) else { return json!(text) };
        let given = match schema["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text)
                .ok()
                .filter(|value: &Value| !value.is_string())
                .unwrap_or_else(|| json!(text)),
            _ => json!(text),
        };
        match lenient::scalar(schema, &given) {
            Some((class, taken, what)) => {
                self.notice(class, format!("the parameter `{name}`: {what}"));
                taken
            }
            None => given,
        }
    }

    fn fits(&mut self, kind: Kind, name: &str, schema: &Value, value: &Value) -> Result<()> {
        for breach in self.drift.schemas.breaches(schema, value)? {
            let message = format!("the parameter `{name}`{}: {}", breach.pointer, breach.reason);
            self.breach(kind, &breach, message);
        }
        Ok(())
    }

    fn request(&mut self, route: &Route<'_>, body: &Body) -> Result<()> {
        let schema = route.operation.pointer("/requestBody/content/application~1json/schema");
        match (schema, body) {
            (None, Body::None | Body::Omitted) => {}
            // Clients send `{}` or `null` when a call needs no body, because the platform requires a JSON content type. The official
            // Python client does so with `DELETE` as well.
            (None, Body::Json(body)) if is_empty(body) => {}
            (None, Body::Json(_)) => {
                self.report(Kind::Request, "unexpected request body: the specification has none");
            }
            // YAML is recorded as text, or not at all.
            (Some(_), Body::None | Body::Omitted | Body::Json(Value::String(_)))
                if route.operation["x-sbg-yaml"] == true => {}
            (Some(_), Body::Omitted) => self.notice(Class::NoBody, "the recording has no request body"),
            (Some(schema), Body::None) if self.needs_nothing(schema) => {
                self.notice(Class::NoBody, "the request has no body; an empty object means the same");
            }
            // The official Python client does so, because it sends JSON with each call.
            (Some(schema), Body::Json(Value::Null)) if self.needs_nothing(schema) => {
                self.notice(Class::NullBody, "the body is null; an empty object means the same");
            }
            (Some(_), Body::None) => {
                self.report(Kind::Request, "the request body is required and was not sent");
            }
            (Some(schema), Body::Json(body)) => {
                let mut taken = None;
                if !self.drift.schemas.fits(schema, body)? {
                    let (mut rewritten, mut changes) = (body.clone(), Vec::new());
                    lenient::rewrite(&self.drift.schemas, schema, &mut rewritten, &mut changes);
                    for (class, pointer, what) in changes {
                        self.notice(class, format!("{pointer}: {what}"));
                    }
                    taken = Some(rewritten);
                }
                self.body(Kind::Request, schema, taken.as_ref().unwrap_or(body))?;
            }
        }
        Ok(())
    }

    /// Whether an object without fields conforms to the schema.
    fn needs_nothing(&self, schema: &Value) -> bool {
        self.drift.schemas.fits(schema, &json!({})).unwrap_or(false)
    }

    fn response(&mut self, route: &Route<'_>, status: u16, body: &Body) -> Result<()> {
        let range = match status {
            200..=299 => "2XX",
            400..=499 => "4XX",
            500..=599 => "5XX",
            // A browser records its cached response.
            304 => {
                self.notice(Class::NoResponse, "the response comes from a cache");
                return Ok(());
            }
            _ => {
                let message = format!("the specification has no response with the status {status}");
                self.report(Kind::Response, message);
                return Ok(());
            }
        };
        let responses = &route.operation["responses"];
        // A document may list statuses instead of ranges. Errors may be the default; a success never is.
        let default = if status < 400 { None } else { Some("default") };
        let described = [Some(status.to_string().as_str()), Some(range), default]
            .into_iter()
            .flatten()
            .find_map(|name| responses.get(name));
        if described.is_none() && responses.get("default").is_some() {
            self.report(
                Kind::Response,
                format!("the specification has no response with the status {status}"),
            );
            return Ok(());
        }
        let schema = described.and_then(|response| response.pointer("/content/application~1json/schema"));
        match (schema, body) {
            // An empty body may have been recorded as an empty string.
            (None, Body::None | Body::Omitted) => {}
            (None, Body::Json(Value::String(text))) if text.is_empty() => {}
            (None, Body::Json(_)) => {
                self.notice(Class::Unnamed, "the response has a body, which the specification does not name");
            }
            (Some(_), Body::Omitted) => self.notice(Class::NoBody, "the recording has no response body"),
            (Some(_), Body::None) if status >= 400 => self.notice(Class::NoBody, "the error has no body"),
            (Some(_), Body::None) => {
                self.report(Kind::Response, "the response has no body, and the specification has one here");
            }
            (Some(schema), Body::Json(Value::Null)) if self.needs_nothing(schema) => {
                self.notice(Class::NullBody, "the body is null; an empty object means the same");
            }
            (Some(schema), Body::Json(body)) => {
                self.body(Kind::Response, schema, body)?;
                let decoded = if status < 300 { &self.operation } else { ERROR };
                if let Some(why) = (self.decode)(decoded, body) {
                    self.report(Kind::Decode, why);
                }
            }
        }
        Ok(())
    }

    fn body(&mut self, kind: Kind, schema: &Value, body: &Value) -> Result<()> {
        for breach in self.drift.schemas.breaches(schema, body)? {
            self.breach(kind, &breach, breach.to_string());
        }
        let side = if kind == Kind::Request { "request" } else { "response" };
        // The items of a page are alike, so an unnamed field is reported once, with a count.
        let mut fields: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for pointer in self.drift.schemas.unnamed(schema, body) {
            let alike = pointer.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
            fields.entry(alike.collect::<Vec<_>>().join("/")).or_insert((pointer, 0)).1 += 1;
        }
        for (pointer, count) in fields.into_values() {
            let more = if count > 1 { format!(" ({count} times)") } else { String::new() };
            let message = format!("the specification does not name {pointer} of the {side}{more}");
            self.notice(Class::Unnamed, message);
        }
        Ok(())
    }
}

/// Whether `name` is an entry of `parameter`, a map: its name, a dot, and the key.
fn is_entry(parameter: &Value, name: &str) -> bool {
    let key = parameter["name"].as_str().and_then(|map| name.strip_prefix(map)?.strip_prefix('.'));
    key.is_some_and(|key| !key.is_empty())
}

/// Whether a body is empty: `null` or an object without fields.
fn is_empty(body: &Value) -> bool {
    body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty)
}
