//! Transfers in separate processes: two with the same destination, resource usage, threads left behind, a full disk.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, eventually};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// Maximum memory of a transfer, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

/// A process that downloads a file, at up to `rate` bytes per second.
pub(crate) fn downloader(stage: &Stage, id: &str, path: &Path, rate: Option<usize>) -> Command {
    let mut command = helper("download", stage);
    command.arg(id).arg(path).args(rate.map(|rate| rate.to_string()));
    command
}

/// A process that uploads a file to the project of the stage, at up to `rate` bytes per second.
pub(crate) fn uploader(
    stage: &Stage,
    path: &Path,
    state: &Path,
    part_size: usize,
    rate: Option<usize>,
) -> Command {
    let mut command = helper("upload", stage);
    command.arg(stage.project.as_str()).arg(path).arg(state).arg(part_size.to_string());
    command.args(rate.map(|rate| rate.to_string()));
    command
}

/// A process that runs a transfer with the platform of the stage.
pub(crate) fn helper(direction: &str, stage: &Stage) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transfer"));
    command.args([direction, stage.emulator.url(), &stage.emulator.token()]);
    command
}

/// The printed value of this name.
fn printed(output: &Output, name: &str) -> Result<String> {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    let mut lines = stdout.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    value.with_context(|| format!("no {name} in {stdout}"))
}

/// Runs a process to completion without blocking the test.
pub(crate) async fn run(mut command: Command) -> Result<Output> {
    Ok(tokio::task::spawn_blocking(move || command.output()).await??)
}

/// Fails unless the process failed immediately with an error of this kind whose message contains these words.
#[track_caller]
fn assert_failed(output: &Output, kind: &str, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with(&format!("{kind}: ")), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "`{word}` is not in: {stderr}");
    }
}

#[tokio::test]
async fn processes_cannot_share_a_download_path() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let id = stage.large_file("large", 20 * MIB);
    let path = stage.path("large");
    let mut first = downloader(&stage, &id, &path, None).stdout(Stdio::null()).spawn()?;
    eventually("the first one is at it", || stage.storage("GET").len() == 1).await;
    let second = run(downloader(&stage, &id, &path, None)).await?;
    assert_failed(&second, "Locked", &["another download is writing", "large.sbg-part`"]);
    assert_eq!(stage.emulator.requests().len(), 2, "the second one asks for nothing");
    assert_eq!(stage.local_names(), ["large.sbg-part"]);
    first.kill()?;
    first.wait()?;
    stage.emulator.faults().clear();
    assert_eq!(printed(&run(downloader(&stage, &id, &path, None)).await?, "resumed")?, "0");
    stage.assert_downloaded(&path, &id);
    Ok(())
}

/// The name of the file is so long that the names of the partial file and its journal cannot contain all of it.
#[tokio::test]
async fn killed_download_to_a_long_name_resumes() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 20 * MIB);
    let name = "a".repeat(255);
    let path = stage.path(&name);
    let mut first = downloader(&stage, &id, &path, Some(4 * MIB)).stdout(Stdio::null()).spawn()?;
    let has_journal = || {
        let mut names = stage.local_names().into_iter();
        let journal = names.find(|name| name.ends_with(".sbg-part.journal"));
        let text = journal.and_then(|name| std::fs::read_to_string(stage.path(&name)).ok());
        text.is_some_and(|text| text.contains("\"start\""))
    };
    eventually("something is in the journal", has_journal).await;
    first.kill()?;
    first.wait()?;
    let resumed: u64 = printed(&run(downloader(&stage, &id, &path, None)).await?, "resumed")?.parse()?;
    assert!(resumed > 0);
    stage.assert_downloaded(&path, &id);
    assert_eq!(stage.local_names(), [name]);
    Ok(())
}

