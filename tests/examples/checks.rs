//! The arguments of each example, and the expected results and outputs.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::types::TaskStatus;
use sbg_tests::Stage;
use serde_json::json;

pub(super) use super::checks_of_requests::{check_exports, copy_app, rerun_failed, task_costs, web_ids};
use super::{argument, assert_has, demo, run, stage};

/// A project with reads, apps and tasks.
const PROJECT: &str = "rfranklin/fibre-diffraction";
const LINE_COUNT: &str = "rfranklin/fibre-diffraction/line-count";
const CONCATENATE: &str = "rfranklin/fibre-diffraction/concatenate";

pub(super) async fn client_setup() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "client_setup", &[]).await?;
    assert_has(&printed, &["rfranklin is signed in to http://127.0.0.1:", "999 of 1000 requests are left"]);
    Ok(())
}

pub(super) async fn first_program() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "first_program", &[PROJECT, "reads/sample-1.fastq"]).await?;
    assert_has(&printed, &["  notes.txt\n", "saved sample-1.fastq\n"]);
    assert!(stage.path("sample-1.fastq").is_file());

    let error =
        run(&stage, "first_program", &["rfranklin/fibre-difraction"]).await.expect_err("no such project");
    let expected =
        "error: file_list: Requested project or member does not exist. (HTTP 404, code 3002, request ";
    assert_has(&error.to_string(), &[expected, "; the id of a project is `owner/short-name`"]);
    Ok(())
}

pub(super) async fn projects() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "projects", &["Fibre diffraction", "jwatson"]).await?;
    assert_has(
        &printed,
        &["rfranklin/rna-pilot  RNA pilot", "found rfranklin/fibre-diffraction", "added jwatson"],
    );
    let printed = run(&stage, "projects", &["Photograph 51", "fcrick"]).await?;
    let expected = ["created rfranklin/photograph-51", "members of rfranklin/photograph-51: rfranklin\n"];
    assert_has(&printed, &expected);
    let printed = run(&stage, "projects", &["Photograph 51", "fcrick"]).await?;
    assert_has(&printed, &["found rfranklin/photograph-51", "fcrick is a member already"]);
    assert_eq!(stage.client.project("rfranklin/photograph-51").members().query().all().await?.len(), 2);
    Ok(())
}

pub(super) async fn list_files() -> Result<()> {
    let stage = stage().await;
    let total =
        stage.client.files().query().project(PROJECT).page_size(1).page().await?.total.context("a total")?;
    let printed = run(&stage, "list_files", &[PROJECT]).await?;
    assert_has(&printed, &[&format!("{total} files in ")]);
    Ok(())
}

pub(super) async fn find_files() -> Result<()> {
    let stage = stage().await;
    let root = stage.file("at-root.fastq", "ACGT");
    let inner = stage.file("a/b/inner.fastq", "ACGTACGT");
    for id in [&root, &inner] {
        stage.client.file(id).metadata().merge([("sample_id", "S1")]).await?;
    }
    stage.file("a/other.fastq", "A");
    let printed = run(&stage, "find_files", &["rfranklin/demo", "sample_id", "S1"]).await?;
    let lines = [format!("{root}  at-root.fastq  4 bytes"), format!("{inner}  a/b/inner.fastq  8 bytes")];
    assert_has(
        &printed,
        &["2 files and folders at the root", "at the root: at-root.fastq", &lines[0], &lines[1]],
    );
    assert!(!printed.contains("other"), "{printed}");
    Ok(())
}

pub(super) async fn copy_files() -> Result<()> {
    let stage = stage().await;
    let printed =
        run(&stage, "copy_files", &[PROJECT, "rfranklin/demo", "notes.txt", "no-such-file"]).await?;
    assert_has(&printed, &["1 of 2 files were found", "copied notes.txt as "]);
    let copy = stage.client.project(&stage.project).files().resolve_path("notes.txt").await?;
    assert_has(&printed, &[&copy.id]);
    stage.assert_uploaded(&copy.id, b"Photo 51 is the clearest.\n");
    Ok(())
}

