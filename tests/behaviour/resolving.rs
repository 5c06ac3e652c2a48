//! Tasks from tables, and checks before exports.

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::tasks::TaskTable;
use sbg::types::VolumeAccessModeSet;
use sbg::volumes::Service;
use sbg_tests::{Stage, assert_refused};
use serde_json::json;

async fn installed(stage: &Stage) -> Result<String> {
    let app = format!("{}/angle", stage.project);
    let inputs = json!([
        {"id": "reads", "type": "File"},
        {"id": "others", "type": ["null", {"type": "array", "items": "File"}]},
        {"id": "threads", "type": "int?"},
        {"id": "name", "type": "string?"},
    ]);
    let cwl = json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "baseCommand": ["angle"], "inputs": inputs, "outputs": []});
    stage.client.apps().install(&app, cwl).await?;
    Ok(app)
}

#[tokio::test]
async fn rows_of_a_table_become_tasks() -> Result<()> {
    let stage = Stage::start().await;
    let app = installed(&stage).await?;
    let one = stage.file("reads/1.fastq", "ACGT");
    let two = stage.file("reads/2.fastq", "TGCA");
    let text = format!(
        "name,reads,others,threads,input:name\n\
         S1,reads/1.fastq,reads/1.fastq; {two},4,first\n\
         S2,reads/9.fastq,../x,4,\n\
         S3,{one},,four,\n\
         S4,{one}\n\
         S5,{one},,,\n"
    );
    let table = TaskTable::parse(text.as_bytes())?;
    let report = stage.client.project(&stage.project).tasks().create_from(&app, table).await?;
    assert_eq!(report.failed().map(|row| row.line).collect::<Vec<_>>(), [3, 4, 5]);
    let mut rows = report.rows.into_iter();
    let first = rows.next().context("a row")?.task?;
    let inputs = stage.client.task(&first.id).inputs().get().await?;
    assert_eq!(first.name.as_deref(), Some("S1"));
    let ids: Vec<_> = inputs["others"].files().iter().map(|file| file.id.clone()).collect();
    assert_eq!((inputs["reads"].files()[0].id.as_str(), ids), (one.as_str(), vec![one.clone(), two]));
    assert_eq!((inputs["threads"].to_json(), inputs["name"].to_json()), (json!(4), json!("first")));
    let mut next = || rows.next().map(|row| row.task).context("a row");
    assert_refused(next()?, ErrorKind::NotFound, &["the input `reads`", "no `reads/9.fastq`"]);
    assert_refused(
        next()?,
        ErrorKind::InvalidInput,
        &["the input `threads`", "`four` is not a whole number"],
    );
    assert_refused(next()?, ErrorKind::InvalidInput, &["2 values", "5 columns"]);
    assert!(next()?.is_ok());
    Ok(())
}

#[tokio::test]
async fn unknown_column_stops_before_any_task() -> Result<()> {
    let stage = Stage::start().await;
    let app = installed(&stage).await?;
    let table = TaskTable::parse("reads,threds\na,4\n".as_bytes())?;
    let tasks = stage.client.project(&stage.project).tasks();
    let created = tasks.create_from(&app, table).run(true).await;
    assert_refused(created, ErrorKind::InvalidInput, &["no input `threds`", "threads"]);
    assert!(stage.calls("POST", "/tasks").is_empty());
    Ok(())
}

#[tokio::test]
async fn files_that_cannot_be_exported_are_found_before() -> Result<()> {
    let stage = Stage::start().await;
    let service = || Service::s3("results", "AKIADEMO", "demo");
    let volumes = stage.client.volumes();
    let volume = volumes.create("results", service()).access_mode(VolumeAccessModeSet::Rw).await?;
    let ids = [stage.file("a/b", "b"), stage.file("c", "c")];
    let folder = stage.client.file(&ids[0]).get().await?.parent.context("a folder")?;
    let exports = stage.client.exports();
    let wanted = [ids[0].as_str(), &folder, "567890abc1e5339df0414999", &ids[1]];
    let mut found = exports.check(wanted, &*volume.id).await?.into_iter();
    let mut next = || found.next().context("a result");
    assert_eq!(next()??.id, ids[0]);
    assert_refused(next()?, ErrorKind::Conflict, &["it is a folder"]);
    assert!(next()?.is_err_and(|error| error.is_not_found()));
    assert_eq!(next()??.id, ids[1]);
    assert!(stage.calls("POST", "/exports").is_empty());

    let closed = volumes.create("closed", service()).access_mode(VolumeAccessModeSet::Ro).await?;
    assert_refused(exports.check(&ids, &*closed.id).await, ErrorKind::Conflict, &["read-only"]);
    Ok(())
}
