//! Requests as other clients send them, and what those clients expect back.

use std::time::Duration;

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv, header, send, volumes::s3};

const PROJECT: &str = "rfranklin/demo";
const VOLUME: &str = "rfranklin/patterns";

async fn env() -> TestEnv {
    let env = TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10)).min_part_size(1)).await;
    env.emulator.create_project("demo");
    env.emulator.put_object("bucket", "in/a.txt", "a").unwrap();
    env.post("/storage/volumes", s3("patterns")).await;
    env
}

fn ok(response: &ApiResponse) {
    assert!(response.status.is_success(), "{response:?}");
}

#[tokio::test]
async fn null_counts_as_left_out() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let group = env.get("/billing/groups").await.column("id")[0].clone();
    let project =
        json!({"name": "Nulls", "billing_group": group, "description": null, "tags": null, "settings": null});
    ok(&env.post("/projects", project).await);
    ok(&env.patch("/projects/rfranklin/demo", json!({"name": "Demo", "tags": null, "settings": null})).await);
    let member = json!({"username": "fcrick", "email": null, "type": null, "permissions": {"write": true, "copy": null}});
    ok(&env.post("/projects/rfranklin/demo/members", member).await);
    let edited =
        env.patch(&format!("/files/{file}"), json!({"name": null, "tags": ["t"], "metadata": null})).await;
    assert_eq!((edited.text("name"), &edited.json["tags"]), ("reads.txt".to_owned(), &json!(["t"])));
    let copy = json!({"project": PROJECT, "parent": null, "name": null});
    ok(&env.post(&format!("/files/{file}/actions/copy"), copy).await);
    let moved = json!({"parent": root, "name": null});
    assert_eq!(env.post(&format!("/files/{file}/actions/move"), moved).await.text("name"), "reads.txt");
    let upload = json!({"project": PROJECT, "parent": null, "name": "u", "size": 1, "part_size": null});
    ok(&env.post("/upload/multipart", upload).await);
    let mut volume = s3("nulls");
    volume["description"] = Value::Null;
    volume["service"]["prefix"] = Value::Null;
    volume["service"]["properties"] = Value::Null;
    ok(&env.post("/storage/volumes", volume).await);
    let import = json!({
        "source": {"volume": VOLUME, "location": "a.txt"},
        "destination": {"project": PROJECT, "parent": null, "name": null},
        "overwrite": null, "autorename": null,
    });
    ok(&env.post("/storage/imports", import).await);
    let export = json!({
        "source": {"file": file}, "destination": {"volume": VOLUME, "location": "out.txt"}, "properties": null, "overwrite": null,
    });
    ok(&env.post("/storage/exports", export).await);
    let task = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "name": null, "description": null, "inputs": null,
        "batch": null, "batch_input": null, "batch_by": null, "execution_settings": null,
    });
    ok(&env.post("/tasks", task).await);
    let team = json!({"name": "Nulls", "division": "kings-college"});
    let team = env.post("/teams", team).await.text("href");
    assert_eq!(env.patch(&team, json!({"name": null})).await.text("name"), "Nulls");
}

#[tokio::test]
async fn teams_of_a_division_have_two_paths() {
    let env = TestEnv::start().await;
    let by_path = env.get("/divisions/kings-college/teams?_all=TRUE").await;
    assert_eq!(by_path.column("name"), ["crystallography"]);
    let by_query = env.get("/teams?division=kings-college&_all=").await;
    assert_eq!(by_query.json["items"], by_path.json["items"]);
    assert_eq!(env.get("/divisions/none/teams").await.status, 404);
}

