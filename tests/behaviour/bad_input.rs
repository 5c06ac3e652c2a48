//! Input that breaks a rule of the platform is refused before a request is sent, by the handles of all areas, with an error that says
//! what to do.

use anyhow::Result;
use jiff::civil::date;
use sbg::members::{NewMember, Permissions};
use sbg::tasks::{ExecutionSettings, TaskValue};
use sbg::types::{File, TaskOrder, TaskOrderBy};
use sbg::volumes::{Credentials, Service};
use sbg::{Client, ErrorKind, Fields};
use sbg_emulator::Emulator;
use sbg_tests::{Stage, assert_refused};
use serde_json::json;

const INVALID: ErrorKind = ErrorKind::InvalidInput;
const TASK: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";

/// Expressions that must be refused, with words of their errors.
macro_rules! refused {
    ($($call:expr => $($word:literal),+;)*) => {
        $(assert_refused($call, INVALID, &[$($word),+]);)*
    };
}

async fn stage() -> Stage {
    Stage::tuned(Emulator::builder(), |client| client.advance_access(true)).await
}

/// A file or a folder as in a list response.
fn listed(kind: &str) -> File {
    serde_json::from_value(json!({"id": "567890abc9b0307bc0414164", "type": kind})).expect("a file")
}

#[tokio::test]
async fn malformed_id_errors_show_the_expected_form() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    refused! {
        client.project("demo").get().await => "not a project id: `demo`", "`owner/project`";
        client.project("demo").edit().name("x").await => "not a project id";
        client.project("demo").delete().await => "not a project id";
        client.project("demo").files().query().all().await => "not a project id";
        client.project("demo").files().resolve_path("x").await => "not a project id";
        client.project("demo").files().walk().entries().try_next().await => "not a project id";
        client.project("demo").tasks().query().all().await => "not a project id";
        client.project("demo").tasks().create("a/b/c").await => "not a project id";
        client.project("demo").apps().query().all().await => "not a project id";
        client.project("demo").members().query().all().await => "not a project id";
        client.project("demo").members().add(NewMember::user("c"), Permissions::new()).await => "not a project id";
        client.project("demo").members().member("c").get().await => "not a project id";
        client.project("demo").members().member("c").remove().await => "not a project id";
        client.app("a/b").get().await => "not an app id: `a/b`", "`owner/project/app[/revision]`";
        client.app("a/b/c/latest").raw().await => "the revision is not a whole number";
        client.app("a/b").revision(3).get().await => "not an app id";
        client.app("a/b").create_revision(json!({"class": "Workflow"})).await => "not an app id";
        client.app("a/b").copy_to("a/b").await => "not an app id";
        client.app("a/b").sync().await => "not an app id";
        client.volume("v").get().await => "not a volume id: `v`", "`owner/volume`";
        client.volume("v").edit().description("x").await => "not a volume id";
        client.volume("v").activate().await => "not a volume id";
        client.volume("v").delete().await => "not a volume id";
        client.volume("v").list().all().await => "not a volume id";
        client.volume("v").object("x").await => "not a volume id";
        client.volume("v").import("x").to("a/b").await => "not a volume id";
        client.volume("v").imports().all().await => "not a volume id";
        client.volume("v").members().query().all().await => "not a volume id";
        client.dataset("d").get().await => "not a dataset id: `d`", "`owner/dataset`";
        client.dataset("d").edit().name("x").await => "not a dataset id";
        client.dataset("d").delete().await => "not a dataset id";
        client.dataset("d").files().all().await => "not a dataset id";
        client.dataset("d").members().query().all().await => "not a dataset id";
        client.automation("a/b").members().query().all().await => "not an automation id";
        client.team("a/b").members().query().all().await => "not a team id";
        client.task("x").get().await => "not a task id: `x`", "`UUID`";
        client.task("x").run().await => "not a task id";
        client.task("x").edit().name("y").await => "not a task id";
        client.task("x").inputs().get().await => "not a task id";
        client.task("x").wait().await => "not a task id";
        client.tasks().query().parent("x").page().await => "not a task id";
        client.tasks().query().project("demo").page().await => "not a project id: `demo`";
        client.tasks().create("a/b", "a/b").await => "not an app id";
        client.tasks().create("a/b/c", "b").await => "not a project id";
        client.task(TASK).edit().app("a").await => "not an app id";
        client.task(TASK).edit().project("a").await => "not a project id";
        client.apps().query().project("a").page().await => "not a project id";
        client.apps().query().id("a").page().await => "not an app id";
        client.apps().install("a", json!({"class": "Workflow"})).await => "not an app id";
        client.app("a/b/c").copy_to("demo").await => "not a project id";
        client.files().query().project("demo").page().await => "not a project id";
        client.files().query().dataset("demo").page().await => "not a dataset id";
        client.files().query().project("a/b").origin_task("x").page().await => "not a task id";
        client.files().query().parent("a/b").page().await => "not a folder id";
        client.imports().query().volume("v").page().await => "not a volume id";
        client.imports().query().project("p").page().await => "not a project id";
        client.imports().start("v", "x").to("a/b").await => "not a volume id";
        client.imports().start("a/v", "x").to("demo").await => "not a project id";
        client.exports().query().volume("v").page().await => "not a volume id";
        client.exports().start("5f1", "v", "x").await => "not a volume id";
        client.exports().start("a/b", "a/v", "x").await => "not a file id";
        client.import("a/b").get().await => "not an import id";
        client.export("a b").wait().await => "not an export id";
        client.drs_import("").get().await => "not a DRS import id", "it is empty";
        client.billing_group("my-group").get().await => "not a billing group id: `my-group`", "`UUID`";
        client.billing_group("x").storage_breakdown().page().await => "not a billing group id";
        client.invoices().query().billing_group("x").page().await => "not a billing group id";
        client.invoice("a/b").get().await => "not an invoice id";
        client.projects().create("x").billing_group("y").await => "not a billing group id";
        client.project("a/b").edit().billing_group("y").await => "not a billing group id";
        client.automations().create("x").billing_group("y").await => "not a billing group id";
        client.automation("a/b").get().await => "not an automation id";
        client.automation_run("").get().await => "not a run id";
        client.automation_runs().query().project("x").page().await => "not a project id";
        client.automation_package("a/b").get().await => "not a package id";
        client.marker("a/b").get().await => "not a marker id";
        client.markers().query("a/b").page().await => "not a file id";
        client.team("").get().await => "not a team id";
        client.teams().query("a/b").page().await => "not a division id";
        client.division("a b").get().await => "not a division id";
        client.user("a/b/c").disable().await => "not a username";
        client.projects().query().owner("a/b").page().await => "not an owner";
        client.files().bulk_copy(["a"], "demo").await => "not a project id";
    }
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn wrong_file_kind_is_rejected() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let (file, folder) = (listed("file"), listed("folder"));
    refused! {
        client.file(&folder).copy_to("a/b").await => "is a folder, and only files can be copied", "`jobs`";
        client.file(&folder).download_info().await => "only files can be downloaded";
        client.file(&folder).download("x").await => "only files can be downloaded";
        client.file(&folder).content().await => "only files can be read";
        client.file(&folder).edit().tags(["x"]).await => "only files can be tagged";
        client.file(&folder).metadata().merge([("a", "b")]).await => "only files can be described";
        client.file(&folder).metadata().overwrite([("a", "b")]).await => "only files can be described";
        client.file(&folder).edit().tags(["x"]).await => "only files can be tagged and described";
        client.file(&file).list().page().await => "is a file, not a folder";
        client.file(&file).walk().entries().try_next().await => "is a file, not a folder";
        client.file("5f1").move_to(&file).await => "is a file, not a folder";
        client.file("5f1").copy_to(&file).await => "is a file, not a folder";
        client.files().query().parent(&file).page().await => "is a file, not a folder";
        client.files().create_folder("x", &file).await => "is a file, not a folder";
        client.file("5f1").content().limit(0).await => "at least 1 byte";
    }
    stage.assert_no_requests();
    // If the kind is unknown, the platform refuses the call.
    let folder = client.files().create_folder("x", &stage.project).await?;
    let copy = client.file(&folder.id).copy_to(&stage.project).await;
    assert_refused(copy, ErrorKind::InvalidRequest, &["file_copy", "5018"]);
    Ok(())
}

