//! Markers on the genome.

use serde_json::{Value, json};

use crate::TestEnv;

fn marker(file: &str) -> Value {
    json!({"file": file, "name": "variant", "chromosome": "chr1", "position": {"start": 10, "end": 20}, "private": true})
}

#[tokio::test]
async fn marker_is_created_edited_and_deleted() {
    let env = TestEnv::start().await;
    let file = env.file("x");
    let made = env.post("/genome/markers", marker(&file)).await;
    let path = format!("/genome/markers/{}", made.text("id"));
    assert_eq!(
        (made.text("created_by"), &made.json["position"]["end"]),
        ("rfranklin".to_owned(), &20.into())
    );
    let edited = env.patch(&path, json!({"name": "other", "position": {"end": 30}})).await;
    assert_eq!(
        (edited.text("name"), &edited.json["position"]),
        ("other".to_owned(), &json!({"start": 10, "end": 30}))
    );
    assert_eq!(env.get(&format!("/genome/markers?file={file}")).await.column("name"), ["other"]);
    assert_eq!(env.delete(&path).await.status, 204);
    assert_eq!(env.get(&path).await.status, 404);
}

#[tokio::test]
async fn marker_needs_position_and_write_permission() {
    let mut env = TestEnv::start().await;
    let file = env.file("x");
    let code = async |env: &TestEnv, change: fn(&mut Value)| {
        let mut body = marker(&file);
        change(&mut body);
        env.post("/genome/markers", body).await.code()
    };
    assert_eq!(code(&env, |body| body["file"] = Value::Null).await, 5004);
    assert_eq!(code(&env, |body| body["file"] = "none".into()).await, 5002);
    assert_eq!(code(&env, |body| body["position"]["start"] = 21.into()).await, 90000);
    assert_eq!(code(&env, |body| body["position"] = Value::Null).await, 90000);
    assert_eq!(code(&env, |body| body["chromosome"] = "".into()).await, 90000);
    assert_eq!(env.get("/genome/markers").await.code(), 5004);
    let private = env.post("/genome/markers", marker(&file)).await.text("id");
    let members = "/projects/rfranklin/demo/members";
    env.post(members, json!({"username": "fcrick", "permissions": {"read": true}})).await;
    env.as_user("fcrick");
    assert_eq!(env.get(&format!("/genome/markers/{private}")).await.code(), 90002);
    assert!(env.get(&format!("/genome/markers?file={file}")).await.column("id").is_empty());
    assert_eq!(code(&env, |_| ()).await, 5001);
}
