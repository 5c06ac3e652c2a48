//! Every operation of the core areas is called: once through the handles, once through the generated client.

use std::collections::BTreeSet;
use std::path::Path;

use sbg::members::{NewMember, Permissions};
use sbg::raw::types;
use sbg::raw::{
    ClientFilesExt as _, ClientPlatformExt as _, ClientProjectsExt as _, ClientUploadExt as _,
    ClientUsersExt as _, OPERATIONS, Operation,
};
use sbg::{Client, ProjectId, Result};
use sbg_emulator::{Origin, Recorded};
use sbg_tests::Stage;

/// The core areas.
const AREAS: [&str; 5] = ["platform", "users", "projects", "files", "upload"];

/// Operations of these areas that are not core operations.
const BEYOND: [&str; 6] =
    ["user_list", "user_disable", "project_task_list", "file_scroll", "file_search", "folder_scroll"];

/// Operations without a handle, because another operation does the same with fewer calls.
const WITHOUT_HANDLE: [&str; 4] =
    ["file_tags_replace", "project_file_list", "upload_part_report", "upload_parts_report"];

fn spine() -> BTreeSet<&'static str> {
    let operations = OPERATIONS.iter().filter(|operation| AREAS.contains(&operation.tag));
    operations.map(|operation| operation.id).filter(|id| !BEYOND.contains(id)).collect()
}

/// The operations that the platform completed successfully.
fn carried_out(stage: &Stage) -> BTreeSet<&'static str> {
    let requests = stage.emulator.requests();
    let answered = |request: &&Recorded| request.status.is_some_and(|status| (200..300).contains(&status));
    requests.iter().filter(answered).filter_map(operation_of).collect()
}

/// The operation that a request calls: of the matches, the one with the most literal segments in its path.
fn operation_of(request: &Recorded) -> Option<&'static str> {
    let path = request.path.strip_prefix("/v2").filter(|_| request.origin == Origin::Api)?;
    let fits = |operation: &&Operation| {
        let (wanted, given) = (operation.path.split('/'), path.split('/'));
        operation.method == request.method
            && wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
    };
    let variable = |operation: &&Operation| operation.path.matches('{').count();
    OPERATIONS.iter().filter(fits).min_by_key(variable).map(|operation| operation.id)
}

#[tokio::test]
async fn core_operations_are_reached_by_handles() -> Result<()> {
    let stage = Stage::start().await;
    by_handles(&stage).await?;
    let missing: Vec<_> = spine().difference(&carried_out(&stage)).copied().collect();
    assert_eq!(missing, WITHOUT_HANDLE);
    Ok(())
}

#[tokio::test]
async fn core_operations_are_reached_by_the_raw_client() -> Result<()> {
    let stage = Stage::start().await;
    by_raw_calls(&stage.client, &stage.project).await?;
    let missing: Vec<_> = spine().difference(&carried_out(&stage)).copied().collect();
    assert_eq!(missing, [""; 0]);
    Ok(())
}

/// The identifiers in the source code of the client, without names of function definitions and comments.
fn words_of_the_client(folder: &Path, words: &mut BTreeSet<String>) -> std::io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            words_of_the_client(&path, words)?;
            continue;
        }
        let text = std::fs::read_to_string(path)?;
        let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        for line in code {
            let pieces = line.split(|letter: char| letter != '_' && !letter.is_alphanumeric());
            let pieces: Vec<&str> = pieces.filter(|piece| !piece.is_empty()).collect();
            let called = pieces.iter().enumerate().filter(|&(at, _)| at == 0 || pieces[at - 1] != "fn");
            words.extend(called.map(|(_, word)| (*word).to_owned()));
        }
    }
    Ok(())
}