pub(super) async fn upload() -> Result<()> {
    let stage = stage().await;
    let path = stage.local("reads.fastq", "ACGT");
    let printed = run(&stage, "upload", &[argument(&path), "rfranklin/demo"]).await?;
    assert_has(&printed, &["4 bytes in "]);
    let file = stage.client.project(&stage.project).files().resolve_path("reads.fastq").await?;
    stage.assert_uploaded(&file.id, b"ACGT");
    Ok(())
}

pub(super) async fn upload_reads() -> Result<()> {
    let stage = stage().await;
    let paths = ["one.fastq", "two.fastq"].map(|name| stage.local(name, name));
    let [one, two] = [argument(&paths[0]), argument(&paths[1])];
    let printed = run(&stage, "upload_reads", &["rfranklin/demo", "reads", "S1", one, two]).await?;
    assert_has(&printed, &["one.fastq", "two.fastq", "the folder has 2 files"]);
    let found = stage.client.project(&stage.project).files().resolve_path("reads/two.fastq").await?;
    let file = stage.client.file(&found.id).get().await?;
    assert_eq!(file.metadata.and_then(|metadata| metadata.get("sample_id").cloned()), Some(json!("S1")));
    assert_eq!(file.tags, Some(vec!["reads".to_owned()]));
    stage.assert_uploaded(&found.id, b"two.fastq");
    Ok(())
}

pub(super) async fn download() -> Result<()> {
    let stage = stage().await;
    let (id, path) = (stage.file("a.fastq", "ACGT"), stage.path("copy.fastq"));
    let printed = run(&stage, "download", &[&id, argument(&path)]).await?;
    assert_has(&printed, &["4 bytes in "]);
    stage.assert_downloaded(&path, &id);
    Ok(())
}

pub(super) async fn quickstart() -> Result<()> {
    let stage = stage().await;
    let path = stage.local("reads.fastq", "@read\nACGT\n+\nIIII\n".repeat(100));
    let printed = run(&stage, "quickstart", &[argument(&path)]).await?;
    assert_has(&printed, &["created project rfranklin/quickstart", "all checksums are identical"]);
    let file = stage.client.project("rfranklin/quickstart").files().resolve_path("reads.fastq").await?;
    stage.assert_uploaded(&file.id, &std::fs::read(path)?);
    Ok(())
}

pub(super) async fn apps() -> Result<()> {
    let stage = stage().await;
    let cwl = json!({
        "id": "my-tool",
        "class": "CommandLineTool",
        "cwlVersion": "v1.2",
        "label": "My tool",
        "baseCommand": ["true"],
        "inputs": [],
        "outputs": [],
    });
    let path = stage.local("my-tool.cwl.json", cwl.to_string());
    let public = "admin/sbg-public-data/line-count";
    let printed = run(&stage, "apps", &["rfranklin/demo", public, argument(&path)]).await?;
    let expected = [
        "Line count has revision 0",
        "copied: rfranklin/demo/line-count",
        "installed: rfranklin/demo/my-tool/0",
    ];
    assert_has(&printed, &expected);
    let apps = stage.client.project(&stage.project).apps().query().page().await?;
    assert_eq!(apps.items.len(), 2);
    let again = run(&stage, "apps", &["rfranklin/demo", public, argument(&path)]).await;
    assert!(again.is_err_and(|error| error.to_string().contains("code 6003")), "the app is there already");
    Ok(())
}

pub(super) async fn push_app() -> Result<()> {
    let stage = stage().await;
    let tool = "class: CommandLineTool\ncwlVersion: v1.2\ninputs: {reads: File}\noutputs: []\n";
    let cwl = stage.local("tool.cwl", tool);
    let app = "rfranklin/demo/tool";
    for expected in ["rfranklin/demo/tool/0: new revision\n", "rfranklin/demo/tool/0: unchanged\n"] {
        assert_eq!(run(&stage, "push_app", &[app, argument(&cwl)]).await?, expected);
    }
    stage.local("tool.cwl", format!("{tool}label: Tool\n"));
    assert_eq!(
        run(&stage, "push_app", &[app, argument(&cwl)]).await?,
        "rfranklin/demo/tool/1: new revision\n"
    );
    Ok(())
}

