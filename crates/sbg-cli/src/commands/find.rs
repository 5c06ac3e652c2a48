//! `find`: files by glob or in the search language of the platform.

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use globset::GlobBuilder;
use sbg::types::FileType;

use crate::context::Context;
use crate::exit::usage;
use crate::path::{Node, Remote};
use crate::records::{self, Record};
use crate::units;

/// Find files by a pattern, or with --query in the search language
#[derive(Args, Debug)]
pub(crate) struct Find {
    /// Path with `*`, `?`, `[ab]`, `{a,b}` and `**` for any folders, such as `owner/project/**/*.bam`
    #[arg(required_unless_present = "query", conflicts_with = "query")]
    pattern: Option<String>,
    /// Expression of the search language, such as `IN "/Projects/demo" WHERE name = "a.bam"`
    #[arg(long, value_name = "EXPRESSION")]
    query: Option<String>,
    /// Only files or only folders
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    File,
    Folder,
}

impl Find {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match (&self.pattern, &self.query) {
            (Some(pattern), _) => self.walk(context, pattern).await,
            (None, Some(query)) => self.search(context, query).await,
            (None, None) => Err(usage("name a pattern or a query")),
        }
    }

    async fn walk(&self, context: &Context, pattern: &str) -> Result<()> {
        let client = context.client()?;
        let (base, glob) = split(pattern).ok_or_else(|| {
            usage(format!("`{pattern}` has no project: a pattern begins with `owner/project/`"))
        })?;
        let glob =
            GlobBuilder::new(glob).literal_separator(true).build().context("the pattern is not a glob");
        let glob = glob.map_err(|error| usage(format!("{error:#}")))?.compile_matcher();
        let base: Remote = base.parse().map_err(usage)?;
        let found = base.find(client).await?;
        let walk = match &found {
            Node::Project(id) => client.project(id).files().walk(),
            Node::File { file, .. } if file.type_ == Some(FileType::Folder) => client.file(&**file).walk(),
            Node::File { .. } => return Err(usage(format!("`{}` is a file, not a folder", base.text()))),
        };
        let kind = self.kind;
        let walk = walk.filter(move |entry| {
            kind.is_none_or(|kind| (kind == Kind::Folder) == entry.is_folder()) && glob.is_match(&entry.path)
        });
        let mut entries = walk.entries();
        while let Some(entry) = entries.try_next().await? {
            let path = format!("{}/{}", base.text(), entry.path);
            context.out.row(&records::file(&entry.file, Some(&path)), [&path])?;
        }
        Ok(())
    }

    async fn search(&self, context: &Context, query: &str) -> Result<()> {
        let mut hits = context.client()?.files().search(query).items();
        while let Some(hit) = hits.try_next().await? {
            let is_folder =
                hit.type_.as_ref().is_some_and(|kind| kind.to_string().eq_ignore_ascii_case("folder"));
            if self.kind.is_some_and(|kind| (kind == Kind::Folder) != is_folder) {
                continue;
            }
            let name = hit.name.clone().unwrap_or_default();
            // The folder ends with a slash.
            let above = hit.parent_path.as_deref().map(|above| above.trim_end_matches('/'));
            let path = above.map_or_else(|| name.clone(), |above| format!("{above}/{name}"));
            let record = Record::new(if is_folder { "folder" } else { "file" })
                .with("id", hit.id.clone())
                .with("name", name)
                .with("size", hit.size);
            let size =
                hit.size.and_then(|size| u64::try_from(size).ok()).map(units::bytes).unwrap_or_default();
            context.out.row(&record, [&hit.id, &size, &path])?;
        }
        Ok(())
    }
}

/// The folder before the first name with a wildcard, and the pattern below it. A pattern without wildcards is one for its last name.
fn split(pattern: &str) -> Option<(&str, &str)> {
    let pattern = pattern.strip_prefix("sbg://").unwrap_or(pattern);
    let wild = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    let at = pattern[..wild].rfind('/')?;
    let (base, glob) = (&pattern[..at], &pattern[at + 1..]);
    (base.contains('/') && !glob.is_empty()).then_some((base, glob))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_split_before_its_first_wildcard() {
        let check =
            |pattern: &str, expected: Option<(&str, &str)>| assert_eq!(split(pattern), expected, "{pattern}");
        check("rf/demo/**/*.bam", Some(("rf/demo", "**/*.bam")));
        check("rf/demo/reads/S?/x.bam", Some(("rf/demo/reads", "S?/x.bam")));
        check("rf/demo/reads/a.bam", Some(("rf/demo/reads", "a.bam")));
        check("rf/demo", None);
        check("rf/*", None);
        check("*.bam", None);
    }
}
