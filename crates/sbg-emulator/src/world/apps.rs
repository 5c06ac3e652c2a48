//! Apps: CWL descriptions with revisions, copied between projects and synchronized with their source.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    World,
    cwl::{Port, ports},
    ids::{PUBLIC_PROJECT, is_project_id, short_name},
    permissions::Need,
    tools::Tool,
};
use crate::error::{ApiError, Outcome};

/// An app.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct App {
    /// `owner/project/short-name`
    pub(crate) id: String,
    pub(crate) project: String,
    pub(crate) short_name: String,
    /// By revision number, from 0; there is at least one.
    pub(crate) revisions: Vec<Revision>,
    /// The app that it was copied from, with the revision.
    pub(crate) copy_of: Option<String>,
    /// The app from which `sync` fetches revisions.
    upstream: Option<String>,
}

/// One revision of an app.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Revision {
    pub(crate) raw: Map<String, Value>,
    /// The YAML text, if it was sent as YAML.
    pub(crate) yaml: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) author: String,
    pub(crate) created: Timestamp,
    #[serde(alias = "program")]
    pub(crate) tool: Tool,
    /// Identifies the description without what the platform has added.
    #[serde(default)]
    content_hash: String,
}

impl Revision {
    pub(super) fn new(
        short_name: &str,
        raw: Map<String, Value>,
        yaml: Option<&str>,
        notes: Option<String>,
        author: &str,
        created: Timestamp,
    ) -> Self {
        let raw = Value::Object(raw);
        let (tool, content_hash) = (Tool::of(short_name, &raw), content_hash(&raw));
        let Value::Object(raw) = raw else { unreachable!("it was made from an object") };
        Self {
            raw,
            yaml: yaml.map(str::to_owned),
            notes,
            author: author.to_owned(),
            created,
            tool,
            content_hash,
        }
    }

    /// Whether this is a CWL description at all.
    pub(crate) fn is_cwl(&self) -> bool {
        self.raw.get("class").is_some_and(Value::is_string)
    }

    /// The language of the description.
    fn language(&self) -> &'static str {
        match self.raw.get("class").and_then(Value::as_str) {
            Some("nextflow") => "Nextflow",
            Some("wdl") => "WDL",
            _ => "CWL",
        }
    }

    pub(crate) fn inputs(&self) -> Vec<Port> {
        ports(self.raw.get("inputs"))
    }

    pub(crate) fn outputs(&self) -> Vec<Port> {
        ports(self.raw.get("outputs"))
    }
}

impl App {
    /// An app of the public project.
    pub(super) fn public(id: String, short_name: &str, revision: Revision) -> Self {
        Self {
            id,
            project: PUBLIC_PROJECT.to_owned(),
            short_name: short_name.to_owned(),
            revisions: vec![revision],
            copy_of: None,
            upstream: None,
        }
    }

    pub(crate) fn latest(&self) -> usize {
        self.revisions.len() - 1
    }

    /// The name of the app in a description.
    pub(crate) fn name(&self, revision: usize) -> &str {
        let label = self.revisions.get(revision).and_then(|revision| revision.raw.get("label"));
        label.and_then(Value::as_str).filter(|label| !label.is_empty()).unwrap_or(&self.short_name)
    }

    fn mentions(&self, word: &str) -> bool {
        let Some(revision) = self.revisions.last() else { return false };
        let texts = ["label", "description", "doc", "sbg:toolkit", "sbg:categories"];
        let texts = texts.into_iter().filter_map(|key| revision.raw.get(key)).map(Value::to_string);
        texts.chain([self.id.clone()]).any(|text| text.to_lowercase().contains(word))
    }
}

/// Which revisions a copy takes, and where it gets updates from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// All revisions; updates from the source of the source.
    Clone,
    /// The latest revision; updates from the source.
    Direct,
    /// All revisions; updates from the source.
    CloneDirect,
    /// The latest revision; updates from the source of the source.
    Transient,
}

impl Strategy {
    pub(crate) fn parse(name: Option<&str>) -> Outcome<Self> {
        match name {
            None | Some("clone") => Ok(Self::Clone),
            Some("direct") => Ok(Self::Direct),
            Some("clone_direct") => Ok(Self::CloneDirect),
            Some("transient") => Ok(Self::Transient),
            Some(_) => {
                Err(ApiError::bad_request("`strategy` must be clone, direct, clone_direct or transient."))
            }
        }
    }
}

/// Which apps a list contains.
#[derive(Debug, Default)]
pub(crate) struct AppFilter<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) public: bool,
    /// All of these words, in lower case.
    pub(crate) words: Vec<String>,
    pub(crate) id: Option<&'a str>,
}

