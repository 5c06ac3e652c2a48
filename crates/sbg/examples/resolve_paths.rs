//! Prints the ids of files, one call for each folder: `resolve_paths OWNER/PROJECT PATH...`.

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, paths @ ..] = &arguments[..] else {
        eprintln!("usage: resolve_paths OWNER/PROJECT PATH...");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let files = client.project(project).files();
    for (path, file) in paths.iter().zip(files.resolve_paths(paths).await?) {
        match file {
            Ok(file) => println!("{path} {}", file.id),
            Err(error) => println!("{path}: {error}"),
        }
    }
    Ok(())
}
