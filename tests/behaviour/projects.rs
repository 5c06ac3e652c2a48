//! Projects from creation to deletion.

use anyhow::Result;
use sbg::types::{IntermediateFilesEdit, ProjectCreateSettings, ProjectEditSettings};
use sbg::{ErrorKind, Fields};
use sbg_tests::{Stage, assert_refused};

fn ids(page: &sbg::Page<sbg::types::Project>) -> Vec<&str> {
    page.items.iter().map(|project| project.id.as_str()).collect()
}

#[tokio::test]
async fn project_is_created_with_all_settings() -> Result<()> {
    let stage = Stage::start().await;
    let billing_group = stage.client.project(&stage.project).get().await?.billing_group.expect("a group");
    let settings = ProjectCreateSettings {
        locked: Some(false),
        use_memoization: Some(true),
        location: Some("aws:us-west-2".to_owned()),
        intermediate_files: Some(IntermediateFilesEdit { duration: Some(48), ..Default::default() }),
        ..Default::default()
    };
    let project = stage
        .client
        .projects()
        .create("Fibre diffraction")
        .description("Patterns of the B form")
        .billing_group(&billing_group)
        .tags(["dna", "photograph 51"])
        .settings(settings)
        .await?;

    assert_eq!(project.id, "rfranklin/fibre-diffraction");
    let project = stage.client.project(&project.id).get().await?;
    assert_eq!(project.name.as_deref(), Some("Fibre diffraction"));
    assert_eq!(project.description.as_deref(), Some("Patterns of the B form"));
    assert_eq!(project.billing_group, Some(billing_group));
    assert_eq!(project.tags.as_deref(), Some(&["dna".to_owned(), "photograph 51".to_owned()][..]));
    assert_eq!(project.created_by.as_deref(), Some("rfranklin"));
    let settings = project.settings.expect("settings");
    assert_eq!(settings.use_memoization, Some(true));
    assert_eq!(settings.location.as_deref(), Some("aws:us-west-2"));
    let kept_for = settings.intermediate_files.and_then(|files| files.duration);
    assert_eq!(kept_for.and_then(|hours| hours.as_i64()), Some(48));
    Ok(())
}

#[tokio::test]
async fn duplicate_project_name_is_a_conflict() -> Result<()> {
    let stage = Stage::start().await;
    let error = assert_refused(
        stage.client.projects().create("demo").send().await,
        ErrorKind::Conflict,
        &["project_create", "HTTP 409", "code 3003"],
    );
    assert!(error.is_conflict());
    assert_eq!(error.code_info().map(|info| info.status), Some(409));
    Ok(())
}

#[tokio::test]
async fn projects_are_found_by_every_filter() -> Result<()> {
    let stage = Stage::start().await;
    let client = &stage.client;
    client.projects().create("Fibre diffraction").tags(["dna", "x-ray"]).await?;
    client.projects().create("Tobacco mosaic virus").tags(["rna", "x-ray"]).await?;
    stage.emulator.clear_requests();

    assert_eq!(ids(&client.projects().query().page().await?).len(), 3);
    assert_eq!(
        ids(&client.projects().query().name("MOSAIC").page().await?),
        ["rfranklin/tobacco-mosaic-virus"]
    );
    assert_eq!(ids(&client.projects().query().tag("x-ray").page().await?).len(), 2);
    let both = client.projects().query().tag("x-ray").tag("dna").page().await?;
    assert_eq!(ids(&both), ["rfranklin/fibre-diffraction"]);
    assert_eq!(ids(&client.projects().query().owner("fcrick").page().await?), [""; 0]);
    assert_eq!(ids(&client.projects().query().owner("rfranklin").tag("rna").page().await?).len(), 1);
    assert_eq!(ids(&client.projects().query().category("PRIVATE").page_size(2).page().await?).len(), 2);

    let asked = stage.calls("GET", "/projects");
    assert_eq!(asked.last().expect("a request").query_values("category"), ["PRIVATE"]);
    assert_eq!(stage.calls("GET", "/projects/rfranklin").len(), 1);
    Ok(())
}

