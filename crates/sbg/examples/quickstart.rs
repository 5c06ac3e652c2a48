//! The main job from start to finish: `quickstart [FILE ...]`.
//!
//! Creates a project, uploads the files (by default a generated FASTQ of 64 MiB), sets metadata, lists them, downloads them again and
//! compares checksums. Runs against the platform in `SB_API_ENDPOINT` and `SB_AUTH_TOKEN`; if they are not set, against an emulator in
//! this process, so that it needs no account. With `QUICKSTART_RECORD=FILE` the exchanges with the API are recorded for
//! `cargo xtask drift`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use sbg::transfer::Transfer;
use sbg::{Client, ProjectId};
use sbg_emulator::Emulator;
use sha2::{Digest as _, Sha256};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(make_fastq(&folder.path().join("reads.fastq"), 64 * 1024 * 1024)?);
    }

    // Dropping the emulator stops it, so it lives until the end.
    let (client, _emulator) = connect().await?;
    let me = client.users().me().await?;
    println!("signed in to {} as {}", client.endpoint().as_str(), me.username);

    let project = client.projects().create("Quickstart").description("Made by the quickstart of sbg").await?;
    let id: ProjectId = project.id.parse()?;
    println!("created project {id}");

    let mut uploaded = BTreeMap::new();
    for path in &paths {
        let upload = client.upload(path).to(&id).overwrite(true).start();
        let file = watch("upload", path, upload).await?;
        client.file(&file.id).metadata().merge([("sample_id", "quickstart")]).await?;
        client.file(&file.id).edit().tags(["quickstart"]).await?;
        uploaded.insert(file.file.id, path);
    }

    let query = || client.files().query().project(&id);
    let mut found = 0;
    let mut with_metadata = query().metadata("sample_id", "quickstart").items();
    while let Some(file) = with_metadata.try_next().await? {
        println!("found {} ({}) by its metadata", file.name.as_deref().unwrap_or_default(), file.id);
        found += 1;
    }
    ensure!(found == uploaded.len(), "{found} of {} files were found by their metadata", uploaded.len());
    let mut pages = query().page_size(1).pages();
    let mut count = 0;
    while let Some(page) = pages.try_next().await? {
        count += 1;
        println!("page {count} of the list has {} of {} files", page.items.len(), page.total.unwrap_or(0));
    }

    for (number, (file_id, original)) in uploaded.iter().enumerate() {
        let copy = folder.path().join(format!("copy-{number}"));
        watch("download", original, client.file(file_id).download(&copy).start()).await?;
        let (expected, came) = (sha256(original)?, sha256(&copy)?);
        println!("sha256 {expected}  {}\nsha256 {came}  its copy", original.display());
        if expected != came {
            bail!("{} came back with other bytes", original.display());
        }
    }
    println!(
        "uploaded, described, listed and downloaded {} file(s): all checksums are identical",
        uploaded.len()
    );
    Ok(())
}

async fn connect() -> Result<(Client, Option<Emulator>)> {
    let mut builder = Client::builder();
    if let Some(path) = std::env::var_os("QUICKSTART_RECORD") {
        builder = builder.record(path);
    }
    if std::env::var_os("SB_API_ENDPOINT").is_some() {
        return Ok((builder.build()?, None));
    }
    let emulator = Emulator::builder().start().await.context("cannot start the emulator")?;
    println!("no SB_API_ENDPOINT: an emulator in this process stands in for the platform");
    let client = builder.endpoint(emulator.url()).token(emulator.token()).build()?;
    Ok((client, Some(emulator)))
}

/// Shows a progress bar until the transfer ends.
async fn watch<T: Clone + Send + Sync + 'static>(
    verb: &str,
    path: &Path,
    transfer: Transfer<T>,
) -> Result<T> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{msg} [{bar:40}] {bytes}/{total_bytes} {binary_bytes_per_sec}",
    )?);
    bar.set_message(format!("{verb} {}", path.display()));
    let ticker = async {
        loop {
            let progress = transfer.progress();
            bar.set_length(progress.total.unwrap_or(0));
            bar.set_position(progress.bytes);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let result = tokio::select! {
        result = transfer.wait() => result,
        () = ticker => unreachable!("the ticker never ends"),
    };
    let progress = transfer.progress();
    bar.finish_and_clear();
    let result = result.with_context(|| format!("{verb} of {}", path.display()))?;
    let megabytes = progress.rate / 1e6;
    println!(
        "{verb} of {}: {} bytes in {:.2} s ({megabytes:.0} MB/s)",
        path.display(),
        progress.bytes,
        progress.elapsed.as_secs_f64()
    );
    Ok(result)
}

/// Writes a FASTQ of at least `size` bytes: different reads of 100 bases, the same in every run.
fn make_fastq(path: &Path, size: usize) -> Result<PathBuf> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let mut state = 1952_u64;
    let (mut written, mut number) = (0, 0);
    let mut record = String::new();
    while written < size {
        number += 1;
        record.clear();
        writeln!(record, "@read-{number}")?;
        for _ in 0..100 {
            // Knuth's MMIX generator: its upper bits are random enough for bases.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            record.push(['A', 'C', 'G', 'T'][(state >> 62) as usize]);
        }
        writeln!(record, "\n+\n{}", "I".repeat(100))?;
        out.write_all(record.as_bytes())?;
        written += record.len();
    }
    out.flush()?;
    Ok(path.to_owned())
}

fn sha256(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1024 * 1024];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => digest.update(&block[..count]),
        }
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        write!(hex, "{byte:02x}")?;
    }
    Ok(hex)
}
