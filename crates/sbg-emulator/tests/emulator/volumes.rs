//! Volumes, their objects and their members.

use serde_json::{Value, json};

use crate::TestEnv;

const VOLUME: &str = "/storage/volumes/rfranklin/patterns";

pub(crate) fn s3(name: &str) -> Value {
    json!({
        "name": name, "description": "X-ray", "access_mode": "RW",
        "service": {
            "type": "s3", "bucket": "bucket", "prefix": "in",
            "credentials": {"access_key_id": "AKIA", "secret_access_key": "very-secret"},
        },
    })
}

async fn env() -> TestEnv {
    let env = TestEnv::start().await;
    env.post("/storage/volumes", s3("patterns")).await;
    env
}

#[tokio::test]
async fn volume_is_attached_and_hides_secrets() {
    let env = env().await;
    let volume = env.get(VOLUME).await;
    assert_eq!(
        (volume.text("id"), volume.text("access_mode")),
        ("rfranklin/patterns".to_owned(), "RW".to_owned())
    );
    assert_eq!(volume.json["service"]["credentials"], json!({"access_key_id": "AKIA"}));
    assert_eq!(volume.json["service"]["properties"]["sse_algorithm"], "AES256");
    assert_eq!(
        (&volume.json["active"], env.get("/storage/volumes").await.column("id")),
        (&true.into(), vec!["rfranklin/patterns".to_owned()])
    );
    let edit = json!({"description": "B form", "access_mode": "RO", "service": {"prefix": "out"}});
    let edited = env.patch(VOLUME, edit).await;
    assert_eq!(
        (edited.text("description"), edited.text("access_mode")),
        ("B form".to_owned(), "RO".to_owned())
    );
    assert_eq!(
        (&edited.json["service"]["prefix"], &edited.json["service"]["bucket"]),
        (&"out".into(), &"bucket".into())
    );
}

#[tokio::test]
async fn invalid_volume_is_rejected() {
    let env = env().await;
    let code = async |change: fn(&mut Value)| {
        let mut body = s3("other");
        change(&mut body);
        env.post("/storage/volumes", body).await.code()
    };
    assert_eq!(code(|body| body["name"] = "".into()).await, 9013);
    assert_eq!(code(|body| body["name"] = "a-b".into()).await, 9030);
    assert_eq!(code(|body| body["name"] = "patterns".into()).await, 9010);
    assert_eq!(code(|body| body["access_mode"] = "WO".into()).await, 9015);
    assert_eq!(code(|body| body["service"] = Value::Null).await, 9016);
    assert_eq!(code(|body| body["service"] = "s3".into()).await, 9016);
    assert_eq!(code(|body| body["service"]["credentials"] = json!({})).await, 9034);
    assert_eq!(code(|body| body["service"]["bucket"] = "no-such-bucket-1".into()).await, 9200);
    assert_eq!(env.get("/storage/volumes/rfranklin/none").await.code(), 9007);
}