#[test]
fn every_operation_is_called_by_a_handle() -> anyhow::Result<()> {
    // An index that links to the others, three lists that other operations return as well, and tags, which an edit sets.
    const WITHOUT: [&str; 5] = [
        "billing_index",
        "division_team_list",
        "file_tags_replace",
        "project_file_list",
        "project_task_list",
    ];
    let mut words = BTreeSet::new();
    words_of_the_client(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/sbg/src"), &mut words)?;
    let missing = OPERATIONS.iter().map(|operation| operation.id).filter(|id| !words.contains(*id));
    assert_eq!(missing.collect::<Vec<_>>(), WITHOUT);
    Ok(())
}

#[test]
fn number_of_core_operations_is_unchanged() {
    assert_eq!(spine().len(), 38, "{:?}", spine());
}

async fn by_handles(stage: &Stage) -> Result<()> {
    let client = &stage.client;
    client.api_index().await?;
    client.rate_limit().await?;
    client.users().me().await?;
    client.user("rfranklin").get().await?;

    let created = client.projects().create("Fibre diffraction").await?;
    client.projects().query().page().await?;
    client.projects().query().owner("rfranklin").page().await?;
    let project = client.project(&created.id);
    project.get().await?;
    project.edit().description("B form").await?;
    let members = project.members();
    members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    members.query().page().await?;
    members.member("fcrick").get().await?;
    members.member("fcrick").edit_permissions(Permissions::new().write(true)).await?;
    members.member("fcrick").replace_permissions(Permissions::new()).await?;
    members.member("fcrick").remove().await?;

    let uploaded = client.upload(stage.local("a", "a")).to(&created.id).await?;
    let interrupted = types::UploadInit {
        name: "b".to_owned(),
        project: Some(created.id.clone()),
        parent: None,
        size: Some(1),
        part_size: None,
        md5: None,
    };
    let id = client.raw().upload_init().body(interrupted).send().await?.into_inner().upload_id;
    client.uploads().list().await?;
    client.uploads().get(&id).await?;
    client.uploads().abort(&id).await?;

    let folder = client.files().create_folder("raw", &created.id).await?;
    project.files().query().page().await?;
    client.file(&folder.id).list().page().await?;
    let file = client.file(&uploaded.id);
    file.get().await?;
    file.edit().name("c").await?;
    file.metadata().get().await?;
    file.metadata().merge([("sample_id", "S1")]).await?;
    file.metadata().overwrite([("sample_id", "S2")]).await?;
    file.edit().tags(["dna"]).await?;
    file.copy_to(&folder.id).await?;
    file.move_to(&folder.id).name("d").await?;
    file.download_info().await?;
    file.download(stage.path("d")).await?;
    file.delete().await?;
    project.delete().await
}

async fn by_raw_calls(client: &Client, project: &ProjectId) -> Result<()> {
    let raw = client.raw();
    raw.api_index().send().await?;
    raw.rate_limit_get().send().await?;
    raw.user_me().send().await?;
    raw.user_get().username("rfranklin").send().await?;
    let file = upload_by_raw_calls(raw, project).await?;
    files_by_raw_calls(raw, project, &file).await?;
    projects_by_raw_calls(raw, project).await
}

/// Uploads two bytes in two parts, then starts another upload and aborts it.
async fn upload_by_raw_calls(raw: &sbg::raw::Client, project: &ProjectId) -> Result<String> {
    let init = |name: &str| types::UploadInit {
        name: name.to_owned(),
        project: Some(project.to_string()),
        parent: None,
        size: Some(2),
        part_size: Some(1),
        md5: None,
    };
    let id = raw.upload_init().body(init("a")).send().await?.into_inner().upload_id;
    let mut parts = Vec::new();
    for part_number in [1, 2] {
        let target = raw.upload_part_url().upload_id(&id).part_number(part_number).send().await?.into_inner();
        let answer = crate::http().put(target.url.expose()).body("x").send().await.expect("an answer");
        let etag = answer.headers()["etag"].to_str().expect("text").to_owned();
        let response = types::UploadPartReportResponse { headers: [("ETag".to_owned(), etag)].into() };
        parts.push(types::UploadPartReport { part_number, response });
    }
    raw.upload_part_report().upload_id(&id).body(parts[0].clone()).send().await?;
    raw.upload_parts_report().upload_id(&id).body(types::UploadPartsReport { parts }).send().await?;
    let upload = raw.upload_get().upload_id(&id).list_parts(true).send().await?.into_inner();
    assert_eq!(upload.parts.map(|parts| parts.len()), Some(2));
    let complete = types::UploadComplete { parts: Vec::new() };
    let file = raw.upload_complete().upload_id(&id).body(complete).send().await?.into_inner();
    assert_eq!(file.size, Some(2));

    let id = raw.upload_init().overwrite(true).body(init("a")).send().await?.into_inner().upload_id;
    assert_eq!(raw.upload_list().send().await?.into_inner().items.len(), 1);
    raw.upload_abort().upload_id(id).send().await?;
    Ok(file.id)
}

async fn files_by_raw_calls(raw: &sbg::raw::Client, project: &ProjectId, file: &str) -> Result<()> {
    let folder = types::FolderCreate {
        name: "raw".to_owned(),
        type_: types::FolderCreateType::Folder,
        project: Some(project.to_string()),
        parent: None,
    };
    let folder = raw.folder_create().body(folder).send().await?.into_inner().id;
    let listed = raw.file_list().project(project.as_str()).send().await?.into_inner();
    assert_eq!(listed.items.len(), 2);
    let call = raw.project_file_list().project_owner(project.owner()).project(project.project());
    assert_eq!(call.send().await?.into_inner().items.len(), 2);
    raw.file_get().file_id(file).send().await?;
    let edit = types::FileEdit { name: Some("b".to_owned()), ..Default::default() };
    raw.file_edit().file_id(file).body(edit).send().await?;
    let metadata = || types::MetadataEdit([("sample_id".to_owned(), Some("S1".to_owned()))].into());
    raw.file_metadata_get().file_id(file).send().await?;
    raw.file_metadata_edit().file_id(file).body(metadata()).send().await?;
    raw.file_metadata_replace().file_id(file).body(metadata()).send().await?;
    let tags = types::FileTagsReplace(vec!["dna".to_owned()]);
    assert_eq!(*raw.file_tags_replace().file_id(file).body(tags).send().await?.into_inner(), ["dna"]);
    let copy = types::FileCopy { parent: Some(folder.clone()), ..Default::default() };
    raw.file_copy().file_id(file).body(copy).send().await?;
    let to = types::FileMove { parent: folder.clone(), name: Some("c".to_owned()) };
    raw.file_move().file_id(file).body(to).send().await?;
    assert_eq!(raw.folder_list().folder_id(&folder).send().await?.into_inner().items.len(), 2);
    raw.file_download_info().file_id(file).send().await?;
    raw.file_delete().file_id(file).send().await?;
    Ok(())
}

async fn projects_by_raw_calls(raw: &sbg::raw::Client, project: &ProjectId) -> Result<()> {
    let (owner, name) = (project.owner(), project.project());
    let create = types::ProjectCreate {
        name: "Another".to_owned(),
        billing_group: None,
        description: None,
        settings: None,
        tags: Vec::new(),
    };
    raw.project_create().body(create).send().await?;
    raw.project_list().name("another").send().await?;
    raw.project_list_by_owner().owner(owner).send().await?;
    raw.project_get().project_owner(owner).project(name).fields("id").send().await?;
    let edit = types::ProjectEdit { name: Some("Renamed".to_owned()), ..Default::default() };
    raw.project_edit().project_owner(owner).project(name).body(edit).send().await?;

    let permissions = Permissions::new().copy(true);
    let add = types::MemberAdd {
        username: Some("fcrick".to_owned()),
        email: None,
        type_: None,
        permissions: permissions.to_edit(),
    };
    raw.project_member_add().project_owner(owner).project(name).body(add).send().await?;
    raw.project_member_list().project_owner(owner).project(name).send().await?;
    raw.project_member_get().project_owner(owner).project(name).username("fcrick").send().await?;
    let call = raw.project_member_permissions_edit().project_owner(owner).project(name).username("fcrick");
    call.body(permissions.to_edit()).send().await?;
    let call = raw.project_member_permissions_replace().project_owner(owner).project(name).username("fcrick");
    call.body(permissions.to_replace()).send().await?;
    raw.project_member_remove().project_owner(owner).project(name).username("fcrick").send().await?;
    raw.project_delete().project_owner(owner).project(name).send().await?;
    Ok(())
}

#[tokio::test]
async fn raw_call_error_matches_the_handle_error() -> Result<()> {
    let stage = Stage::start().await;
    let raw = stage.client.raw().file_get().file_id("5678").send().await.map(drop);
    let (raw, handle) =
        (sbg::Error::from(raw.unwrap_err()), stage.client.file("5678").get().await.unwrap_err());
    let facts = |error: &sbg::Error| {
        (
            error.kind(),
            error.status(),
            error.code(),
            error.operation(),
            error.attempts(),
            error.message().to_owned(),
        )
    };
    assert_eq!(facts(&raw), facts(&handle));
    assert!(raw.request_id().is_some() && raw.is_not_found());
    Ok(())
}
