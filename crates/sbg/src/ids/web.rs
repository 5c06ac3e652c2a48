//! Ids in URLs copied from the web interface, or from the `href` of a response.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::kinds::{AppId, ProjectId};
use super::{check_segment, excerpt};
use crate::error::{Error, Result};

/// What a URL of the platform refers to. The forms are those seen in the web interface; the provider documents none of them.
///
/// ```
/// use sbg::WebUrl;
///
/// let task: WebUrl = "https://cgc.sbgenomics.com/u/rfranklin/demo/tasks/3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11/".parse()?;
/// assert_eq!(task, WebUrl::Task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11".to_owned()));
/// let file: WebUrl = "https://cgc-api.sbgenomics.com/v2/files/567890abc9b0307bc0414164".parse()?;
/// assert_eq!(file.id(), "567890abc9b0307bc0414164");
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebUrl {
    /// A project.
    Project(ProjectId),
    /// A file or a folder, by id.
    File(String),
    /// A task, by id.
    Task(String),
    /// An app, with a revision if the URL has one.
    App(AppId),
}

impl WebUrl {
    /// The id in the URL.
    ///
    /// ```
    /// let url: sbg::WebUrl = "https://igor.sbgenomics.com/u/rfranklin/demo/".parse()?;
    /// assert_eq!(url.id(), "rfranklin/demo");
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn id(&self) -> &str {
        match self {
            Self::Project(id) => id.as_str(),
            Self::File(id) | Self::Task(id) => id,
            Self::App(id) => id.as_str(),
        }
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for WebUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            let error = Error::invalid(format!(
                "`{}` is not a URL of a project, file, task or app",
                excerpt(text, 100)
            ));
            error.with_hint("expected a URL such as `https://cgc.sbgenomics.com/u/owner/project/files/ID`")
        };
        let url: Url = text.trim().parse().map_err(|_| unknown())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unknown());
        }
        let path = segments(url.path());
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        // Older app pages have the id after a `#`.
        let fragment = segments(url.fragment().unwrap_or_default());
        let fragment = fragment.join("/");
        match path[..] {
            ["u", _, _, "files", id] | ["v2" | "public", "files", id] => file(id),
            ["u", _, _, "tasks" | "task", id, ..] | ["v2", "tasks", id, ..] => task(id),
            ["u", _, _, "apps"] | ["public", "apps"] if !fragment.is_empty() => app(&fragment),
            ["u", _, _, "apps", ref id @ ..] | ["public" | "v2", "apps", ref id @ ..] if id.len() >= 3 => {
                let revision = id.get(3).filter(|part| part.parse::<u32>().is_ok());
                let parts: Vec<&str> = id[..3].iter().chain(revision).copied().collect();
                app(&parts.join("/"))
            }
            ["u", owner, project, ..] | ["v2", "projects", owner, project, ..] => {
                Ok(Self::Project(format!("{owner}/{project}").parse()?))
            }
            _ => Err(unknown()),
        }
    }
}

fn segments(path: &str) -> Vec<String> {
    let decoded = path
        .split('/')
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned());
    decoded.filter(|part| !part.is_empty()).collect()
}

fn file(id: &str) -> Result<WebUrl> {
    Ok(WebUrl::File(check_segment("file id", id)?.to_owned()))
}

fn task(id: &str) -> Result<WebUrl> {
    Ok(WebUrl::Task(super::check_uuid("task id", id)?.to_owned()))
}

fn app(id: &str) -> Result<WebUrl> {
    Ok(WebUrl::App(id.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_give_their_ids() {
        const TASK: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
        let check = |url: &str, expected: Option<&str>| {
            let found = url.parse::<WebUrl>().ok();
            let found = found.map(|of| match of {
                WebUrl::Project(id) => format!("project {id}"),
                WebUrl::File(id) => format!("file {id}"),
                WebUrl::Task(id) => format!("task {id}"),
                WebUrl::App(id) => format!("app {id}"),
            });
            assert_eq!(found.as_deref(), expected, "{url}");
        };
        check("https://cgc.sbgenomics.com/u/rfranklin/demo", Some("project rfranklin/demo"));
        check("https://cgc.sbgenomics.com/u/rfranklin/demo/files/?page=2", Some("project rfranklin/demo"));
        check(
            "https://cavatica.sbgenomics.com/u/rfranklin/demo/files/567890abc9b0307bc0414164/",
            Some("file 567890abc9b0307bc0414164"),
        );
        check(
            &format!("https://cgc.sbgenomics.com/u/rfranklin/demo/tasks/{TASK}/stats"),
            Some(&format!("task {TASK}")),
        );
        check(
            "https://cgc.sbgenomics.com/u/rfranklin/demo/apps/#rfranklin/demo/helix/3",
            Some("app rfranklin/demo/helix/3"),
        );
        check(
            "https://cgc.sbgenomics.com/public/apps/admin/sbg-public-data/bwa/12",
            Some("app admin/sbg-public-data/bwa/12"),
        );
        check(
            "https://api.sbgenomics.com/v2/apps/rfranklin/demo/helix/3/raw/",
            Some("app rfranklin/demo/helix/3"),
        );
        check("https://api.sbgenomics.com/v2/projects/rfranklin/demo", Some("project rfranklin/demo"));
        check(
            "https://api.sbgenomics.com/v2/files/567890abc9b0307bc0414164",
            Some("file 567890abc9b0307bc0414164"),
        );
        check("https://cgc.sbgenomics.com/u/rfranklin/demo/tasks/17", None);
        check("https://cgc.sbgenomics.com/developer", None);
        check("https://cgc.sbgenomics.com/u/rfranklin/..%2Fx", None);
        check("rfranklin/demo", None);
        check("ftp://cgc.sbgenomics.com/u/a/b", None);
    }
}
