//! Copies, moves or deletes a folder and its contents in the background: `background_jobs copy PROJECT FOLDER TO_PROJECT`,
//! `background_jobs move PROJECT FOLDER TO_PROJECT`, `background_jobs delete PROJECT FOLDER`. Projects are `OWNER/PROJECT`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use sbg::Client;
use sbg::files::{ItemResults as _, JobItem};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [action, project, folder, to @ ..] = &arguments[..] else { usage() };
    let client = Client::from_env()?;
    let folder = client.project(project).files().resolve_path(folder).await?;

    // One job takes any number of items. Each item is a folder or a file.
    let jobs = client.jobs();
    let job = match (action.as_str(), to) {
        ("copy", [to]) => jobs.copy_files([JobItem::new(&folder).to(to)]).await?,
        ("move", [to]) => jobs.move_files([JobItem::new(&folder).to(to)]).await?,
        ("delete", []) => jobs.delete_files([folder.id]).await?,
        _ => usage(),
    };
    println!("job {}", job.id);

    // The job continues if this program ends; `client.jobs().query()` lists it for a month.
    let hour = Duration::from_secs(60 * 60);
    let done = client.job(&job).wait().timeout(hour).await?;
    println!("{:?}", done.state);
    let mut failed = false;
    for result in done.results() {
        match result {
            Ok(file) => println!("{}  {}", file.id, file.name.unwrap_or_default()),
            Err(error) => {
                eprintln!("{error}");
                failed = true;
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn usage() -> ! {
    eprintln!(
        "usage: background_jobs copy|move PROJECT FOLDER TO_PROJECT, background_jobs delete PROJECT FOLDER"
    );
    std::process::exit(2);
}
