//! Names of things on the platform: paths, ids and URLs.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use sbg::files::Destination;
use sbg::types::{self, FileType};
use sbg::{Client, ErrorKind, Fields, ProjectId, WebUrl};

use crate::exit::usage;

/// A project, or a file or folder in it, as written by a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remote {
    /// The id of a file or folder.
    Id(String),
    Path {
        project: ProjectId,
        /// Names below the project, with `/` between them; empty for the project itself.
        path: String,
        /// Written with a slash at its end, so it is a folder.
        is_folder: bool,
    },
}

/// What a name refers to.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Project(ProjectId),
    /// A file or a folder, with the path that was written; one that was named by its id has none.
    File {
        file: Box<types::File>,
        path: Option<String>,
    },
}

/// A folder to put things in, and the name there if the user chose one.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) folder: Folder,
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Folder {
    Project(ProjectId),
    Folder(Box<types::File>),
}

impl From<&Folder> for Destination {
    fn from(folder: &Folder) -> Self {
        match folder {
            Folder::Project(id) => Self::project(id),
            Folder::Folder(folder) => Self::folder(&**folder),
        }
    }
}

impl FromStr for Remote {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") || text.starts_with("http://") {
            return match text.parse::<WebUrl>().map_err(|error| error.to_string())? {
                WebUrl::Project(project) => Ok(Self::Path { project, path: String::new(), is_folder: true }),
                WebUrl::File(id) => Ok(Self::Id(id)),
                _ => {
                    Err(format!("`{text}` is the URL of an app or a task, not of a project, folder or file"))
                }
            };
        }
        let text = text.strip_prefix("sbg://").unwrap_or(text);
        if is_id(text) {
            return Ok(Self::Id(text.to_owned()));
        }
        let mut parts = text.splitn(3, '/');
        let (owner, project) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let project = format!("{owner}/{project}").parse::<ProjectId>().map_err(|_| {
            format!("`{text}` is not a path such as `owner/project/folder/file`, nor the id or URL of a file")
        })?;
        let rest = parts.next().unwrap_or_default();
        let names: Vec<&str> = rest.split('/').filter(|name| !name.is_empty()).collect();
        let is_folder = names.is_empty() || rest.ends_with('/');
        Ok(Self::Path { project, path: names.join("/"), is_folder })
    }
}

