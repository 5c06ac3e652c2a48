//! Plans of syncs: what they list, what they leave alone, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::{Compare, Shard, SyncPlan};
use sbg_tests::{Stage, assert_refused};

/// Writes local files; a path that ends in `/` is an empty folder.
fn write(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (path, content) in files {
        let local = folder.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(local)?;
        } else {
            fs::create_dir_all(local.parent().expect("a folder"))?;
            fs::write(local, content)?;
        }
    }
    Ok(())
}

/// The actions and problems, each as a line.
fn lines(plan: &SyncPlan) -> Vec<String> {
    let actions = plan.actions().iter().map(|action| format!("{} {}", action.operation, action.path));
    actions.chain(plan.problems().iter().map(|problem| format!("problem {}", problem.path))).collect()
}

#[tokio::test]
async fn upward_plan_lists_what_to_do() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    for path in ["same.txt", "changed.txt", "old/gone.txt"] {
        stage.file(path, "1234");
    }
    write(&tree, &[("same.txt", "1234"), ("changed.txt", "12345"), ("new/a.txt", "1"), ("empty/", "")])?;
    let same = fs::File::options().write(true).open(tree.join("same.txt"))?;
    same.set_modified(std::time::UNIX_EPOCH)?;
    stage.emulator.clear_requests();
    let sync = stage.client.sync(&tree).to(&stage.project);
    let plan = sync.clone().plan().await?;
    let expected =
        ["create folder empty", "create folder new", "copy changed changed.txt", "copy new new/a.txt"];
    let mut found = lines(&plan);
    // A file of the same size is the same if it has not changed since it was uploaded; the local one is newer.
    found.retain(|line| line != "copy changed same.txt");
    assert_eq!(found, expected);
    assert!(stage.emulator.requests().iter().all(|request| request.method == "GET"), "nothing is changed");

    let plan = sync.delete(true).force_delete(true).plan().await?;
    let deletes: Vec<_> = lines(&plan).into_iter().filter(|line| line.starts_with("delete")).collect();
    assert_eq!(deletes, ["delete old/gone.txt", "delete folder old"]);
    assert_eq!(plan.deletes(), 1);
    Ok(())
}

#[tokio::test]
async fn downward_plan_lists_what_to_do() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    stage.file("changed.txt", "12345");
    stage.file("new/a.txt", "1");
    stage.client.files().create_folder("empty", &stage.project).await?;
    write(&tree, &[("changed.txt", "1234"), ("old/gone.txt", "x"), ("other/", "")])?;
    let sync = stage.client.sync(&tree).from(&stage.project).delete(true);
    let plan = sync.plan().await?;
    let expected = [
        "create folder empty",
        "create folder new",
        "copy changed changed.txt",
        "copy new new/a.txt",
        "delete old/gone.txt",
        "delete folder other",
        "delete folder old",
    ];
    assert_eq!(lines(&plan), expected);
    assert_eq!((plan.bytes(), plan.identical(), plan.is_empty()), (6, 0, false));
    assert!(!tree.join("new").exists());
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn plan_prints_and_serializes() -> Result<()> {
    let stage = Stage::start().await;
    write(&stage.path("tree"), &[("a/b.txt", "123"), ("c\n", "")])?;
    std::os::unix::fs::symlink("loop", stage.path("tree").join("loop"))?;
    let plan = stage.client.sync(stage.path("tree")).to(&stage.project).plan().await?;
    let text = plan.to_string();
    assert!(text.starts_with("create folder a\ncopy new      a/b.txt (3 bytes)\n"), "{text}");
    assert!(text.contains("copy new      c\\n (0 bytes)\n"), "{text}");
    assert!(text.contains("problem       loop: cannot read `"), "{text}");
    assert!(text.ends_with("\n2 files to copy (3 bytes), 0 to delete, 0 unchanged"), "{text}");
    let json = serde_json::to_value(&plan)?;
    let expected = serde_json::json!({"operation": "copy_new", "path": "a/b.txt", "bytes": 3});
    assert_eq!((&json["direction"], &json["actions"][1]), (&"up".into(), &expected));
    assert_eq!((&json["problems"][0]["path"], &json["identical"]), (&"loop".into(), &0.into()));
    Ok(())
}

