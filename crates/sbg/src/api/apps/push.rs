//! Installs an app, or adds a revision, only if its description has changed.

use serde_json::{Map, Value};

use super::{Apps, Cwl};
use crate::error::{Error, Result};
use crate::ids::{AppId, IntoId};
use crate::types;

/// Fields that the platform writes at the top level of a description. Other `sbg:` fields belong to the author.
const MANAGED: [&str; 23] = [
    "sbg:appVersion",
    "sbg:content_hash",
    "sbg:contributors",
    "sbg:copyOf",
    "sbg:createdBy",
    "sbg:createdOn",
    "sbg:expand_workflow",
    "sbg:id",
    "sbg:image_url",
    "sbg:latestRevision",
    "sbg:modifiedBy",
    "sbg:modifiedOn",
    "sbg:project",
    "sbg:projectName",
    "sbg:projectType",
    "sbg:publisher",
    "sbg:revision",
    "sbg:revisionNotes",
    "sbg:revisionsInfo",
    "sbg:sbgMaintained",
    "sbg:validationErrors",
    "sbg:workflowLanguage",
    "id",
];

/// The result of a push.
///
/// ```no_run
/// # fn example(pushed: sbg::apps::Pushed) {
/// println!("{} is {}", pushed.app.id, if pushed.changed { "new" } else { "as it was" });
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pushed {
    /// The app: the new revision, or the latest one if nothing changed.
    pub app: types::App,
    /// Whether a new revision was created.
    pub changed: bool,
}

impl Apps {
    /// Installs an app under this id, or adds a revision if the description differs from the latest revision. Fields that the platform
    /// adds are ignored, so pushing the same file twice creates one revision.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, cwl: serde_json::Value) -> sbg::Result<()> {
    /// let pushed = client.apps().push("rfranklin/demo/helix-angle", cwl).await?;
    /// if pushed.changed {
    ///     println!("{} is new", pushed.app.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an id that is not of the form `owner/project/app`, or a description that is not a map. YAML can only be
    /// compared with the feature `cwl`, which is on by default. Otherwise the error of a call (code 6003 if someone else adds the same revision at the same time).
    pub async fn push(&self, id: impl IntoId<AppId>, cwl: impl Into<Cwl>) -> Result<Pushed> {
        let (id, cwl) = (id.into_id()?, cwl.into());
        if id.revision().is_some() {
            let message =
                format!("an app to push has no revision in its id: use `{}`", id.without_revision());
            return Err(Error::invalid(message));
        }
        cwl.check()?;
        let description = cwl.content()?;
        let app = self.client.app(&id);
        let latest = match app.get().send().await {
            Err(error) if error.is_not_found() => {
                return Ok(Pushed { app: self.install(&id, cwl).await?, changed: true });
            }
            latest => latest?,
        };
        if latest.raw.as_ref().is_some_and(|known| same_content(&description, known)) {
            return Ok(Pushed { app: latest, changed: false });
        }
        Ok(Pushed { app: app.create_revision(cwl).await?, changed: true })
    }
}

/// A description of the platform without the fields that it adds.
#[cfg(feature = "packages")]
pub(super) fn without_managed_fields(mut description: Value) -> Value {
    if let Value::Object(map) = &mut description {
        map.retain(|name, _| !MANAGED.contains(&name.as_str()));
    }
    description
}

/// Whether a description has the same content as the platform's copy.
fn same_content(given: &Value, kept: &Value) -> bool {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => same_fields(given, kept, &MANAGED),
        _ => given == kept,
    }
}

/// Whether two objects have the same fields. Ignores `sbg:` fields and `$namespaces` that only the platform's copy has: the platform
/// added them.
fn same_fields(given: &Map<String, Value>, kept: &Map<String, Value>, managed: &[&str]) -> bool {
    let added = |name: &str| name.starts_with("sbg:") || name == "$namespaces" || managed.contains(&name);
    let in_kept = given
        .iter()
        .filter(|(name, _)| !managed.contains(&name.as_str()))
        .all(|(name, value)| kept.get(name).is_some_and(|other| same_value(value, other)));
    in_kept && kept.keys().all(|name| given.contains_key(name) || added(name))
}

fn same_value(given: &Value, kept: &Value) -> bool {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => same_fields(given, kept, &[]),
        (Value::Array(given), Value::Array(kept)) => {
            given.len() == kept.len() && given.iter().zip(kept).all(|(given, kept)| same_value(given, kept))
        }
        (Value::Number(given), Value::Number(kept)) => given.as_f64() == kept.as_f64(),
        _ => given == kept,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_platform_adds_is_not_a_change() {
        let given = json!({"class": "CommandLineTool", "id": "angle", "inputs": [{"id": "reads", "sbg:fileTypes": "FASTQ"}], "cores": 1});
        let check = |kept: Value, expected: bool| assert_eq!(same_content(&given, &kept), expected, "{kept}");
        check(given.clone(), true);
        let mut kept = json!({
            "class": "CommandLineTool", "id": "https://cgc-api.sbgenomics.com/v2/apps/a/b/angle/0/raw/", "cores": 1.0,
            "inputs": [{"id": "reads", "sbg:fileTypes": "FASTQ", "sbg:x": 1}], "$namespaces": {"sbg": "https://sevenbridges.com"},
            "sbg:id": "a/b/angle/0", "sbg:content_hash": "a0",
        });
        check(kept.clone(), true);
        kept["inputs"][0]["sbg:fileTypes"] = json!("BAM");
        check(kept.clone(), false);
        kept["inputs"][0]["sbg:fileTypes"] = json!("FASTQ");
        kept["stdout"] = json!("out.txt");
        check(kept, false);
        check(json!({"class": "CommandLineTool", "inputs": []}), false);
        check(json!(null), false);
        // A description that was pulled and is pushed unchanged.
        let pulled = json!({"class": "Workflow", "id": "x", "sbg:revision": 4, "sbg:categories": ["DNA"]});
        let latest = json!({"class": "Workflow", "id": "y", "sbg:revision": 5, "sbg:categories": ["DNA"]});
        assert!(same_content(&pulled, &latest));
    }
}