pub(super) async fn run_task() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "run_task", &[PROJECT, LINE_COUNT, "file", "reads/sample-1.fastq"]).await?;
    assert_has(&printed, &["Completed", "count: 160", "sample-1.fastq.line-count.txt (", "it has cost "]);
    let wrong = run(&stage, "run_task", &[PROJECT, LINE_COUNT, "files", "reads/sample-1.fastq"]).await;
    assert!(
        wrong.is_err_and(|error| error.to_string().contains("cannot run")),
        "an input of that name is not there"
    );
    Ok(())
}

pub(super) async fn batch_tasks() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "batch_tasks", &[PROJECT, LINE_COUNT, "file", "reads"]).await?;
    assert_has(&printed, &["3 files", "the batch is Some(Completed)"]);
    assert_eq!(printed.matches(": Some(Completed)").count(), 3, "a task for each file: {printed}");
    let printed = run(&stage, "batch_tasks", &[PROJECT, CONCATENATE, "files", "reads", "sample_id"]).await?;
    assert_eq!(printed.matches(": Some(Completed)").count(), 2, "a task for each sample: {printed}");
    Ok(())
}

pub(super) async fn chained_batches() -> Result<()> {
    let stage = stage().await;
    let arguments = [PROJECT, "reads", CONCATENATE, "files", LINE_COUNT, "file"];
    let printed = run(&stage, "chained_batches", &arguments).await?;
    assert_has(&printed, &["the first batch has made 2 files"]);
    assert_eq!(printed.matches(".line-count.txt").count(), 2, "{printed}");
    Ok(())
}

pub(super) async fn tumor_normal() -> Result<()> {
    let stage = stage().await;
    let file = json!("File");
    let cwl = json!({
        "class": "CommandLineTool",
        "cwlVersion": "v1.2",
        "label": "Somatic variants",
        "baseCommand": ["true"],
        "inputs": [{"id": "tumor", "type": file}, {"id": "normal", "type": file}],
        "outputs": [],
    });
    stage.client.apps().install("rfranklin/demo/somatic", cwl).await?;
    let samples = [("C1", "Primary Tumor"), ("C1", "Blood Derived Normal"), ("C2", "Primary Tumor")];
    for (number, (case, sample_type)) in samples.into_iter().enumerate() {
        let id = stage.file(&format!("{number}.bam"), "ACGT");
        stage.client.file(id).metadata().merge([("case_id", case), ("sample_type", sample_type)]).await?;
    }
    let arguments = ["rfranklin/demo", "rfranklin/demo/somatic", "tumor", "normal"];
    let printed = run(&stage, "tumor_normal", &arguments).await?;
    let expected = ["case C1 is task ", "case C2 has no normal", "Tumor and normal of C1: Some(Completed)"];
    assert_has(&printed, &expected);
    let task = stage.client.project(&stage.project).tasks().query().all().await?.remove(0);
    let inputs = stage.client.task(task.id).get().await?.inputs.context("inputs")?;
    assert_eq!((&inputs["tumor"]["name"], &inputs["normal"]["name"]), (&json!("0.bam"), &json!("1.bam")));
    Ok(())
}

pub(super) async fn download_vcfs() -> Result<()> {
    let stage = stage().await;
    let id = stage.emulator.create_file(PROJECT, "calls.vcf", "##fileformat=VCFv4.3\n");
    let calls = stage.client.file(id).get().await?;
    let task = stage.client.tasks().create(CONCATENATE, PROJECT).input("files", [calls]).run(true).await?;
    assert_eq!(stage.client.task(&task.id).wait().await?.status, Some(TaskStatus::Completed));
    let printed = run(&stage, "download_vcfs", &[&task.id, argument(stage.folder.path())]).await?;
    assert_has(&printed, &["calls.concatenated.vcf: 21 bytes", "1 files"]);
    assert_eq!(std::fs::read(stage.path("calls.concatenated.vcf"))?, b"##fileformat=VCFv4.3\n");
    Ok(())
}