#[tokio::test]
async fn paths_begin_with_the_uuid_of_the_root() {
    let mut env = env().await;
    let id = env.emulator.create_file(PROJECT, "deep/reads.txt", "ACGT");
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let uuid = env.get(&format!("/files/{root}")).await.text("name");
    assert_eq!((uuid.len(), uuid.matches('-').count()), (36, 4));
    env.use_advance_access();
    for place in
        [format!("/Projects/{uuid}/deep"), "/Projects/demo/deep".to_owned(), "rfranklin/demo/deep".to_owned()]
    {
        let query = format!("IN \"{place}\" WHERE name = \"reads.txt\" TOKEN start");
        let found = env.post("/files/search", json!({"query": query})).await;
        let hit = &found.json["result_set"][0];
        assert_eq!(hit["parent_path"], format!("/Projects/{uuid}/deep/"), "{place}: {found:?}");
        assert_eq!(hit["id"], id.as_str());
    }
    let upload = json!({"project": PROJECT, "name": "u.txt", "size": 1, "part_size": 1});
    let upload = env.post("/upload/multipart", upload).await.text("upload_id");
    let url = env.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
    let part = env.http.put(url).body("A").send().await.unwrap();
    let etag = header(part.headers(), "etag").to_owned();
    let report = json!({"part_number": 1, "response": {"headers": {"ETag": etag}}});
    ok(&env.post(&format!("/upload/multipart/{upload}/part/"), report).await);
    let done = send(env.request(Method::POST, &format!("/upload/multipart/{upload}/complete"))).await;
    assert_eq!(done.text("path"), format!("/Projects/{uuid}/u.txt"));
}

#[tokio::test]
async fn types_are_in_lower_case() {
    let env = env().await;
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let made = env.post("/files", json!({"name": "f", "type": "FOLDER", "parent": root})).await;
    assert_eq!(made.text("type"), "folder");
    env.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    assert_eq!(env.get(&format!("/files/{root}/list")).await.column("type"), ["folder", "file"]);
    assert_eq!(env.get("/files?project=rfranklin/demo").await.column("type"), ["folder", "file"]);
}

#[tokio::test]
async fn public_project_has_reference_files() {
    let env = env().await;
    let files = env.get("/files?project=admin/sbg-public-data").await;
    assert_eq!(files.column("name"), ["phiX174.fasta", "phiX174.fasta.fai", "phiX174.genes.bed"]);
    assert_eq!(env.get("/projects/admin/sbg-public-data").await.text("id"), "admin/sbg-public-data");
    assert_eq!(env.get("/projects").await.column("id"), [PROJECT], "it is not a project of the user");
    let id = &files.column("id")[0];
    let read = env.read(&env.download_url(id).await, None).await.unwrap().text().await.unwrap();
    assert!(read.starts_with(">NC_001422.1 "));
    ok(&env.post(&format!("/files/{id}/actions/copy"), json!({"project": PROJECT})).await);
    assert_eq!(env.patch(&format!("/files/{id}"), json!({"name": "mine"})).await.code(), 5008);
    let upload = json!({"project": "admin/sbg-public-data", "name": "u", "size": 1});
    assert_eq!(env.post("/upload/multipart", upload).await.status, 403);
    let export = json!({"source": {"file": id}, "destination": {"volume": VOLUME, "location": "out.txt"}});
    assert_eq!(env.post("/storage/exports?copy_only=True", export).await.code(), 9006);
}

#[tokio::test]
async fn booleans_in_bodies_may_be_texts() {
    let env = env().await;
    env.emulator.create_file(PROJECT, "a.txt", "old");
    let import = json!({
        "source": {"volume": VOLUME, "location": "a.txt"}, "destination": {"project": PROJECT}, "overwrite": "true",
    });
    let id = env.post("/bulk/storage/imports/create", json!({"items": [import]})).await;
    let id = id.json["items"][0]["resource"]["id"].as_str().expect("an import").to_owned();
    env.advance_clock(20);
    assert_eq!(env.get(&format!("/storage/imports/{id}")).await.text("state"), "COMPLETED");
    let file = env.emulator.create_file(PROJECT, "b.txt", "b");
    let export = json!({
        "source": {"file": file}, "destination": {"volume": VOLUME, "location": "a.txt"}, "overwrite": "True",
    });
    let made = env.post("/bulk/storage/exports/create?copy_only=True", json!({"items": [export]})).await;
    assert_eq!(made.json["items"][0]["resource"]["overwrite"], true);
}

