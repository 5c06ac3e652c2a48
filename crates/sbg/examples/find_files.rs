//! Finds files by a metadata field, at the root of a project and in all its folders:
//! `find_files OWNER/PROJECT FIELD VALUE`.

use anyhow::Result;
use sbg::{Client, ProjectId};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, field, value] = &arguments[..] else {
        eprintln!("usage: find_files OWNER/PROJECT FIELD VALUE");
        std::process::exit(2);
    };
    let project: ProjectId = project.parse()?;
    let client = Client::from_env()?;

    let all = client.files().query().project(&project).page_size(1).page().await?;
    println!("{} files and folders at the root", all.total.unwrap_or(0));

    let mut at_root = client.files().query().project(&project).metadata(field, value).items();
    while let Some(file) = at_root.try_next().await? {
        println!("at the root: {}", file.name.unwrap_or_default());
    }

    // A query lists one folder. To read all folders, walk the tree.
    let mut entries = client.project(&project).files().walk().entries();
    while let Some(entry) = entries.try_next().await? {
        let found = entry.file.metadata.as_ref().and_then(|metadata| metadata.get(field)?.as_str());
        if found == Some(value) {
            let details = client.file(&entry.file.id).get().await?;
            println!("{}  {}  {} bytes", details.id, entry.path, details.size.unwrap_or(0));
        }
    }
    Ok(())
}