pub(super) async fn costs() -> Result<()> {
    // Tasks that take no time cost nothing.
    let stage = Stage::with(demo().state_time(Duration::from_secs(60 * 60))).await;
    let sums = async |first: &str, last: &str| {
        let printed = run(&stage, "costs", &[first, last]).await?;
        assert_has(&printed, &["Rosalind Franklin's billing group"]);
        let sum = |kind: &str| {
            let line = printed.lines().find_map(|line| line.trim().strip_prefix(kind));
            line.and_then(|sum| sum.trim().parse::<f64>().ok())
                .with_context(|| format!("{kind} of:\n{printed}"))
        };
        anyhow::Ok([sum("analysis")?, sum("storage")?, sum("egress")?])
    };
    let all = sums("2000-01-01", "2099-12-31").await?;
    assert!(all.iter().all(|sum| *sum > 0.0), "{all:?}");
    let before = sums("2000-01-01", "2000-12-31").await?;
    assert!(before.iter().all(|sum| *sum == 0.0), "{before:?}");
    Ok(())
}

pub(super) async fn import_from_volume() -> Result<()> {
    let stage = stage().await;
    let arguments = ["rfranklin/patterns", "patterns/", "rfranklin/demo"];
    let printed = run(&stage, "import_from_volume", &arguments).await?;
    assert_has(
        &printed,
        &["found patterns/a-form.csv", "imported a-form.csv as ", "imported b-form.csv as "],
    );
    let file = stage.client.project(&stage.project).files().resolve_path("b-form.csv").await?;
    stage.assert_uploaded(&file.id, b"patterns/b-form.csv\n");
    Ok(())
}

pub(super) async fn export_to_volume() -> Result<()> {
    let stage = stage().await;
    stage.file("results/a.pdb", "ATOM a");
    stage.file("results/b.pdb", "ATOM b");
    let arguments = ["rfranklin/demo", "results", "rfranklin/patterns", "models/"];
    let printed = run(&stage, "export_to_volume", &arguments).await?;
    assert_has(&printed, &["2 files to export", "exported a.pdb", "exported b.pdb"]);
    assert_eq!(stage.emulator.object("demo-bucket", "models/b.pdb").as_deref(), Some(&b"ATOM b"[..]));
    Ok(())
}

pub(super) async fn sync_folders() -> Result<()> {
    let stage = stage().await;
    let folder = stage.path("mirror");
    let arguments = ["down", argument(&folder), PROJECT, "reads"];
    let dry = run(&stage, "sync_folders", &[&arguments[..], &["--dry-run"]].concat()).await?;
    assert_has(&dry, &["copy new      sample-2.fastq (1350 bytes)", " 0 to delete, 0 unchanged"]);
    assert!(!folder.exists());
    run(&stage, "sync_folders", &arguments).await?;
    std::fs::write(folder.join("old"), "old")?;
    std::fs::write(folder.join("x.tmp"), "kept")?;
    let again = run(&stage, "sync_folders", &arguments).await?;
    assert_has(
        &again,
        &["delete        old (3 bytes)", "0 files to copy (0 bytes), 1 to delete", "0 bytes copied"],
    );
    assert!(folder.join("x.tmp").exists());
    run(&stage, "sync_folders", &["up", argument(&folder), "rfranklin/demo", "a/b"]).await?;
    let files = stage.client.project(&stage.project).files();
    let file = files.resolve_path("a/b/sample-2.fastq").await?;
    stage.assert_uploaded(&file.id, &std::fs::read(folder.join("sample-2.fastq"))?);
    Ok(())
}

pub(super) async fn upload_sheet() -> Result<()> {
    let stage = stage().await;
    let reads = stage.local("1.fastq", "ACGT");
    let sheet = format!("local_path,remote_path,sample_id\n{},reads/1.fastq,S1\n", reads.display());
    let sheet = stage.local("samples.csv", sheet);
    let printed = run(&stage, "upload_sheet", &[argument(&sheet), "rfranklin/demo"]).await?;
    assert_has(&printed, &["line 2: reads/1.fastq, 4 bytes uploaded"]);
    let file = stage.client.project(&stage.project).files().resolve_path("reads/1.fastq").await?;
    assert_eq!(stage.client.file(&file).metadata().await?["sample_id"], "S1");
    Ok(())
}

