//! Files and folders: create, find, get, edit, copy, move, delete.

use anyhow::Result;
use sbg::members::{NewMember, Permissions};
use sbg::types::{File, FileType};
use sbg::{ErrorKind, Fields, Page};
use sbg_tests::{Stage, assert_refused};

fn names(page: &Page<File>) -> Vec<&str> {
    page.items.iter().filter_map(|file| file.name.as_deref()).collect()
}

#[tokio::test]
async fn folders_are_created_in_projects_and_folders() -> Result<()> {
    let stage = Stage::start().await;
    let files = stage.client.files();
    let outer = files.create_folder("patterns", &stage.project).await?;
    assert_eq!((outer.name.as_deref(), outer.type_), (Some("patterns"), Some(FileType::Folder)));
    let inner = files.create_folder("b form", &outer.id).await?;
    assert_eq!(inner.parent.as_ref(), Some(&outer.id));

    let again = files.create_folder("b form", &outer.id).await;
    assert!(assert_refused(again, ErrorKind::Conflict, &["folder_create"]).is_conflict());

    let full = stage.client.file(&outer.id).delete().await;
    assert_refused(full, ErrorKind::InvalidRequest, &["file_delete", "code 5021"]);
    stage.client.file(&inner.id).delete().await?;
    stage.client.file(&outer.id).delete().await?;
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn files_are_found_by_every_filter() -> Result<()> {
    let stage = Stage::start().await;
    let client = &stage.client;
    let [a, b, _] = ["a.txt", "b.txt", "c.txt"].map(|name| stage.file(name, name));
    let inside = stage.file("raw/d.txt", "d");
    client.file(&a).edit().tags(["dna", "b form"]).await?;
    client.file(&b).edit().tags(["rna"]).await?;
    client.file(&a).metadata().merge([("sample_id", "S 1"), ("library_id", "L1")]).await?;
    client.file(&b).metadata().merge([("sample_id", "S2")]).await?;
    let query = || client.files().query().project(&stage.project);

    assert_eq!(names(&query().page().await?), ["a.txt", "b.txt", "c.txt", "raw"]);
    assert_eq!(names(&client.project(&stage.project).files().query().name("c.txt").page().await?), ["c.txt"]);
    assert_eq!(names(&query().name("a.txt").name("c.txt").page().await?), ["a.txt", "c.txt"]);
    assert_eq!(names(&query().tag("b form").page().await?), ["a.txt"]);
    assert_eq!(names(&query().tag("dna").tag("rna").page().await?), ["a.txt", "b.txt"]);
    assert_eq!(
        names(&query().metadata("sample_id", "S 1").metadata("sample_id", "S2").page().await?).len(),
        2
    );
    let both = query().metadata("sample_id", "S 1").metadata("library_id", "L2").page().await?;
    assert_eq!(names(&both), [""; 0], "different fields must all match");
    assert_eq!(names(&query().origin_task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11").page().await?), [""; 0]);

    let folder = client.file(&inside).get().await?.parent.expect("a folder");
    assert_eq!(names(&client.files().query().parent(&folder).page().await?), ["d.txt"]);
    let listed = client.file(&folder).list().fields(Fields::all()).page().await?;
    assert_eq!((names(&listed), listed.items[0].size), (vec!["d.txt"], Some(1)));
    Ok(())
}

#[tokio::test]
async fn file_is_fetched_with_its_details() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("reads.fastq", "ACGT");
    let file = stage.client.file(&id).get().await?;
    assert_eq!((file.name.as_deref(), file.size), (Some("reads.fastq"), Some(4)));
    assert_eq!((file.project.as_deref(), file.type_), (Some("rfranklin/demo"), Some(FileType::File)));
    assert!(file.created_on.is_some() && file.storage.is_some());

    let short = stage.client.file(&id).get().fields(Fields::only(["size"])).await?;
    assert_eq!((short.id, short.size, short.name), (id, Some(4), None));
    let error =
        assert_refused(stage.client.file("5678").get().await, ErrorKind::NotFound, &["file_get", "5002"]);
    assert!(error.is_not_found());
    Ok(())
}

#[tokio::test]
async fn file_edit_changes_only_set_fields() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a.txt", "a"));
    file.metadata().merge([("sample_id", "S1"), ("library_id", "L1")]).await?;
    let edited = file.edit().name("b.txt").tags(["dna"]).await?;
    assert_eq!(edited.name.as_deref(), Some("b.txt"));
    assert_eq!(file.metadata().get().await?.len(), 2, "metadata that was not set stays");

    let edited = file.edit().overwrite_metadata([("sample_id", "S2")]).await?;
    assert_eq!(edited.tags.as_deref(), Some(&["dna".to_owned()][..]));
    let metadata = file.metadata().await?;
    assert_eq!((metadata.len(), &metadata["sample_id"]), (1, &"S2".into()), "it was the whole metadata");

    stage.file("c.txt", "c");
    let taken = file.edit().name("c.txt").send().await;
    assert!(assert_refused(taken, ErrorKind::Conflict, &["file_edit", "5003"]).is_conflict());
    Ok(())
}

#[tokio::test]
async fn file_is_copied_to_a_project_or_folder() -> Result<()> {
    let stage = Stage::start().await;
    let models = stage.emulator.create_project("models");
    let id = stage.file("a.txt", "a");
    stage.client.file(&id).metadata().merge([("sample_id", "S1")]).await?;

    let copy = stage.client.file(&id).copy_to(&models).name("b.txt").await?;
    assert_eq!((copy.name.as_deref(), copy.project.as_deref()), (Some("b.txt"), Some(models.as_str())));
    assert_ne!(copy.id, id);
    assert_eq!(stage.client.file(&copy.id).metadata().await?["sample_id"], "S1");

    let folder = stage.client.files().create_folder("copies", &stage.project).await?;
    let copy = stage.client.file(&id).copy_to(&folder.id).send().await?;
    assert_eq!((copy.name.as_deref(), copy.parent), (Some("a.txt"), Some(folder.id.clone())));
    stage.assert_uploaded(&copy.id, b"a");

    let of_folder = stage.client.file(&folder.id).copy_to(&models).await;
    assert_refused(of_folder, ErrorKind::InvalidRequest, &["file_copy", "code 5018"]);
    Ok(())
}

#[tokio::test]
async fn file_is_moved_within_its_project() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a.txt", "a");
    let folder = stage.client.files().create_folder("old", &stage.project).await?;
    let moved = stage.client.file(&id).move_to(&folder.id).name("b.txt").await?;
    assert_eq!((&moved.id, moved.name.as_deref()), (&id, Some("b.txt")));
    assert_eq!(moved.parent, Some(folder.id));
    let root = stage.client.project(&stage.project).get().await?.root_folder.expect("a root");
    let back = stage.client.file(&id).move_to(root).send().await?;
    assert_eq!(back.name.as_deref(), Some("b.txt"));
    Ok(())
}