#[tokio::test]
async fn processes_cannot_share_an_upload() -> Result<()> {
    let stage = Stage::start().await;
    let state = tempfile::tempdir()?;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let path = stage.local("a", "photograph 51");
    let mut first = uploader(&stage, &path, state.path(), 5, None).stdout(Stdio::null()).spawn()?;
    eventually("the first one is at it", || !stage.storage("PUT").is_empty()).await;
    let begun = stage.calls("POST", "/upload/multipart").len();
    let second = run(uploader(&stage, &path, state.path(), 5, None)).await?;
    assert_failed(&second, "Locked", &["another upload of", "a` to the same destination is running"]);
    assert_eq!(stage.calls("POST", "/upload/multipart").len(), begun);
    first.kill()?;
    first.wait()?;
    stage.emulator.faults().clear();
    let id = printed(&run(uploader(&stage, &path, state.path(), 5, None)).await?, "file")?;
    stage.assert_uploaded(&id, b"photograph 51");
    assert!(stage.client.uploads().list().await?.is_empty(), "it is the upload of the first one");
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn transfer_bounds_memory_and_leaves_no_thread() -> Result<()> {
    let size = 512 * MIB;
    let stage = Stage::with(Emulator::builder().latency(Duration::from_millis(10))).await;
    let id = stage.large_file("large", size);
    let path = stage.path("large");
    let check = |output: &Output| -> Result<()> {
        let memory: u64 = printed(output, "memory")?.parse()?;
        assert!(memory <= MOST_MEMORY, "{memory} KiB");
        assert_eq!(printed(output, "threads")?, "0");
        Ok(())
    };
    let output = run(downloader(&stage, &id, &path, None)).await?;
    assert_eq!(std::fs::metadata(&path)?.len(), size as u64);
    check(&output)?;
    let (again, state) = (stage.path("again"), tempfile::tempdir()?);
    std::fs::rename(path, &again)?;
    let output = run(uploader(&stage, &again, state.path(), 8 * MIB, None)).await?;
    let uploaded = stage.client.file(printed(&output, "file")?).get().await?.size;
    assert_eq!(uploaded, Some(i64::try_from(size)?));
    check(&output)
}

/// Runs a download into a folder without room for the file. If the system allows it, a small file system is mounted there; otherwise a
/// limit on the file size has the same effect. Prints the contents of the folder afterwards.
#[cfg(target_os = "linux")]
fn without_room(stage: &Stage, id: &str) -> Command {
    // Shells count in blocks of 512 or 1024 bytes: 8 or 16 MiB.
    let limited = r#"trap "" XFSZ; ulimit -f 16384"#;
    let script = format!(
        r#"
        folder=$1; shift
        if [ "$1" = limited ]; then {limited}; else mount -t tmpfs -o size=8m tmpfs "$folder" || exit 9; fi; shift
        printf old > "$folder/large"
        "$@"; code=$?
        for name in "$folder"/*; do printf 'left %s %s\n' "${{name##*/}}" "$(head -c 20 "$name")"; done
        exit $code
        "#
    );
    let can_mount = |how: &[&str]| {
        let probe =
            Command::new("unshare").args(how).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
        probe.is_ok_and(|output| output.status.success())
    };
    let wrapped = [&["-m"][..], &["-r", "-m"][..]].into_iter().find(|how| can_mount(how));
    let mut command = match wrapped {
        Some(how) => {
            let mut command = Command::new("unshare");
            command.args(how).arg("sh");
            command
        }
        None => Command::new("sh"),
    };
    let way = if wrapped.is_some() { "mounted" } else { "limited" };
    command.args(["-c", &script, "sh"]).arg(stage.folder.path()).arg(way);
    let download = downloader(stage, id, &stage.path("large"), None);
    command.arg(download.get_program()).args(download.get_args());
    command
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_error_names_the_file() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 20 * MIB);
    let output = run(without_room(&stage, &id)).await?;
    assert_failed(&output, "DiskFull", &["no room for the 20971520 bytes of `", "/large`"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let left: Vec<_> = stdout.lines().filter(|line| line.starts_with("left ")).collect();
    assert_eq!(left, ["left large old"], "the old file is as it was, and nothing is beside it");
    assert_eq!(stage.storage("GET").len(), 1, "nothing more is asked for");

    // A file that fits can be downloaded to the same folder.
    let id = stage.large_file("small", 6 * MIB);
    let output = run(without_room(&stage, &id)).await?;
    assert_eq!(printed(&output, "resumed")?, "0");
    Ok(())
}
