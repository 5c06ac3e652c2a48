//! Whether recorded exchanges are what the document says of their operations.
//!
//! An exchange is a line, `{"method", "path", "query": [[key, value]...], "request": JSON, "status", "response": JSON}`, the path
//! relative to the base of the API, bodies left out where there were none. What the document gets wrong is a failure, what it
//! merely does not name is a notice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::routes::{Route, Routes};
use crate::schema::Schemas;

/// What stands for an operation where the answer is an error.
pub const ERROR: &str = "error";

/// An answer to an operation, for the decoder.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Operation id, or [`ERROR`].
    pub operation: String,
    /// The body.
    pub answer: Value,
}

/// What became of the exchanges of a file.
#[derive(Debug)]
pub struct Report {
    /// What is wrong, line by line.
    pub problems: Vec<Problem>,
    /// Number of lines that are not empty.
    pub exchanges: usize,
    /// Number of lines with a problem that is more than a notice.
    pub failed: usize,
    /// The ids of the operations that were called with success.
    pub operations: BTreeSet<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notices = self.problems.iter().filter(|problem| problem.kind == Kind::Notice).count();
        write!(f, "{} exchanges, {} failed, {notices} notices", self.exchanges, self.failed)
    }
}

/// Something that is wrong with an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line of the text, counted from 1.
    pub line: usize,
    /// What kind of problem it is.
    pub kind: Kind,
    /// Operation id; empty where there is no such operation.
    pub operation: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Malformed => "malformed",
            Kind::NoOperation => "no-operation",
            Kind::Path => "path",
            Kind::Query => "query",
            Kind::Request => "request",
            Kind::Response => "response",
            Kind::Decode => "decode",
            Kind::Notice => "notice",
        };
        write!(f, "{}: {kind}: ", self.line)?;
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        f.write_str(&self.message)
    }
}

/// Kinds of problems. All but the notice are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The line is no exchange.
    Malformed,
    /// There is no such operation.
    NoOperation,
    /// A part of the path breaks the schema of its parameter.
    Path,
    /// A query parameter is not declared, missing, or breaks its schema.
    Query,
    /// The request breaks its schema.
    Request,
    /// The response breaks its schema.
    Response,
    /// The response cannot be read as the generated type.
    Decode,
    /// The specification does not name something.
    Notice,
}

/// A recorded call and its answer.
#[derive(Debug, Deserialize)]
struct Exchange {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    request: Option<Value>,
    status: u16,
    response: Option<Value>,
}

/// Holds exchanges against a document, which is read once.
pub struct Drift<'d> {
    routes: Routes<'d>,
    schemas: Schemas,
}

impl<'d> Drift<'d> {
    /// To hold exchanges against `document`, a bundle.
    ///
    /// # Errors
    ///
    /// When the document has no valid schemas.
    pub fn new(document: &'d Value) -> Result<Self> {
        Ok(Self { routes: Routes::of(document), schemas: Schemas::new(document)? })
    }

    /// Checks the exchanges in `text`. The answers are read by `decode`, all at once: for each it gives the reason why it cannot be read
    /// as the type that is generated for it, if it cannot.
    ///
    /// # Errors
    ///
    /// When a schema is none, or when `decode` fails. What is wrong with the exchanges is in the report.
    pub fn check(
        &self,
        text: &str,
        decode: impl FnOnce(&[Answer]) -> Result<Vec<Option<String>>>,
    ) -> Result<Report> {
        let mut checker = Checker {
            routes: &self.routes,
            schemas: &self.schemas,
            line: 0,
            operation: String::new(),
            refused: false,
            operations: BTreeSet::new(),
            problems: Vec::new(),
            answers: Vec::new(),
        };
        let mut exchanges = 0;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            exchanges += 1;
            checker.line = index + 1;
            checker.operation.clear();
            checker.refused = false;
            match serde_json::from_str::<Exchange>(line) {
                Ok(exchange) => checker.exchange(&exchange)?,
                Err(error) => checker.report(Kind::Malformed, format!("this line is no exchange: {error}")),
            }
        }
        let Checker { mut problems, answers, operations, .. } = checker;
        let (origins, answers): (Vec<_>, Vec<Answer>) = answers.into_iter().unzip();
        for ((line, operation), verdict) in origins.into_iter().zip(decode(&answers)?) {
            if let Some(message) = verdict {
                problems.push(Problem { line, kind: Kind::Decode, operation, message });
            }
        }
        problems.sort();
        let failures = problems.iter().filter(|problem| problem.kind != Kind::Notice);
        let mut failed: Vec<usize> = failures.map(|problem| problem.line).collect();
        failed.dedup();
        Ok(Report { problems, exchanges, failed: failed.len(), operations })
    }
}

