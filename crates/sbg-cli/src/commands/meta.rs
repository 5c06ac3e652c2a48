//! `meta`: metadata of files.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use sbg::files::{FileChange, Metadata};

use super::changes::changed;
use crate::context::Context;
use crate::exit::usage;
use crate::failures::Failures;
use crate::path::{self, Remote};
use crate::records::{self, Record};
use crate::units::parse_pair;

/// Show or change metadata
#[derive(Debug, Subcommand)]
pub(crate) enum Meta {
    /// Show the metadata of files
    Get(Get),
    /// Replace all metadata of a file by these fields
    Set(Set),
    /// Change some fields of files; the others stay
    Merge(Merge),
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Files; `-` reads them from standard input
    #[arg(required = true)]
    paths: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    path: Remote,
    /// Fields; none removes all
    #[arg(value_name = "KEY=VALUE", value_parser = parse_pair)]
    fields: Vec<(String, String)>,
}

#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// A file; `-` reads files from standard input, and changes 100 with each request
    path: String,
    /// Fields
    #[arg(value_name = "KEY=VALUE", value_parser = parse_pair)]
    fields: Vec<(String, String)>,
    /// Field to remove; can be repeated
    #[arg(long, value_name = "KEY")]
    remove: Vec<String>,
}

impl Meta {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Get(command) => command.run(context).await,
            Self::Set(command) => command.run(context).await,
            Self::Merge(command) => command.run(context).await,
        }
    }
}

impl Get {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        for remote in path::from_arguments(&self.paths)? {
            let file = remote.find_file(client).await?;
            let metadata = client.file(&file).metadata().get().await?;
            show(context, &remote, &file.id, &metadata)?;
        }
        Ok(())
    }
}

impl Set {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let file = self.path.find_file(client).await?;
        let metadata = client.file(&file).metadata();
        let changed = if self.fields.is_empty() {
            metadata.clear().await
        } else {
            metadata.overwrite(self.fields).await
        };
        let changed =
            changed.with_context(|| format!("cannot set the metadata of `{}`", self.path.text()))?;
        show(context, &self.path, &file.id, &changed)
    }
}

impl Merge {
    async fn run(self, context: &Context) -> Result<()> {
        if self.fields.is_empty() && self.remove.is_empty() {
            return Err(usage("nothing to change: name fields as KEY=VALUE, or `--remove KEY`"));
        }
        let client = context.client()?;
        let mut files = Vec::new();
        let remotes = path::from_arguments(std::slice::from_ref(&self.path))?;
        for (remote, found) in remotes.iter().zip(path::find_files(client, &remotes).await?) {
            let file = found.with_context(|| format!("cannot set the metadata of `{}`", remote.text()))?;
            files.push((remote.text(), file.id));
        }
        let changes = files.iter().map(|(_, id)| {
            let change = FileChange::new(id);
            let change =
                self.fields.iter().fold(change, |change, (key, value)| change.merge_metadata(key, value));
            self.remove.iter().fold(change, FileChange::remove_metadata)
        });
        let mut failures = Failures::default();
        for ((name, id), result) in files.iter().zip(client.files().bulk_edit(changes).await?) {
            let result = result.with_context(|| format!("cannot set the metadata of `{name}`"));
            failures.count(&result);
            let metadata =
                result.as_ref().ok().and_then(|file| file.metadata.as_ref().map(records::metadata));
            let record = Record::new("metadata").with("path", name.clone()).with("id", id.clone());
            changed(context, record.with("metadata", metadata), name, &result)?;
        }
        failures.into_result()
    }
}

fn show(context: &Context, remote: &Remote, id: &str, metadata: &Metadata) -> Result<()> {
    let fields = records::metadata(metadata);
    let record =
        Record::new("metadata").with("path", remote.text()).with("id", id).with("metadata", fields.clone());
    if context.out.is_json() {
        return context.out.row(&record, [""]);
    }
    for (key, value) in fields.as_object().into_iter().flatten() {
        context
            .out
            .row(&record, [key, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str()])?;
    }
    Ok(())
}