#[tokio::test]
async fn conflicting_filters_are_rejected() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let group = || client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d");
    let fields = || Fields::only(["name"]);
    refused! {
        client.files().query().page().await => "set where to list files: a project, a parent folder or a dataset";
        client.files().query().project("a/b").parent("c").page().await => "set only one of";
        client.projects().query().owner("a").category("PRIVATE").page().await => "cannot be filtered by category";
        client.datasets().query().owner("a").public().page().await => "cannot be filtered by visibility";
        group().analysis_breakdown().date_from(date(2024, 4, 2)).date_to(date(2024, 4, 1)).page().await => "the date range is reversed";
        group().egress_breakdown().date_from(date(2024, 4, 2)).invoice("1").page().await => "set one of them, not both";
        client.projects().query().tag("a,b").page().await => "no comma", "`a,b`";
        client.apps().query().search(" ").page().await => "a search term for apps is empty";
        client.jobs().query().fields(fields()).page().await => "jobs do not support field selection";
        client.automations().query().fields(fields()).page().await => "do not support field selection";
        client.automation_runs().query().fields(fields()).page().await => "do not support field selection";
        client.team("t").members().query().fields(fields()).page().await => "do not support field selection";
        client.users().query("").page().await => "the division is empty";
        client.tasks().query().page_size(0).page().await => "the page size must be from 1 to 100, not 0";
        client.volumes().query().page_size(101).items().try_next().await => "the page size must be from 1 to 100, not 101";
        client.tasks().query().order_by(TaskOrderBy::Name, TaskOrder::Asc).page_size(1000).page().await => "not 1000";
    }
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn empty_edits_are_rejected() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let member = |client: &Client| client.project("a/b").members().member("c");
    refused! {
        client.project("a/b").edit().await => "changes nothing";
        client.project("a/b").edit().name(" ").await => "a project needs a name";
        client.file("a").edit().await => "changes nothing";
        client.task(TASK).edit().await => "changes nothing";
        client.task(TASK).inputs().edit().await => "changes nothing";
        client.volume("a/b").edit().await => "changes nothing";
        client.dataset("a/b").edit().await => "changes nothing";
        client.marker("m").edit().await => "changes nothing";
        client.automation("a").edit().await => "changes nothing";
        client.automation_run("a").edit().await => "changes nothing";
        client.automation_package("a").edit().await => "changes nothing";
        member(client).edit_permissions(Permissions::new()).await => "changes nothing";
    }
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn invalid_names_and_values_are_never_sent() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let s3 = || Service::s3("bucket", "AKIAIOSFODNN7EXAMPLE", "secret");
    let run = || client.tasks().create("a/b/c", "a/b");
    refused! {
        client.files().create_folder("a/b", "a/b").await => "has a slash";
        client.file("a").edit().name("b/c").await => "has a slash";
        client.file("a").copy_to("a/b").name("").await => "is empty";
        client.app("a/b/c").copy_to("a/b").name("d/e").await => "has a slash";
        client.projects().create(" ").await => "a project needs a name";
        client.teams().create("d", "").await => "a team needs a name";
        client.volumes().create("a-b", s3()).await => "invalid volume name `a-b`";
        client.volume("a/b").edit().credentials(Credentials::access_key("", "s")).await => "the access key id is empty";
        client.imports().start("a/v", "in/").to("f").name("a b").await => "invalid name `a b` of an imported folder";
        client.exports().start("f", "a/v", "out/").await => "not end with a slash";
        run().batch_by_item("").await => "the batch input is empty";
        run().batch_by_metadata("reads", [""; 0]).await => "at least one field";
        run().without_batch().await => "set `run(true)`";
        run().name("").await => "the name of the task is empty";
        run().input("reads", TaskValue::file("a/b")).await => "not a file id";
        run().input("", 1).await => "the identifier of an input is empty";
        run().execution_settings(ExecutionSettings::new().max_parallel_instances(0)).await => "must be from 1";
        client.apps().install("a/b/c", json!([])).await => "a JSON object that is not empty";
        client.apps().install("a/b/c/1", json!({"class": "Workflow"})).await => "no revision in its id: use `a/b/c`";
        client.markers().create("f", "x", "chr1", 3, 2).await => "the marker ends before it starts";
        client.automations().create("").await => "an automation needs a name";
        client.automations().create("x").memory_limit(0).await => "at least 1 megabyte";
        client.automation_runs().create("p").inputs(json!([1])).await => "the inputs must be a JSON object";
        client.drs_imports().start([]).await => "1 to 100 files, not 0";
        client.volume("a/b").members().add(NewMember::email("a@b"), Permissions::new()).await => "by username";
        client.volume("a/b").members().add(NewMember::user("c"), Permissions::new().execute(true)).await => "no execute permission";
        client.dataset("a/b").members().add(NewMember::team("t"), Permissions::new()).await => "NewMember::user(username)";
        client.automation("a").members().add(NewMember::division("d"), Permissions::new()).await => "not divisions";
        client.team("t").members().add(NewMember::team("u"), Permissions::new()).await => "NewMember::user(username)";
        client.team("t").members().add(NewMember::user("u"), Permissions::new().write(true)).await => "no permissions of their own";
        client.team("t").members().member("u").edit_permissions(Permissions::new().write(true)).await => "no permissions of their own";
    }
    stage.assert_no_requests();
    Ok(())
}
