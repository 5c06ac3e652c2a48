//! Moves whole folder trees: `folder_trees download OWNER/PROJECT FOLDER` brings all files of a project into a local folder,
//! `folder_trees upload OWNER/PROJECT FOLDER` brings all that lies in a local folder into a project.
//!
//! What is there already and is the same stays as it is, so the same command again does only what is still to be done.

use std::process::ExitCode;

use anyhow::{Error, Result};
use sbg::Client;
use sbg::transfer::{Conflict, Outcome};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [direction @ ("download" | "upload"), project, folder] = arguments[..] else {
        eprintln!("usage: folder_trees download|upload OWNER/PROJECT FOLDER");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let report = if direction == "download" {
        client.project(project)?.files().download_tree(folder).on_conflict(Conflict::Skip).await?
    } else {
        client.upload_tree(folder).to_project(project).on_conflict(Conflict::Skip).await?
    };

    for file in &report.files {
        match &file.outcome {
            Ok(Outcome::Transferred(bytes)) => println!("{}: {bytes} bytes", file.path),
            Ok(other) => println!("{}: {other:?}", file.path),
            Err(_) => {}
        }
    }
    let mut failed = 0;
    for (file, error) in report.failures() {
        // With what caused it, which an error does not tell by itself.
        eprintln!("{}: {:#}", file.path, Error::from(error.clone()));
        failed += 1;
    }
    println!("{} bytes in {} files, {failed} failed", report.bytes(), report.files.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
