//! Downloads an object of the GA4GH Data Repository Service and verifies it: `drs_object URI FILE`, with a URI such as
//! `drs://caninedc.org/b-form` or `drs://dg.4503:b-form`.

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [uri, path] = &arguments[..] else {
        eprintln!("usage: drs_object URI FILE");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let location = client.drs().resolve(uri).await?;
    println!("the server {} the token", if location.gets_token { "gets" } else { "does not get" });
    let object = client.drs_object(uri);
    let found = object.get().await?;
    println!("{}: {} bytes", found.name.unwrap_or_default(), found.size.unwrap_or_default());

    let done = object.download(path).overwrite(true).await?;
    for verified in &done.verified {
        println!("verified {} of {:?}", verified.digest.algorithm().name(), verified.against);
    }
    Ok(())
}
