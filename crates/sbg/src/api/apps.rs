//! Apps: tools and workflows in CWL, and their revisions.

use http::{HeaderValue, Method, header};
use sbg_raw::{ClientAppsExt as _, Operation};
use serde_json::{Map, Value};
use url::Url;

use crate::call::{Get, awaitable, body_setters, fetch_page, set};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::Fields;
use crate::files::check_name;
use crate::ids::{AppId, InvalidId, ProjectId};
use crate::page::{Fetched, List, PageRequest, Query};
use crate::projects::ProjectHandle;
use crate::types;

impl Client {
    /// The apps that the caller can use.
    pub fn apps(&self) -> Apps {
        Apps { client: self.clone() }
    }

    /// An app, by id: in its latest revision, or in the one that the id names.
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/project/app` or `owner/project/app/revision`.
    pub fn app<I>(&self, id: I) -> Result<AppHandle>
    where
        I: TryInto<AppId, Error: Into<InvalidId>>,
    {
        let id = id.try_into().map_err(Into::into)?;
        Ok(AppHandle { client: self.clone(), id })
    }
}

/// The apps that the caller can use.
#[derive(Clone, Debug)]
pub struct Apps {
    client: Client,
}

impl Apps {
    /// The apps, in short form unless [`fields`](Query::fields) says otherwise. The ids are those of the latest revisions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppVisibility;
    ///
    /// let mut public = client.apps().query().visibility(AppVisibility::Public).search("bwa").items();
    /// while let Some(app) = public.try_next().await? {
    ///     println!("{} {:?}", app.id, app.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AppList> {
        Query::new(self.client.clone(), AppList::default())
    }

    /// Creates an app from its description in CWL, as revision 0. What comes back has the id of that revision and the description as
    /// the platform keeps it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, text: String) -> sbg::Result<()> {
    /// use sbg::apps::Cwl;
    ///
    /// let json = serde_json::json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "inputs": [], "outputs": []});
    /// client.apps().install("rfranklin/demo/from-json", json).await?;
    /// let app = client.apps().install("rfranklin/demo/from-yaml", Cwl::yaml(text)).await?;
    /// assert_eq!(app.id, "rfranklin/demo/from-yaml/0");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/project/app`, or a description that is none, before anything is sent; or whatever the
    /// call brings, code 6003 for an app that is there already.
    pub async fn install<I>(&self, id: I, cwl: impl Into<Cwl>) -> Result<types::App>
    where
        I: TryInto<AppId, Error: Into<InvalidId>>,
    {
        let (id, cwl) = (id.try_into().map_err(Into::into)?, cwl.into());
        if id.revision().is_some() {
            let message = format!("an app is installed without a revision, as `{}`", id.without_revision());
            return Err(Error::invalid(message).with_hint("`create_revision` of an app adds one to it"));
        }
        post_cwl(&self.client, &id, cwl).await
    }
}

/// The description of an app in the Common Workflow Language.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cwl {
    /// A JSON object.
    Json(Value),
    /// The text of a YAML document, which is sent as it is.
    Yaml(String),
}

impl Cwl {
    /// The text of a YAML document.
    pub fn yaml(text: impl Into<String>) -> Self {
        Self::Yaml(text.into())
    }