#[tokio::test]
async fn raw_apps_have_the_keys_of_the_platform() {
    let env = env().await;
    let tool = json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "baseCommand": ["cat"], "inputs": [], "outputs": []});
    let first = env.post("/apps/rfranklin/demo/cat/raw", tool.clone()).await.json;
    let hash = first["sbg:content_hash"].as_str().expect("a hash");
    assert!(
        hash.len() == 65 && hash.starts_with('a') && hash[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    );
    assert_eq!(first["id"], format!("{}/apps/rfranklin/demo/cat/0/raw/", env.emulator.url()));
    assert_eq!(first["sbg:id"], "rfranklin/demo/cat/0");
    assert_eq!((&first["sbg:appVersion"], &first["sbg:workflowLanguage"]), (&json!(["v1.2"]), &json!("CWL")));
    assert_eq!(first["sbg:image_url"], Value::Null);
    // What the platform added is sent back by clients that copy apps.
    let again = env.post("/apps/rfranklin/demo/cat/1/raw", first.clone()).await.json;
    assert_eq!(again["sbg:content_hash"], first["sbg:content_hash"]);
    assert_eq!(env.get(&format!("/apps/{}", again["sbg:id"].as_str().unwrap())).await.json["revision"], 1);
    let raw = env.get(again["id"].as_str().unwrap()).await;
    assert_eq!(raw.json["sbg:revision"], 1);
    let package = json!({"class": "nextflow", "cwlVersion": "None", "app_content": {"code_package": "1"}, "inputs": [], "outputs": []});
    let nextflow = env.post("/apps/rfranklin/demo/nf/raw", package).await.json;
    assert_eq!(nextflow["sbg:workflowLanguage"], "Nextflow");
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let env = env().await;
    for path in
        ["/projects/", "/user/", "/tasks/", "/storage/volumes/rfranklin/patterns/list/", "/billing/groups/"]
    {
        ok(&env.get(path).await);
    }
}

#[tokio::test]
async fn bodies_may_be_missing_or_empty_objects() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "reads.txt", "a\nb\n");
    let task = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": {"class": "File", "path": file}},
    });
    let id = env.post("/tasks", task).await.text("id");
    ok(&env.post(&format!("/tasks/{id}/actions/clone"), json!({})).await);
    ok(&send(env.request(Method::POST, &format!("/tasks/{id}/actions/clone"))).await);
    ok(&env.post(&format!("/tasks/{id}/actions/run"), json!({})).await);
    ok(&env.post(&format!("/tasks/{id}/actions/abort"), json!({})).await);
    let copy = json!({"project": PROJECT});
    let app = env.post("/apps/admin/sbg-public-data/checksum/actions/copy", copy).await;
    assert_eq!(app.text("id"), "rfranklin/demo/checksum/0");
    ok(&env.post("/apps/rfranklin/demo/checksum/actions/sync", json!({})).await);
}

#[tokio::test]
async fn booleans_in_queries_may_have_any_case() {
    let env = env().await;
    for value in ["true", "True", "TRUE", "false", "False", "FALSE", ""] {
        for path in ["/teams?division=kings-college&_all=", "/automation/automations?include_archived="] {
            ok(&env.get(&format!("{path}{value}")).await);
        }
    }
    assert_eq!(env.get("/teams?division=kings-college&_all=yes").await.code(), 90000);
    assert_eq!(env.get("/users?division=kings-college&role=ADMIN").await.column("username"), ["rfranklin"]);
}

#[tokio::test]
async fn numbers_in_metadata_become_strings() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let set = env.patch(&format!("/files/{file}/metadata"), json!({"age": 37, "paired": true})).await;
    assert_eq!(set.json, json!({"age": "37", "paired": "true"}));
    let item = json!({"id": file, "metadata": {"age": 38}});
    let bulk = env.post("/bulk/files/edit", json!({"items": [item]})).await;
    assert_eq!(bulk.json["items"][0]["resource"]["metadata"]["age"], "38");
    assert_eq!(env.get("/files?project=rfranklin/demo&metadata.age=38").await.column("id"), [file]);
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let pages = "fields=_all&limit=10&offset=0";
    for path in [
        "/user",
        "/projects/rfranklin/demo",
        "/projects/rfranklin/demo/members",
        "/rate_limit",
        "/billing/groups",
    ] {
        ok(&env.get(&format!("{path}?{pages}")).await);
    }
    assert!(env.get("/files?project=rfranklin/demo&origin.dataset=none").await.column("id").is_empty());
    ok(&env.patch("/projects/rfranklin/demo", json!({"description": "d", "category": "PRIVATE"})).await);
    let items = json!({"items": [{"file": file, "project": PROJECT, "location": "copy.txt"}]});
    ok(&env.post("/async/files/copy", items).await);
    let automation = env.post("/automation/automations", json!({"name": "Index"})).await.text("id");
    let members = format!("/automation/automations/{automation}/members");
    ok(&env.get(&format!("{members}?automation_id={automation}&{pages}")).await);
}