impl World {
    /// The visible apps.
    pub(crate) fn list_apps(&self, actor: &str, filter: &AppFilter<'_>) -> Outcome<Vec<&App>> {
        if let Some(project) = filter.project
            && project != PUBLIC_PROJECT
        {
            if !is_project_id(project) {
                return Err(ApiError::new(3012));
            }
            self.project(actor, project, Need::Read)?;
        }
        let public = filter.public || filter.project == Some(PUBLIC_PROJECT);
        let wanted = filter.id.map(|id| split_id(id).map_or(id, |(id, _)| id));
        Ok(self
            .apps
            .values()
            .filter(|app| (app.project == PUBLIC_PROJECT) == public)
            .filter(|app| public || self.app_access(actor, app, Need::Read))
            .filter(|app| filter.project.is_none_or(|project| app.project == project))
            .filter(|app| wanted.is_none_or(|id| app.id == id))
            .filter(|app| filter.words.iter().all(|word| app.mentions(word)))
            .collect())
    }

    fn app_access(&self, actor: &str, app: &App, need: Need) -> bool {
        if app.project == PUBLIC_PROJECT {
            return matches!(need, Need::Read | Need::Copy | Need::Execute);
        }
        self.project(actor, &app.project, need).is_ok()
    }

    /// An app for an action that needs a permission.
    pub(crate) fn app(&self, actor: &str, id: &str, need: Need) -> Outcome<&App> {
        let app = self.apps.get(id).ok_or(ApiError::new(6002))?;
        if self.app_access(actor, app, need) { Ok(app) } else { Err(ApiError::new(6001)) }
    }

    /// A visible app and the index of a revision: the requested one, or the latest.
    pub(crate) fn app_revision(
        &self,
        actor: &str,
        id: &str,
        revision: Option<&str>,
    ) -> Outcome<(&App, usize)> {
        let app = self.app(actor, id, Need::Read)?;
        let number = match revision {
            None => app.latest(),
            Some(text) => text.parse().map_err(|_| ApiError::new(6011))?,
        };
        if number < app.revisions.len() { Ok((app, number)) } else { Err(ApiError::new(6002)) }
    }

    /// Adds an app, or a revision to one. A named revision has to be the next.
    pub(crate) fn install_app(
        &mut self,
        actor: &str,
        id: &str,
        revision: Option<&str>,
        raw: &Map<String, Value>,
        yaml: Option<&str>,
    ) -> Outcome<usize> {
        let (project, short) = id.rsplit_once('/').ok_or(ApiError::new(6011))?;
        let valid = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if short.is_empty() || !short.chars().all(valid) {
            return Err(ApiError::new(6004).detail("A short name has letters, digits, `-`, `_` and `.`."));
        }
        self.project(actor, project, Need::Write)?;
        let next = self.apps.get(id).map_or(0, |app| app.revisions.len());
        match revision.map(|text| text.parse::<usize>().map_err(|_| ApiError::new(6011))).transpose()? {
            None if next > 0 => return Err(ApiError::new(6003)),
            Some(number) if number < next => return Err(ApiError::new(6003)),
            Some(number) if number > next => {
                return Err(ApiError::bad_request(format_args!("The next revision is {next}.")));
            }
            _ => {}
        }
        let notes = raw.get("sbg:revisionNotes").and_then(Value::as_str).map(str::to_owned);
        let revision = Revision::new(short, raw.clone(), yaml, notes, actor, self.clock.timestamp());
        let app = self.apps.entry(id.to_owned()).or_insert_with(|| App {
            id: id.to_owned(),
            project: project.to_owned(),
            short_name: short.to_owned(),
            revisions: Vec::new(),
            copy_of: None,
            upstream: None,
        });
        app.revisions.push(revision);
        Ok(app.latest())
    }

    /// Copies an app into a project and returns the id of the copy.
    pub(crate) fn copy_app(
        &mut self,
        actor: &str,
        (id, revision): (&str, Option<&str>),
        project: &str,
        name: Option<&str>,
        strategy: Strategy,
    ) -> Outcome<String> {
        let (source, last) = self.app_revision(actor, id, revision)?;
        self.app(actor, id, Need::Copy)?;
        if !is_project_id(project) {
            return Err(ApiError::new(3012));
        }
        self.project(actor, project, Need::Write)?;
        let short = name.map_or_else(|| source.short_name.clone(), short_name);
        let copy = format!("{project}/{short}");
        if self.apps.contains_key(&copy) {
            return Err(ApiError::new(6003));
        }
        let first = match strategy {
            Strategy::Clone | Strategy::CloneDirect => 0,
            Strategy::Direct | Strategy::Transient => last,
        };
        let upstream = match strategy {
            Strategy::Clone | Strategy::Transient => source.upstream.as_ref().unwrap_or(&source.id),
            Strategy::Direct | Strategy::CloneDirect => &source.id,
        };
        let mut revisions = source.revisions[first..=last].to_vec();
        let copied_from = format!("{}/{last}", source.id);
        if let (Some(name), Some(revision)) = (name, revisions.last_mut()) {
            revision.raw.insert("label".to_owned(), name.into());
        }
        for (number, revision) in (first..).zip(&mut revisions) {
            revision.notes.get_or_insert_with(|| format!("Copy of {id}/{number}"));
        }
        let app = App {
            id: copy.clone(),
            project: project.to_owned(),
            short_name: short,
            revisions,
            copy_of: Some(copied_from),
            upstream: Some(upstream.clone()),
        };
        self.apps.insert(copy.clone(), app);
        Ok(copy)
    }

