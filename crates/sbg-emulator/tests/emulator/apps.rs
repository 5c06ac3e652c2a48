//! Apps and their revisions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{TestEnv, send};

const APP: &str = "/apps/rfranklin/demo/tool";

fn tool(label: &str) -> Value {
    json!({
        "class": "CommandLineTool", "cwlVersion": "v1.2", "label": label, "baseCommand": ["true"],
        "inputs": [{"id": "text", "type": "string?"}], "outputs": [],
    })
}

async fn env() -> TestEnv {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    env
}

#[tokio::test]
async fn three_public_apps_are_predefined() {
    let env = env().await;
    let public = env.get("/apps?visibility=public").await;
    assert_eq!(
        public.column("id"),
        ["checksum", "concatenate", "line-count"].map(|name| format!("admin/sbg-public-data/{name}/0"))
    );
    assert!(env.get("/apps").await.column("id").is_empty());
    let words = async |query: &str| env.get(&format!("/apps?visibility=public&{query}")).await.column("name");
    assert_eq!(words("q=LINES+text").await, ["Line count"]);
    assert_eq!(words("q=nothing").await, [""; 0]);
    assert_eq!(words("id=admin/sbg-public-data/checksum/0").await, ["Checksum"]);
    assert_eq!(env.get("/apps?visibility=secret").await.code(), 6012);
    assert_eq!(env.get("/apps?project=demo").await.code(), 3012);
    assert_eq!(env.get("/apps/admin/sbg-public-data/checksum").await.json["raw"]["class"], "CommandLineTool");
}

#[tokio::test]
async fn app_revisions_are_consecutive() {
    let env = env().await;
    let first = env.post(&format!("{APP}/raw"), tool("One")).await;
    assert_eq!(first.json["sbg:id"], "rfranklin/demo/tool/0");
    assert_eq!(env.post(&format!("{APP}/raw"), tool("One")).await.code(), 6003);
    assert_eq!(env.post(&format!("{APP}/0/raw"), tool("One")).await.code(), 6003);
    assert_eq!(env.post(&format!("{APP}/2/raw"), tool("Three")).await.code(), 90000);
    assert_eq!(env.post(&format!("{APP}/1/raw"), tool("Two")).await.json["sbg:latestRevision"], 1);
    let app = env.get(APP).await;
    assert_eq!((app.text("id"), app.text("name")), ("rfranklin/demo/tool/1".to_owned(), "Two".to_owned()));
    assert_eq!(env.get(&format!("{APP}/0")).await.json["revision"], 0);
    assert_eq!(env.get(&format!("{APP}/0/raw")).await.text("label"), "One");
    assert_eq!(env.get(&format!("{APP}/raw")).await.json["sbg:revisionsInfo"].as_array().unwrap().len(), 2);
    assert_eq!(env.get(&format!("{APP}/7")).await.code(), 6002);
    assert_eq!(env.get(&format!("{APP}/x")).await.code(), 6011);
    assert_eq!(env.get("/apps/rfranklin/demo/none").await.code(), 6002);
    assert_eq!(env.get("/apps?project=rfranklin/demo").await.column("id"), ["rfranklin/demo/tool/1"]);
}

#[tokio::test]
async fn yaml_app_is_returned_unchanged() {
    let env = env().await;
    let text = "# by hand\nclass: CommandLineTool\ncwlVersion: v1.2\ninputs: {n: int}\noutputs: []\n";
    let post = |text: &'static str| {
        let request = env.request(Method::POST, &format!("{APP}/raw"));
        send(request.header("Content-Type", "application/yaml").body(text))
    };
    assert_eq!(post("a: [").await.code(), 90000);
    assert_eq!(post("just text").await.code(), 90000);
    assert_eq!(post(text).await.json["inputs"], json!({"n": "int"}));
    let request = env.request(Method::GET, &format!("{APP}/raw")).header("Accept", "application/yaml");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/yaml");
    assert_eq!(response.text().await.unwrap(), text);
    let elsewhere = env.request(Method::POST, "/projects").header("Content-Type", "application/yaml");
    assert_eq!(send(elsewhere.body("name: x")).await.code(), 90008);
}

#[tokio::test]
async fn app_copy_follows_its_strategy() {
    let env = env().await;
    env.emulator.create_project("other");
    env.post(&format!("{APP}/raw"), tool("One")).await;
    env.post(&format!("{APP}/1/raw"), tool("Two")).await;
    let copy = async |name: &str, strategy: &str| {
        let body = json!({"project": "rfranklin/other", "name": name, "strategy": strategy});
        env.post(&format!("{APP}/actions/copy"), body).await
    };
    assert_eq!(copy("All", "clone").await.json["revision"], 1);
    assert_eq!(copy("Last", "direct").await.json["revision"], 0);
    assert_eq!(copy("Both", "clone_direct").await.text("id"), "rfranklin/other/both/1");
    assert_eq!(copy("Both", "clone_direct").await.code(), 6003);
    assert_eq!(copy("X", "steal").await.code(), 90000);
    let old = env.post(&format!("{APP}/0/actions/copy"), json!({"project": "rfranklin/other"})).await;
    assert_eq!((old.text("id"), old.text("name")), ("rfranklin/other/tool/0".to_owned(), "One".to_owned()));
    env.post(&format!("{APP}/2/raw"), tool("Three")).await;
    let synced = env.post("/apps/rfranklin/other/last/actions/sync", json!({})).await;
    assert_eq!((&synced.json["revision"], synced.text("name")), (&2.into(), "Three".to_owned()));
    assert_eq!(synced.json["raw"]["sbg:copyOf"], "rfranklin/demo/tool/2");
    assert_eq!(env.post(&format!("{APP}/actions/sync"), json!({})).await.code(), 90000);
    assert_eq!(env.post(&format!("{APP}/actions/copy"), json!({})).await.code(), 6009);
}

#[tokio::test]
async fn app_access_follows_project_permissions() {
    let mut env = env().await;
    env.post(&format!("{APP}/raw"), tool("One")).await;
    env.as_user("fcrick");
    assert_eq!(env.get(APP).await.code(), 6001);
    assert_eq!(env.post(&format!("{APP}/1/raw"), tool("Two")).await.code(), 3001);
    assert_eq!(env.post("/apps/admin/sbg-public-data/mine/raw", tool("Two")).await.code(), 3001);
}