#[tokio::test]
async fn bulk_items_name_files_by_either_key() {
    let env = env().await;
    let file = env.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    for (call, key) in [("edit", "id"), ("edit", "file_id"), ("update", "id"), ("update", "file_id")] {
        let item = json!({key: file, "tags": [call, key]});
        let done = env.post(&format!("/bulk/files/{call}"), json!({"items": [item]})).await;
        assert_eq!(done.json["items"][0]["resource"]["tags"], json!([call, key]), "{done:?}");
    }
    assert_eq!(env.post("/bulk/files/edit", json!({"items": [{"tags": []}]})).await.code(), 90000);
}

#[tokio::test]
async fn users_may_be_named_with_their_division() {
    const NAME: &str = "kings-college/fcrick";
    let mut env = env().await;
    let permissions = json!({"write": true, "copy": true});
    let added = env
        .post("/projects/rfranklin/demo/members", json!({"username": NAME, "permissions": permissions}))
        .await;
    assert_eq!(added.text("id"), "fcrick");
    for name in [NAME, "kings-college%2Ffcrick", "fcrick"] {
        let path = format!("/projects/rfranklin/demo/members/{name}");
        assert_eq!(env.get(&path).await.text("username"), "fcrick", "{name}");
        let set = env.patch(&format!("{path}/permissions"), json!({"write": false})).await;
        assert_eq!(set.json["write"], false, "{name}");
    }
    assert_eq!(env.delete(&format!("/projects/rfranklin/demo/members/{NAME}")).await.status, 204);
    assert_eq!(env.get("/users/kings-college/rfranklin").await.text("username"), "rfranklin");
    let volume = json!({"username": NAME, "permissions": {"read": true}});
    ok(&env.post("/storage/volumes/rfranklin/patterns/members", volume).await);
    ok(&env.get(&format!("/storage/volumes/rfranklin/patterns/members/{NAME}")).await);
    let automation = env.post("/automation/automations", json!({"name": "Index"})).await.text("id");
    let members = format!("/automation/automations/{automation}/members");
    ok(&env.post(&members, json!({"username": NAME, "permissions": permissions})).await);
    ok(&env.get(&format!("{members}/{NAME}")).await);
    let team = env.get("/teams?division=kings-college").await.column("id")[0].clone();
    assert_eq!(env.post(&format!("/teams/{team}/members"), json!({"id": NAME})).await.text("id"), "fcrick");
    assert_eq!(env.delete(&format!("/teams/{team}/members/{NAME}")).await.status, 204);
    assert_eq!(env.get("/users/other-division/rfranklin").await.code(), 2002);
    env.use_advance_access();
    let dataset = json!({"username": NAME, "permissions": {"read": true}});
    ok(&env.post("/datasets/rfranklin/b-form/members", dataset).await);
    ok(&env.get(&format!("/datasets/rfranklin/b-form/members/{NAME}")).await);
    assert_eq!(env.delete(&format!("/users/{NAME}")).await.status, 204);
}

#[tokio::test]
async fn asking_for_the_rate_limit_does_not_count() {
    let env = TestEnv::with(Emulator::builder().rate_limit(2)).await;
    env.get("/user").await;
    for _ in 0..3 {
        assert_eq!(env.get("/rate_limit").await.json["rate"]["remaining"], 1);
    }
    ok(&env.get("/user").await);
    assert_eq!(env.get("/rate_limit").await.json["rate"]["remaining"], 0);
    assert_eq!(env.get("/user").await.code(), 1000);
}