#[tokio::test]
async fn patterns_limit_copies_and_deletes() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    write(&tree, &[("a.bam", "1"), ("x/b.bam", "1"), ("x/c.txt", "1"), ("tmp/d.bam", "1"), ("empty/", "")])?;
    for path in ["old.bam", "old.txt", "tmp/old.bam", "kept/old.txt", "gone/old.bam"] {
        stage.file(path, "1");
    }
    let sync = stage.client.sync(&tree).to(&stage.project).delete(true).force_delete(true);
    let plan = sync.clone().include("*.bam").exclude("tmp/").plan().await?;
    let expected =
        ["create folder x", "copy new a.bam", "copy new x/b.bam", "delete gone/old.bam", "delete old.bam"];
    assert_eq!(lines(&plan), expected);

    stage.emulator.clear_requests();
    let plan = sync.clone().exclude("*.txt").exclude("/tmp/").plan().await?;
    let expected = [
        "create folder empty",
        "create folder x",
        "copy new a.bam",
        "copy new x/b.bam",
        "delete gone/old.bam",
        "delete old.bam",
        "delete folder gone",
    ];
    assert_eq!(lines(&plan), expected, "a folder that keeps a file stays");
    assert_eq!(stage.emulator.requests().len(), 3, "`tmp` is not listed");
    let refused = sync.include("a[").plan().await;
    assert_refused(refused, ErrorKind::InvalidInput, &["the pattern `a[` is invalid"]);
    Ok(())
}

#[tokio::test]
async fn metadata_selects_remote_files() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    for (name, sample) in [("a.bam", "S1"), ("b.bam", "S2"), ("c.bam", "S1")] {
        let id = stage.file(name, "1");
        stage.client.file(&id).metadata().merge([("sample_id", sample), ("lane", "1")]).await?;
    }
    stage.file("d.bam", "1");
    write(&tree, &[("b.bam", "12"), ("e.bam", "12")])?;
    let sync = stage.client.sync(&tree).from(&stage.project).metadata("sample_id", "S1");
    let plan = sync.clone().metadata("lane", "1").delete(true).force_delete(true).plan().await?;
    // A local file is kept if the platform has one of its path that the sync does not cover.
    assert_eq!(lines(&plan), ["copy new a.bam", "copy new c.bam", "delete e.bam"]);
    assert!(sync.metadata("lane", "2").plan().await?.is_empty());

    let upward = stage.client.sync(&tree).to(&stage.project).metadata("sample_id", "S1");
    assert_refused(upward.plan().await, ErrorKind::InvalidInput, &["local files have no metadata"]);
    Ok(())
}

#[tokio::test]
async fn path_of_file_and_folder_is_a_problem() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    stage.file("a/x.txt", "1");
    stage.file("b", "1");
    write(&tree, &[("a", "1"), ("b/y.txt", "1"), ("c", "1")])?;
    let up = stage.client.sync(&tree).to(&stage.project).delete(true).plan().await?;
    assert_eq!(lines(&up), ["copy new c", "problem a", "problem b"]);
    let [a, b] = up.problems() else { panic!("two problems") };
    assert_eq!(a.error.message(), "`a` is a file in the source and a folder in the target");
    assert_eq!(b.error.message(), "`b` is a folder in the source and a file in the target");
    let down = stage.client.sync(&tree).from(&stage.project).delete(true).plan().await?;
    assert_eq!(lines(&down), ["delete c", "problem a", "problem b"]);
    Ok(())
}

