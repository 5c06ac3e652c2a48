//! Copies the files of a folder to a volume and leaves them on the platform:
//! `export_to_volume OWNER/PROJECT FOLDER OWNER/VOLUME PREFIX`, with a prefix such as `results/`.

use std::time::Duration;

use anyhow::Result;
use sbg::storage_jobs::StorageJobExt as _;
use sbg::types::FileType;
use sbg::{Client, VolumeId};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, folder, volume, prefix] = &arguments[..] else {
        eprintln!("usage: export_to_volume OWNER/PROJECT FOLDER OWNER/VOLUME PREFIX");
        std::process::exit(2);
    };
    let volume: VolumeId = volume.parse()?;
    let client = Client::from_env()?;
    let folder = client.project(project).files().resolve_path(folder).await?;

    let mut files = client.file(&folder.id).list().items();
    let mut starts = Vec::new();
    while let Some(file) = files.try_next().await? {
        if file.type_ != Some(FileType::Folder) {
            let location = format!("{prefix}{}", file.name.unwrap_or_default());
            starts.push(client.exports().start(file.id, &volume, location).copy_only(true));
        }
    }
    println!("{} files to export", starts.len());
    if starts.is_empty() {
        return Ok(());
    }

    let mut ids = Vec::new();
    for export in client.exports().bulk_start(starts).await? {
        ids.push(export?.id);
    }
    for export in client.exports().wait_all(ids).timeout(Duration::from_secs(60 * 60)).await? {
        println!("exported {}", export?.file()?.name.unwrap_or_default());
    }
    Ok(())
}
