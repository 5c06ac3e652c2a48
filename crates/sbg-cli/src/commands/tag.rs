//! `tag`: tags of files.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::context::Context;
use crate::path;
use crate::records::Record;
use crate::units::one_of;

/// Show the tags of a file, or add, remove or replace them
#[derive(Args, Debug)]
pub(crate) struct Tag {
    /// A file; `-` reads files from standard input
    path: String,
    /// Tags to add; without any option or tag, the tags are shown
    tags: Vec<String>,
    /// Remove these tags instead
    #[arg(long)]
    remove: bool,
    /// Replace all tags by these
    #[arg(long)]
    set: bool,
    /// Remove all tags
    #[arg(long)]
    clear: bool,
}

impl Tag {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        one_of(&[("`--remove`", self.remove), ("`--set`", self.set), ("`--clear`", self.clear)])?;
        one_of(&[("`--clear`", self.clear), ("tags", !self.tags.is_empty())])?;
        let client = context.client()?;
        for remote in path::from_arguments(std::slice::from_ref(&self.path))? {
            let file = remote.find_file(client).await?;
            let before = file.tags.clone().unwrap_or_default();
            let after = self.change(&before);
            let edit = client.file(&file).edit();
            let edit = if after.is_empty() { edit.clear_tags() } else { edit.tags(after.clone()) };
            if after != before {
                edit.await.with_context(|| format!("cannot tag `{}`", remote.text()))?;
            }
            let record = Record::new("tags")
                .with("path", remote.text())
                .with("id", file.id.clone())
                .with("tags", after.clone());
            context.out.row(&record, [&remote.text(), &after.join(", ")])?;
        }
        Ok(())
    }

    fn change(&self, before: &[String]) -> Vec<String> {
        if self.clear || self.set {
            return self.tags.clone();
        }
        let mut after = before.to_vec();
        after.retain(|tag| !(self.remove && self.tags.contains(tag)));
        if !self.remove {
            for tag in &self.tags {
                if !after.contains(tag) {
                    after.push(tag.clone());
                }
            }
        }
        after
    }
}
