//! The options of the program.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{Builder, Emulator, FaultRule, StorageFlavor, StorageQuirk};
use clap::Parser;

/// The Seven Bridges Platform API v2 in one process, for tests and offline work.
///
/// Prints `export` lines that point a client at it, then serves until it is interrupted.
#[derive(Debug, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "these are independent switches")]
pub struct Options {
    /// Address and port of the API; port 0 selects a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address and port of the object store [default: a free port of the same address]
    #[arg(long, value_name = "ADDRESS:PORT")]
    storage_listen: Option<SocketAddr>,
    /// Kind of object storage to emulate: s3, gcs, azure, oss, swift or static
    #[arg(long, value_name = "FLAVOR", default_value_t)]
    storage: StorageFlavor,
    /// A trait that differs from the flavor, such as `no-ranges` or `empty-range=partial`; can be repeated
    #[arg(long, value_name = "QUIRK")]
    storage_quirk: Vec<StorageQuirk>,
    /// Token of the user rfranklin [default: random]
    #[arg(long)]
    token: Option<String>,
    /// Requests that each user may send in 300 seconds
    #[arg(long, value_name = "REQUESTS")]
    rate_limit: Option<u32>,
    /// Lifetime of signed URLs in seconds
    #[arg(long, value_name = "SECONDS")]
    url_lifetime: Option<u64>,
    /// Part size of uploads that request none
    #[arg(long, value_name = "BYTES")]
    part_size: Option<u64>,
    /// Smallest part size, except for the last part
    #[arg(long, value_name = "BYTES")]
    min_part_size: Option<u64>,
    /// Delay of each request in milliseconds
    #[arg(long, value_name = "MILLISECONDS")]
    latency: Option<u64>,
    /// Bandwidth of each connection and direction in bytes per second
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<u64>,
    /// Refuse requests that the OpenAPI document does not describe, unknown query parameters included
    #[arg(long)]
    strict: bool,
    /// Serve the console at `/` of the API even if it does not listen on a loopback address
    #[arg(long)]
    console: bool,
    /// HTML file to serve at `/docs` of the API: the reference that `cargo xtask docs` writes
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
    /// Start with sample data: projects, files, apps, tasks, a volume and bills
    #[arg(long)]
    demo: bool,
    /// A bucket and the folder behind it, such as `my-bucket=/data`; can be repeated
    #[arg(long, value_name = "BUCKET=FOLDER", value_parser = volume_folder)]
    volume_folder: Vec<(String, PathBuf)>,
    /// Keep all state in this directory, so that it survives a restart
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Discard the bytes of uploads after they are read and hashed, for benchmarks
    #[arg(long)]
    discard_uploads: bool,
    /// Use HTTPS, and write the certificate that clients have to trust to `ca.pem` in this folder
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    /// Milliseconds that tasks and jobs stay in each state
    #[arg(long, value_name = "MILLISECONDS")]
    state_time: Option<u64>,
    /// File to which every exchange with the API is appended as a line of JSON, or a directory for such a file; secrets are not redacted
    #[arg(long, value_name = "PATH")]
    traffic: Option<PathBuf>,
    /// A fault, such as `storage:get:every=20:503` or `api:first=2:429`; can be repeated
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
}

impl Options {
    /// The folder for the certificate, if there is one.
    #[cfg_attr(not(feature = "tls"), expect(clippy::unused_self, reason = "there is nothing to ask for"))]
    pub(super) fn trust_folder(&self) -> Option<PathBuf> {
        #[cfg(feature = "tls")]
        return self.tls.clone();
        #[cfg(not(feature = "tls"))]
        None
    }

    /// The emulator with these options.
    pub(super) fn into_builder(self) -> Builder {
        // A program has nobody to read its log, which would grow.
        let mut builder = Emulator::builder()
            .listen(self.listen)
            .record(false)
            .strict(self.strict)
            .demo(self.demo)
            .storage(self.storage)
            .discard_uploads(self.discard_uploads);
        if self.console {
            builder = builder.console(true);
        }
        if let Some(file) = self.docs {
            builder = builder.docs(file);
        }
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