pub(super) async fn folder_trees() -> Result<()> {
    let stage = stage().await;
    let folder = stage.path("tree");
    let arguments = ["download", PROJECT, argument(&folder)];
    let printed = run(&stage, "folder_trees", &arguments).await?;
    assert_has(&printed, &["notes.txt: 26 bytes", "reads/sample-2.fastq: 1350 bytes", " 0 failed"]);
    let again = run(&stage, "folder_trees", &arguments).await?;
    assert_has(&again, &["0 bytes in 0 files, ", " identical, 0 assumed, 0 failed"]);

    let arguments = ["upload", "rfranklin/demo", argument(&folder)];
    assert_eq!(run(&stage, "folder_trees", &arguments).await?, printed);
    let file = stage.client.project(&stage.project).files().resolve_path("reads/sample-2.fastq").await?;
    stage.assert_uploaded(&file.id, &std::fs::read(folder.join("reads/sample-2.fastq"))?);
    // Changes on either side are transferred.
    std::fs::write(folder.join("notes.txt"), "Photo 51 is not here any more.\n")?;
    assert_has(
        &run(&stage, "folder_trees", &arguments).await?,
        &["notes.txt: 31 bytes", "31 bytes in 1 files"],
    );
    let notes = stage.client.project(&stage.project).files().resolve_path("notes.txt").await?;
    stage.assert_uploaded(&notes.id, b"Photo 51 is not here any more.\n");
    let arguments = ["download", "rfranklin/demo", argument(&folder), "--content"];
    std::fs::write(folder.join("notes.txt"), "Photo 51 is not here any less.\n")?;
    assert_has(
        &run(&stage, "folder_trees", &arguments).await?,
        &["notes.txt: 31 bytes", "31 bytes in 1 files"],
    );
    assert_eq!(std::fs::read(folder.join("notes.txt"))?, b"Photo 51 is not here any more.\n");

    let blocked = stage.path("blocked");
    std::fs::create_dir(&blocked)?;
    std::fs::write(blocked.join("reads"), "a file where a folder has to be")?;
    let printed = run(&stage, "folder_trees", &["download", PROJECT, argument(&blocked)]).await;
    assert!(
        printed.is_err_and(|error| error.to_string().contains("reads` is a regular file, where a folder"))
    );
    assert!(blocked.join("notes.txt").exists(), "the others have come");
    Ok(())
}

pub(super) async fn task_outputs() -> Result<()> {
    let stage = stage().await;
    let reads = stage.client.project(PROJECT).files().resolve_path("reads/sample-2.fastq").await?;
    let task = stage.client.tasks().create(LINE_COUNT, PROJECT).input("file", reads).run(true).await?;
    let folder = stage.path("results");
    let printed = run(&stage, "task_outputs", &[&task.id, argument(&folder)]).await?;
    assert_has(&printed, &["sample-2.fastq.line-count.txt: ", "1 files"]);
    assert!(std::fs::read_to_string(folder.join("sample-2.fastq.line-count.txt"))?.contains("100"));
    let again = run(&stage, "task_outputs", &[&task.id, argument(&folder)]).await?;
    assert_has(&again, &["sample-2.fastq.line-count.txt was there already"]);
    let others = run(&stage, "task_outputs", &[&task.id, argument(&folder), ".vcf"]).await?;
    assert_eq!(others, "0 files\n");
    Ok(())
}

pub(super) async fn clone_task() -> Result<()> {
    let stage = Stage::with(demo().state_time(Duration::from_millis(500))).await;
    let printed = run(&stage, "clone_task", &[PROJECT, "Unknown digest", "algorithm", "md5"]).await?;
    let expected = ["Unknown digest is Some(Failed)", "Unknown digest, again is Some(Completed)", "digest: "];
    assert_has(&printed, &expected);
    let printed = run(&stage, "clone_task", &[PROJECT, "Digest", "algorithm", "sha512", "--abort"]).await?;
    assert_has(&printed, &["aborted: Some(Aborting)", "Digest, again is Some(Aborted)"]);
    let wrong = run(&stage, "clone_task", &[PROJECT, "Digest", "algorithm", "5"]).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("algorithm")), "an algorithm is a text");
    let nothing = run(&stage, "clone_task", &[PROJECT, "Nothing", "algorithm", "md5"]).await;
    assert!(nothing.is_err_and(|error| error.to_string().contains("is called Nothing")));
    Ok(())
}

