//! Downloads all VCF files that a task created: `download_vcfs TASK_ID FOLDER`.

use std::path::Path;

use anyhow::Result;
use sbg::Client;
use sbg::tasks::TaskExt as _;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task_id, folder] = &arguments[..] else {
        eprintln!("usage: download_vcfs TASK_ID FOLDER");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let task = client.task(task_id).get().await?;

    let mut count = 0;
    for file in task.output_files() {
        let name = file.name.unwrap_or_default();
        if [".vcf", ".vcf.gz"].iter().any(|end| name.ends_with(end)) {
            let done = client.file(&file.id).download(Path::new(folder).join(&name)).await?;
            println!("{name}: {} bytes", done.bytes);
            count += 1;
        }
    }
    println!("{count} files");
    Ok(())
}
