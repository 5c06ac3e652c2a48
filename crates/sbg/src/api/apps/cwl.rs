//! CWL descriptions of apps, and how they are sent.

use std::borrow::Cow;

use http::{HeaderValue, Method, header};
use sbg_raw::{ClientAppsExt as _, Operation};
use serde_json::{Map, Value, json};
use url::Url;

use super::path::of_app;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::AppId;
use crate::request::call::response_of;
use crate::types;

/// The description of an app in the Common Workflow Language.
///
/// ```
/// use sbg::apps::Cwl;
///
/// let json: Cwl = serde_json::json!({"class": "Workflow", "cwlVersion": "v1.2"}).into();
/// let yaml = Cwl::yaml("class: Workflow\ncwlVersion: v1.2\n");
/// assert_ne!(json, yaml, "each is sent as it is");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cwl {
    /// A JSON object.
    Json(Value),
    /// A YAML document, sent unchanged.
    Yaml(String),
}

impl Cwl {
    /// A YAML document.
    ///
    /// ```no_run
    /// let cwl = sbg::apps::Cwl::yaml(std::fs::read_to_string("helix-angle.cwl")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn yaml(text: impl Into<String>) -> Self {
        Self::Yaml(text.into())
    }

    pub(super) fn check(&self) -> Result<()> {
        let problem = match self {
            Self::Json(Value::Object(map)) if !map.is_empty() => return Ok(()),
            Self::Yaml(text) if !text.trim().is_empty() => return Ok(()),
            Self::Json(Value::String(_)) => "a JSON object, not a string; for YAML text, use `Cwl::yaml`",
            Self::Json(_) => "a JSON object that is not empty",
            Self::Yaml(_) => "a YAML document that is not empty",
        };
        Err(Error::invalid(format!("the description of an app must be {problem}")))
    }

    /// What the description says, however it is written.
    pub(super) fn content(&self) -> Result<Cow<'_, Value>> {
        match self {
            Self::Json(content) => Ok(Cow::Borrowed(content)),
            #[cfg(feature = "cwl")]
            Self::Yaml(text) => sbg_yaml::parse(text).map(Cow::Owned).map_err(|error| {
                Error::invalid(format!("the description of an app is not valid YAML: {error}"))
            }),
            #[cfg(not(feature = "cwl"))]
            Self::Yaml(_) => {
                Err(Error::invalid("a description in YAML cannot be compared with the one on the platform")
                    .with_hint("give it as JSON, or build `sbg` with the feature `cwl`"))
            }
        }
    }
}

impl From<Value> for Cwl {
    fn from(description: Value) -> Self {
        Self::Json(description)
    }
}

impl From<Map<String, Value>> for Cwl {
    fn from(description: Map<String, Value>) -> Self {
        Self::Json(description.into())
    }
}

/// Sends a description under an id, with a revision if the id has one.
pub(super) async fn post_cwl(client: &Client, id: &AppId, cwl: Cwl) -> Result<types::App> {
    cwl.check()?;
    let document = match (cwl, id.revision()) {
        (Cwl::Json(json), None) => {
            let call = of_app!(client.raw().app_create_raw(), id);
            call.body(types::AppRaw(json)).send().await?.into_inner().0
        }
        (Cwl::Json(json), Some(revision)) => {
            let call = of_app!(client.raw().app_revision_create_raw(), id).revision_number(revision);
            call.body(types::AppRaw(json)).send().await?.into_inner().0
        }
        (Cwl::Yaml(text), revision) => {
            let operation = if revision.is_some() { "app_revision_create_raw" } else { "app_create_raw" };
            post_yaml(client, operation, id, text).await?
        }
    };
    installed(document, id)
}

/// Sends YAML, which the generated client cannot do, through the same pipeline as other calls.
async fn post_yaml(client: &Client, operation: &str, id: &AppId, text: String) -> Result<Value> {
    let operation = Operation::find(operation)
        .ok_or_else(|| Error::invalid(format!("no operation `{operation}` in the table")))?;
    let request = yaml_request(client.endpoint().url(), id, text);
    let response = client.pipeline().run(request, operation).await?;
    serde_json::from_slice(response.body()).map_err(|error| {
        Error::new(ErrorKind::UnexpectedResponse, "the response is not JSON").with_source(error)
    })
}

/// The request that sends a description in YAML.
fn yaml_request(mut url: Url, id: &AppId, text: String) -> reqwest::Request {
    // The base URL is http or https and so has a path; ids cannot change it.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("apps").extend(id.as_str().split('/')).push("raw");
    }
    let mut request = reqwest::Request::new(Method::POST, url);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    *request.body_mut() = Some(text.into());
    request
}

/// Builds the app from the returned description, using the fields that the platform added. `id`, under which it was sent, fills in for
/// missing fields.
fn installed(document: Value, id: &AppId) -> Result<types::App> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    let revision = i64::from(id.revision().unwrap_or(0));
    let mut app = json!({
        "id": text("sbg:id").unwrap_or_else(|| id.with_revision(id.revision().unwrap_or(0)).into()),
        "name": text("label"),
        "project": text("sbg:project").unwrap_or_else(|| id.project_id().into()),
        "revision": document.get("sbg:revision").and_then(Value::as_i64).unwrap_or(revision),
    });
    app["raw"] = document;
    response_of(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_sent_unchanged() {
        let check = |base: &str, id: &str, expected: &str| {
            let (base, id) = (base.parse().unwrap(), id.parse().unwrap());
            let request = yaml_request(base, &id, "class: Workflow".to_owned());
            assert_eq!(request.url().as_str(), expected);
            assert_eq!(request.headers()["content-type"], "application/yaml");
            assert_eq!(request.body().and_then(reqwest::Body::as_bytes), Some(&b"class: Workflow"[..]));
        };
        check("https://api.example.com/v2", "a/b/c", "https://api.example.com/v2/apps/a/b/c/raw");
        check("http://127.0.0.1:8080/", "a/b/c/0", "http://127.0.0.1:8080/apps/a/b/c/0/raw");
    }

    #[test]
    fn cwl_must_be_an_object_or_yaml() {
        let check = |cwl: Cwl, expected: Option<&str>| {
            assert_eq!(cwl.check().err().map(|error| error.message().to_owned()).as_deref(), expected);
        };
        check(json!({"class": "Workflow"}).into(), None);
        check(Cwl::yaml("class: Workflow"), None);
        check(json!({}).into(), Some("the description of an app must be a JSON object that is not empty"));
        check(json!([]).into(), Some("the description of an app must be a JSON object that is not empty"));
        let text =
            "the description of an app must be a JSON object, not a string; for YAML text, use `Cwl::yaml`";
        check(json!("class: Workflow").into(), Some(text));
        check(Cwl::yaml(" \n"), Some("the description of an app must be a YAML document that is not empty"));
    }

    #[test]
    fn installed_app_is_read_from_platform_fields() {
        let id: AppId = "rfranklin/demo/helix-angle/2".parse().unwrap();
        let app = installed(
            json!({"sbg:id": "rfranklin/demo/helix-angle/3", "sbg:revision": 3, "label": "Angle"}),
            &id,
        )
        .unwrap();
        assert_eq!((app.id.as_str(), app.revision), ("rfranklin/demo/helix-angle/3", Some(3)));
        assert_eq!((app.name.as_deref(), app.project.as_deref()), (Some("Angle"), Some("rfranklin/demo")));
        let app = installed(json!({"class": "Workflow"}), &id).unwrap();
        assert_eq!((app.id.as_str(), app.revision), (id.as_str(), Some(2)));
    }
}
