//! Members of projects.

use serde_json::{Value, json};

use crate::TestEnv;

const MEMBERS: &str = "/projects/rfranklin/demo/members";

async fn env() -> TestEnv {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    env
}

/// All permissions: reading and the named ones are granted.
fn permissions(granted: &[&str]) -> Value {
    let has = |name| granted.contains(&name);
    json!({"write": has("write"), "read": true, "copy": has("copy"), "execute": has("execute"), "admin": has("admin")})
}

#[tokio::test]
async fn members_are_added_by_name_or_email() {
    let env = env().await;
    let named =
        env.post(MEMBERS, json!({"username": "fcrick", "permissions": {"read": false, "write": true}})).await;
    assert_eq!(named.json["permissions"], permissions(&["write"]));
    assert_eq!(named.json["type"], "USER");
    let mailed = json!({"email": named.text("email").replace("francis.crick", "james.watson"), "permissions": {"admin": true}});
    let mailed = env.post(MEMBERS, mailed).await;
    assert_eq!(mailed.text("username"), "jwatson");
    assert_eq!(mailed.json["permissions"], permissions(&["write", "copy", "execute", "admin"]));
    assert_eq!(env.get(MEMBERS).await.column("id"), ["fcrick", "jwatson", "rfranklin"]);
    assert_eq!(env.get(&mailed.text("href")).await.json, mailed.json);
}

#[tokio::test]
async fn division_adds_all_its_users() {
    let mut env = env().await;
    let division = json!({"username": "kings-college", "type": "DIVISION", "permissions": {"copy": true}});
    assert_eq!(env.post(MEMBERS, division).await.json["type"], "DIVISION");
    env.as_user("mwilkins");
    let seen = env.get("/projects/rfranklin/demo").await;
    assert_eq!(seen.json["permissions"], permissions(&["copy"]));
}

#[tokio::test]
async fn invalid_member_is_rejected() {
    let mut env = env().await;
    let code = async |body: Value| env.post(MEMBERS, body).await.code();
    assert_eq!(code(json!({"permissions": {"read": true}})).await, 3005);
    assert_eq!(code(json!({"username": "nobody", "permissions": {"read": true}})).await, 2002);
    assert_eq!(
        code(json!({"username": "no-team", "type": "TEAM", "permissions": {"read": true}})).await,
        3002
    );
    assert_eq!(code(json!({"username": "fcrick", "type": "CAT", "permissions": {}})).await, 90000);
    assert_eq!(code(json!({"username": "fcrick"})).await, 3011);
    assert_eq!(code(json!({"username": "fcrick", "permissions": {"write": "yes"}})).await, 90000);
    assert_eq!(code(json!({"username": "rfranklin", "permissions": {"write": true}})).await, 3003);
    env.as_user("fcrick");
    let refused = env.post(MEMBERS, json!({"username": "fcrick", "permissions": {"admin": true}})).await;
    assert_eq!(refused.code(), 3001);
}

#[tokio::test]
async fn permissions_are_merged_or_replaced() {
    let env = env().await;
    env.post(MEMBERS, json!({"username": "fcrick", "permissions": {"write": true}})).await;
    let path = format!("{MEMBERS}/fcrick/permissions");
    assert_eq!(env.patch(&path, json!({"copy": true})).await.json, permissions(&["write", "copy"]));
    assert_eq!(env.put(&path, json!({"copy": true})).await.code(), 3013);
    let all = json!({"read": true, "write": false, "copy": false, "execute": true, "admin": false});
    assert_eq!(env.put(&path, all).await.json, permissions(&["execute"]));
    assert_eq!(env.get(&format!("{MEMBERS}/fcrick")).await.json["permissions"]["execute"], true);
}

#[tokio::test]
async fn removed_member_loses_access_but_owner_stays() {
    let mut env = env().await;
    env.post(MEMBERS, json!({"username": "fcrick", "permissions": {"write": true}})).await;
    assert_eq!(env.delete(&format!("{MEMBERS}/fcrick")).await.status, 204);
    assert_eq!(env.delete(&format!("{MEMBERS}/fcrick")).await.code(), 3002);
    assert_eq!(env.delete(&format!("{MEMBERS}/rfranklin")).await.code(), 3001);
    env.as_user("fcrick");
    assert_eq!(env.get(MEMBERS).await.code(), 3001);
}
