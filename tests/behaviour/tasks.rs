//! Tasks: waiting for many of them, and downloading their outputs.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::transfer::Outcome;
use sbg::types::TaskStatus;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::Stage;
use serde_json::json;

/// A project with apps, files and tasks.
const PROJECT: &str = "rfranklin/fibre-diffraction";

/// Tasks change state only when the clock is advanced.
const STATE_TIME: Duration = Duration::from_secs(60 * 60);

async fn stage() -> Stage {
    Stage::with(Emulator::builder().demo(true).state_time(STATE_TIME)).await
}

/// Starts a task that counts the lines of a new file; returns its id.
async fn count_lines(stage: &Stage, number: usize) -> Result<String> {
    let id = stage.emulator.create_file(PROJECT, &format!("{number}.txt"), "one\ntwo\n");
    let file = stage.client.file(id).get().await?;
    let app = format!("{PROJECT}/line-count");
    Ok(stage.client.tasks().create(app, PROJECT).input("file", file).run(true).await?.id)
}

#[tokio::test]
async fn many_tasks_are_polled_in_few_calls() -> Result<()> {
    let stage = stage().await;
    let mut ids = Vec::new();
    for number in 0..101 {
        ids.push(count_lines(&stage, number).await?);
    }
    stage.emulator.clock().advance(24 * STATE_TIME);
    ids.push(count_lines(&stage, 101).await?);
    stage.emulator.clear_requests();

    // The latest task completes only after the others were found completed.
    let clock = stage.emulator.clock().clone();
    let wait = stage.client.tasks().wait_all(&ids).poll_interval(Duration::from_millis(5));
    let tasks = wait.on_change(move |_| clock.advance(24 * STATE_TIME)).await?;
    assert_eq!(tasks.len(), ids.len());
    for (task, id) in tasks.into_iter().zip(&ids) {
        let task = task?;
        assert_eq!((&task.id, task.status), (id, Some(TaskStatus::Completed)));
    }
    let mut asked = Vec::new();
    for call in stage.emulator.requests() {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/v2/bulk/tasks/get"));
        let body = call.request_json().context("JSON")?;
        asked.push(body["task_ids"].as_array().context("ids")?.len());
    }
    // First all ids in chunks of at most a hundred, in any order, then the one task that is still running.
    assert_eq!((asked.len(), asked[0] + asked[1], asked[2]), (3, ids.len(), 1), "{asked:?}");
    Ok(())
}

#[tokio::test]
async fn task_outputs_are_downloaded() -> Result<()> {
    let stage = stage().await;
    let id = count_lines(&stage, 1).await?;
    stage.emulator.clock().advance(24 * STATE_TIME);
    let task = stage.client.task(&id);
    let report = task.download_outputs(stage.path("out")).await?.into_result()?;
    let [file] = &report.files[..] else { panic!("one file was made: {report:?}") };
    assert_eq!(
        (file.path.as_str(), &file.local),
        ("1.txt.line-count.txt", &stage.path("out").join(&file.path))
    );
    assert_eq!(fs::read_to_string(&file.local)?, "2 1.txt\n");
    assert_eq!(file.outcome.clone()?, Outcome::Transferred(8));
    Ok(())
}

