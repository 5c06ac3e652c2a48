//! Finds out which files and folders at the root of a project could be exported, and starts nothing: `check_exports OWNER/PROJECT OWNER/VOLUME`.

use anyhow::Result;
use sbg::{Client, VolumeId};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, volume] = &arguments[..] else {
        eprintln!("usage: check_exports OWNER/PROJECT OWNER/VOLUME");
        std::process::exit(2);
    };
    let volume: VolumeId = volume.parse()?;
    let client = Client::from_env()?;

    let ids: Vec<String> =
        client.project(project).files().query().all().await?.into_iter().map(|file| file.id).collect();
    for file in client.exports().check(ids, &volume).await? {
        match file {
            Ok(file) => println!("`{}` can be exported", file.name.unwrap_or_default()),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
