//! Datasets.

use serde_json::json;

use crate::TestEnv;

async fn env() -> TestEnv {
    let mut env = TestEnv::start().await;
    env.use_advance_access();
    env
}

#[tokio::test]
async fn datasets_need_advance_access() {
    let env = TestEnv::start().await;
    assert_eq!(env.get("/datasets").await.status, 403);
}

#[tokio::test]
async fn datasets_are_listed_by_member_or_owner() {
    let env = env().await;
    assert_eq!(env.get("/datasets").await.column("id"), ["rfranklin/b-form"]);
    assert_eq!(env.get("/datasets?visibility=public").await.column("id"), ["admin/reference-sequences"]);
    assert_eq!(env.get("/datasets/admin").await.column("id"), ["admin/reference-sequences"]);
    assert_eq!(env.get("/datasets/rfranklin/b-form").await.text("name"), "B form");
    assert_eq!(env.get("/datasets/rfranklin/none").await.status, 404);
}

#[tokio::test]
async fn dataset_files_are_read_and_copied() {
    let env = env().await;
    let files = env.get("/files?dataset=admin/reference-sequences").await;
    assert_eq!(files.column("name"), ["phix.fasta"]);
    let id = files.column("id")[0].clone();
    assert_eq!(
        env.get("/files/scroll?dataset=admin/reference-sequences&token=init").await.column("id"),
        [&*id]
    );
    let project = env.emulator.create_project("demo");
    let copy = env.post(&format!("/files/{id}/actions/copy"), json!({"project": project})).await;
    assert_eq!(copy.json["origin"], json!({"dataset": "admin/reference-sequences"}));
    assert_eq!(env.delete(&format!("/files/{id}")).await.code(), 5001);
    assert_eq!(env.get("/files?dataset=admin/reference-sequences&parent=1").await.code(), 5031);
}

#[tokio::test]
async fn dataset_is_shared_edited_and_deleted() {
    let mut env = env().await;
    let path = "/datasets/rfranklin/b-form";
    assert_eq!(env.patch(path, json!({"description": "Photo 51"})).await.text("description"), "Photo 51");
    let members = format!("{path}/members");
    let added = env.post(&members, json!({"username": "fcrick", "permissions": {"read": true}})).await;
    assert_eq!(added.json["permissions"]["write"], false);
    assert_eq!(env.get(&members).await.column("id"), ["fcrick", "rfranklin"]);
    let permissions = format!("{members}/fcrick/permissions");
    assert_eq!(env.patch(&permissions, json!({"copy": true})).await.status, 204);
    assert_eq!(env.get(&format!("{members}/fcrick")).await.json["permissions"]["copy"], true);
    env.as_user("fcrick");
    assert_eq!(env.get(path).await.status, 200);
    assert_eq!(env.patch(path, json!({"name": "Mine"})).await.code(), 90002);
    env.as_user("rfranklin");
    assert_eq!(env.delete(&format!("{members}/fcrick")).await.status, 204);
    assert_eq!(env.delete(&format!("{members}/rfranklin")).await.code(), 90002);
    assert_eq!(env.delete(path).await.status, 204);
    assert_eq!(env.get(path).await.status, 404);
}
