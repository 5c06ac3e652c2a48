//! Installs an app, or adds a revision if it has changed: CWL in one or several files, or a folder of Nextflow or WDL code with its main
//! script: `push_app OWNER/PROJECT/APP CWL_FILE` or `push_app OWNER/PROJECT/APP FOLDER SCRIPT`.

use std::path::Path;

use anyhow::Result;
use sbg::apps::{CodePackage, Cwl};
use sbg::{AppId, Client};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let client = Client::from_env()?;
    let pushed = match &arguments[..] {
        [app, cwl] => {
            let app: AppId = app.parse()?;
            client.apps().push(app, Cwl::pack(cwl).read()?).await?
        }
        [app, folder, script] => {
            let app: AppId = app.parse()?;
            let package = if Path::new(script).extension().is_some_and(|extension| extension == "wdl") {
                CodePackage::wdl(folder, script)
            } else {
                CodePackage::nextflow(folder, script)
            };
            client.apps().push_package(app, package).await?
        }
        _ => {
            eprintln!("usage: push_app OWNER/PROJECT/APP CWL_FILE | FOLDER SCRIPT");
            std::process::exit(2);
        }
    };
    println!("{}: {}", pushed.app.id, if pushed.changed { "new revision" } else { "unchanged" });
    Ok(())
}