    /// Replaces the revisions of a copied app by those of its source.
    pub(crate) fn sync_app(&mut self, actor: &str, id: &str) -> Outcome<()> {
        let app = self.app(actor, id, Need::Write)?;
        let upstream = app
            .upstream
            .as_ref()
            .ok_or_else(|| ApiError::bad_request("The app is not a copy, so it cannot be synchronized."))?;
        let source = self.app(actor, upstream, Need::Read)?;
        let (revisions, copied_from) =
            (source.revisions.clone(), format!("{}/{}", source.id, source.latest()));
        if let Some(app) = self.apps.get_mut(id) {
            app.revisions = revisions;
            app.copy_of = Some(copied_from);
        }
        Ok(())
    }

    /// A description as the platform shows it: as it was sent, with what the platform adds.
    pub(crate) fn raw_app(&self, app: &App, number: usize) -> Map<String, Value> {
        let Some(revision) = app.revisions.get(number) else { return Map::new() };
        let mut raw = revision.raw.clone();
        let info = |(number, revision): (usize, &Revision)| {
            json!({
                "sbg:revision": number,
                "sbg:modifiedBy": revision.author,
                "sbg:modifiedOn": revision.created.as_second(),
                "sbg:revisionNotes": revision.notes,
            })
        };
        let first = app.revisions.first().unwrap_or(revision);
        let mut people: Vec<&str> = app.revisions.iter().map(|revision| revision.author.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        let id = format!("{}/{number}", app.id);
        let known = json!({
            "sbg:id": id,
            "sbg:revision": number,
            "sbg:revisionNotes": revision.notes,
            "sbg:modifiedOn": revision.created.as_second(),
            "sbg:modifiedBy": revision.author,
            "sbg:createdOn": first.created.as_second(),
            "sbg:createdBy": first.author,
            "sbg:project": app.project,
            "sbg:projectName": self.projects.get(&app.project).map_or(&app.project, |project| &project.name),
            "sbg:sbgMaintained": app.project == PUBLIC_PROJECT,
            "sbg:validationErrors": [],
            "sbg:contributors": people,
            "sbg:latestRevision": app.latest(),
            "sbg:revisionsInfo": app.revisions.iter().enumerate().map(info).collect::<Vec<_>>(),
            "sbg:publisher": "sbg",
            "sbg:image_url": null,
            "sbg:content_hash": revision.content_hash,
            "sbg:appVersion": revision.raw.get("cwlVersion").map_or_else(Vec::new, |version| vec![version]),
            "sbg:workflowLanguage": revision.language(),
        });
        if let Value::Object(known) = known {
            raw.extend(known);
        }
        if let Some(source) = &app.copy_of {
            raw.insert("sbg:copyOf".to_owned(), source.as_str().into());
        }
        raw
    }
}

/// The letter `a` and the SHA-256 of a description without what the platform adds.
fn content_hash(raw: &Value) -> String {
    let own =
        raw.as_object().into_iter().flatten().filter(|(key, _)| *key != "id" && !key.starts_with("sbg:"));
    let own: Map<String, Value> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    format!("a{}", hex::encode(Sha256::digest(Value::Object(own).to_string())))
}

/// `owner/project/app` and the revision of an id that may contain one.
pub(crate) fn split_id(id: &str) -> Option<(&str, Option<&str>)> {
    let slashes: Vec<usize> = id.match_indices('/').map(|(at, _)| at).collect();
    if id.split('/').any(str::is_empty) {
        return None;
    }
    match slashes[..] {
        [_, _] => Some((id, None)),
        [_, _, last] => {
            let revision = &id[last + 1..];
            revision.bytes().all(|byte| byte.is_ascii_digit()).then_some((&id[..last], Some(revision)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_id_splits_into_app_and_revision() {
        assert_eq!(split_id("a/b/c"), Some(("a/b/c", None)));
        assert_eq!(split_id("a/b/c/12"), Some(("a/b/c", Some("12"))));
        for wrong in ["", "a", "a/b", "a/b/c/x", "a/b/c/", "a//c", "a/b/c/1/2"] {
            assert_eq!(split_id(wrong), None, "{wrong}");
        }
    }
}