    fn check(&self) -> Result<()> {
        let problem = match self {
            Self::Json(Value::Object(map)) if !map.is_empty() => return Ok(()),
            Self::Yaml(text) if !text.trim().is_empty() => return Ok(()),
            Self::Json(Value::String(_)) => "a JSON object, not a string; `Cwl::yaml` takes a text in YAML",
            Self::Json(_) => "a JSON object with something in it",
            Self::Yaml(_) => "a YAML document with something in it",
        };
        Err(Error::invalid(format!("the description of an app is {problem}")))
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

/// The list of apps.
#[derive(Clone, Debug, Default)]
pub struct AppList {
    project: Option<ProjectId>,
    visibility: Option<types::AppVisibility>,
    terms: Vec<String>,
    ids: Vec<AppId>,
}

impl Query<AppList> {
    /// Only apps of this project.
    pub fn project(mut self, id: &ProjectId) -> Self {
        self.list.project = Some(id.clone());
        self
    }

    /// The public apps of the platform, or those of the projects of the caller, which are listed when this is not set.
    pub fn visibility(mut self, visibility: types::AppVisibility) -> Self {
        self.list.visibility = Some(visibility);
        self
    }

    /// Only apps that this term is found in; with several calls, all of the terms.
    pub fn search(mut self, term: impl Into<String>) -> Self {
        self.list.terms.push(term.into());
        self
    }

    /// Only this app; with several calls, any of the apps.
    pub fn id(mut self, id: &AppId) -> Self {
        self.list.ids.push(id.without_revision());
        self
    }
}

impl List for AppList {
    type Item = types::App;

    fn check(&self) -> Result<()> {
        if self.terms.iter().any(|term| term.trim().is_empty()) {
            return Err(Error::invalid("a term to search apps for is empty"));
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::App>> {
        let some = |values: Vec<String>| (!values.is_empty()).then_some(values);
        let ids = self.ids.into_iter().map(String::from).collect();
        let call = client.raw().app_list().offset(at.offset_param());
        let call = set!(call, project = self.project.map(String::from), visibility = self.visibility);
        let call = set!(call, q = some(self.terms), id = some(ids));
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

impl ProjectHandle {
    /// The apps of the project.
    pub fn apps(&self) -> ProjectApps {
        ProjectApps { apps: self.files().client().apps(), id: self.id().clone() }
    }
}

/// The apps of a project.
#[derive(Clone, Debug)]
pub struct ProjectApps {
    apps: Apps,
    id: ProjectId,
}

impl ProjectApps {
    /// The apps of the project, in short form unless [`fields`](Query::fields) says otherwise.
    pub fn query(&self) -> Query<AppList> {
        self.apps.query().project(&self.id)
    }
}

/// An app or a revision of it, by id. Makes no request until it is told to.
#[derive(Clone, Debug)]
pub struct AppHandle {
    client: Client,
    id: AppId,
}

impl AppHandle {
    /// The id, with a revision where the handle is one of a revision.
    pub fn id(&self) -> &AppId {
        &self.id
    }

    /// This revision of the app.
    pub fn revision(&self, revision: u32) -> Self {
        Self { client: self.client.clone(), id: self.id.with_revision(revision) }
    }

    /// The latest revision of the app, whichever it then is.
    pub fn latest(&self) -> Self {
        Self { client: self.client.clone(), id: self.id.without_revision() }
    }

    /// Gets the app with its description.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("rfranklin/demo/helix-angle")?.get().await?;
    /// let first = client.app("rfranklin/demo/helix-angle")?.revision(0).get().await?;
    /// assert_eq!(first.revision, Some(0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::App> {
        let Self { client, id } = self.clone();
        Get::new(AppList::IDENTITY, move |fields| async move {
            let app = match id.revision() {
                Some(revision) => {
                    let call = client.raw().app_revision_get().revision_number(revision);
                    let call = call.project_owner(id.owner()).project(id.project()).app_short_name(id.app());
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = client.raw().app_get();
                    let call = call.project_owner(id.owner()).project(id.project()).app_short_name(id.app());
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(app.into_inner())
        })
    }

    /// Gets the description of the app in CWL, without anything around it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let cwl = client.app("rfranklin/demo/helix-angle")?.raw().await?;
    /// println!("{}", cwl["cwlVersion"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self) -> Get<Value> {
        let Self { client, id } = self.clone();
        Get::new(&[], move |fields| async move {
            let document = match id.revision() {
                Some(revision) => {
                    let call = client.raw().app_revision_raw_get().revision_number(revision);
                    let call = call.project_owner(id.owner()).project(id.project()).app_short_name(id.app());
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = client.raw().app_raw_get();
                    let call = call.project_owner(id.owner()).project(id.project()).app_short_name(id.app());
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(document.into_inner().0)
        })
    }

    /// Adds a revision to the app: the one that the handle names, which must be the next, or else the next after the latest, which
    /// costs a call to find it out.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/helix-angle")?;
    /// let mut cwl = app.raw().await?;
    /// cwl["sbg:revisionNotes"] = "Steeper".into();
    /// let revised = app.create_revision(cwl).await?;
    /// println!("{}", revised.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A description that is none, before anything is sent; or whatever the calls bring, code 6003 for a revision that is there
    /// already.
    pub async fn create_revision(&self, cwl: impl Into<Cwl>) -> Result<types::App> {
        let cwl = cwl.into();
        cwl.check()?;
        let id = match self.id.revision() {
            Some(_) => self.id.clone(),
            None => self.id.with_revision(self.next_revision().await?),
        };
        post_cwl(&self.client, &id, cwl).await
    }

    async fn next_revision(&self) -> Result<u32> {
        let latest = self.get().fields(Fields::only(["id", "revision"])).await?;
        let number = latest.revision.and_then(|number| u32::try_from(number).ok());
        let number = number.or_else(|| latest.id.parse::<AppId>().ok()?.revision());
        number.and_then(|number| number.checked_add(1)).ok_or_else(|| {
            let message = format!("the platform did not tell the latest revision of `{}`", self.id);
            Error::new(ErrorKind::UnexpectedAnswer, message)
        })
    }

    /// Copies the app to a project, as far as the revision that the handle names, or the latest.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppCopyStrategy;
    ///
    /// let public = client.app("admin/sbg-public-data/bwa-mem")?;
    /// let copy = public.copy_to("rfranklin/demo")?.name("bwa").strategy(AppCopyStrategy::Direct).await?;
    /// println!("{}", copy.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A project that is not of the form `owner/project`.
    pub fn copy_to<I>(&self, project: I) -> Result<AppCopy>
    where
        I: TryInto<ProjectId, Error: Into<InvalidId>>,
    {
        let project = project.try_into().map_err(Into::into)?.into();
        Ok(AppCopy { app: self.clone(), body: types::AppCopy { project, name: None, strategy: None } })
    }

    /// Brings the app up to date with the one that it was copied from: takes over all revisions of that one with their notes.
    ///
    /// # Errors
    ///
    /// Whatever the call brings.
    pub async fn sync(&self) -> Result<types::App> {
        let (raw, id) = (self.client.raw(), &self.id);
        let call = raw.app_sync().project_owner(id.owner()).project(id.project()).app_short_name(id.app());
        Ok(call.send().await?.into_inner())
    }
}

/// A copy of an app to make.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AppCopy {
    app: AppHandle,
    body: types::AppCopy,
}

impl AppCopy {
    body_setters! {
        /// Name of the copy; that of the app when it is not set.
        name(name: String);
        /// Which revisions to copy and whence the copy takes its updates; `Clone` when it is not set.
        ///
        /// `Clone` copies all revisions, `Transient` the latest one; either takes updates from where the copied app takes them.
        /// `CloneDirect` copies all revisions, `Direct` the latest one; either takes updates from the copied app itself.
        strategy(strategy: types::AppCopyStrategy);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// An empty name or one with a slash, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::App> {
        let AppHandle { client, id } = self.app;
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        if id.revision().is_none() {
            let call = client.raw().app_copy().project_owner(id.owner()).project(id.project());
            return Ok(call.app_short_name(id.app()).body(self.body).send().await?.into_inner());
        }
        // The short name may have a revision behind it, with a slash between them that the generated call would escape.
        let body = serde_json::to_vec(&self.body).map_err(|error| Error::invalid(error.to_string()))?;
        let copy = post(&client, "app_copy", &id, &["actions", "copy"], "application/json", body).await?;
        serde_json::from_value(copy).map_err(|error| {
            let message = format!("the answer has another form than specified: {error}");
            Error::new(ErrorKind::UnexpectedAnswer, message)
        })
    }
}

awaitable!(AppCopy => types::App);

/// Sends a description under an id, with the revision in it if there is one.
async fn post_cwl(client: &Client, id: &AppId, cwl: Cwl) -> Result<types::App> {
    cwl.check()?;
    let document = match (cwl, id.revision()) {
        (Cwl::Json(json), None) => {
            let call = client.raw().app_create_raw().project_owner(id.owner()).project(id.project());
            call.app_short_name(id.app()).body(types::AppRaw(json)).send().await?.into_inner().0
        }
        (Cwl::Json(json), Some(revision)) => {
            let call = client.raw().app_revision_create_raw().project_owner(id.owner()).project(id.project());
            let call = call.app_short_name(id.app()).revision_number(revision);
            call.body(types::AppRaw(json)).send().await?.into_inner().0
        }
        (Cwl::Yaml(text), revision) => {
            let operation = if revision.is_some() { "app_revision_create_raw" } else { "app_create_raw" };
            post(client, operation, id, &["raw"], "application/yaml", text.into_bytes()).await?
        }
    };
    Ok(installed(document, id))
}

/// Sends what no generated call can send, by the same rules as those.
async fn post(
    client: &Client,
    operation: &str,
    id: &AppId,
    path: &[&str],
    content_type: &'static str,
    body: Vec<u8>,
) -> Result<Value> {
    let operation = Operation::find(operation)
        .ok_or_else(|| Error::invalid(format!("no operation `{operation}` in the table")))?;
    let request = request(client.endpoint().url(), id, path, content_type, body);
    let answer = client.pipeline().run(request, operation).await?;
    serde_json::from_slice(answer.body())
        .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, "the answer is not JSON").with_source(error))
}

/// A request below the address of an app.
fn request(
    mut url: Url,
    id: &AppId,
    path: &[&str],
    content_type: &'static str,
    body: Vec<u8>,
) -> reqwest::Request {
    // The address of an API is one of http or https, which has a path; ids have no part that could change it.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("apps").extend(id.as_str().split('/')).extend(path);
    }
    let mut request = reqwest::Request::new(Method::POST, url);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    *request.body_mut() = Some(body.into());
    request
}

/// The app of a description that was sent for `id`, from what the platform has added to it.
fn installed(document: Value, id: &AppId) -> types::App {
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    types::App {
        href: None,
        id: text("sbg:id").unwrap_or_else(|| id.with_revision(id.revision().unwrap_or(0)).into()),
        name: text("label"),
        project: text("sbg:project").or_else(|| Some(id.project_id().into())),
        revision: document
            .get("sbg:revision")
            .and_then(Value::as_i64)
            .or_else(|| Some(id.revision().unwrap_or(0).into())),
        raw: Some(document),
        extra: Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_by_hand_have_the_id_in_their_path() {
        let check = |base: &str, id: &str, path: &[&str], expected: &str| {
            let (base, id) = (base.parse().unwrap(), id.parse().unwrap());
            let request = request(base, &id, path, "application/yaml", b"class: Workflow".to_vec());
            assert_eq!(request.url().as_str(), expected);
            assert_eq!(request.headers()["content-type"], "application/yaml");
            assert_eq!(request.body().and_then(reqwest::Body::as_bytes), Some(&b"class: Workflow"[..]));
        };
        let base = "https://api.example.com/v2";
        check(base, "a/b/c", &["raw"], "https://api.example.com/v2/apps/a/b/c/raw");
        check(base, "a/b/c/3", &["actions", "copy"], "https://api.example.com/v2/apps/a/b/c/3/actions/copy");
        check("http://127.0.0.1:8080/", "a/b/c/0", &["raw"], "http://127.0.0.1:8080/apps/a/b/c/0/raw");
    }

    #[test]
    fn descriptions_are_objects_or_yaml() {
        let check = |cwl: Cwl, expected: Option<&str>| {
            assert_eq!(cwl.check().err().map(|error| error.message().to_owned()).as_deref(), expected);
        };
        check(json!({"class": "Workflow"}).into(), None);
        check(Cwl::yaml("class: Workflow"), None);
        check(json!({}).into(), Some("the description of an app is a JSON object with something in it"));
        check(json!([]).into(), Some("the description of an app is a JSON object with something in it"));
        let text =
            "the description of an app is a JSON object, not a string; `Cwl::yaml` takes a text in YAML";
        check(json!("class: Workflow").into(), Some(text));
        check(Cwl::yaml(" \n"), Some("the description of an app is a YAML document with something in it"));
    }

    #[test]
    fn an_installed_app_is_known_by_what_the_platform_adds() {
        let id: AppId = "rfranklin/demo/helix-angle/2".parse().unwrap();
        let app = installed(
            json!({"sbg:id": "rfranklin/demo/helix-angle/3", "sbg:revision": 3, "label": "Angle"}),
            &id,
        );
        assert_eq!((app.id.as_str(), app.revision), ("rfranklin/demo/helix-angle/3", Some(3)));
        assert_eq!((app.name.as_deref(), app.project.as_deref()), (Some("Angle"), Some("rfranklin/demo")));
        let app = installed(json!({"class": "Workflow"}), &id);
        assert_eq!((app.id.as_str(), app.revision), (id.as_str(), Some(2)));
    }
}
