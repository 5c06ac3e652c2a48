//! Apps in Nextflow and WDL with their code, on one platform and from one to another.

use std::fs;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::apps::CodePackage;
use sbg_tests::Stage;
use serde_json::{Value, json};

const MAIN: &str = "workflow { println 'hello' }\n";

fn code() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("bin"))?;
    fs::write(folder.path().join("main.nf"), MAIN)?;
    fs::write(folder.path().join("bin/run.sh"), "#!/bin/sh\n")?;
    Ok(folder)
}

/// The id of the code package in the description of an app.
async fn package_of(client: &sbg::Client, app: &str) -> Result<(Value, String)> {
    let raw = client.app(app).raw().await?;
    let file = raw["app_content"]["code_package"].as_str().context("no code package")?.to_owned();
    Ok((raw, file))
}

/// The files in a folder of the project.
async fn packages(stage: &Stage, folder: &str) -> Result<Vec<String>> {
    let folder = stage.client.project(&stage.project).files().resolve_path(folder).await?;
    let files = stage.client.files().query().parent(&folder).all().await?;
    Ok(files.into_iter().map(|file| file.id).collect())
}

#[tokio::test]
async fn same_code_is_uploaded_once() -> Result<()> {
    let (stage, code) = (Stage::start().await, code()?);
    let (client, app) = (&stage.client, format!("{}/hello", stage.project));
    let package = || {
        CodePackage::nextflow(code.path(), "main.nf")
            .executor_version("24.10.0")
            .description(json!({"label": "Hello"}))
    };
    let pushed = client.apps().push_package(&app, package()).await?;
    assert_eq!((pushed.changed, pushed.app.revision), (true, Some(0)));
    let (raw, file) = package_of(client, &app).await?;
    assert_eq!(
        (&raw["class"], &raw["cwlVersion"], &raw["label"]),
        (&json!("nextflow"), &json!("None"), &json!("Hello"))
    );
    assert_eq!(
        raw["app_content"],
        json!({"code_package": file, "entrypoint": "main.nf", "executor_version": "24.10.0"})
    );
    assert_eq!(packages(&stage, "nextflow_workflows").await?, std::slice::from_ref(&file));

    let again = client.apps().push_package(&app, package()).await?;
    assert_eq!((again.changed, again.app.revision), (false, Some(0)));
    assert_eq!(packages(&stage, "nextflow_workflows").await?, std::slice::from_ref(&file));

    fs::write(code.path().join("main.nf"), "workflow {}\n")?;
    let changed = client.apps().push_package(&app, package()).await?;
    assert_eq!((changed.changed, changed.app.revision), (true, Some(1)));
    assert_ne!(package_of(client, &app).await?.1, file);
    Ok(())
}

#[tokio::test]
async fn app_is_copied_to_another_platform() -> Result<()> {
    let (here, there, code) = (Stage::start().await, Stage::start().await, code()?);
    let app = format!("{}/hello", here.project);
    here.client.apps().push_package(&app, CodePackage::wdl(code.path(), "main.nf")).await?;
    let copy = format!("{}/copied", there.project);
    let pushed = here.client.app(&app).push_to(&there.client, &copy).await?;
    assert_eq!((pushed.changed, pushed.app.revision), (true, Some(0)));

    let (source, source_file) = package_of(&here.client, &app).await?;
    let (target, target_file) = package_of(&there.client, &copy).await?;
    assert_eq!(source["app_content"]["entrypoint"], target["app_content"]["entrypoint"]);
    let bytes = there.client.file(&target_file).content().await?;
    assert_eq!(bytes, here.client.file(&source_file).content().await?);
    assert_eq!(packages(&there, "wdl_workflows").await?, [target_file]);
    assert!(!here.client.app(&app).push_to(&there.client, &copy).await?.changed);

    // An app in CWL has no package.
    let tool = json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "inputs": [], "outputs": []});
    here.client.apps().push(format!("{}/tool", here.project), tool).await?;
    let tool = here.client.app(format!("{}/tool", here.project));
    assert!(tool.push_to(&there.client, format!("{}/tool", there.project)).await?.changed);
    Ok(())
}

#[tokio::test]
async fn invalid_package_sends_nothing() -> Result<()> {
    let (stage, code) = (Stage::start().await, code()?);
    let apps = stage.client.apps();
    let app = format!("{}/hello", stage.project);
    let before = stage.emulator.requests().len();
    for package in [
        CodePackage::nextflow(code.path(), "other.nf"),
        CodePackage::nextflow(code.path().join("missing"), "main.nf"),
        CodePackage::nextflow(code.path(), "main.nf").description(json!("text")),
    ] {
        apps.push_package(&app, package).await.unwrap_err();
    }
    let large = code.path().join("large.zip");
    fs::File::create(&large)?.set_len(100_000_001)?;
    let error = apps.push_package(&app, CodePackage::wdl(&large, "a.wdl")).await.unwrap_err();
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(error.contains("more than 100000000 bytes"), "{error}");
    assert_eq!(
        apps.push_package("hello", CodePackage::wdl(&large, "a.wdl")).await.unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(stage.emulator.requests().len(), before);
    Ok(())
}
