//! Uploads the files of a table with their metadata and tags: `upload_sheet SHEET OWNER/PROJECT`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use sbg::Client;
use sbg::transfer::{Outcome, Sheet};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let sheet = arguments.next().context("usage: upload_sheet SHEET OWNER/PROJECT")?;
    let project = arguments.next().context("usage: upload_sheet SHEET OWNER/PROJECT")?;
    let client = Client::from_env()?;

    let sheet = Sheet::read(sheet)?;
    let report = client.upload_sheet(sheet).to(project).await?;
    for row in &report.rows {
        match (&row.result, &row.outcome) {
            (Ok(_), Some(Outcome::Transferred(bytes))) => {
                println!("line {}: {}, {bytes} bytes uploaded", row.line, row.path);
            }
            (Ok(_), _) => println!("line {}: {} is up to date", row.line, row.path),
            (Err(error), _) => eprintln!("line {}: {}: {error}", row.line, row.path),
        }
    }
    Ok(if report.failed().count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