/// Ids of files are 24 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Remote {
    /// As it was written, for messages and records.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Path { project, path, .. } if path.is_empty() => project.to_string(),
            Self::Path { project, path, .. } => format!("{project}/{path}"),
        }
    }

    /// Asks the platform what this is: one request for each name of a path.
    pub(crate) async fn find(&self, client: &Client) -> Result<Node> {
        match self {
            Self::Id(id) => {
                let file = client.file(id).get().await.with_context(|| format!("cannot use `{id}`"))?;
                Ok(Node::File { file: Box::new(file), path: None })
            }
            Self::Path { project, path, .. } if path.is_empty() => Ok(Node::Project(project.clone())),
            Self::Path { project, path, is_folder } => {
                let file = client.project(project).files().resolve_path(path).await;
                let file = file.with_context(|| format!("cannot use `{}`", self.text()))?;
                if *is_folder && file.type_ != Some(FileType::Folder) {
                    return Err(usage(format!(
                        "`{}` is a file, not a folder: leave out the slash",
                        self.text()
                    )));
                }
                Ok(Node::File { file: Box::new(file), path: Some(self.text()) })
            }
        }
    }

    /// A file or folder; a project is refused.
    pub(crate) async fn find_file(&self, client: &Client) -> Result<types::File> {
        match self.find(client).await? {
            Node::File { file, .. } => Ok(*file),
            Node::Project(id) => Err(usage(format!("`{id}` is a project: name a file or a folder in it"))),
        }
    }

    /// Where things go that are copied, moved or uploaded to this path, as with `cp`: into a folder that exists; else to that name in
    /// its parent. A path that ends with a slash is a folder, and is created. `many` things need a folder.
    pub(crate) async fn target(&self, client: &Client, many: bool) -> Result<Target> {
        let found = match self {
            Self::Path { project, path, is_folder: true } if !path.is_empty() => {
                let folder = client.project(project).files().create_folder_all(path).await;
                let folder = folder.with_context(|| format!("cannot create `{}`", self.text()))?;
                return Ok(Target { folder: Folder::Folder(Box::new(folder)), name: None });
            }
            _ => self.find(client).await,
        };
        match found {
            Ok(Node::Project(id)) => Ok(Target { folder: Folder::Project(id), name: None }),
            Ok(Node::File { file, .. }) if file.type_ == Some(FileType::Folder) => {
                Ok(Target { folder: Folder::Folder(file), name: None })
            }
            Ok(Node::File { .. }) if many => {
                Err(usage(format!("`{}` is a file: several files need a folder as destination", self.text())))
            }
            Ok(Node::File { file, .. }) => {
                let name = file.name.clone();
                Ok(Target { folder: parent_of(client, &file).await?, name })
            }
            Err(error) if !is_not_found(&error) => Err(error),
            Err(error) => {
                let Self::Path { project, path, .. } = self else { return Err(error) };
                if many {
                    return Err(error.context("end the path with a slash to create the folder"));
                }
                let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
                let above = Self::Path { project: project.clone(), path: above.to_owned(), is_folder: true };
                let folder = match above.find(client).await {
                    Ok(Node::Project(id)) => Folder::Project(id),
                    Ok(Node::File { file, .. }) => Folder::Folder(file),
                    Err(error) => {
                        return Err(error.context(format!(
                            "`{}` does not exist; `sbg mkdir -p` creates it",
                            above.text()
                        )));
                    }
                };
                Ok(Target { folder, name: Some(name.to_owned()) })
            }
        }
    }
}

/// Looks up many files and folders with few requests: a result for each, in the same order.
pub(crate) async fn find_files(client: &Client, remotes: &[Remote]) -> Result<Vec<Result<types::File>>> {
    let mut found: Vec<Option<Result<types::File>>> = remotes.iter().map(|_| None).collect();
    let mut ids: Vec<(usize, &str)> = Vec::new();
    let mut paths: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, remote) in remotes.iter().enumerate() {
        match remote {
            Remote::Id(id) => ids.push((at, id)),
            Remote::Path { project, path, .. } if path.is_empty() => {
                found[at] =
                    Some(Err(usage(format!("`{project}` is a project: name a file or a folder in it"))));
            }
            Remote::Path { project, path, .. } => paths.entry(project.as_str()).or_default().push((at, path)),
        }
    }
    if !ids.is_empty() {
        let results = client.files().bulk_get(ids.iter().map(|(_, id)| *id)).fields(Fields::all()).await?;
        for ((at, _), result) in ids.into_iter().zip(results) {
            found[at] = Some(result.map_err(Into::into));
        }
    }
    for (project, paths) in paths {
        let results =
            client.project(project).files().resolve_paths(paths.iter().map(|(_, path)| *path)).await?;
        for ((at, _), result) in paths.into_iter().zip(results) {
            found[at] = Some(result.map_err(Into::into));
        }
    }
    let missing = || Err(anyhow::anyhow!("the platform returned no result for it"));
    Ok(found.into_iter().map(|found| found.unwrap_or_else(missing)).collect())
}

/// The folder of this name in a folder, created if it is missing.
pub(crate) async fn subfolder(client: &Client, folder: &Folder, name: &str) -> Result<types::File> {
    let parent = match folder {
        Folder::Project(id) => return Ok(client.project(id).files().create_folder_all(name).await?),
        Folder::Folder(parent) => parent,
    };
    let found = client.files().query().parent(&**parent).name(name).all().await?;
    match found.into_iter().find(|file| file.name.as_deref() == Some(name)) {
        Some(file) if file.type_ == Some(FileType::Folder) => Ok(file),
        Some(_) => {
            Err(usage(format!("cannot create the folder `{name}`: a file on the platform has that name")))
        }
        None => Ok(client.files().create_folder(name, &**parent).await?),
    }
}