#[tokio::test]
async fn outputs_include_secondary_files_and_folders() -> Result<()> {
    let stage = stage().await;
    let [bam, index, log, other] = ["S1.bam", "S1.bam.bai", "logs/a/run.log", "logs/other.txt"]
        .map(|path| stage.emulator.create_file(PROJECT, path, path));
    let folder = stage.client.project(PROJECT).files().resolve_path("logs").await?.id;
    let id = "4e3a6f2b-2f1c-4f6e-8d1a-1b2c3d4e5f60";
    // The apps of the emulator create neither.
    let told = json!({
        "id": id,
        "status": "COMPLETED",
        "outputs": {
            "aligned": {
                "class": "File", "path": bam, "name": "S1.bam",
                "secondaryFiles": [{"class": "File", "path": index, "name": "S1.bam.bai"}],
            },
            "logs": {"class": "Directory", "path": folder, "name": "logs"},
            "count": 3,
        },
    });
    let answer = Action::Status { code: 200, body: Some(told), headers: Vec::new() };
    stage.fault(FaultRule::api(answer).path(format!("/tasks/{id}")));
    let task = stage.client.task(id);
    task.download_outputs(stage.path("out")).await?.into_result()?;
    for (path, id) in
        [("S1.bam", &bam), ("S1.bam.bai", &index), ("logs/a/run.log", &log), ("logs/other.txt", &other)]
    {
        stage.assert_downloaded(&stage.path("out").join(path), id);
    }
    let some = task.download_outputs(stage.path("some")).select(|path| path == "logs/a/run.log").await?;
    assert_eq!(some.files.iter().map(|file| &*file.path).collect::<Vec<_>>(), ["logs/a/run.log"]);
    Ok(())
}

#[tokio::test]
async fn failed_children_rerun_and_costs_are_summed() -> Result<()> {
    let stage = stage().await;
    let mut files = Vec::new();
    for number in 0..3 {
        let id = stage.emulator.create_file(PROJECT, &format!("batch-{number}.txt"), "one\n");
        if number == 1 {
            stage.client.file(&id).edit().tags(["fail"]).await?;
        }
        files.push(stage.client.file(id).get().await?);
    }
    let create = stage.client.tasks().create(format!("{PROJECT}/line-count"), PROJECT).input("file", files);
    let batch = create.batch_by_item("file").run(true).await?;
    let clock = stage.emulator.clock().clone();
    let wait = stage.client.task(&batch.id).wait().poll_interval(Duration::from_millis(5));
    wait.on_change(move |_| clock.advance(24 * STATE_TIME)).await?;

    let children = stage.client.task(&batch.id).children().fields(sbg::Fields::all()).all().await?;
    let failed: Vec<_> = children.iter().filter(|child| child.status == Some(TaskStatus::Failed)).collect();
    assert_eq!((children.len(), failed.len()), (3, 1));
    let reruns = stage.client.task(&batch.id).rerun_failed().await?;
    assert_eq!(reruns.len(), 1);
    assert_eq!(reruns[0].child, failed[0].id);
    let again = reruns.into_iter().next().context("a rerun")?.task?;
    assert_ne!(again.status, Some(TaskStatus::Draft));

    let costs = stage.client.tasks().costs([&batch.id]).await?;
    assert_eq!(costs.tasks.len(), 3);
    let expected: f64 = children.iter().filter_map(sbg::tasks::TaskExt::price).sum();
    let total: f64 = costs.totals.values().sum();
    assert!(expected > 0.0 && (total - expected).abs() < 1e-9, "{total} {expected}");
    Ok(())
}

#[tokio::test]
async fn a_push_makes_a_revision_only_for_a_change() -> Result<()> {
    let stage = stage().await;
    let id = format!("{PROJECT}/pushed");
    let mut cwl = json!({
        "class": "CommandLineTool", "cwlVersion": "v1.2", "id": "pushed", "label": "Angle",
        "baseCommand": ["angle"], "inputs": [], "outputs": [],
    });
    let apps = stage.client.apps();
    let first = apps.push(&id, cwl.clone()).await?;
    assert_eq!((first.changed, first.app.id), (true, format!("{id}/0")));
    let same = apps.push(&id, cwl.clone()).await?;
    assert_eq!((same.changed, same.app.revision), (false, Some(0)));
    let pulled = stage.client.app(&id).raw().await?;
    assert!(!apps.push(&id, pulled).await?.changed, "what was pulled is what is there");
    cwl["label"] = json!("Steeper angle");
    let second = apps.push(&id, cwl).await?;
    assert_eq!((second.changed, second.app.id), (true, format!("{id}/1")));
    Ok(())
}
