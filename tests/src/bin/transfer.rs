//! One transfer in a separate process, for tests that kill it, run two of them, or measure its memory.
//!
//! `transfer download ENDPOINT TOKEN FILE PATH [BYTES_PER_SECOND [PAUSE]]`,
//! `transfer upload ENDPOINT TOKEN PROJECT PATH STATE_FOLDER PART_SIZE [BYTES_PER_SECOND [PAUSE]]`,
//! `transfer download-each ENDPOINT TOKEN FOLDER FILE...`, `transfer upload-each ENDPOINT TOKEN PROJECT STATE_FOLDER PATH...`,
//! `transfer download-tree ENDPOINT TOKEN PROJECT FOLDER`, `transfer upload-tree ENDPOINT TOKEN PROJECT FOLDER STATE_FOLDER`, or
//! `transfer sync-down|sync-up ENDPOINT TOKEN PROJECT FOLDER STATE_FOLDER`, which replaces files that differ and prints how many were
//! `moved`, `identical` and `assumed`. `transfer mirror-down|mirror-up` with the same arguments also deletes what the source lacks, and keeps
//! a journal `journal.jsonl` beside the folder.
//!
//! A `PAUSE` is `BYTES:SECONDS`: after this many bytes, the transfer is paused once for this many seconds.
//!
//! For a single file, the program prints its progress in lines `at BYTES`; the first line has the bytes present at the start. At the end
//! it prints `resumed`, `started_over`, `file`, `memory` (peak memory of the process in KiB) and `threads` (threads of the engine that
//! remain after the client is dropped).

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use futures::StreamExt as _;
use sbg::transfer::{Conflict, Outcome, Progress, Transfer};
use sbg::{Client, ClientBuilder};
use sbg_tests::client_of;

/// Time between two lines of progress.
const INTERVAL: Duration = Duration::from_millis(20);