pub(super) async fn bulk_edit() -> Result<()> {
    let stage = stage().await;
    let ids = ["a.fastq", "b.fastq"].map(|name| stage.file(name, name));
    let printed = run(&stage, "bulk_edit", &["library_id", "L1", &ids[0], &ids[1]]).await?;
    let expected = ["2 of 2 files were changed", "a.fastq: library_id is L1", "b.fastq: library_id is L1"];
    assert_has(&printed, &expected);
    let missing = "567890abc9b0307bc0414164";
    let printed = run(&stage, "bulk_edit", &["library_id", "L2", missing, &ids[1]]).await;
    let refused = format!("{missing}: Requested file does not exist. (HTTP 404, code 5002)");
    assert!(printed.is_err_and(|error| error.to_string().contains(&refused)));
    let metadata = stage.client.file(&ids[1]).get().await?.metadata.context("metadata")?;
    assert_eq!(metadata.get("library_id"), Some(&json!("L2")), "the other one is changed");
    Ok(())
}

pub(super) async fn search_files() -> Result<()> {
    let stage = stage().await;
    let condition = r#"file_extension IN ("FASTQ") AND tags IN ("raw") ORDER BY size DESC"#;
    let printed = run(&stage, "search_files", &[PROJECT, condition]).await?;
    let names: Vec<_> = printed.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(names, ["sample-3.fastq", "sample-1.fastq", "sample-2.fastq"]);
    assert_has(&printed, &["3240 bytes", "3 hits"]);
    let wrong = run(&stage, "search_files", &[PROJECT, "size > 5 AND"]).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("HTTP 400")), "no condition");
    Ok(())
}

pub(super) async fn background_jobs() -> Result<()> {
    let stage = stage().await;
    let paths = async |project: &str| {
        let entries: Vec<_> = stage.client.project(project).files().walk().entries().try_collect().await?;
        anyhow::Ok(entries.into_iter().map(|entry: sbg::files::Entry| entry.path).collect::<Vec<_>>())
    };
    let copy = ["copy", PROJECT, "reads", "rfranklin/demo"];
    let printed = run(&stage, "background_jobs", &copy).await?;
    assert_has(&printed, &["job ", "Some(Finished)", "  reads\n"]);
    assert_eq!(paths("rfranklin/demo").await?.len(), 4, "a folder and three files");
    let in_place = run(&stage, "background_jobs", &["copy", PROJECT, "reads", PROJECT]).await;
    assert!(in_place.is_err_and(|error| error.to_string().contains("code 57009")), "it is there already");

    let move_on = ["move", "rfranklin/demo", "reads", "rfranklin/rna-pilot"];
    let printed = run(&stage, "background_jobs", &move_on).await?;
    assert_has(&printed, &["Some(Finished)", "  reads\n"]);
    assert!(paths("rfranklin/demo").await?.is_empty());
    assert!(paths("rfranklin/rna-pilot").await?.contains(&"reads/sample-3.fastq".to_owned()));

    run(&stage, "background_jobs", &["delete", "rfranklin/rna-pilot", "reads"]).await?;
    assert_eq!(paths("rfranklin/rna-pilot").await?, ["archive.tar"]);
    Ok(())
}

pub(super) async fn stream_file() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "stream_file", &[PROJECT, "reads/sample-1.fastq"]).await?;
    assert_eq!(printed, "it begins with @read\n160 lines in 2160 bytes\n");
    // More than one chunk, so that a line spans two of them.
    stage.file("large.txt", "0123456789\n".repeat(1_000_000));
    let printed = run(&stage, "stream_file", &["rfranklin/demo", "large.txt"]).await?;
    assert_has(&printed, &["1000000 lines in 11000000 bytes"]);
    Ok(())
}

