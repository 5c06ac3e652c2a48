//! Valid ids, and the errors for invalid ones.

use std::collections::HashMap;

use super::*;

/// Takes an id like a method of the client.
fn project(id: impl IntoId<ProjectId>) -> Result<ProjectId, InvalidId> {
    id.into_id()
}

#[test]
fn project_id_has_two_parts() {
    let check = |text: &str, expected: &str| {
        let got = match text.parse::<ProjectId>() {
            Ok(id) => format!("{} + {}", id.owner(), id.project()),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{text:?}");
    };
    let form = "expected `owner/project`, as in `rfranklin/my-project`)";
    check("rfranklin/my-project", "rfranklin + my-project");
    check("RFranklin/Exome_2.b", "RFranklin + Exome_2.b");
    check("bücher/größe", "bücher + größe");
    check("a/...", "a + ...");
    check("demo", &format!("not a project id: `demo` ({form}"));
    check("", &format!("not a project id: `` ({form}"));
    check("a/b/c", &format!("not a project id: `a/b/c` ({form}"));
    check("/a/b", &format!("not a project id: `/a/b` ({form}"));
    check("a/", &format!("not a project id: `a/` (a part is empty; {form}"));
    check("/", &format!("not a project id: `/` (a part is empty; {form}"));
    check("a/..", &format!("not a project id: `a/..` (`.` and `..` are not names; {form}"));
    check("./b", &format!("not a project id: `./b` (`.` and `..` are not names; {form}"));
    check("a/b ", &format!("not a project id: `a/b ` (a space is not allowed; {form}"));
    check("a/b\n", &format!("not a project id: `a/b\\n` (`\\n` is not allowed; {form}"));
    check("a/b?x", &format!("not a project id: `a/b?x` (`?` is not allowed; {form}"));
    check("a/b#x", &format!("not a project id: `a/b#x` (`#` is not allowed; {form}"));
    check("a/%2e", &format!("not a project id: `a/%2e` (`%` is not allowed; {form}"));
    check("a\\c/b", &format!("not a project id: `a\\c/b` (`\\\\` is not allowed; {form}"));
    check("a/b\0", &format!("not a project id: `a/b\\0` (`\\0` is not allowed; {form}"));
}

#[test]
fn app_id_may_have_a_revision() {
    let check = |text: &str, expected: Option<(&str, &str, &str, Option<u32>)>| {
        let id = text.parse::<AppId>();
        let got = id.as_ref().ok().map(|id| (id.owner(), id.project(), id.app(), id.revision()));
        assert_eq!(got, expected, "{text:?}");
    };
    check("admin/public/bwa", Some(("admin", "public", "bwa", None)));
    check("admin/public/bwa/0", Some(("admin", "public", "bwa", Some(0))));
    check("admin/public/bwa/4294967295", Some(("admin", "public", "bwa", Some(u32::MAX))));
    check("admin/public/bwa/4294967296", None);
    check("admin/public/bwa/latest", None);
    check("admin/public/bwa/+1", None);
    check("admin/public/bwa/01", None);
    check("admin/public/bwa/", None);
    check("admin/public/bwa/1/raw", None);
    check("admin/public", None);
    check("/public/bwa/1", None);

    let id: AppId = "admin/public/bwa/2".parse().unwrap();
    assert_eq!(id.with_revision(7), "admin/public/bwa/7");
    assert_eq!(id.without_revision(), "admin/public/bwa");
    assert_eq!(id.without_revision().with_revision(0), "admin/public/bwa/0");
    assert_eq!(id.project_id(), "admin/public");
    assert_eq!(
        "bwa".parse::<AppId>().unwrap_err().to_string(),
        "not an app id: `bwa` (expected `owner/project/app[/revision]`, as in `rfranklin/my-project/my-app/3`)"
    );
    assert!(
        "a/b/c/x".parse::<AppId>().unwrap_err().to_string().contains("the revision is not a whole number")
    );
}

#[test]
fn volume_and_dataset_ids_have_an_owner() {
    let volume: VolumeId = "rfranklin/bucket".parse().unwrap();
    assert_eq!((volume.owner(), volume.volume()), ("rfranklin", "bucket"));
    let dataset: DatasetId = "admin/tcga".parse().unwrap();
    assert_eq!((dataset.owner(), dataset.dataset()), ("admin", "tcga"));
    let error = "bucket".parse::<VolumeId>().unwrap_err();
    assert_eq!(
        (error.kind(), error.given(), error.expected()),
        ("volume id", "bucket", Some("owner/volume"))
    );
    assert_eq!("x".parse::<DatasetId>().unwrap_err().kind(), "dataset id");
}

#[test]
fn plain_id_is_one_segment() {
    let check = |kind, text, expected: Result<&str, &str>| {
        let got = check_segment(kind, text).map_err(|error| error.to_string());
        assert_eq!(got, expected.map_err(str::to_owned), "{text:?}");
    };
    check("file id", "5f7d0a3ce4b0a1c2d3e4f5a6", Ok("5f7d0a3ce4b0a1c2d3e4f5a6"));
    check("user name", "john.smith", Ok("john.smith"));
    check("user name", "jane+lab@example.com", Ok("jane+lab@example.com"));
    check("upload id", "", Err("not an upload id: `` (it is empty)"));
    check("file id", "a/b", Err("not a file id: `a/b` (`/` is not allowed)"));
    check("user name", "..", Err("not a user name: `..` (`.` and `..` are not names)"));
    check("import id", "a b", Err("not an import id: `a b` (a space is not allowed)"));
    check("task id", "a\u{a0}b", Err("not a task id: `a\u{a0}b` (`\\u{a0}` is not allowed)"));

    let error = check_segment("user name", "rf\t").unwrap_err();
    assert_eq!((error.given(), error.expected()), ("rf\\t", None));
}

#[test]
fn task_and_billing_group_ids_are_uuids() {
    let check = |id: &str, expected: Option<&str>| {
        let error = check_uuid("task id", id).err();
        assert_eq!(error.map(|error| error.to_string()).as_deref(), expected, "{id:?}");
    };
    let id = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
    check(id, None);
    check(&id.to_uppercase(), None);
    check("", Some("not a task id: `` (it is empty)"));
    check("a/b", Some("not a task id: `a/b` (`/` is not allowed)"));
    for wrong in [
        "x",
        "my-task",
        "3f1b7c6e1b7c4f0e9a570e3b6c2a9d11",
        "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11-",
        "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11-0",
        "3g1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    ] {
        let form = format!("(expected `UUID`, as in `{id}`)");
        check(wrong, Some(&format!("not a task id: `{wrong}` {form}")));
    }
}

#[test]
fn ids_convert_from_strings_and_ids() {
    let id = project("rfranklin/demo").unwrap();
    let text = "rfranklin/demo".to_owned();
    assert_eq!(project(&text).unwrap(), id);
    assert_eq!(project(text).unwrap(), id);
    assert_eq!(project(&id).unwrap(), id);
    assert_eq!(project(id.clone()).unwrap(), id);
    assert!(project("demo").is_err());

    assert_eq!(id.as_ref(), id.as_str());
    assert_eq!(format!("{id:>16}|"), "  rfranklin/demo|");
    assert_eq!(String::from(id.clone()), "rfranklin/demo");
    assert_eq!(HashMap::from([(id, 1)]).get("rfranklin/demo"), Some(&1));
}

#[test]
fn id_errors_quote_a_short_excerpt() {
    let error = "x".repeat(10_000).parse::<ProjectId>().unwrap_err();
    assert_eq!(error.given().chars().count(), 61);
    assert!(error.given().ends_with('…'));
    assert_eq!(excerpt("añb\r\n", 3), "añb…");
}

#[test]
fn ids_are_validated_when_deserialized() {
    let id: ProjectId = serde_json::from_str("\"rfranklin/my-project\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"rfranklin/my-project\"");
    let error = serde_json::from_str::<VolumeId>("\"my-volume\"").unwrap_err().to_string();
    assert!(error.starts_with("not a volume id: `my-volume`"), "{error}");
}

#[test]
fn usernames_may_have_a_division() {
    let check = |text: &str, expected: bool| {
        assert_eq!(check_username("username", text).is_ok(), expected, "{text}");
    };
    check("rfranklin", true);
    check("kings-college/rfranklin", true);
    check("", false);
    check("kings-college/", false);
    check("../rfranklin", false);
    check("a/b/c", false);
    check("r franklin", false);
}
