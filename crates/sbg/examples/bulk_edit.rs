//! Sets a metadata field of many files, a hundred per call: `bulk_edit FIELD VALUE FILE_ID ...`.

use std::process::ExitCode;

use anyhow::Result;
use sbg::files::FileChange;
use sbg::{Client, Fields};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [field, value, ids @ ..] = &arguments[..] else {
        eprintln!("usage: bulk_edit FIELD VALUE FILE_ID ...");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let changes = ids.iter().map(|id| FileChange::new(id).merge_metadata(field, value));
    let edited = client.files().bulk_edit(changes).await?;

    // The results are in the order of the changes. A failure does not affect the others.
    let mut done = Vec::new();
    for (id, result) in ids.iter().zip(edited) {
        match result {
            Ok(file) => done.push(file.id),
            Err(error) => eprintln!("{id}: {error}"),
        }
    }
    println!("{} of {} files were changed", done.len(), ids.len());
    if done.is_empty() {
        return Ok(ExitCode::FAILURE);
    }

    for file in client.files().bulk_get(&done).fields(Fields::only(["name", "metadata"])).await? {
        let file = file?;
        let current = file.metadata.as_ref().and_then(|metadata| metadata.get(field)?.as_str());
        println!("{}: {field} is {}", file.name.as_deref().unwrap_or_default(), current.unwrap_or_default());
    }
    Ok(if done.len() == ids.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