/// The parent folder of a file.
async fn parent_of(client: &Client, file: &types::File) -> Result<Folder> {
    let Some(parent) = &file.parent else {
        let project = file.project.clone().unwrap_or_default();
        return Ok(Folder::Project(project.parse()?));
    };
    let parent = client.file(parent).get().await?;
    // The root of a project is a folder without one, and uploads name the project instead.
    match (&parent.parent, &parent.project) {
        (None, Some(project)) => Ok(Folder::Project(project.parse()?)),
        _ => Ok(Folder::Folder(Box::new(parent))),
    }
}

/// Whether an error says that something does not exist.
pub(crate) fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<sbg::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Reads names from standard input, one a line, where the only name is `-`.
pub(crate) fn from_arguments(given: &[String]) -> Result<Vec<Remote>> {
    let parse = |name: &str| name.parse::<Remote>().map_err(usage);
    if given != ["-"] {
        return given.iter().map(|name| parse(name)).collect();
    }
    let mut all = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line.context("cannot read standard input")?;
        if !line.trim().is_empty() {
            all.push(parse(line.trim())?);
        }
    }
    Ok(all)
}

/// The id of a project, given as one or as a URL.
pub(crate) fn project(text: &str) -> Result<ProjectId, String> {
    match text.parse()? {
        Remote::Path { project, path, .. } if path.is_empty() => Ok(project),
        _ => Err(format!("`{text}` is not a project such as `owner/project`")),
    }
}

/// The id of an app, given as one or as a URL.
pub(crate) fn app(text: &str) -> Result<sbg::AppId, String> {
    match text.parse::<WebUrl>() {
        Ok(WebUrl::App(id)) => Ok(id),
        _ => text.parse::<sbg::AppId>().map_err(|error| error.to_string()),
    }
}

/// The id of a task, given as one or as a URL.
pub(crate) fn task(text: &str) -> String {
    match text.parse::<WebUrl>() {
        Ok(WebUrl::Task(id)) => id,
        // The library checks the id before it sends anything.
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_ids_or_urls() {
        let check = |text: &str, expected: Option<(&str, &str, bool)>| {
            let found = text.parse::<Remote>().ok();
            let found = found.as_ref().map(|remote| match remote {
                Remote::Id(id) => ("", id.as_str(), false),
                Remote::Path { project, path, is_folder } => (project.as_str(), path.as_str(), *is_folder),
            });
            assert_eq!(found, expected, "{text}");
        };
        check("rfranklin/demo", Some(("rfranklin/demo", "", true)));
        check("rfranklin/demo/", Some(("rfranklin/demo", "", true)));
        check("rfranklin/demo/a/b.bam", Some(("rfranklin/demo", "a/b.bam", false)));
        check("rfranklin/demo//a/b/", Some(("rfranklin/demo", "a/b", true)));
        check("sbg://rfranklin/demo/a", Some(("rfranklin/demo", "a", false)));
        check("567890abc9b0307bc0414164", Some(("", "567890abc9b0307bc0414164", false)));
        check("https://cgc.sbgenomics.com/u/rfranklin/demo/", Some(("rfranklin/demo", "", true)));
        let file = "https://cgc.sbgenomics.com/u/rfranklin/demo/files/567890abc9b0307bc0414164/";
        check(file, Some(("", "567890abc9b0307bc0414164", false)));
        check("demo", None);
        check("", None);
        check("-", None);
        check("https://cgc.sbgenomics.com/u/a/b/tasks/3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11", None);
    }
}
