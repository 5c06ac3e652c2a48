//! Runs an app on the tumor and the normal of each case: `tumor_normal OWNER/PROJECT APP TUMOR_INPUT NORMAL_INPUT`.
//!
//! Files with the same `case_id` form a pair; `sample_type` says which is which.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use sbg::types::File;
use sbg::{Client, Fields};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, app, tumor_input, normal_input] = &arguments[..] else {
        eprintln!("usage: tumor_normal OWNER/PROJECT APP TUMOR_INPUT NORMAL_INPUT");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let tumors = by_case(&client, project, "Primary Tumor").await?;
    let mut normals = by_case(&client, project, "Blood Derived Normal").await?;

    let mut tasks = Vec::new();
    for (case, tumor) in tumors {
        let Some(normal) = normals.remove(&case) else {
            println!("case {case} has no normal");
            continue;
        };
        let create = client.tasks().create(app, project).name(format!("Tumor and normal of {case}"));
        let task = create.input(tumor_input, tumor).input(normal_input, normal).run(true).await?;
        println!("case {case} is task {}", task.id);
        tasks.push(task.id);
    }

    // Waits for all tasks with one call per poll.
    for task in client.tasks().wait_all(tasks).timeout(Duration::from_secs(24 * 60 * 60)).await? {
        let task = task?;
        println!("{}: {:?}", task.name.unwrap_or_default(), task.status);
    }
    Ok(())
}

/// The files of this sample type by case.
async fn by_case(client: &Client, project: &str, sample_type: &str) -> Result<BTreeMap<String, File>> {
    let query = client.files().query().project(project).metadata("sample_type", sample_type);
    let mut files = query.fields(Fields::all()).items();
    let mut found = BTreeMap::new();
    while let Some(file) = files.try_next().await? {
        let case =
            file.metadata.as_ref().and_then(|metadata| Some(metadata.get("case_id")?.as_str()?.to_owned()));
        if let Some(case) = case {
            found.insert(case, file);
        }
    }
    Ok(found)
}