#[tokio::test]
async fn names_that_no_disk_holds_are_problems() -> Result<()> {
    let stage = Stage::start().await;
    let long = "é".repeat(200);
    for name in ["good", "bad.sbg-part", "bell\u{7}", &long, "..", &format!("folder {long}/x")[..]] {
        stage.file(name, "1");
    }
    let plan = stage.client.sync(stage.path("tree")).from(&stage.project).delete(true).plan().await?;
    assert_eq!(plan.actions().len(), 1, "{plan}");
    assert!(plan.problems().len() >= 4, "{plan}");
    let report = plan.await?;
    assert_eq!(fs::read_dir(stage.path("tree"))?.count(), 1);
    assert!(report.into_result().is_err());
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_not_followed_into_folders() -> Result<()> {
    use std::os::unix::fs::symlink;

    let stage = Stage::start().await;
    let (tree, outside) = (stage.path("tree"), stage.path("outside"));
    write(&outside, &[("secret", "1")])?;
    write(&tree, &[("a", "1")])?;
    symlink(&tree, tree.join("cycle"))?;
    symlink(&outside, tree.join("folder"))?;
    symlink(outside.join("secret"), tree.join("file"))?;
    symlink("self", tree.join("self"))?;
    assert!(std::process::Command::new("mkfifo").arg(tree.join("pipe")).status()?.success());
    stage.file("folder/kept", "1");
    let plan = stage.client.sync(&tree).to(&stage.project).delete(true).plan().await?;
    assert_eq!(lines(&plan), ["copy new a", "copy new file", "problem pipe", "problem self"]);

    // A link in the target is neither written through nor deleted.
    stage.file("file", "12");
    stage.file("self/x", "1");
    let sync = stage.client.sync(&tree).from(&stage.project).delete(true).force_delete(true);
    let plan = sync.plan().await?;
    assert_eq!(lines(&plan), ["delete a", "problem file", "problem folder", "problem self"]);
    plan.await?;
    assert_eq!(fs::read(outside.join("secret"))?, b"1");
    assert!(tree.join("cycle").is_symlink() && tree.join("file").is_symlink());
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_deleted_if_a_folder_is_unlisted() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    write(&tree, &[("a", "1")])?;
    for path in ["b", "c", "d", "a"] {
        stage.file(path, "1");
    }
    // A path that is too long cannot be listed by any user. It is made of two that are shorter.
    let long: PathBuf = (0..15).map(|_| "0".repeat(200)).collect();
    let (upper, lower) = (tree.join(&long), stage.path("lower"));
    fs::create_dir_all(&upper)?;
    fs::create_dir_all(lower.join(&long))?;
    fs::rename(&lower, upper.join("lower"))?;
    let sync = stage.client.sync(&tree).to(&stage.project).delete(true).force_delete(true);
    let plan = sync.clone().plan().await?;
    assert_eq!((plan.deletes(), plan.problems().len()), (0, 1), "{plan}");
    let why = plan.deletes_withheld().expect("a reason");
    assert!(why.starts_with("the folder `") && plan.to_string().contains("nothing is deleted: the folder"));
    // Left out, it does not matter.
    let plan = sync.exclude("0*").plan().await?;
    assert_eq!((plan.deletes(), plan.deletes_withheld()), (3, None));
    Ok(())
}

#[tokio::test]
async fn deleting_most_files_is_refused() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    for number in 0..4 {
        stage.file(&format!("{number}"), "1");
    }
    write(&tree, &[("0", "12"), ("1", "12"), ("9", "12")])?;
    let sync = stage.client.sync(&tree).to(&stage.project).delete(true);
    sync.clone().plan().await?.check()?;
    fs::remove_file(tree.join("1"))?;
    stage.emulator.clear_requests();
    let plan = sync.clone().plan().await?;
    assert_eq!(plan.deletes(), 3, "{plan}");
    let words = ["would delete 3 of the 4 files in the target"];
    let error = assert_refused(plan.await, ErrorKind::InvalidInput, &words);
    assert!(error.hint().is_some_and(|hint| hint.contains("force_delete")), "{error:?}");
    assert_refused(sync.clone().await, ErrorKind::InvalidInput, &words);
    assert!(stage.emulator.requests().iter().all(|request| request.method == "GET"), "nothing is changed");
    let report = sync.force_delete(true).await?.into_result()?;
    assert_eq!(report.results.len(), 2 + 3);
    Ok(())
}

