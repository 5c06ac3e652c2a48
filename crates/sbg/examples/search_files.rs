//! Finds files in all folders of a project with the query language of the platform: `search_files OWNER/PROJECT CONDITION`, with a
//! condition such as `file_extension IN ("FASTQ") AND sample_id = "S1" ORDER BY size DESC`.

use anyhow::{Context as _, Result};
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, condition] = &arguments[..] else {
        eprintln!("usage: search_files OWNER/PROJECT CONDITION");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    // A search names folders by path. For a project, that is the id of its root folder.
    let root = client.project(project).get().await?.root_folder.context("the project has no folder")?;
    let expression = format!(r#"IN "/Projects/{root}" WHERE {condition} RECURSIVE"#);
    let mut hits = client.files().search(expression).items();
    let mut count = 0;
    while let Some(hit) = hits.try_next().await? {
        println!("{}  {}  {} bytes", hit.id, hit.name.unwrap_or_default(), hit.size.unwrap_or(0));
        count += 1;
    }
    println!("{count} hits");
    Ok(())
}
