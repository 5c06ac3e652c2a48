//! Copies an app, with its code package, to another platform: `copy_app OWNER/PROJECT/APP OTHER_OWNER/PROJECT/APP`. The other platform is in
//! `OTHER_API_ENDPOINT` and `OTHER_AUTH_TOKEN`.

use anyhow::{Context as _, Result};
use sbg::{AppId, Client};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [app, copy] = &arguments[..] else {
        eprintln!("usage: copy_app OWNER/PROJECT/APP OTHER_OWNER/PROJECT/APP");
        std::process::exit(2);
    };
    let (app, copy): (AppId, AppId) = (app.parse()?, copy.parse()?);
    let variable = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
    let here = Client::from_env()?;
    let there = Client::builder()
        .endpoint(variable("OTHER_API_ENDPOINT")?)
        .token(variable("OTHER_AUTH_TOKEN")?)
        .build()?;

    let pushed = here.app(&app).push_to(&there, &copy).await?;
    println!("{}: {}", pushed.app.id, if pushed.changed { "new revision" } else { "unchanged" });
    Ok(())
}
