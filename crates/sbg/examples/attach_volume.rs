//! Attaches an Amazon S3 bucket as a volume and lists its root: `attach_volume NAME BUCKET`. Detaches it:
//! `attach_volume --detach OWNER/NAME`.
//!
//! The access key comes from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, so that it is not in the history of the shell.

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
    // The platform checks the key immediately. It cannot change a read-only volume.
    let volume = client.volumes().create(first, service).access_mode(VolumeAccessModeSet::Ro).await?;
    println!("attached {}", volume.id);

    let mut entries = client.volume(&volume.id).list().items();
    while let Some(entry) = entries.try_next().await? {
        println!("{} {}", if entry.is_folder() { "folder" } else { "object" }, entry.path());
    }
    Ok(())
}

/// Deleting fails while there are files that were imported from the volume.
async fn detach(client: &Client, id: &str) -> Result<()> {
    let volume = client.volume(id);
    volume.deactivate().await?;
    if let Err(error) = volume.delete().await {
        // The volume stays, so it is activated again.
        volume.activate().await?;
        return Err(error.into());
    }
    println!("detached {id}");
    Ok(())
}