#[tokio::test]
async fn volume_folder_is_listed_in_pages() {
    let env = env().await;
    for key in ["in/a.txt", "in/a/1.txt", "in/a/b/2.txt", "in/b.txt", "in/c.txt", "elsewhere.txt"] {
        env.emulator.put_object("bucket", key, key.to_owned()).unwrap();
    }
    let list = format!("{VOLUME}/list");
    let all = env.get(&list).await;
    assert_eq!(all.column("location"), ["a.txt", "b.txt", "c.txt"]);
    assert_eq!((&all.json["prefixes"][0]["prefix"], &all.json["links"]), (&"a/".into(), &json!([])));
    let inner = env.get(all.json["prefixes"][0]["href"].as_str().unwrap()).await;
    assert_eq!(
        (inner.column("location"), &inner.json["prefixes"][0]["prefix"]),
        (vec!["a/1.txt".to_owned()], &"a/b/".into())
    );
    assert_eq!(env.get(&format!("{list}?prefix=a/")).await.column("location"), ["a/1.txt"]);
    let (mut url, mut found) = (format!("{list}?limit=1"), Vec::new());
    loop {
        let page = env.get(&url).await;
        found.extend(page.column("location"));
        found.extend(
            page.json["prefixes"].as_array().unwrap().iter().map(|folder| folder["prefix"].to_string()),
        );
        match page.json["links"][0]["next"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
        assert_eq!(page.json["truncated"], true);
    }
    assert_eq!(found, ["a.txt", "\"a/\"", "b.txt", "c.txt"]);
    let object = env.get(&format!("{VOLUME}/object?location=a/1.txt")).await;
    assert_eq!(
        (object.text("location"), &object.json["metadata"]["size"]),
        ("a/1.txt".to_owned(), &10.into())
    );
    assert_eq!(env.get(&format!("{VOLUME}/object")).await.code(), 9011);
    assert_eq!(env.get(&format!("{VOLUME}/object?location=a")).await.code(), 9105);
    assert_eq!(env.get(&format!("{VOLUME}/object?location=a/")).await.code(), 9072);
    assert_eq!(env.get(&format!("{list}?continuation_token=x%21")).await.code(), 57000);
}

#[tokio::test]
async fn inactive_volume_is_closed_until_reactivated() {
    let env = env().await;
    assert_eq!(env.delete(VOLUME).await.status, 409);
    assert_eq!(env.patch(VOLUME, json!({"active": false})).await.json["active"], false);
    assert_eq!(env.get(&format!("{VOLUME}/list")).await.code(), 9069);
    env.patch(VOLUME, json!({"active": true})).await;
    assert_eq!(env.get(&format!("{VOLUME}/list")).await.status, 200);
    env.patch(VOLUME, json!({"active": false})).await;
    assert_eq!(env.delete(VOLUME).await.status, 204);
    assert_eq!(env.get(VOLUME).await.code(), 9007);
}

#[tokio::test]
async fn volume_access_follows_permissions() {
    let mut env = env().await;
    let members = format!("{VOLUME}/members");
    let added = env.post(&members, json!({"username": "fcrick", "permissions": {"read": true}})).await;
    assert_eq!(
        added.json["permissions"],
        json!({"write": false, "read": true, "copy": false, "admin": false})
    );
    assert_eq!(
        env.post(&members, json!({"username": "fcrick", "permissions": {"read": true}})).await.status,
        409
    );
    assert_eq!(
        env.post(&members, json!({"username": "nobody", "permissions": {"read": true}})).await.code(),
        2002
    );
    let team = env.get("/teams?division=kings-college").await.column("id")[0].clone();
    let body = json!({"username": team, "type": "TEAM", "permissions": {"copy": true}});
    assert_eq!(env.post(&members, body).await.json["type"], "TEAM");
    assert_eq!(env.get(&members).await.column("id").len(), 3);
    env.as_user("fcrick");
    assert_eq!(env.get(VOLUME).await.status, 200);
    assert_eq!(env.patch(VOLUME, json!({"description": "mine"})).await.code(), 9020);
    env.as_user("rfranklin");
    let permissions = format!("{members}/fcrick/permissions");
    assert_eq!(env.patch(&permissions, json!({"write": true})).await.json["write"], true);
    assert_eq!(env.put(&permissions, json!({"write": true})).await.code(), 9011);
    let all = json!({"read": true, "write": false, "copy": true, "admin": false});
    assert_eq!(env.put(&permissions, all).await.json["copy"], true);
    assert_eq!(env.delete(&format!("{members}/fcrick")).await.status, 204);
    assert_eq!(env.get(&format!("{members}/fcrick")).await.status, 404);
    env.as_user("jwatson");
    assert_eq!(env.get(VOLUME).await.code(), 9020);
}

#[tokio::test]
async fn volume_can_be_a_local_folder() {
    let folder = std::env::temp_dir().join(format!("sbg-emulator-volume-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("in")).unwrap();
    std::fs::write(folder.join("in/local.txt"), "here").unwrap();
    let env = TestEnv::with(sbg_emulator::Emulator::builder().volume_folder("bucket", &folder)).await;
    env.post("/storage/volumes", s3("patterns")).await;
    assert_eq!(env.get(&format!("{VOLUME}/list")).await.column("location"), ["local.txt"]);
    assert_eq!(env.get(&format!("{VOLUME}/object?location=../../etc/passwd")).await.code(), 9105);
    std::fs::remove_dir_all(folder).unwrap();
}
