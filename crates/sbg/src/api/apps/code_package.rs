//! Apps in Nextflow and WDL: their code is a ZIP file in the project, and the description names it.

mod archive;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::archive::{MAX_ARCHIVE, archive};
use super::push::without_managed_fields;
use super::{AppHandle, Apps, Pushed};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{AppId, IntoId, ProjectId};
use crate::pipeline;
use crate::types;

/// The code of an app in Nextflow or WDL.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::apps::CodePackage;
///
/// let package = CodePackage::nextflow("rnaseq", "main.nf").executor_version("24.10.0");
/// let pushed = client.apps().push_package("rfranklin/demo/rnaseq", package).await?;
/// println!("{} is {}", pushed.app.id, if pushed.changed { "new" } else { "as it was" });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CodePackage {
    language: Language,
    source: PathBuf,
    entrypoint: String,
    executor_version: Option<String>,
    description: Value,
}

/// A workflow language whose code is a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Nextflow,
    Wdl,
}

impl Language {
    fn class(self) -> &'static str {
        match self {
            Self::Nextflow => "nextflow",
            Self::Wdl => "wdl",
        }
    }

    fn of(description: &Value) -> Option<Self> {
        [Self::Nextflow, Self::Wdl].into_iter().find(|language| description["class"] == language.class())
    }

    /// The folder of the project in which other clients keep packages too.
    fn folder(self) -> &'static str {
        match self {
            Self::Nextflow => "nextflow_workflows",
            Self::Wdl => "wdl_workflows",
        }
    }
}

impl CodePackage {
    /// A Nextflow workflow: its folder, or a ZIP file of it, and the script in it that the run starts with.
    ///
    /// ```
    /// let package = sbg::apps::CodePackage::nextflow("rnaseq", "main.nf");
    /// ```
    pub fn nextflow(source: impl Into<PathBuf>, entrypoint: impl Into<String>) -> Self {
        Self::new(Language::Nextflow, source.into(), entrypoint.into())
    }

    /// A WDL workflow: its folder, or a ZIP file of it, and the document in it that the run starts with.
    ///
    /// ```
    /// let package = sbg::apps::CodePackage::wdl("assembly.zip", "workflows/assembly.wdl");
    /// ```
    pub fn wdl(source: impl Into<PathBuf>, entrypoint: impl Into<String>) -> Self {
        Self::new(Language::Wdl, source.into(), entrypoint.into())
    }

    fn new(language: Language, source: PathBuf, entrypoint: String) -> Self {
        Self { language, source, entrypoint, executor_version: None, description: json!({}) }
    }

    /// The version of Nextflow or of the WDL executor, such as `24.10.0`; by default the platform chooses.
    ///
    /// ```
    /// let package = sbg::apps::CodePackage::nextflow("rnaseq", "main.nf").executor_version("24.10.0");
    /// ```
    pub fn executor_version(mut self, version: impl Into<String>) -> Self {
        self.executor_version = Some(version.into());
        self
    }

    /// Further fields of the app, a JSON object: `label`, `doc`, `inputs`, `outputs`, `requirements`. Those that describe the code are set
    /// from the package.
    ///
    /// ```
    /// let inputs = serde_json::json!([{"id": "reads", "type": "File"}]);
    /// let package = sbg::apps::CodePackage::nextflow("rnaseq", "main.nf")
    ///     .description(serde_json::json!({"label": "RNA-seq", "inputs": inputs}));
    /// ```
    pub fn description(mut self, fields: Value) -> Self {
        self.description = fields;
        self
    }

    /// The description of the app with this package.
    fn described(self, file_id: &str) -> Value {
        let mut content = json!({"code_package": file_id, "entrypoint": self.entrypoint});
        if let Some(version) = self.executor_version {
            content["executor_version"] = version.into();
        }
        let mut app = self.description;
        app["class"] = self.language.class().into();
        // The platform requires the word, as there is no version of CWL.
        app["cwlVersion"] = "None".into();
        app["app_content"] = content;
        app
    }
}

impl Apps {
    /// Installs an app in Nextflow or WDL under this id, or adds a revision if its code or description differs from the latest one.
    ///
    /// A folder becomes a ZIP file of at most 100 MB, the limit of the platform, without `.git` and links; the same code is always the same
    /// file. It is held in memory, and uploaded to `nextflow_workflows` or `wdl_workflows` of the project unless it is there already.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::apps::CodePackage;
    ///
    /// client.apps().push_package("rfranklin/demo/rnaseq", CodePackage::nextflow("rnaseq", "main.nf")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an id that is not of the form `owner/project/app`, a package that is too large or cannot be read, an
    /// entrypoint that is not in the folder. Otherwise the error of a call.
    pub async fn push_package(&self, id: impl IntoId<AppId>, package: CodePackage) -> Result<Pushed> {
        let id = id.into_id()?;
        if !package.description.is_object() {
            return Err(Error::invalid("the description of a code package must be a JSON object"));
        }
        let source = package.source.clone();
        let entrypoint = package.entrypoint.clone();
        let bytes = pipeline::runtime()?
            .spawn_blocking(move || archive(&source, &entrypoint))
            .await
            .map_err(|error| Error::new(ErrorKind::Panic, "the code was not packed").with_source(error))??;
        let stem = stem(&package.source);
        let file = stored(&self.client, &id.project_id(), package.language, &stem, bytes).await?;
        self.push(&id, package.described(&file)).await
    }
}

