//! Copies files by name from one project to another, or from the public reference files of the platform:
//! `copy_files FROM_PROJECT TO_PROJECT NAME ...`. The public files are in `admin/sbg-public-data`.

use anyhow::Result;
use sbg::{Client, ProjectId};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, names @ ..] = &arguments[..] else {
        eprintln!("usage: copy_files FROM_PROJECT TO_PROJECT NAME ...");
        std::process::exit(2);
    };
    let (from, to): (ProjectId, ProjectId) = (from.parse()?, to.parse()?);
    let client = Client::from_env()?;

    let mut query = client.files().query().project(&from);
    for name in names {
        query = query.name(name);
    }
    let files = query.all().await?;
    println!("{} of {} files were found", files.len(), names.len());
    if files.is_empty() {
        return Ok(());
    }

    // One call copies up to a hundred files, and each has its own result.
    let copies = client.files().bulk_copy(files.iter().map(|file| &file.id), &to).await?;
    for (file, copy) in files.iter().zip(copies) {
        let name = file.name.as_deref().unwrap_or_default();
        match copy {
            Ok(copy) => println!("copied {name} as {}", copy.new_file_id.unwrap_or_default()),
            Err(error) => eprintln!("{name} was not copied: {error}"),
        }
    }
    Ok(())
}