pub(super) async fn read_in_place() -> Result<()> {
    let stage = stage().await;
    let lines: Vec<_> = (0..1_000_000).map(|number| format!("line {number}\n")).collect();
    let lines = lines.concat();
    let size = lines.len() as u64;
    stage.file("large.txt", lines);
    stage.emulator.clear_requests();
    let printed = run(&stage, "read_in_place", &["rfranklin/demo", "large.txt"]).await?;
    assert_has(
        &printed,
        &["first line: line 0\n", "last line: line 999999\n", &format!("of {size} bytes: [b\"line\"")],
    );
    let sent: u64 = stage.storage("GET").iter().map(|request| request.sent).sum();
    assert!(sent < size / 5, "{sent} of {size} bytes");
    assert_eq!(stage.calls("GET", "download_info").len(), 1, "one signed URL");
    let empty = run(&stage, "read_in_place", &["rfranklin/demo", "none.txt"]).await;
    assert!(empty.is_err());
    Ok(())
}

pub(super) async fn error_handlers() -> Result<()> {
    let stage = stage().await;
    stage.fault("api:path=/projects:first=2:509".parse()?);
    let printed = run(&stage, "error_handlers", &[PROJECT]).await?;
    let waits = ["project_get waits 100ms: LabProxy\n", "project_get waits 200ms: LabProxy\n"];
    assert_eq!(printed, format!("{}{}Fibre diffraction\n", waits[0], waits[1]));
    let printed = run(&stage, "error_handlers", &["rfranklin/nowhere"]).await?;
    assert_has(&printed, &["not found: project_get: Requested project"]);
    Ok(())
}

pub(super) async fn attach_volume() -> Result<()> {
    let stage = stage().await;
    let printed = run(&stage, "attach_volume", &["fibres", "demo-bucket"]).await?;
    assert_has(&printed, &["attached rfranklin/fibres", "folder patterns/", "object README.txt"]);
    let volume = stage.client.volume("rfranklin/fibres");
    assert_eq!(volume.get().await?.access_mode.map(|mode| mode.to_string()).as_deref(), Some("RO"));
    let missing = run(&stage, "attach_volume", &["others", "no-such-bucket"]).await;
    assert!(missing.is_err_and(|error| error.to_string().contains("code 9200")));

    let in_use = run(&stage, "attach_volume", &["--detach", "rfranklin/patterns"]).await;
    assert!(in_use.is_err_and(|error| error.to_string().contains("HTTP 409")), "files were imported from it");
    assert_eq!(stage.client.volume("rfranklin/patterns").get().await?.active, Some(true));
    let printed = run(&stage, "attach_volume", &["--detach", "rfranklin/fibres"]).await?;
    assert_eq!(printed, "detached rfranklin/fibres\n");
    assert!(volume.get().await.is_err_and(|error| error.is_not_found()));
    Ok(())
}

pub(super) async fn drs_object() -> Result<()> {
    let stage = stage().await;
    let id = stage.file("b-form.pdb", "ATOM b");
    let host = stage.emulator.url().trim_start_matches("http://").trim_end_matches("/v2").to_owned();
    let printed = run(&stage, "drs_object", &[&format!("drs://{host}/{id}"), "b-form.pdb"]).await?;
    assert_has(&printed, &["the server gets the token", "b-form.pdb: 6 bytes", "verified md5 of DrsServer"]);
    stage.assert_downloaded(&stage.path("b-form.pdb"), &id);
    Ok(())
}

pub(super) async fn resolve_paths() -> Result<()> {
    let stage = stage().await;
    let id = stage.file("a/b.pdb", "ATOM b");
    let printed = run(&stage, "resolve_paths", &["rfranklin/demo", "a/b.pdb", "a/c.pdb"]).await?;
    assert_has(&printed, &[&format!("a/b.pdb {id}"), "a/c.pdb: there is no `a/c.pdb`"]);
    Ok(())
}

pub(super) async fn task_table() -> Result<()> {
    let stage = stage().await;
    let table = stage.local("samples.csv", "name,file\nS1,reads/sample-1.fastq\nS9,reads/sample-9.fastq\n");
    let app = format!("{PROJECT}/line-count");
    let printed = run(&stage, "task_table", &[PROJECT, &app, argument(&table)]).await?;
    assert_has(&printed, &["line 2: S1", "line 3: the input `file`: there is no", "1 drafts"]);
    Ok(())
}