#[tokio::test]
async fn download_url_works_without_a_token() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a.txt", "photograph 51");
    let address = stage.client.file(&id).download_info().await?.url;
    assert!(address.expose().starts_with(stage.emulator.storage_url()), "{}", address.expose());
    assert_eq!(crate::http().get(address.into_exposed()).send().await?.text().await?, "photograph 51");

    let folder = stage.client.files().create_folder("x", &stage.project).await?;
    let of_folder = stage.client.file(&folder.id).download_info().await;
    assert_refused(of_folder, ErrorKind::InvalidRequest, &["file_download_info", "code 5017"]);
    Ok(())
}

#[tokio::test]
async fn member_without_permission_is_forbidden() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a.txt", "a");
    let members = stage.client.project(&stage.project).members();
    members.add(NewMember::user("fcrick"), Permissions::new().execute(true)).await?;
    let file = stage.client_of("fcrick").file(&id);
    assert_eq!(file.get().await?.name.as_deref(), Some("a.txt"));
    assert!(assert_refused(file.edit().name("b").await, ErrorKind::Forbidden, &["file_edit"]).is_forbidden());
    assert!(assert_refused(file.delete().await, ErrorKind::Forbidden, &["file_delete"]).is_forbidden());
    assert!(
        assert_refused(file.download_info().await, ErrorKind::Forbidden, &["download_info"]).is_forbidden()
    );
    Ok(())
}

#[tokio::test]
async fn many_paths_are_resolved_with_few_calls() -> Result<()> {
    let stage = Stage::start().await;
    let files = stage.client.project(&stage.project).files();
    let paths: Vec<String> = (0..60).map(|number| format!("a/b{}/c{number}", number % 2)).collect();
    let ids: Vec<String> = paths.iter().map(|path| stage.file(path, "x")).collect();
    let found = files.resolve_paths(&paths).await?;
    let found = found.into_iter().map(|file| Ok(file?.id)).collect::<Result<Vec<_>>>()?;
    assert_eq!(found, ids);
    // The root, the folder `a`, and the folders `b0` and `b1`.
    assert_eq!(stage.calls("GET", "/files").len(), 4);

    let mixed = files.resolve_paths(["a/b0/c0", "a/none/c0", "a/b0/c0/d", "a", "/a//b1/"]).await?;
    let outcome =
        |file: &sbg::Result<File>| file.as_ref().map(|file| file.name.clone()).map_err(sbg::Error::kind);
    let expected =
        [Ok(Some("c0")), Err(ErrorKind::NotFound), Err(ErrorKind::NotFound), Ok(Some("a")), Ok(Some("b1"))];
    let expected = expected.map(|name| name.map(|name| name.map(str::to_owned)));
    assert_eq!(mixed.iter().map(outcome).collect::<Vec<_>>(), expected);
    assert!(files.resolve_paths([""; 0]).await?.is_empty());
    for path in ["", "/", "a/../b"] {
        assert_refused(files.resolve_paths([path]).await, ErrorKind::InvalidInput, &[]);
    }
    Ok(())
}

#[tokio::test]
async fn create_folder_all_creates_what_is_missing() -> Result<()> {
    let stage = Stage::start().await;
    let files = stage.client.project(&stage.project).files();
    stage.file("a/reads.txt", "x");
    let folder = files.create_folder_all("/a/b//c/").await?;
    assert_eq!(folder.name.as_deref(), Some("c"));
    assert_eq!(files.resolve_path("a/b/c").await?.id, folder.id);
    assert_eq!(stage.calls("POST", "/files").len(), 2, "the first one exists");
    assert_eq!(files.create_folder_all("a/b/c").await?.id, folder.id);
    assert_eq!(stage.calls("POST", "/files").len(), 2);

    let way = files.create_folder_all("a/reads.txt/d").await;
    assert_refused(way, ErrorKind::Conflict, &["`reads.txt` is a file"]);
    for path in ["", "/", "a/../b", "./a"] {
        assert_refused(files.create_folder_all(path).await, ErrorKind::InvalidInput, &[]);
    }
    Ok(())
}

#[tokio::test]
async fn create_folder_all_shares_folders_with_others() -> Result<()> {
    let stage = Stage::start().await;
    let files = stage.client.project(&stage.project).files();
    let create = || files.create_folder_all("a/b/c");
    let (one, two, three) = tokio::try_join!(create(), create(), create())?;
    assert_eq!((&one.id, &one.id), (&two.id, &three.id));
    assert_eq!(files.query().all().await?.len(), 1);
    Ok(())
}
