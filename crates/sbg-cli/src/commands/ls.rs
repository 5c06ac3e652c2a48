//! `ls`: what is in a project or folder.

use anyhow::Result;
use clap::Args;
use sbg::files::{Entry, Walk};
use sbg::types::{self, FileType};
use sbg::{Client, Fields};

use crate::context::Context;
use crate::path::{Node, Remote};
use crate::records;
use crate::units::{self, parse_pair};

/// List projects, or what is in a project or folder
#[derive(Args, Debug)]
pub(crate) struct Ls {
    /// Projects, folders or files; without any, your projects are listed
    paths: Vec<Remote>,
    /// Size, time and id of each file; with --json metadata and tags, too
    #[arg(short, long)]
    long: bool,
    /// List the contents of folders, too
    #[arg(short, long)]
    recursive: bool,
    /// As a tree
    #[arg(long)]
    tree: bool,
    /// Deepest level of --recursive and --tree
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,
    /// Only files with this metadata; values of one key are alternatives
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    metadata: Vec<(String, String)>,
    /// Only files with this tag
    #[arg(long)]
    tag: Vec<String>,
}

/// The fields of a short listing.
const SHORT: [&str; 8] = ["id", "name", "type", "size", "created_on", "modified_on", "project", "parent"];

impl Ls {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        if self.paths.is_empty() {
            let mut projects = client.projects().query().items();
            while let Some(project) = projects.try_next().await? {
                let record = records::project(&project);
                context.out.row(&record, [&project.id, record.text("name")])?;
            }
            return Ok(());
        }
        for path in &self.paths {
            match path.find(client).await? {
                Node::File { file, path } if file.type_ != Some(FileType::Folder) => {
                    let name = file.name.clone().unwrap_or_default();
                    self.show(context, &file, &name, path.as_deref())?;
                }
                found => self.list(context, client, &found).await?,
            }
        }
        Ok(())
    }

    async fn list(&self, context: &Context, client: &Client, found: &Node) -> Result<()> {
        let base = match found {
            Node::Project(id) => Some(id.to_string()),
            Node::File { path, .. } => path.clone(),
        };
        let full = |path: &str| base.as_ref().map(|base| format!("{base}/{path}"));
        if self.tree || self.recursive {
            let mut entries = self.walk(client, found).entries();
            let mut tree = Vec::new();
            while let Some(entry) = entries.try_next().await? {
                if self.tree && !context.out.is_json() {
                    tree.push(entry);
                } else if self.matches(&entry.file) {
                    self.show(context, &entry.file, &entry.path, full(&entry.path).as_deref())?;
                }
            }
            return print_tree(context, tree);
        }
        let query = match found {
            Node::Project(id) => client.project(id).files().query(),
            Node::File { file, .. } => client.files().query().parent(&**file),
        };
        let query = self.tag.iter().fold(query, sbg::Query::<sbg::files::FileList>::tag);
        let query = self.metadata.iter().fold(query, |query, (key, value)| query.metadata(key, value));
        let mut files = query.fields(self.fields()).page_size(100).items();
        while let Some(file) = files.try_next().await? {
            let name = file.name.clone().unwrap_or_default();
            self.show(context, &file, &name, full(&name).as_deref())?;
        }
        Ok(())
    }

    fn fields(&self) -> Fields {
        let of_filters = self.recursive && !(self.metadata.is_empty() && self.tag.is_empty());
        if self.long || of_filters { Fields::all() } else { Fields::only(SHORT) }
    }

    fn walk(&self, client: &Client, found: &Node) -> Walk {
        let walk = match found {
            Node::Project(id) => client.project(id).files().walk(),
            Node::File { file, .. } => client.file(&**file).walk(),
        };
        walk.fields(self.fields()).max_depth(self.depth.unwrap_or(usize::MAX))
    }

    /// Whether a file of a recursive list has the metadata and tags, as the platform decides it for one folder.
    fn matches(&self, file: &types::File) -> bool {
        if self.metadata.is_empty() && self.tag.is_empty() {
            return true;
        }
        let tags = file.tags.as_deref().unwrap_or_default();
        let metadata = file.metadata.as_ref().map(records::metadata).unwrap_or_default();
        let has = |key: &str, value: &str| metadata.get(key).and_then(|found| found.as_str()) == Some(value);
        self.tag.iter().all(|tag| tags.contains(tag))
            && self
                .metadata
                .iter()
                .all(|(key, _)| self.metadata.iter().any(|(other, value)| other == key && has(key, value)))
    }

    fn show(&self, context: &Context, file: &types::File, name: &str, path: Option<&str>) -> Result<()> {
        let record = records::file(file, path);
        let is_folder = file.type_ == Some(FileType::Folder);
        let name = if is_folder { format!("{name}/") } else { name.to_owned() };
        if !self.long {
            return context.out.row(&record, [&name]);
        }
        let size = match u64::try_from(file.size.unwrap_or_default()) {
            Ok(size) if !is_folder && context.out.is_terminal() => units::bytes(size),
            Ok(size) if !is_folder => size.to_string(),
            _ => "-".to_owned(),
        };
        context.out.row(&record, [&size, record.text("modified_on"), &file.id, &name])
    }
}

/// Prints the entries of a walk with a branch before each name, in the order of their paths.
fn print_tree(context: &Context, mut entries: Vec<Entry>) -> Result<()> {
    entries.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
    let paths: Vec<Vec<&str>> = entries.iter().map(|entry| entry.path.split('/').collect()).collect();
    for (at, names) in paths.iter().enumerate() {
        let mut line = String::new();
        for depth in 1..=names.len() {
            // Whether another entry of this level follows in the same folder.
            let later = paths[at + 1..].iter().take_while(|later| later.starts_with(&names[..depth - 1]));
            let more =
                later.into_iter().any(|later| later.len() >= depth && later[depth - 1] != names[depth - 1]);
            line += match (depth == names.len(), more) {
                (true, true) => "├── ",
                (true, false) => "└── ",
                (false, true) => "│   ",
                (false, false) => "    ",
            };
        }
        line += names[names.len() - 1];
        if entries[at].is_folder() {
            line.push('/');
        }
        context.out.row(&records::file(&entries[at].file, None), [&line])?;
    }
    Ok(())
}