#[tokio::test]
async fn invalid_syncs_are_refused_before_requests() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    write(&tree, &[])?;
    let sync = || stage.client.sync(&tree);
    let up = || sync().to(&stage.project);
    let check = async |sync: sbg::transfer::TreeSync, words: &[&str]| {
        assert_refused(sync.plan().await, ErrorKind::InvalidInput, words);
    };
    check(sync(), &["the sync has no project or folder", "`from()`"]).await;
    check(up().from(&stage.project), &["more than one project or folder"]).await;
    check(sync().to("demo"), &["not a project id"]).await;
    check(up().path("a/../b"), &["`..` in `a/../b`"]).await;
    check(up().exclude(""), &["it names nothing"]).await;
    let missing = stage.client.sync(stage.path("nothing")).to(&stage.project).plan().await;
    assert_refused(missing, ErrorKind::Io, &["cannot read `", "nothing`"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn listing_is_the_only_cost_of_a_plan() -> Result<()> {
    let state = tempfile::tempdir()?;
    let builder = sbg_emulator::Emulator::builder().min_part_size(1);
    let stage = Stage::tuned(builder, |client| client.state_folder(Some(state.path().into()))).await;
    for number in 0..350 {
        stage.file(&format!("{}/{number}", number % 3), "1");
    }
    // The times of the files are certain once they are not recent.
    stage.emulator.clock().advance(std::time::Duration::from_secs(10));
    let (tree, files) = (stage.path("tree"), 350);
    stage.client.sync(&tree).from(&stage.project).await?.into_result()?;
    for up in [false, true] {
        let sync = stage.client.sync(&tree).delete(true);
        let sync = if up { sync.to(&stage.project) } else { sync.from(&stage.project) };
        stage.emulator.clear_requests();
        let plan = sync.plan().await?;
        assert!(plan.is_empty() && plan.problems().is_empty(), "{plan}");
        assert_eq!(plan.identical() + plan.assumed().len() as u64, files);
        // Each folder has two pages.
        assert_eq!(stage.emulator.requests().len(), 1 + 3 * 2);
        stage.emulator.clear_requests();
        plan.await?.into_result()?;
        stage.assert_no_requests();
    }
    Ok(())
}

#[tokio::test]
async fn without_deletes_only_needed_folders_are_listed() -> Result<()> {
    let stage = Stage::start().await;
    for number in 0..20 {
        stage.file(&format!("{number}/x"), "1");
    }
    write(&stage.path("tree"), &[("3/y", "1"), ("new/z", "1")])?;
    stage.emulator.clear_requests();
    let plan = stage.client.sync(stage.path("tree")).to(&stage.project).plan().await?;
    assert_eq!(lines(&plan), ["create folder new", "copy new 3/y", "copy new new/z"]);
    assert_eq!(stage.emulator.requests().len(), 2);
    Ok(())
}

#[tokio::test]
async fn checksums_find_changes_that_times_hide() -> Result<()> {
    let state = tempfile::tempdir()?;
    let builder = sbg_emulator::Emulator::builder().min_part_size(1);
    let stage = Stage::tuned(builder, |client| client.state_folder(Some(state.path().into()))).await;
    let tree = stage.path("tree");
    write(&tree, &[("a", "1111"), ("b", "2222")])?;
    let sync = stage.client.sync(&tree).to(&stage.project);
    sync.clone().await?.into_result()?;
    let plan = sync.clone().compare(Compare::Content).plan().await?;
    assert_eq!((plan.identical(), plan.is_empty()), (2, true));
    let before = fs::metadata(tree.join("b"))?.modified()?;
    fs::write(tree.join("b"), "3333")?;
    fs::File::options().write(true).open(tree.join("b"))?.set_modified(before)?;
    let plan = sync.compare(Compare::Content).plan().await?;
    assert_eq!(lines(&plan), ["copy changed b"]);
    Ok(())
}

#[tokio::test]
async fn shards_share_the_files() -> Result<()> {
    let stage = Stage::start().await;
    let tree = stage.path("tree");
    for number in 0..30 {
        write(&tree, &[(&format!("x/{number}"), "1")])?;
        stage.file(&format!("old/{number}"), "1");
    }
    let sync = stage.client.sync(&tree).to(&stage.project).delete(true).force_delete(true);
    let mut all: Vec<String> = Vec::new();
    for index in 0..3 {
        let plan = sync.clone().shard(Shard::new(index, 3)?).plan().await?;
        let files = lines(&plan).into_iter().filter(|line| !line.contains("folder"));
        let before = all.len();
        all.extend(files);
        assert!(all.len() > before, "each has something");
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    Ok(())
}
