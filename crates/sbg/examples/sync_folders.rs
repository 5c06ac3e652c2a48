//! Mirrors a folder: `sync_folders up FOLDER OWNER/PROJECT PATH` to the platform, `sync_folders down FOLDER OWNER/PROJECT PATH` from it.
//! Files that the source lacks are deleted. `--dry-run` only shows the plan.

use std::process::ExitCode;

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (direction, folder, project, path, dry_run) = match arguments[..] {
        [direction @ ("up" | "down"), folder, project, path] => (direction, folder, project, path, false),
        [direction @ ("up" | "down"), folder, project, path, "--dry-run"] => {
            (direction, folder, project, path, true)
        }
        _ => {
            eprintln!("usage: sync_folders up|down FOLDER OWNER/PROJECT PATH [--dry-run]");
            std::process::exit(2);
        }
    };
    let client = Client::from_env()?;

    let sync = client.sync(folder).path(path).delete(true).exclude("*.tmp");
    let sync = if direction == "up" { sync.to(project) } else { sync.from(project) };
    let plan = sync.plan().await?;
    println!("{plan}");
    if dry_run {
        return Ok(ExitCode::SUCCESS);
    }

    let report = plan.await?;
    for (path, error) in report.failures() {
        eprintln!("{path}: {error}");
    }
    println!("{} bytes copied", report.bytes());
    Ok(if report.failures().count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
