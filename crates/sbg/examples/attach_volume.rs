//! Attaches a bucket of Amazon S3 as a volume and lists what is at its root: `attach_volume NAME BUCKET`. Takes it away again:
//! `attach_volume --detach OWNER/NAME`.
//!
//! The access key comes from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, so that it is in no history of commands.

use std::env;

use anyhow::{Context as _, Result};
use sbg::Client;
use sbg::types::VolumeAccessModeSet;
use sbg::volumes::Service;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [first, second] = &arguments[..] else {
        eprintln!("usage: attach_volume NAME BUCKET, attach_volume --detach OWNER/NAME");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    if first == "--detach" {
        return detach(&client, second).await;
    }

    let key = |name: &str| env::var(name).with_context(|| format!("{name} is not set"));
    let service = Service::s3(second, key("AWS_ACCESS_KEY_ID")?, key("AWS_SECRET_ACCESS_KEY")?);
    // The platform tries the key at once. What it may only read, it cannot harm.
    let volume = client.volumes().create(first, service).access_mode(VolumeAccessModeSet::Ro).await?;
    println!("attached {}", volume.id);

    let mut entries = client.volume(&volume.id)?.list().items();
    while let Some(entry) = entries.try_next().await? {
        println!("{} {}", if entry.is_folder() { "folder" } else { "object" }, entry.path());
    }
    Ok(())
}

/// Files that were imported from the volume keep it from being deleted.
async fn detach(client: &Client, id: &str) -> Result<()> {
    let volume = client.volume(id)?;
    volume.deactivate().await?;
    if let Err(error) = volume.delete().await {
        // As long as it is there, it may as well be of use.
        volume.activate().await?;
        return Err(error.into());
    }
    println!("detached {id}");
    Ok(())
}