struct Checker<'c, 'd> {
    routes: &'c Routes<'d>,
    schemas: &'c Schemas,
    /// The line that is being checked, and its operation.
    line: usize,
    operation: String,
    /// Whether the platform refused the call of this line.
    refused: bool,
    /// The operations that were called with success.
    operations: BTreeSet<String>,
    problems: Vec<Problem>,
    /// The answers to decode, with their lines and operations.
    answers: Vec<((usize, String), Answer)>,
}

impl Checker<'_, '_> {
    fn report(&mut self, kind: Kind, message: impl Into<String>) {
        let (mut kind, mut message) = (kind, message.into());
        // What the specification and the platform both refuse is no difference between them.
        if self.refused && matches!(kind, Kind::NoOperation | Kind::Path | Kind::Query | Kind::Request) {
            kind = Kind::Notice;
            message += " (the call was refused)";
        }
        self.problems.push(Problem { line: self.line, kind, operation: self.operation.clone(), message });
    }

    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        self.refused = (400..=499).contains(&exchange.status);
        let method = exchange.method.to_ascii_uppercase();
        let path = if exchange.path.is_empty() { "/" } else { &exchange.path };
        let Some(route) = self.routes.find(&method, path).cloned() else {
            let message = match self.routes.methods(path)[..] {
                [] => format!("the specification has no `{method} {path}`"),
                ref methods => {
                    format!("the specification has no `{method} {path}`, but {}", methods.join(", "))
                }
            };
            self.report(Kind::NoOperation, message);
            return Ok(());
        };
        route.id().clone_into(&mut self.operation);
        if (200..=299).contains(&exchange.status) {
            self.operations.insert(self.operation.clone());
        }
        self.path(&route, path)?;
        self.query(&route, &exchange.query)?;
        self.request(&route, exchange.request.as_ref())?;
        self.response(&route, exchange.status, exchange.response.as_ref())
    }

    fn path(&mut self, route: &Route<'_>, path: &str) -> Result<()> {
        for (name, text) in route.path_parameters(path) {
            let text = percent_decode_str(text).decode_utf8_lossy();
            let parameter = route.parameters.iter().find(|p| p["in"] == "path" && p["name"] == name);
            if let Some(schema) = parameter.map(|parameter| &parameter["schema"]) {
                let value = self.typed(schema, &text);
                self.fits(Kind::Path, name, schema, &value)?;
            }
        }
        Ok(())
    }

    fn query(&mut self, route: &Route<'_>, query: &[(String, String)]) -> Result<()> {
        let declared: Vec<&Value> = route.parameters.iter().filter(|p| p["in"] == "query").copied().collect();
        let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in query {
            given.entry(name).or_default().push(value);
        }
        for (name, values) in &given {
            if let Some(parameter) = declared.iter().find(|p| p["name"] == *name && !self.is_map(p)) {
                self.query_values(name, &parameter["schema"], values)?;
            } else if let Some(parameter) = declared.iter().find(|p| self.is_map(p) && is_entry(p, name)) {
                let of = self
                    .schemas
                    .follow(&parameter["schema"])
                    .map(|schema| schema["additionalProperties"].clone());
                for value in values {
                    self.fits(Kind::Query, name, &of.clone().unwrap_or_default(), &json!(value))?;
                }
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

    /// Whether the entries of a query parameter are sent as parameters of their own: `metadata.sample_id` for `metadata`.
    fn is_map(&self, parameter: &Value) -> bool {
        self.schemas.follow(&parameter["schema"]).is_some_and(|schema| schema["type"] == "object")
    }

    fn query_values(&mut self, name: &str, schema: &Value, values: &[&str]) -> Result<()> {
        let items = self
            .schemas
            .follow(schema)
            .filter(|schema| schema["type"] == "array")
            .map(|s| s["items"].clone());
        let value = match (items, values) {
            (Some(items), _) => values.iter().map(|value| self.typed(&items, value)).collect(),
            (None, [value]) => self.typed(schema, value),
            (None, _) => {
                self.report(
                    Kind::Query,
                    format!("the parameter `{name}` is no list and was sent {} times", values.len()),
                );
                return Ok(());
            }
        };
        self.fits(Kind::Query, name, schema, &value)
    }

    /// The value that a parameter has by its schema; the text itself where it cannot have one, which then breaks the schema.
    fn typed(&self, schema: &Value, text: &str) -> Value {
        let kind = self.schemas.follow(schema).and_then(|schema| schema["type"].as_str());
        match kind {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text)
                .ok()
                .filter(|value: &Value| !value.is_string())
                .unwrap_or_else(|| json!(text)),
            _ => json!(text),
        }
    }

    fn fits(&mut self, kind: Kind, name: &str, schema: &Value, value: &Value) -> Result<()> {
        for breach in self.schemas.breaches(schema, value)? {
            self.report(kind, format!("the parameter `{name}`{}: {}", breach.pointer, breach.reason));
        }
        Ok(())
    }

    fn request(&mut self, route: &Route<'_>, body: Option<&Value>) -> Result<()> {
        let schema = route.operation.pointer("/requestBody/content/application~1json/schema");
        match (schema, body) {
            (None, None) => {}
            // Clients send `{}` or `null` where a call has nothing to say, because the platform wants a JSON content type.
            (None, Some(body)) if route.method != "DELETE" && is_empty(body) => {}
            (None, Some(_)) => {
                self.report(Kind::Request, "the specification has no request body here, and one was sent");
            }
            // YAML is recorded as the text that it is, or not at all.
            (Some(_), None | Some(Value::String(_))) if route.operation["x-sbg-yaml"] == true => {}
            (Some(_), None) => self.report(Kind::Request, "the request body is required and was not sent"),
            (Some(schema), Some(body)) => {
                self.body(Kind::Request, schema, body)?;
            }
        }
        Ok(())
    }

    fn response(&mut self, route: &Route<'_>, status: u16, body: Option<&Value>) -> Result<()> {
        let (answer, operation) = match status {
            200..=299 => ("2XX", self.operation.clone()),
            400..=499 => ("4XX", ERROR.to_owned()),
            500..=599 => ("5XX", ERROR.to_owned()),
            _ => {
                self.report(
                    Kind::Response,
                    format!("the specification has no answer with the status {status}"),
                );
                return Ok(());
            }
        };
        let schema = route.operation["responses"][answer].pointer("/content/application~1json/schema");
        match (schema, body) {
            // An empty body may have been written down as an empty string.
            (None, None) => {}
            (None, Some(Value::String(text))) if text.is_empty() => {}
            (None, Some(_)) => {
                self.report(Kind::Notice, "the response has a body, which the specification does not name");
            }
            (Some(_), None) if status >= 400 => self.report(Kind::Notice, "the error has no body"),
            (Some(_), None) => {
                self.report(Kind::Response, "the response has no body, and the specification has one here");
            }
            (Some(schema), Some(body)) => {
                self.body(Kind::Response, schema, body)?;
                let origin = (self.line, self.operation.clone());
                self.answers.push((origin, Answer { operation, answer: body.clone() }));
            }
        }
        Ok(())
    }

    fn body(&mut self, kind: Kind, schema: &Value, body: &Value) -> Result<()> {
        for breach in self.schemas.breaches(schema, body)? {
            self.report(kind, breach.to_string());
        }
        let side = if kind == Kind::Request { "request" } else { "response" };
        // The items of a page are alike: what is said of the first of them need not be said of each.
        let mut fields: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for pointer in self.schemas.unnamed(schema, body) {
            let alike = pointer.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
            fields.entry(alike.collect::<Vec<_>>().join("/")).or_insert((pointer, 0)).1 += 1;
        }
        for (pointer, count) in fields.into_values() {
            let more = if count > 1 { format!(" ({count} times)") } else { String::new() };
            self.report(
                Kind::Notice,
                format!("the specification does not name {pointer} of the {side}{more}"),
            );
        }
        Ok(())
    }
}

/// Whether `name` is an entry of `parameter`, a map: its name, a dot, and the key.
fn is_entry(parameter: &Value, name: &str) -> bool {
    let key = parameter["name"].as_str().and_then(|map| name.strip_prefix(map)?.strip_prefix('.'));
    key.is_some_and(|key| !key.is_empty())
}

/// Whether a body says nothing: `null` or an object without fields.
fn is_empty(body: &Value) -> bool {
    body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty)
}
