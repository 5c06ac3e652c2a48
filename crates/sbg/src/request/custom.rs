//! Requests for which this crate has no method.

use std::fmt;
use std::marker::PhantomData;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use sbg_raw::{Operation, PageError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::call::awaitable;
use super::fields::Fields;
use super::list::{Fetched, List, PageRequest};
use super::query::Query;
use crate::client::Client;
use crate::error::{Error, ErrorKind, REPORT_LIST, Result, excerpt};
use crate::ids;
use crate::pipeline::Response;
use crate::pipeline::page_size::MOST_WITHOUT_LIMIT;
use crate::types;

impl Client {
    /// A request to a path of the API, for operations that this crate has no method for. It is sent like any other call: with the token,
    /// within the rate limit, with retries and error handling.
    ///
    /// The path is relative to the base URL of the API. A request that the API document describes is treated as described there. Any
    /// other is retried only if its method is idempotent: `GET`, `PUT` or `DELETE`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let index = client.request("GET", "/").await?;
    /// println!("{index}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// An invalid method or path makes the call fail.
    pub fn request(&self, method: impl TryInto<Method>, path: impl Into<String>) -> Request {
        let method =
            method.try_into().map_err(|_| Error::invalid("not an HTTP method (expected one such as `GET`)"));
        Request { client: self.clone(), method, path: path.into(), fields: None, body: Ok(None) }
    }
}

/// A request to any path of the API, made by [`Client::request`]: `.await` it to get the JSON of the response.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::RequestOptions as _;
/// use serde_json::json;
///
/// let create = client.request("POST", "/projects").json(&json!({"name": "Fibre diffraction"}));
/// let project: sbg::types::Project = create.retries(0).send_as().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Request {
    client: Client,
    method: Result<Method>,
    path: String,
    fields: Option<Fields>,
    body: Result<Option<Vec<u8>>>,
}

impl Request {
    /// The body, as JSON.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let body = serde_json::json!({"name": "Fibre diffraction"});
    /// let request = client.request("POST", "/projects").json(&body);
    /// # }
    /// ```
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.body = serde_json::to_vec(body).map(Some).map_err(|error| {
            Error::invalid("the body of the request cannot be written as JSON").with_source(error)
        });
        self
    }

    /// The fields to return.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let request = client.request("GET", "/projects").fields(sbg::Fields::only(["name"]));
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Sends the request. The same as `.await`. A response without a body is [`Value::Null`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let user = client.request("GET", "/user").send().await?;
    /// println!("{}", user["username"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for an invalid method, path or body, before anything is sent; otherwise the error of the call.
    pub async fn send(self) -> Result<Value> {
        self.send_as().await
    }

    /// Sends the request, and parses the response as this type.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let user: sbg::types::User = client.request("GET", "/user").send_as().await?;
    /// println!("{}", user.username);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`ErrorKind::UnexpectedResponse`] if the response does not match the type.
    pub async fn send_as<T: DeserializeOwned>(self) -> Result<T> {
        let fields = self.fields.map(|fields| fields.to_string());
        let pairs = fields.into_iter().map(|fields| ("fields", fields)).collect();
        let (response, operation) =
            exchange(&self.client, self.method?, &self.path, pairs, self.body?).await?;
        read(&response, operation)
    }

    /// The list at this path, with items of this type: an object with `items` and `links`, read page by page like any other list.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let projects = client.request("GET", "/projects").list::<sbg::types::Project>().all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn list<T: DeserializeOwned + Send + Sync + 'static>(self) -> Query<RequestList<T>> {
        let list = RequestList { method: self.method, path: self.path, body: self.body, item: PhantomData };
        let query = Query::new(self.client, list);
        match self.fields {
            Some(fields) => query.fields(fields),
            None => query,
        }
    }
}

awaitable!(Request => Value, client);

/// A list at any path of the API, see [`Request::list`].
///
/// ```
/// # fn example(client: sbg::Client) {
/// let request = client.request("GET", "/projects");
/// let query: sbg::Query<sbg::RequestList<serde_json::Value>> = request.list();
/// # }
/// ```
pub struct RequestList<T> {
    method: Result<Method>,
    path: String,
    body: Result<Option<Vec<u8>>>,
    item: PhantomData<fn() -> T>,
}

impl<T> Clone for RequestList<T> {
    fn clone(&self) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            body: self.body.clone(),
            item: PhantomData,
        }
    }
}

