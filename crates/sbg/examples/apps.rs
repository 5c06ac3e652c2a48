//! Adds apps to a project: copies a public app, and installs one from CWL as JSON:
//! `apps OWNER/PROJECT PUBLIC_APP CWL_FILE`.

use anyhow::{Context as _, Result};
use sbg::types::AppVisibility;
use sbg::{AppId, Client, ProjectId};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, public_app, cwl_file] = &arguments[..] else {
        eprintln!("usage: apps OWNER/PROJECT PUBLIC_APP CWL_FILE");
        std::process::exit(2);
    };
    let (project, public_app): (ProjectId, AppId) = (project.parse()?, public_app.parse()?);
    let cwl: Value =
        serde_json::from_str(&std::fs::read_to_string(cwl_file)?).context("the CWL is not JSON")?;
    let client = Client::from_env()?;

    let mut mine = client.project(&project).apps().query().items();
    while let Some(app) = mine.try_next().await? {
        println!("mine: {}  {}", app.id, app.name.unwrap_or_default());
    }
    let public =
        client.apps().query().visibility(AppVisibility::Public).search(public_app.app()).all().await?;
    println!("{} public apps are found by `{}`", public.len(), public_app.app());

    let details = client.app(&public_app).get().await?;
    println!("{} has revision {}", details.name.unwrap_or_default(), details.revision.unwrap_or(0));
    let copy = client.app(&public_app).copy_to(&project).await?;
    println!("copied: {}", copy.id);

    let name = cwl.get("id").and_then(Value::as_str).context("the CWL has no `id`")?;
    let installed = client.apps().install(format!("{project}/{name}"), cwl.clone()).await?;
    println!("installed: {}", installed.id);
    Ok(())
}
