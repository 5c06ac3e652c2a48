//! Divisions, their users and their teams.

use serde_json::json;

use crate::TestEnv;

const DIVISION: &str = "kings-college";

#[tokio::test]
async fn division_lists_users_by_role() {
    let env = TestEnv::start().await;
    assert_eq!(env.get("/divisions").await.column("id"), [DIVISION]);
    assert_eq!(env.get("/divisions/kings-college").await.text("name"), "King's College");
    assert_eq!(env.get("/divisions/none").await.status, 404);
    let users = async |query: &str| env.get(&format!("/users?{query}")).await;
    assert_eq!(
        users("division=kings-college").await.column("username"),
        ["fcrick", "jwatson", "mwilkins", "rfranklin"]
    );
    assert_eq!(users("division=kings-college&role=admin").await.column("username"), ["rfranklin"]);
    assert_eq!(users("division=kings-college&role=king").await.code(), 90000);
    assert_eq!(users("").await.code(), 2105);
}

#[tokio::test]
async fn administrator_disables_division_users() {
    let mut env = TestEnv::start().await;
    assert_eq!(env.delete("/users/nobody").await.code(), 2002);
    assert_eq!(env.delete("/users/rfranklin").await.code(), 2001);
    assert_eq!(env.delete("/users/jwatson").await.status, 204);
    assert_eq!(env.get("/users?division=kings-college").await.column("username").len(), 3);
    env.as_user("fcrick");
    assert_eq!(env.delete("/users/mwilkins").await.code(), 2001);
    env.as_user("jwatson");
    assert_eq!(env.get("/user").await.code(), 90001);
}

#[tokio::test]
async fn only_administrators_manage_teams() {
    let mut env = TestEnv::start().await;
    let list = async |env: &TestEnv, query: &str| {
        env.get(&format!("/teams?division={DIVISION}{query}")).await.column("name")
    };
    assert_eq!(list(&env, "").await, ["crystallography"]);
    assert_eq!(env.get("/teams").await.code(), 2105);
    let team = env.post("/teams", json!({"name": "models", "division": DIVISION})).await.text("id");
    assert_eq!(env.post("/teams", json!({"name": "models", "division": DIVISION})).await.status, 409);
    assert_eq!(env.post("/teams", json!({"division": DIVISION})).await.code(), 90000);
    let path = format!("/teams/{team}");
    assert_eq!(env.patch(&path, json!({"name": "Modelle"})).await.text("name"), "Modelle");
    let members = format!("{path}/members");
    let added = env.post(&members, json!({"id": "fcrick"})).await;
    assert_eq!((added.text("username"), added.text("role")), ("fcrick".to_owned(), "MEMBER".to_owned()));
    assert_eq!(env.post(&members, json!({"id": "fcrick"})).await.status, 409);
    assert_eq!(env.post(&members, json!({"id": "nobody"})).await.code(), 2002);
    assert_eq!(env.get(&members).await.column("username"), ["fcrick", "rfranklin"]);
    assert_eq!(env.delete(&format!("{members}/fcrick")).await.status, 204);
    assert_eq!(env.delete(&format!("{members}/fcrick")).await.code(), 2002);
    env.as_user("fcrick");
    assert!(list(&env, "").await.is_empty());
    assert_eq!(list(&env, "&_all=True").await, ["Modelle", "crystallography"]);
    assert_eq!(env.get(&path).await.status, 200);
    assert_eq!(env.patch(&path, json!({"name": "x"})).await.code(), 90002);
    env.as_user("rfranklin");
    assert_eq!(env.delete(&path).await.status, 204);
    assert_eq!(env.get(&path).await.status, 404);
}

#[tokio::test]
async fn feedback_is_accepted_once_a_minute() {
    let env = TestEnv::start().await;
    let path = "/action/notifications/feedback";
    assert_eq!(env.post(path, json!({"type": "praise"})).await.code(), 90000);
    assert_eq!(env.post(path, json!({"type": "IDEA", "text": "More."})).await.status, 204);
    assert_eq!(env.post(path, json!({"type": "idea"})).await.status, 429);
    env.advance_clock(61);
    assert_eq!(env.post(path, json!({})).await.status, 204);
}
