//! The emulator as a program: prints how to reach it, then serves until it is interrupted.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use sbg_emulator::{Emulator, FaultRule};

/// The Seven Bridges Platform API v2 in one process, for tests and offline work.
///
/// Prints two `export` lines that point a client at it, then serves until it is interrupted.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Address and port of the API; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address and port of the object store; without it, a free port of the same address
    #[arg(long, value_name = "ADDRESS:PORT")]
    storage_listen: Option<SocketAddr>,
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
    /// Begins with a small world: projects, files, apps, tasks, a volume and bills
    #[arg(long)]
    demo: bool,
    /// A bucket and the folder that is behind it, such as `my-bucket=/data`; may be given several times
    #[arg(long, value_name = "BUCKET=FOLDER", value_parser = volume_folder)]
    volume_folder: Vec<(String, PathBuf)>,
    /// Milliseconds that tasks and jobs stay in each of their states
    #[arg(long, value_name = "MILLISECONDS")]
    state_time: Option<u64>,
    /// A fault, such as `storage:get:every=20:503` or `api:first=2:429`; may be given several times
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
}

fn volume_folder(text: &str) -> Result<(String, PathBuf), String> {
    let (bucket, folder) = text.split_once('=').ok_or("expected BUCKET=FOLDER")?;
    Ok((bucket.to_owned(), PathBuf::from(folder)))
}

fn main() -> ExitCode {
    let options = Options::parse();
    let listen = options.listen;
    let started = start(options).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {} is in use on {}", listen.port(), listen.ip()),
        _ => format!("cannot listen on {listen}: {error}"),
    });
    let served = started.and_then(|emulator| serve(&emulator).map_err(|error| error.to_string()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sbg-emulator: {message}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: Options) -> io::Result<Emulator> {
    // Nobody looks at the log of a program, and it would grow.
    let mut builder = Emulator::builder().listen(options.listen).record(false).demo(options.demo);
    if let Some(address) = options.storage_listen {
        builder = builder.storage_listen(address);
    }
    if let Some(token) = options.token {
        builder = builder.token(token);
    }
    if let Some(requests) = options.rate_limit {
        builder = builder.rate_limit(requests);
    }
    if let Some(seconds) = options.url_lifetime {
        builder = builder.url_lifetime(Duration::from_secs(seconds));
    }
    if let Some(bytes) = options.part_size {
        builder = builder.part_size(bytes);
    }
    if let Some(bytes) = options.min_part_size {
        builder = builder.min_part_size(bytes);
    }
    if let Some(milliseconds) = options.latency {
        builder = builder.latency(Duration::from_millis(milliseconds));
    }
    if let Some(bytes) = options.bandwidth {
        builder = builder.bandwidth(bytes);
    }
    if let Some(milliseconds) = options.state_time {
        builder = builder.state_time(Duration::from_millis(milliseconds));
    }
    for (bucket, folder) in options.volume_folder {
        builder = builder.volume_folder(bucket, folder);
    }
    builder = options.fault.into_iter().fold(builder, sbg_emulator::Builder::fault);
    builder.start_blocking()
}

fn serve(emulator: &Emulator) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "export SB_API_ENDPOINT={}", emulator.url())?;
    writeln!(out, "export SB_AUTH_TOKEN={}", emulator.token())?;
    out.flush()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(tokio::signal::ctrl_c())
}