// The engine must not depend on the runtime, so this is the smallest one.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["download", endpoint, token, file, path, ref rate @ ..] => {
            let client = client_of(endpoint, token);
            let pause = Pause::of(rate);
            download(limited(client, rate, ClientBuilder::download_bandwidth), file, path, pause).await
        }
        ["upload", endpoint, token, project, path, state, part_size, ref rate @ ..] => {
            let client = client_of(endpoint, token).state_folder(Some(state.into()));
            let pause = Pause::of(rate);
            upload(limited(client, rate, ClientBuilder::upload_bandwidth), project, path, part_size, pause)
                .await
        }
        ["download-each", endpoint, token, folder, ref files @ ..] => {
            download_each(client_of(endpoint, token), folder, files).await
        }
        ["upload-each", endpoint, token, project, state, ref paths @ ..] => {
            let client = client_of(endpoint, token).state_folder(Some(state.into()));
            upload_each(client, project, paths).await
        }
        ["download-tree", endpoint, token, project, folder] => {
            download_tree(client_of(endpoint, token), project, folder).await
        }
        ["upload-tree", endpoint, token, project, folder, state] => {
            let client = client_of(endpoint, token).state_folder(Some(state.into()));
            upload_tree(client, project, folder).await
        }
        [direction @ ("sync-down" | "sync-up"), endpoint, token, project, folder, state] => {
            let client = client_of(endpoint, token).state_folder(Some(state.into()));
            sync(client, direction == "sync-down", project, folder).await
        }
        [direction @ ("mirror-down" | "mirror-up"), endpoint, token, project, folder, state] => {
            let client = client_of(endpoint, token).state_folder(Some(state.into()));
            mirror(client, direction == "mirror-down", project, folder).await
        }
        _ => Err("unknown arguments".into()),
    };
    if let Err(error) = done.and_then(|()| report()) {
        match error.downcast_ref::<sbg::Error>() {
            Some(error) => {
                eprintln!("{:?}: {error}", error.kind());
                if let Some(why) = error.source() {
                    eprintln!("because: {why}");
                }
            }
            None => eprintln!("{error}"),
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

type Limit = fn(ClientBuilder, u64) -> ClientBuilder;

/// A client, with a bandwidth limit if one is given.
fn limited(client: ClientBuilder, rate: &[&str], limit: Limit) -> Result<Client, Box<dyn Error>> {
    let client = match rate {
        [rate, ..] => limit(client, rate.parse()?),
        _ => client,
    };
    Ok(client.build()?)
}

/// A pause midway.
struct Pause {
    at: u64,
    time: Duration,
}

impl Pause {
    /// The pause after the bandwidth argument, if there is one.
    fn of(arguments: &[&str]) -> Result<Option<Self>, Box<dyn Error>> {
        let [_, pause] = arguments else { return Ok(None) };
        let (at, seconds) = pause.split_once(':').ok_or("a pause is BYTES:SECONDS")?;
        Ok(Some(Self { at: at.parse()?, time: Duration::from_secs(seconds.parse()?) }))
    }
}

async fn download(
    client: Result<Client, Box<dyn Error>>,
    file: &str,
    path: &str,
    pause: Result<Option<Pause>, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let overwrite = std::path::Path::new(path).exists();
    let download = client?.file(file).download(path).overwrite(overwrite).start();
    watch(&download, pause?).await;
    let done = download.wait().await?;
    println!("resumed {}", done.resumed);
    if let Some(why) = done.started_over {
        println!("started_over {why}");
    }
    Ok(())
}

async fn upload(
    client: Result<Client, Box<dyn Error>>,
    project: &str,
    path: &str,
    part_size: &str,
    pause: Result<Option<Pause>, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let upload = client?.upload(path).to(project).part_size(part_size.parse()?).start();
    watch(&upload, pause?).await;
    let done = upload.wait().await?;
    println!("resumed {}", done.resumed);
    if let Some(why) = &done.started_over {
        println!("started_over {why}");
    }
    println!("file {}", done.id);
    Ok(())
}

/// Starts all downloads at once, each to a file named by its id.
async fn download_each(client: ClientBuilder, folder: &str, files: &[&str]) -> Result<(), Box<dyn Error>> {
    let client = client.build()?;
    let path = |file: &str| std::path::Path::new(folder).join(file);
    let started: Vec<_> = files.iter().map(|file| client.file(*file).download(path(file)).start()).collect();
    for download in started {
        download.wait().await?;
    }
    Ok(())
}

/// Starts all uploads at once.
async fn upload_each(client: ClientBuilder, project: &str, paths: &[&str]) -> Result<(), Box<dyn Error>> {
    let client = client.build()?;
    let started: Vec<_> = paths.iter().map(|path| client.upload(*path).to(project).start()).collect();
    for upload in started {
        upload.wait().await?;
    }
    Ok(())
}

async fn download_tree(client: ClientBuilder, project: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    client.build()?.project(project).files().download_tree(folder).await?.into_result()?;
    Ok(())
}

async fn upload_tree(client: ClientBuilder, project: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    client.build()?.upload_tree(folder).to(project).await?.into_result()?;
    Ok(())
}

async fn sync(client: ClientBuilder, down: bool, project: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    let client = client.build()?;
    let report = if down {
        let files = client.project(project).files();
        files.download_tree(folder).on_conflict(Conflict::Overwrite).await?
    } else {
        client.upload_tree(folder).to(project).on_conflict(Conflict::Overwrite).await?
    };
    let report = report.into_result()?;
    let identical = report.files.iter().filter(|file| matches!(file.outcome, Ok(Outcome::Identical))).count();
    let assumed = report.assumed().count();
    println!("moved {}", report.files.len() - identical - assumed);
    println!("identical {identical}\nassumed {assumed}");
    Ok(())
}

async fn mirror(
    client: ClientBuilder,
    down: bool,
    project: &str,
    folder: &str,
) -> Result<(), Box<dyn Error>> {
    let sync = client.build()?.sync(folder).delete(true).force_delete(true);
    let sync = if down { sync.from(project) } else { sync.to(project) };
    let journal = std::path::Path::new(folder).with_file_name("journal.jsonl");
    let report = sync.journal(journal).await?.into_result()?;
    println!("moved {}", report.results.len());
    println!("identical {}\nassumed {}", report.identical, report.assumed.len());
    Ok(())
}

/// Prints the progress of the transfer until it ends, and pauses it midway.
async fn watch<T: Clone + Send + Sync + 'static>(transfer: &Transfer<T>, mut pause: Option<Pause>) {
    let mut progress = Box::pin(transfer.progress_stream(INTERVAL));
    while let Some(Progress { bytes, total, .. }) = progress.next().await {
        if total.is_some() {
            println!("at {bytes}");
            std::io::stdout().flush().ok();
        }
        if let Some(Pause { time, .. }) = pause.take_if(|pause| bytes >= pause.at) {
            // Fails if the transfer has ended, which `wait` reports.
            transfer.pause().ok();
            tokio::time::sleep(time).await;
            transfer.resume().ok();
        }
    }
}

/// Prints the memory of the process, and the engine threads that remain after the client is dropped.
#[cfg(target_os = "linux")]
fn report() -> Result<(), Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    println!("memory {}", most.ok_or("the system tells no memory")?);
    // Dropping the client does not wait for the engine threads to end.
    let mut threads = engine_threads()?;
    for _ in 0..1000 {
        if threads == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        threads = engine_threads()?;
    }
    println!("threads {threads}");
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn report() -> Result<(), Box<dyn Error>> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn engine_threads() -> std::io::Result<usize> {
    let mut count = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        // The thread may have ended in between.
        let name = std::fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        count += usize::from(name.starts_with("sbg-transfer"));
    }
    Ok(count)
}