impl<T> fmt::Debug for RequestList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestList").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A page of any list.
#[derive(Deserialize)]
struct AnyPage<T> {
    items: Vec<T>,
    #[serde(default)]
    href: Option<String>,
    #[serde(default)]
    links: Option<Vec<types::Link>>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> List for RequestList<T> {
    type Item = T;

    const NAME: &'static str = "items";

    const IDENTITY: &'static [&'static str] = &[];

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<T>> {
        let mut pairs = vec![("offset", at.offset.to_string())];
        pairs.extend(at.limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(at.fields.map(|fields| ("fields", fields)));
        let most = at.limit.map_or(MOST_WITHOUT_LIMIT, u64::from);
        let (response, operation) = exchange(&client, self.method?, &self.path, pairs, self.body?).await?;
        let page: AnyPage<T> =
            sbg_raw::page_from_slice(response.body(), most).map_err(|error| match error {
                PageError::Form(error) => unexpected(&response, operation, &error),
                _ => too_many(&response, operation, most),
            })?;
        Ok(Fetched::new(response.headers(), page.items, page.href, page.links))
    }
}

/// Sends the request through the pipeline.
async fn exchange(
    client: &Client,
    method: Method,
    path: &str,
    pairs: Vec<(&str, String)>,
    body: Option<Vec<u8>>,
) -> Result<(Response, &'static Operation)> {
    let mut url = url_of(client.endpoint().url(), path)?;
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let template = if path == "/" { path } else { path.trim_end_matches('/') };
    let operation = Operation::of_request(method.as_str(), template);
    let mut request = reqwest::Request::new(method, url);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(body) = body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.into());
    }
    Ok((client.pipeline().run(request, operation).await?, operation))
}

/// The URL of a path below the base URL of the API.
fn url_of(mut base: Url, path: &str) -> Result<Url> {
    let refused = |why: &str| {
        let shown = ids::excerpt(path, 60);
        Err(Error::invalid(format!(
            "not a path of the API: `{shown}` ({why}); expected a path such as `/projects`"
        )))
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return refused("it must start with one `/`");
    }
    if path.contains(['?', '#', '\\']) || path.contains(char::is_control) {
        return refused(
            "`?`, `#`, `\\` and control characters are not allowed; use `query_param` for the query",
        );
    }
    let is_dots = |segment: &str| matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..");
    if path.split('/').any(is_dots) {
        return refused("`.` and `..` are not allowed");
    }
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    base.set_path(&whole);
    Ok(base)
}

/// Reads the body of a response; an empty one as `null`.
fn read<T: DeserializeOwned>(response: &Response, operation: &'static Operation) -> Result<T> {
    let body = if response.body().is_empty() { b"null" } else { &response.body()[..] };
    serde_json::from_slice(body).map_err(|error| unexpected(response, operation, &error))
}

fn unexpected(response: &Response, operation: &'static Operation, error: &serde_json::Error) -> Error {
    let message =
        format!("the response does not match the expected type: {error}: {}", excerpt(response.body()));
    Error::new(ErrorKind::UnexpectedResponse, message)
        .with_status(response.status())
        .with_operation(operation, 1)
}

fn too_many(response: &Response, operation: &'static Operation, most: u64) -> Error {
    let message = format!("the platform sent a page of more than the {most} requested items");
    Error::new(ErrorKind::UnexpectedResponse, message)
        .with_status(response.status())
        .with_operation(operation, 1)
        .with_hint(REPORT_LIST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_base_url() {
        let check = |path: &str, expected: Result<&str, &str>| {
            let url = url_of("https://api.example.com/v2".parse().unwrap(), path);
            match (url, expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.as_str(), expected),
                (Err(error), Err(word)) => assert!(error.message().contains(word), "{error}"),
                (url, _) => panic!("{path}: {url:?}"),
            }
        };
        check("/projects", Ok("https://api.example.com/v2/projects"));
        check("/files/a b/list", Ok("https://api.example.com/v2/files/a%20b/list"));
        check("/users/a%2Fb", Ok("https://api.example.com/v2/users/a%2Fb"));
        check("projects", Err("start with one `/`"));
        check("//example.org/projects", Err("start with one `/`"));
        check("https://example.org/", Err("start with one `/`"));
        check("/projects?limit=1", Err("`query_param`"));
        check("/projects#top", Err("`query_param`"));
        check("/../admin", Err("`..` are not allowed"));
        check("/x/%2e%2E/admin", Err("`..` are not allowed"));
    }
}