impl AppHandle {
    /// Copies the app to another client, which may be of another platform, under the id `owner/project/app`: adds a revision, or nothing if
    /// the latest one has the same content. The code package of an app in Nextflow or WDL is copied too, through memory. Docker images are
    /// not: the other platform must be able to pull them.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, other: sbg::Client) -> sbg::Result<()> {
    /// let pushed = client.app("rfranklin/demo/rnaseq").push_to(&other, "rfranklin/production/rnaseq").await?;
    /// println!("{}", pushed.app.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of a call on either side; [`ErrorKind::InvalidInput`] for a code package of more than 100 MB.
    pub async fn push_to(&self, other: &Client, id: impl IntoId<AppId>) -> Result<Pushed> {
        let id = id.into_id()?;
        let mut app = without_managed_fields(self.raw().send().await?);
        if let Some(language) = Language::of(&app) {
            let Some(package) = app.pointer_mut("/app_content/code_package") else {
                let message = format!("the app `{}` names no code package", self.id());
                return Err(Error::new(ErrorKind::UnexpectedResponse, message));
            };
            let file = self.client.file(package.as_str().unwrap_or_default());
            let details = file.get().send().await?;
            let bytes = file.content().limit(MAX_ARCHIVE).send().await?;
            let stem =
                details.name.as_deref().map_or_else(|| "code".to_owned(), |name| stem(Path::new(name)));
            *package = stored(other, &id.project_id(), language, &stem, bytes.to_vec()).await?.into();
        }
        other.apps().push(&id, app).await
    }
}

/// The id of a file with these bytes in the folder of packages; uploads it if it is missing.
async fn stored(
    client: &Client,
    project: &ProjectId,
    language: Language,
    stem: &str,
    bytes: Vec<u8>,
) -> Result<String> {
    let size = bytes.len() as u64;
    let folder = client.project(project).files().create_folder_all(language.folder()).await?;
    // The name says the content, so that the same code is found again.
    let name = format!("{stem}-{}.zip", &hex::encode(Sha256::digest(&bytes))[..16]);
    if let Some(known) = named(client, &folder, &name, size).await? {
        return Ok(known);
    }
    let upload = client.upload_reader(&name, std::io::Cursor::new(bytes)).size(size).to(&folder);
    match upload.await {
        // Someone else has uploaded it in the meantime.
        Err(error) if error.is_conflict() => named(client, &folder, &name, size).await?.ok_or(error),
        uploaded => Ok(uploaded?.id.clone()),
    }
}

async fn named(client: &Client, folder: &types::File, name: &str, size: u64) -> Result<Option<String>> {
    let found = client.files().query().parent(folder).name(name).all().await?;
    let Some(file) = found.into_iter().next() else { return Ok(None) };
    let details = client.file(&file.id).get().send().await?;
    Ok((details.size.and_then(|known| u64::try_from(known).ok()) == Some(size)).then_some(file.id))
}

/// The name of a package without the hash that an earlier copy added.
fn stem(path: &Path) -> String {
    let real = path.canonicalize();
    let name =
        real.as_deref().unwrap_or(path).file_name().map_or("code".into(), |name| name.to_string_lossy());
    let name = name.strip_suffix(".zip").unwrap_or(&name);
    match name.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            stem.to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_keep_one_hash() {
        let check = |path: &str, expected: &str| assert_eq!(stem(Path::new(path)), expected);
        check("/x/rnaseq", "rnaseq");
        check("rnaseq-0123456789abcdef.zip", "rnaseq");
        check("rna-seq.zip", "rna-seq");
        check("v1.2-deadbeef", "v1.2-deadbeef");
    }

    #[test]
    fn package_describes_its_code() {
        let package = CodePackage::nextflow("x", "main.nf").executor_version("24.10.0");
        let described = package.description(json!({"label": "X", "class": "other"})).described("5f");
        let content = json!({"code_package": "5f", "entrypoint": "main.nf", "executor_version": "24.10.0"});
        assert_eq!(
            described,
            json!({"label": "X", "class": "nextflow", "cwlVersion": "None", "app_content": content})
        );
    }
}
