//! `sheet`: a listing as the table that `up --sheet` reads.

use anyhow::Result;
use clap::Args;
use sbg::files::Entry;
use sbg::types::FileType;

use crate::context::Context;
use crate::exit::usage;
use crate::path::{Node, Remote};
use crate::records;

/// Print the files of a project or folder as a sheet, with tags and metadata
///
/// Columns are `local_path`, `remote_path`, `tags` (separated by `;`), and one for each metadata field. `sbg up --sheet` reads it.
#[derive(Args, Debug)]
pub(crate) struct Sheet {
    /// Project or folder
    #[arg(value_name = "SOURCE")]
    source: Remote,
}

impl Sheet {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let walk = match self.source.find(client).await? {
            Node::Project(id) => client.project(&id).files().walk(),
            Node::File { file, .. } if file.type_ == Some(FileType::Folder) => client.file(&*file).walk(),
            Node::File { .. } => {
                return Err(usage(format!("`{}` is a file, not a folder", self.source.text())));
            }
        };
        let mut entries: Vec<Entry> = walk.fields(sbg::Fields::all()).entries().try_collect().await?;
        entries.retain(|entry| !entry.is_folder());
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        if context.out.is_json() {
            for entry in &entries {
                let path = format!("{}/{}", self.source.text(), entry.path);
                context.out.row(&records::file(&entry.file, Some(&path)), [""])?;
            }
            return Ok(());
        }
        let mut table = Vec::new();
        sbg::transfer::Sheet::of(&entries).write(&mut table)?;
        context.out.bytes(&table)
    }
}
