//! Prints the ids in URLs that were copied from a browser: `web_ids URL...`.

use anyhow::Result;
use sbg::{Client, WebUrl};

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    for text in std::env::args().skip(1) {
        let url: WebUrl = match text.parse() {
            Ok(url) => url,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        let name = match &url {
            WebUrl::Project(id) => client.project(id).get().await?.name,
            WebUrl::File(id) => client.file(id).get().await?.name,
            WebUrl::Task(id) => client.task(id).get().await?.name,
            WebUrl::App(id) => client.app(id).get().await?.name,
            _ => None,
        };
        println!("{} is {}", url.id(), name.unwrap_or_default());
    }
    Ok(())
}