#[tokio::test]
async fn project_list_is_short_unless_fields_are_set() -> Result<()> {
    let stage = Stage::start().await;
    let short = &stage.client.projects().query().all().await?[0];
    assert_eq!((short.name.as_deref(), short.description.as_ref()), (Some("demo"), None));
    let full = &stage.client.projects().query().fields(Fields::all()).all().await?[0];
    assert!(full.description.is_some() && full.settings.is_some());
    let named = &stage.client.projects().query().fields(Fields::only(["description"])).all().await?[0];
    assert_eq!((named.id.as_str(), named.name.as_ref()), (stage.project.as_str(), None));
    assert!(named.description.is_some());
    Ok(())
}

#[tokio::test]
async fn project_is_fetched_with_selected_fields() -> Result<()> {
    let stage = Stage::start().await;
    let handle = stage.client.project("rfranklin/demo");
    let project = handle.get().fields(Fields::only(["tags", "permissions"])).await?;
    assert_eq!(project.id, "rfranklin/demo");
    assert_eq!(project.permissions.expect("permissions").admin, Some(true));
    assert_eq!(project.name, None);
    let project = handle.get().fields(Fields::all().without("settings")).await?;
    assert!(project.name.is_some() && project.settings.is_none());
    Ok(())
}

#[tokio::test]
async fn project_edit_keeps_unset_fields() -> Result<()> {
    let stage = Stage::start().await;
    let handle = stage.client.project(&stage.project);
    handle.edit().description("first").tags(["a"]).await?;
    let edited = handle.edit().name("Renamed").await?;
    assert_eq!(edited.id, "rfranklin/demo", "the id stays");
    let project = handle.get().await?;
    assert_eq!(project.name.as_deref(), Some("Renamed"));
    assert_eq!(project.description.as_deref(), Some("first"));
    assert_eq!(project.tags.as_deref(), Some(&["a".to_owned()][..]));

    let settings = ProjectEditSettings { use_memoization: Some(true), ..Default::default() };
    let billing_group = project.billing_group.expect("a group");
    handle.edit().settings(settings).billing_group(billing_group).tags([""; 0]).await?;
    let project = handle.get().await?;
    let settings = project.settings.expect("settings");
    assert_eq!((settings.use_memoization, settings.locked), (Some(true), Some(false)));
    assert_eq!(project.tags, Some(Vec::new()));
    Ok(())
}

#[tokio::test]
async fn deleted_project_error_shows_the_id_form() -> Result<()> {
    let stage = Stage::start().await;
    let handle = stage.client.project(&stage.project);
    handle.delete().await?;
    let error = assert_refused(
        handle.get().await,
        ErrorKind::NotFound,
        &["project_get", "code 3002", "`owner/short-name`", "not its displayed name"],
    );
    assert!(error.is_not_found());
    Ok(())
}

#[tokio::test]
async fn invalid_project_calls_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let client = &stage.client;
    let handle = client.project(&stage.project);
    let invalid = ErrorKind::InvalidInput;
    assert_refused(handle.edit().await, invalid, &["changes nothing"]);
    assert_refused(client.projects().create(" ").await, invalid, &["a project needs a name"]);
    assert_refused(client.projects().create("x").tags(["a,b"]).await, invalid, &["no comma", "`a,b`"]);
    assert_refused(handle.edit().tags([""]).await, invalid, &["a tag must have text"]);
    assert_refused(client.projects().query().tag("a,b").page().await, invalid, &["no comma"]);
    assert_refused(client.projects().query().owner("a/b").page().await, invalid, &["not an owner: `a/b`"]);
    let both = client.projects().query().owner("fcrick").category("PRIVATE").page().await;
    assert_refused(both, invalid, &["cannot be filtered by category"]);
    stage.assert_no_requests();
    Ok(())
}
