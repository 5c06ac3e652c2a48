//! Syncs folder trees: `folder_trees download OWNER/PROJECT FOLDER` downloads the files of a project, `folder_trees upload OWNER/PROJECT
//! FOLDER` uploads the files of a local folder. Files that differ are replaced.
//!
//! A record in the state folder of the user shows what has not changed: the same command again transfers only what has. `--content` also
//! reads every local file, which finds damage on disk.

use std::process::ExitCode;

use anyhow::{Error, Result};
use sbg::Client;
use sbg::transfer::{Compare, Conflict, Outcome};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (direction, project, folder, compare) = match arguments[..] {
        [direction @ ("download" | "upload"), project, folder] => {
            (direction, project, folder, Compare::Record)
        }
        [direction @ ("download" | "upload"), project, folder, "--content"] => {
            (direction, project, folder, Compare::Content)
        }
        _ => {
            eprintln!("usage: folder_trees download|upload OWNER/PROJECT FOLDER [--content]");
            std::process::exit(2);
        }
    };
    let client = Client::from_env()?;

    let report = if direction == "download" {
        let files = client.project(project).files();
        files.download_tree(folder).compare(compare).on_conflict(Conflict::Overwrite).await?
    } else {
        let upload = client.upload_tree(folder).to(project);
        upload.compare(compare).on_conflict(Conflict::Overwrite).await?
    };

    let mut identical = 0;
    for file in &report.files {
        match &file.outcome {
            Ok(Outcome::Transferred(bytes)) => println!("{}: {bytes} bytes", file.path),
            Ok(Outcome::Identical) => identical += 1,
            Ok(Outcome::Assumed) => println!("{}: same size and time, not compared", file.path),
            Ok(other) => println!("{}: {other:?}", file.path),
            Err(_) => {}
        }
    }
    let mut failed = 0;
    for (file, error) in report.failures() {
        // `{:#}` adds the causes.
        eprintln!("{}: {:#}", file.path, Error::from(error.clone()));
        failed += 1;
    }
    let assumed = report.assumed().count();
    let moved = report.files.len() - identical - assumed - failed;
    println!(
        "{} bytes in {moved} files, {identical} identical, {assumed} assumed, {failed} failed",
        report.bytes()
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
