//! More checks: of the examples for what users of every client ask for.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg_tests::Stage;

use super::{argument, assert_has, demo, run, stage};

const PROJECT: &str = "rfranklin/fibre-diffraction";
const LINE_COUNT: &str = "rfranklin/fibre-diffraction/line-count";

pub(super) async fn web_ids() -> Result<()> {
    let stage = stage().await;
    let id = stage.file("a.pdb", "ATOM a");
    let file = format!("https://igor.sbgenomics.com/u/rfranklin/demo/files/{id}/");
    let app = "https://igor.sbgenomics.com/u/rfranklin/fibre-diffraction/apps/#rfranklin/fibre-diffraction/line-count/0";
    let printed =
        run(&stage, "web_ids", &[&file, app, "https://igor.sbgenomics.com/u/rfranklin/demo/", "home"])
            .await?;
    let expected = [
        format!("{id} is a.pdb\n"),
        "rfranklin/fibre-diffraction/line-count/0 is Line count\n".to_owned(),
        "rfranklin/demo is ".to_owned(),
        "`home` is not a URL of a project, file, task or app".to_owned(),
    ];
    assert_has(&printed, &expected.each_ref().map(String::as_str));
    Ok(())
}

pub(super) async fn check_exports() -> Result<()> {
    let stage = stage().await;
    stage.file("inside/a.pdb", "ATOM a");
    stage.file("b.pdb", "ATOM b");
    let objects = stage.emulator.object("demo-bucket", "b.pdb");
    let printed = run(&stage, "check_exports", &["rfranklin/demo", "rfranklin/patterns"]).await?;
    assert_has(&printed, &["`b.pdb` can be exported\n", "`inside` cannot be exported: it is a folder\n"]);
    assert_eq!(stage.emulator.object("demo-bucket", "b.pdb"), objects);
    Ok(())
}

pub(super) async fn rerun_failed() -> Result<()> {
    let stage = stage().await;
    for name in ["good.txt", "bad.txt"] {
        stage.file(&format!("reads/{name}"), "one\n");
    }
    let bad = stage.client.project(&stage.project).files().resolve_path("reads/bad.txt").await?;
    stage.client.file(&bad.id).edit().tags(["fail"]).await?;
    stage.client.app(LINE_COUNT).copy_to(&stage.project).await?;
    let printed =
        run(&stage, "batch_tasks", &["rfranklin/demo", "rfranklin/demo/line-count", "file", "reads"]).await?;
    assert_has(&printed, &[": Some(Failed)", ": Some(Completed)"]);
    stage.client.file(&bad.id).edit().tags(["checked"]).await?;
    let printed = run(&stage, "rerun_failed", &["rfranklin/demo", "Batch"]).await?;
    assert_has(&printed, &["failed children: 1\n", ": Some(Completed)"]);
    assert_eq!(printed.matches("again, ").count(), 1, "{printed}");
    Ok(())
}

pub(super) async fn task_costs() -> Result<()> {
    // Tasks that take no time cost nothing.
    let stage = Stage::with(demo().state_time(Duration::from_secs(60 * 60))).await;
    let printed = run(&stage, "task_costs", &[PROJECT]).await?;
    assert_has(&printed, &[" has no price\n", " USD in all\n"]);
    let sum = printed.lines().find_map(|line| line.strip_suffix(" USD in all")).context("a sum")?;
    let sum: f64 = sum.parse()?;
    let each = printed.lines().filter(|line| !line.ends_with("in all"));
    let each: f64 = each.filter_map(|line| line.split_once(' ')?.1.parse::<f64>().ok()).sum();
    assert!(sum > 0.0 && (sum - each).abs() < 0.05, "{printed}");
    Ok(())
}

pub(super) async fn copy_app() -> Result<()> {
    let stage = stage().await;
    std::fs::create_dir(stage.path("hello"))?;
    stage.local("hello/main.nf", "workflow { println 'hello' }\n");
    let (app, copy) = ("rfranklin/demo/hello", "rfranklin/rna-pilot/hello");
    run(&stage, "push_app", &[app, argument(&stage.path("hello")), "main.nf"]).await?;
    for expected in
        ["rfranklin/rna-pilot/hello/0: new revision\n", "rfranklin/rna-pilot/hello/0: unchanged\n"]
    {
        assert_eq!(run(&stage, "copy_app", &[app, copy]).await?, expected);
    }
    let content = stage.client.app(copy).raw().await?;
    assert_eq!(content["class"], "nextflow");
    assert_ne!(
        content["app_content"]["code_package"],
        stage.client.app(app).raw().await?["app_content"]["code_package"]
    );
    Ok(())
}
