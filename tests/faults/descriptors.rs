//! Many more parallel transfers than the process may have open files and connections.

use std::fs;
use std::process::Command;

use anyhow::Result;
use sbg_emulator::Emulator;
use sbg_tests::Stage;

use crate::processes::{helper, run};

/// Number of transfers that are started at once.
const TRANSFERS: usize = 500;

/// Maximum number of open descriptors. The C library and the runtime use some of them.
const DESCRIPTORS: usize = 128;

/// The same command with a limit on descriptors.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -n {DESCRIPTORS} && exec \"$@\""), "sh"]);
    limited.arg(command.get_program()).args(command.get_args());
    limited
}

async fn stage() -> Stage {
    Stage::with(Emulator::builder().min_part_size(1).rate_limit(100_000)).await
}

#[tokio::test]
async fn downloads_wait_for_descriptors() -> Result<()> {
    let stage = stage().await;
    let ids: Vec<String> = (0..TRANSFERS)
        .map(|number| stage.file(&format!("{number}"), format!("content of {number}")))
        .collect();
    let mut command = helper("download-each", &stage);
    command.arg(stage.folder.path()).args(&ids);
    let output = run(limited(&command)).await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for id in &ids {
        stage.assert_downloaded(&stage.path(id), id);
    }
    assert_eq!(stage.local_names().len(), TRANSFERS);
    Ok(())
}

#[tokio::test]
async fn uploads_wait_for_descriptors() -> Result<()> {
    let stage = stage().await;
    let state = tempfile::tempdir()?;
    let mut command = helper("upload-each", &stage);
    command.arg(stage.project.as_str()).arg(state.path());
    for number in 0..TRANSFERS {
        command.arg(stage.local(&number.to_string(), format!("content of {number}")));
    }
    let output = run(limited(&command)).await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let completed: Vec<_> =
        stage.calls("POST", "/complete").into_iter().filter_map(|call| call.response_json()).collect();
    assert_eq!(completed.len(), TRANSFERS);
    for file in completed {
        let (id, name) = (file["id"].as_str().unwrap_or_default(), file["name"].as_str().unwrap_or_default());
        stage.assert_uploaded(id, &fs::read(stage.path(name))?);
    }
    assert_eq!(fs::read_dir(state.path())?.count(), 0, "no journal and no lock is left");
    Ok(())
}
