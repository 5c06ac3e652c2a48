//! Lists a folder of a volume and imports the files in it to a project: `import_from_volume OWNER/VOLUME PREFIX OWNER/PROJECT`, with
//! a prefix such as `fastq/`, or an empty one for the root of the volume.

use std::time::Duration;

use anyhow::Result;
use sbg::Client;
use sbg::storage_jobs::StorageJobExt as _;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [volume, prefix, project] = &arguments[..] else {
        eprintln!("usage: import_from_volume OWNER/VOLUME PREFIX OWNER/PROJECT");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let volume = client.volume(volume);

    let mut objects = volume.list().prefix(prefix).items();
    let mut starts = Vec::new();
    while let Some(entry) = objects.try_next().await? {
        let Some(object) = entry.into_object() else { continue };
        println!("found {}", object.location);
        starts.push(volume.import(object.location).to(project).autorename(true));
    }
    if starts.is_empty() {
        return Ok(());
    }

    // One call starts or polls a hundred imports.
    let mut ids = Vec::new();
    for import in client.imports().bulk_start(starts).await? {
        ids.push(import?.id);
    }
    for import in client.imports().wait_all(ids).timeout(Duration::from_secs(60 * 60)).await? {
        let file = import?.file()?;
        println!("imported {} as {}", file.name.unwrap_or_default(), file.id);
    }
    Ok(())
}
