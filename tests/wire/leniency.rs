//! Responses that deviate slightly from the specification are accepted.

use anyhow::Result;
use sbg::ErrorKind;
use sbg::types::{FileType, MemberType, UserRole};
use sbg_tests::assert_refused;
use serde_json::json;

use crate::{Seen, Wire, project, response};

#[tokio::test]
async fn odd_field_does_not_break_a_page() -> Result<()> {
    let wire = Wire::answering(json!({
        "href": null,
        "items": [
            {"id": "1", "name": null, "type": "FOLDER", "size": null, "tags": null, "metadata": null},
            {"id": "2", "type": "SYMLINK", "brand_new_field": {"deep": [1, 2]}, "size": i64::MAX},
            {"id": "3", "origin": null, "storage": {"type": "TAPE"}, "metadata": {"a": 1, "b": ["x"], "c": null}},
        ],
        "links": null,
    }))
    .await;
    let page = wire.client.files().query().project(project()).page().await?;
    assert_eq!(page.items[0].type_, Some(FileType::Folder));
    assert_eq!(page.items[1].type_, Some(FileType::Other("SYMLINK".to_owned())));
    assert_eq!((page.items[1].size, page.items.len(), page.total), (Some(i64::MAX), 3, None));
    assert!(!page.has_next());
    Ok(())
}

#[tokio::test]
async fn unknown_roles_and_types_are_preserved() -> Result<()> {
    let wire =
        Wire::answering(json!({"username": "x", "role": "WIZARD", "type": "ROBOT", "permissions": {}})).await;
    let role = wire.client.users().me().await?.role;
    assert_eq!(role.as_ref().map(UserRole::as_str), Some("WIZARD"));
    let kind = wire.client.project(project()).members().member("x").get().await?.type_;
    assert_eq!(kind, Some(MemberType::Other("ROBOT".to_owned())));
    Ok(())
}

#[tokio::test]
async fn response_without_an_id_is_an_error() -> Result<()> {
    let wire = Wire::answering(json!({"name": "no id"})).await;
    let words = ["missing field `id`", "`{\"name\":\"no id\"}`"];
    assert_refused(wire.client.file("5678").get().await, ErrorKind::UnexpectedResponse, &words);
    Ok(())
}

#[tokio::test]
async fn null_metadata_is_empty() -> Result<()> {
    let wire = Wire::answering(json!(null)).await;
    assert!(wire.client.file("5678").metadata().get().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn errors_keep_text_codes_and_other_fields() {
    let said = json!({"status": "CONFLICT", "code": "NAME_TAKEN", "message": "Taken.", "names": ["a", "b"]});
    let wire = Wire::tuned(move |_| response(409, &said), |client| client).await;
    let error = wire.client.file("5678").get().await.unwrap_err();
    assert_eq!((error.message(), error.status(), error.code()), ("Taken.", Some(409), None));
    assert_eq!(json!(error.details()), json!({"code": "NAME_TAKEN", "names": ["a", "b"]}));
}

#[tokio::test]
async fn a_task_that_cannot_start_says_why() {
    const TASK: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
    let refusal =
        json!({"status": 400, "code": 7024, "message": "Task can not be started due to validation errors."});
    let task = json!({"id": TASK, "errors": ["Required input is not set: reads", {"message": "No file.", "input": "x"}]});
    let answer = move |seen: &Seen| {
        if seen.line().starts_with("POST") { response(400, &refusal) } else { response(200, &task) }
    };
    let wire = Wire::tuned(answer, |client| client).await;
    let error = wire.client.task(TASK).run().await.unwrap_err();
    assert_eq!(error.code(), Some(7024));
    assert_eq!(error.hint(), Some("errors of the task: Required input is not set: reads; No file."));
    let expected = json!(["Required input is not set: reads", {"message": "No file.", "input": "x"}]);
    assert_eq!(error.details()["errors"], expected);
    assert_eq!(wire.all().len(), 2);
}
