//! Divisions, their users and their teams.

use serde_json::json;

use crate::Bench;

const DIVISION: &str = "kings-college";

#[tokio::test]
async fn a_division_shows_its_users_by_role() {
    let bench = Bench::start().await;
    assert_eq!(bench.get("/divisions").await.column("id"), [DIVISION]);
    assert_eq!(bench.get("/divisions/kings-college").await.text("name"), "King's College");
    assert_eq!(bench.get("/divisions/none").await.status, 404);
    let users = async |query: &str| bench.get(&format!("/users?{query}")).await;
    assert_eq!(
        users("division=kings-college").await.column("username"),
        ["fcrick", "jwatson", "mwilkins", "rfranklin"]
    );
    assert_eq!(users("division=kings-college&role=admin").await.column("username"), ["rfranklin"]);
    assert_eq!(users("division=kings-college&role=king").await.code(), 90000);
    assert_eq!(users("").await.code(), 2105);
}

#[tokio::test]
async fn an_administrator_disables_users_of_the_division() {
    let mut bench = Bench::start().await;
    assert_eq!(bench.delete("/users/nobody").await.code(), 2002);
    assert_eq!(bench.delete("/users/rfranklin").await.code(), 2001);
    assert_eq!(bench.delete("/users/jwatson").await.status, 204);
    assert_eq!(bench.get("/users?division=kings-college").await.column("username").len(), 3);
    bench.become_user("fcrick");
    assert_eq!(bench.delete("/users/mwilkins").await.code(), 2001);
    bench.become_user("jwatson");
    assert_eq!(bench.get("/user").await.code(), 90001);
}

#[tokio::test]
async fn teams_are_made_and_changed_by_administrators() {
    let mut bench = Bench::start().await;
    let list = async |bench: &Bench, query: &str| {
        bench.get(&format!("/teams?division={DIVISION}{query}")).await.column("name")
    };
    assert_eq!(list(&bench, "").await, ["crystallography"]);
    assert_eq!(bench.get("/teams").await.code(), 2105);
    let team = bench.post("/teams", json!({"name": "models", "division": DIVISION})).await.text("id");
    assert_eq!(bench.post("/teams", json!({"name": "models", "division": DIVISION})).await.status, 409);
    assert_eq!(bench.post("/teams", json!({"division": DIVISION})).await.code(), 90000);
    let path = format!("/teams/{team}");
    assert_eq!(bench.patch(&path, json!({"name": "Modelle"})).await.text("name"), "Modelle");
    let members = format!("{path}/members");
    let added = bench.post(&members, json!({"id": "fcrick"})).await;
    assert_eq!((added.text("username"), added.text("role")), ("fcrick".to_owned(), "MEMBER".to_owned()));
    assert_eq!(bench.post(&members, json!({"id": "fcrick"})).await.status, 409);
    assert_eq!(bench.post(&members, json!({"id": "nobody"})).await.code(), 2002);
    assert_eq!(bench.get(&members).await.column("username"), ["fcrick", "rfranklin"]);
    assert_eq!(bench.delete(&format!("{members}/fcrick")).await.status, 204);
    assert_eq!(bench.delete(&format!("{members}/fcrick")).await.code(), 2002);
    bench.become_user("fcrick");
    assert!(list(&bench, "").await.is_empty());
    assert_eq!(list(&bench, "&_all=True").await, ["Modelle", "crystallography"]);
    assert_eq!(bench.get(&path).await.status, 200);
    assert_eq!(bench.patch(&path, json!({"name": "x"})).await.code(), 90002);
    bench.become_user("rfranklin");
    assert_eq!(bench.delete(&path).await.status, 204);
    assert_eq!(bench.get(&path).await.status, 404);
}

#[tokio::test]
async fn feedback_is_taken_once_a_minute() {
    let bench = Bench::start().await;
    let path = "/action/notifications/feedback";
    assert_eq!(bench.post(path, json!({"type": "praise"})).await.code(), 90000);
    assert_eq!(bench.post(path, json!({"type": "IDEA", "text": "More."})).await.status, 204);
    assert_eq!(bench.post(path, json!({"type": "idea"})).await.status, 429);
    bench.wait(61);
    assert_eq!(bench.post(path, json!({})).await.status, 204);
}
