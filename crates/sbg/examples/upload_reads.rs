//! Uploads files, sets their metadata, and moves them to a folder: `upload_reads OWNER/PROJECT FOLDER SAMPLE_ID PATH ...`.

use anyhow::Result;
use sbg::types::FileType;
use sbg::{Client, ProjectId};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, folder, sample, paths @ ..] = &arguments[..] else {
        eprintln!("usage: upload_reads OWNER/PROJECT FOLDER SAMPLE_ID PATH ...");
        std::process::exit(2);
    };
    let project: ProjectId = project.parse()?;
    let client = Client::from_env()?;
    let folder = find_or_create(&client, &project, folder).await?;

    for path in paths {
        let uploaded = client.upload(path).to(&project).await?;
        let file = client.file(&uploaded.id);
        file.metadata().merge([("sample_id", sample.as_str()), ("experimental_strategy", "WGS")]).await?;
        file.edit().tags(["reads"]).await?;
        let moved = file.move_to(&folder).await?;
        println!("{}  {}", moved.id, moved.name.unwrap_or_default());
    }
    let total = client.file(&folder).list().page_size(1).page().await?.total;
    println!("the folder has {} files", total.unwrap_or(0));
    Ok(())
}

/// The id of the folder of this name at the root of the project.
async fn find_or_create(client: &Client, project: &ProjectId, name: &str) -> Result<String> {
    let found = client.files().query().project(project).name(name).all().await?;
    if let Some(folder) = found.into_iter().find(|file| file.type_ == Some(FileType::Folder)) {
        return Ok(folder.id);
    }
    Ok(client.files().create_folder(name, project).await?.id)
}
