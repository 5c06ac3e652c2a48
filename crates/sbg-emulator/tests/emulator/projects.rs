//! Projects.

use serde_json::json;

use crate::TestEnv;

#[tokio::test]
async fn created_project_is_listed_and_read() {
    let env = TestEnv::start().await;
    let made =
        env.post("/projects", json!({"name": "My new project", "tags": ["a"], "description": "d"})).await;
    assert_eq!(made.text("id"), "rfranklin/my-new-project");
    assert_eq!(made.text("root_folder").len(), 24);
    let read = env.get("/projects/rfranklin/my-new-project").await;
    assert_eq!(read.json, made.json);
    assert_eq!(read.json["permissions"]["admin"], true);
    assert_eq!(read.text("created_on").len(), "2019-04-24T11:51:20Z".len());
    assert_eq!(env.get("/projects").await.column("id"), ["rfranklin/my-new-project"]);
}

#[tokio::test]
async fn project_needs_unique_name_and_billing_group() {
    let mut env = TestEnv::start().await;
    assert_eq!(env.post("/projects", json!({})).await.code(), 3007);
    assert_eq!(env.post("/projects", json!({"name": " "})).await.code(), 3007);
    assert_eq!(env.post("/projects", json!({"name": 5})).await.code(), 90000);
    env.emulator.create_project("My Project");
    let taken = env.post("/projects", json!({"name": "my project"})).await;
    assert_eq!((taken.status.as_u16(), taken.code()), (409, 3003));
    let paid_by = |group: &str| json!({"name": "x", "billing_group": group});
    assert_eq!(env.post("/projects", paid_by("nobody")).await.code(), 4005);
    assert_eq!(env.post("/projects", paid_by("00000000-0000-4000-8000-000000000000")).await.code(), 4002);
    env.as_user("fcrick");
    assert_eq!(env.post("/projects", json!({"name": "x"})).await.code(), 3008);
}

#[tokio::test]
async fn projects_are_filtered_by_owner_name_and_tags() {
    let env = TestEnv::start().await;
    env.post("/projects", json!({"name": "RNA study", "tags": ["rna", "human"]})).await;
    env.post("/projects", json!({"name": "DNA study", "tags": ["human"]})).await;
    let ids = async |query: &str| env.get(query).await.column("name");
    assert_eq!(ids("/projects?name=rna").await, ["RNA study"]);
    assert_eq!(ids("/projects?name=STUDY").await, ["DNA study", "RNA study"]);
    assert_eq!(ids("/projects?tags=human,rna").await, ["RNA study"]);
    assert_eq!(ids("/projects/rfranklin?tags=human").await, ["DNA study", "RNA study"]);
    assert!(ids("/projects/fcrick").await.is_empty());
}

#[tokio::test]
async fn project_edit_changes_only_given_fields() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let edited =
        env.patch("/projects/rfranklin/demo", json!({"name": "Renamed", "settings": {"locked": true}})).await;
    assert_eq!(edited.text("name"), "Renamed");
    assert_eq!(edited.text("id"), "rfranklin/demo");
    assert_eq!(edited.json["settings"]["locked"], true);
    assert_eq!(edited.json["settings"]["use_interruptible_instances"], true);
    let wrong = json!({"name": "Again", "settings": {"locked": "yes"}});
    assert_eq!(env.patch("/projects/rfranklin/demo", wrong).await.code(), 90000);
    assert_eq!(env.get("/projects/rfranklin/demo").await.text("name"), "Renamed");
}

#[tokio::test]
async fn deleted_project_loses_its_files() {
    let env = TestEnv::start().await;
    let file = env.file("ACGT");
    let url = env.download_url(&file).await;
    assert_eq!(env.delete("/projects/rfranklin/demo").await.status, 200);
    assert_eq!(env.get("/projects/rfranklin/demo").await.code(), 3002);
    assert_eq!(env.get(&format!("/files/{file}")).await.code(), 5002);
    assert_eq!(env.read(&url, None).await.unwrap().status(), 404);
}

#[tokio::test]
async fn strangers_see_nothing_and_readers_cannot_edit() {
    let mut env = TestEnv::start().await;
    env.emulator.create_project("demo");
    env.as_user("fcrick");
    assert_eq!(env.get("/projects/rfranklin/demo").await.code(), 3001);
    assert!(env.get("/projects").await.column("id").is_empty());
    env.as_user("rfranklin");
    let reader = json!({"username": "fcrick", "permissions": {"read": true}});
    env.post("/projects/rfranklin/demo/members", reader).await;
    env.as_user("fcrick");
    assert_eq!(env.get("/projects/rfranklin/demo").await.json["permissions"]["write"], false);
    assert_eq!(env.patch("/projects/rfranklin/demo", json!({"description": "x"})).await.code(), 3001);
    assert_eq!(env.delete("/projects/rfranklin/demo").await.code(), 3001);
}
