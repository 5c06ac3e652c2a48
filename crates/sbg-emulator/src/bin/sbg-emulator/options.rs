//! What the program is told.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use sbg_emulator::{Builder, Emulator, FaultRule, StorageFlavor, StorageQuirk};

/// The Seven Bridges Platform API v2 in one process, for tests and offline work.
///
/// Prints `export` lines that point a client at it, then serves until it is interrupted.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// Address and port of the API; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address and port of the object store; without it, a free port of the same address
    #[arg(long, value_name = "ADDRESS:PORT")]
    storage_listen: Option<SocketAddr>,
    /// Kind of object storage to play: s3, gcs, azure, oss, swift or static
    #[arg(long, value_name = "FLAVOR", default_value_t)]
    storage: StorageFlavor,
    /// A trait in which the storage differs, such as `no-ranges` or `empty-range=partial`; may be given several times
    #[arg(long, value_name = "QUIRK")]
    storage_quirk: Vec<StorageQuirk>,
    /// Token of the user rfranklin; without it, a random one
    #[arg(long)]
    token: Option<String>,
    /// Requests that each user may send in 300 seconds
    #[arg(long, value_name = "REQUESTS")]
    rate_limit: Option<u32>,
    /// Seconds for which signed URLs are valid
    #[arg(long, value_name = "SECONDS")]
    url_lifetime: Option<u64>,
    /// Bytes of a part of an upload that asks for nothing else
    #[arg(long, value_name = "BYTES")]
    part_size: Option<u64>,
    /// Smallest size of a part other than the last
    #[arg(long, value_name = "BYTES")]
    min_part_size: Option<u64>,
    /// Milliseconds that each request waits
    #[arg(long, value_name = "MILLISECONDS")]
    latency: Option<u64>,
    /// Bytes per second of each connection and direction
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<u64>,
    /// Refuse requests that the OpenAPI document does not describe, unknown query parameters included
    #[arg(long)]
    strict: bool,
    /// Begins with a small world: projects, files, apps, tasks, a volume and bills
    #[arg(long)]
    demo: bool,
    /// A bucket and the folder that is behind it, such as `my-bucket=/data`; may be given several times
    #[arg(long, value_name = "BUCKET=FOLDER", value_parser = volume_folder)]
    volume_folder: Vec<(String, PathBuf)>,
    /// Keeps everything in this folder, so that it survives a restart
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Throws the bytes of uploads away once they were read and hashed, which is for measuring
    #[arg(long)]
    discard_uploads: bool,
    /// Speaks HTTPS, and writes the certificate that clients have to trust to `ca.pem` in this folder
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    /// Milliseconds that tasks and jobs stay in each of their states
    #[arg(long, value_name = "MILLISECONDS")]
    state_time: Option<u64>,
    /// File to which every exchange with the API is added, as JSON on a line, or a folder for such a file; nothing in it is masked
    #[arg(long, value_name = "PATH")]
    traffic: Option<PathBuf>,
    /// A fault, such as `storage:get:every=20:503` or `api:first=2:429`; may be given several times
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
}

impl Options {
    /// Where the certificate goes that clients have to trust, if there is one.
    #[cfg_attr(not(feature = "tls"), expect(clippy::unused_self, reason = "there is nothing to ask for"))]
    pub(crate) fn trust_folder(&self) -> Option<PathBuf> {
        #[cfg(feature = "tls")]
        return self.tls.clone();
        #[cfg(not(feature = "tls"))]
        None
    }

    /// The emulator as it was asked for.
    pub(crate) fn into_builder(self) -> Builder {
        // Nobody looks at the log of a program, and it would grow.
        let mut builder = Emulator::builder()
            .listen(self.listen)
            .record(false)
            .strict(self.strict)
            .demo(self.demo)
            .storage(self.storage)
            .discard_uploads(self.discard_uploads);
        if let Some(address) = self.storage_listen {
            builder = builder.storage_listen(address);
        }
        if let Some(token) = self.token {
            builder = builder.token(token);
        }
        if let Some(requests) = self.rate_limit {
            builder = builder.rate_limit(requests);
        }
        if let Some(seconds) = self.url_lifetime {
            builder = builder.url_lifetime(Duration::from_secs(seconds));
        }
        if let Some(bytes) = self.part_size {
            builder = builder.part_size(bytes);
        }
        if let Some(bytes) = self.min_part_size {
            builder = builder.min_part_size(bytes);
        }
        if let Some(milliseconds) = self.latency {
            builder = builder.latency(Duration::from_millis(milliseconds));
        }
        if let Some(bytes) = self.bandwidth {
            builder = builder.bandwidth(bytes);
        }
        if let Some(milliseconds) = self.state_time {
            builder = builder.state_time(Duration::from_millis(milliseconds));
        }
        if let Some(file) = self.traffic {
            builder = builder.traffic(file);
        }
        if let Some(folder) = self.data {
            builder = builder.data(folder);
        }
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            builder = builder.tls(true);
        }
        builder = self.storage_quirk.into_iter().fold(builder, Builder::storage_quirk);
        let folders = self.volume_folder.into_iter();
        builder = folders.fold(builder, |builder, (bucket, folder)| builder.volume_folder(bucket, folder));
        self.fault.into_iter().fold(builder, Builder::fault)
    }
}

fn volume_folder(text: &str) -> Result<(String, PathBuf), String> {
    let (bucket, folder) = text.split_once('=').ok_or("expected BUCKET=FOLDER")?;
    Ok((bucket.to_owned(), PathBuf::from(folder)))
}
