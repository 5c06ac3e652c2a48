//! Requests as other clients send them, and what those clients expect back.

use std::time::Duration;

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{Answer, Bench, header, send, volumes::s3};

const PROJECT: &str = "rfranklin/demo";
const VOLUME: &str = "rfranklin/patterns";

async fn bench() -> Bench {
    let bench = Bench::with(Emulator::builder().state_time(Duration::from_secs(10)).min_part_size(1)).await;
    bench.emulator.create_project("demo");
    bench.emulator.put_object("bucket", "in/a.txt", "a").unwrap();
    bench.post("/storage/volumes", s3("patterns")).await;
    bench
}

fn ok(answer: &Answer) {
    assert!(answer.status.is_success(), "{answer:?}");
}

#[tokio::test]
async fn null_counts_as_left_out() {
    let bench = bench().await;
    let file = bench.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let group = bench.get("/billing/groups").await.column("id")[0].clone();
    let project =
        json!({"name": "Nulls", "billing_group": group, "description": null, "tags": null, "settings": null});
    ok(&bench.post("/projects", project).await);
    ok(&bench
        .patch("/projects/rfranklin/demo", json!({"name": "Demo", "tags": null, "settings": null}))
        .await);
    let member = json!({"username": "fcrick", "email": null, "type": null, "permissions": {"write": true, "copy": null}});
    ok(&bench.post("/projects/rfranklin/demo/members", member).await);
    let edited =
        bench.patch(&format!("/files/{file}"), json!({"name": null, "tags": ["t"], "metadata": null})).await;
    assert_eq!((edited.text("name"), &edited.json["tags"]), ("reads.txt".to_owned(), &json!(["t"])));
    let copy = json!({"project": PROJECT, "parent": null, "name": null});
    ok(&bench.post(&format!("/files/{file}/actions/copy"), copy).await);
    let moved = json!({"parent": root, "name": null});
    assert_eq!(bench.post(&format!("/files/{file}/actions/move"), moved).await.text("name"), "reads.txt");
    let upload = json!({"project": PROJECT, "parent": null, "name": "u", "size": 1, "part_size": null});
    ok(&bench.post("/upload/multipart", upload).await);
    let mut volume = s3("nulls");
    volume["description"] = Value::Null;
    volume["service"]["prefix"] = Value::Null;
    volume["service"]["properties"] = Value::Null;
    ok(&bench.post("/storage/volumes", volume).await);
    let import = json!({
        "source": {"volume": VOLUME, "location": "a.txt"},
        "destination": {"project": PROJECT, "parent": null, "name": null},
        "overwrite": null, "autorename": null,
    });
    ok(&bench.post("/storage/imports", import).await);
    let export = json!({
        "source": {"file": file}, "destination": {"volume": VOLUME, "location": "out.txt"}, "properties": null, "overwrite": null,
    });
    ok(&bench.post("/storage/exports", export).await);
    let task = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "name": null, "description": null, "inputs": null,
        "batch": null, "batch_input": null, "batch_by": null, "execution_settings": null,
    });
    ok(&bench.post("/tasks", task).await);
    let team = json!({"name": "Nulls", "division": "kings-college"});
    let team = bench.post("/teams", team).await.text("href");
    assert_eq!(bench.patch(&team, json!({"name": null})).await.text("name"), "Nulls");
}

#[tokio::test]
async fn teams_of_a_division_have_two_paths() {
    let bench = Bench::start().await;
    let by_path = bench.get("/divisions/kings-college/teams?_all=TRUE").await;
    assert_eq!(by_path.column("name"), ["crystallography"]);
    let by_query = bench.get("/teams?division=kings-college&_all=").await;
    assert_eq!(by_query.json["items"], by_path.json["items"]);
    assert_eq!(bench.get("/divisions/none/teams").await.status, 404);
}

#[tokio::test]
async fn paths_begin_with_the_uuid_of_the_root() {
    let mut bench = bench().await;
    let id = bench.emulator.create_file(PROJECT, "deep/reads.txt", "ACGT");
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let uuid = bench.get(&format!("/files/{root}")).await.text("name");
    assert_eq!((uuid.len(), uuid.matches('-').count()), (36, 4));
    bench.use_advance_access();
    for place in
        [format!("/Projects/{uuid}/deep"), "/Projects/demo/deep".to_owned(), "rfranklin/demo/deep".to_owned()]
    {
        let query = format!("IN \"{place}\" WHERE name = \"reads.txt\" TOKEN start");
        let found = bench.post("/files/search", json!({"query": query})).await;
        let hit = &found.json["result_set"][0];
        assert_eq!(hit["parent_path"], format!("/Projects/{uuid}/deep/"), "{place}: {found:?}");
        assert_eq!(hit["id"], id.as_str());
    }
    let upload = json!({"project": PROJECT, "name": "u.txt", "size": 1, "part_size": 1});
    let upload = bench.post("/upload/multipart", upload).await.text("upload_id");
    let url = bench.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
    let part = bench.http.put(url).body("A").send().await.unwrap();
    let etag = header(part.headers(), "etag").to_owned();
    let report = json!({"part_number": 1, "response": {"headers": {"ETag": etag}}});
    ok(&bench.post(&format!("/upload/multipart/{upload}/part/"), report).await);
    let done = send(bench.request(Method::POST, &format!("/upload/multipart/{upload}/complete"))).await;
    assert_eq!(done.text("path"), format!("/Projects/{uuid}/u.txt"));
}

#[tokio::test]
async fn types_are_in_lower_case() {
    let bench = bench().await;
    let root = bench.get("/projects/rfranklin/demo").await.text("root_folder");
    let made = bench.post("/files", json!({"name": "f", "type": "FOLDER", "parent": root})).await;
    assert_eq!(made.text("type"), "folder");
    bench.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    assert_eq!(bench.get(&format!("/files/{root}/list")).await.column("type"), ["folder", "file"]);
    assert_eq!(bench.get("/files?project=rfranklin/demo").await.column("type"), ["folder", "file"]);
}

#[tokio::test]
async fn public_project_has_reference_files() {
    let bench = bench().await;
    let files = bench.get("/files?project=admin/sbg-public-data").await;
    assert_eq!(files.column("name"), ["phiX174.fasta", "phiX174.fasta.fai", "phiX174.genes.bed"]);
    assert_eq!(bench.get("/projects/admin/sbg-public-data").await.text("id"), "admin/sbg-public-data");
    assert_eq!(bench.get("/projects").await.column("id"), [PROJECT], "it is not a project of the user");
    let id = &files.column("id")[0];
    let read = bench.read(&bench.download_url(id).await, None).await.unwrap().text().await.unwrap();
    assert!(read.starts_with(">NC_001422.1 "));
    ok(&bench.post(&format!("/files/{id}/actions/copy"), json!({"project": PROJECT})).await);
    assert_eq!(bench.patch(&format!("/files/{id}"), json!({"name": "mine"})).await.code(), 5008);
    let upload = json!({"project": "admin/sbg-public-data", "name": "u", "size": 1});
    assert_eq!(bench.post("/upload/multipart", upload).await.status, 403);
    let export = json!({"source": {"file": id}, "destination": {"volume": VOLUME, "location": "out.txt"}});
    assert_eq!(bench.post("/storage/exports?copy_only=True", export).await.code(), 9006);
}

#[tokio::test]
async fn booleans_in_bodies_may_be_texts() {
    let bench = bench().await;
    bench.emulator.create_file(PROJECT, "a.txt", "old");
    let import = json!({
        "source": {"volume": VOLUME, "location": "a.txt"}, "destination": {"project": PROJECT}, "overwrite": "true",
    });
    let id = bench.post("/bulk/storage/imports/create", json!({"items": [import]})).await;
    let id = id.json["items"][0]["resource"]["id"].as_str().expect("an import").to_owned();
    bench.wait(20);
    assert_eq!(bench.get(&format!("/storage/imports/{id}")).await.text("state"), "COMPLETED");
    let file = bench.emulator.create_file(PROJECT, "b.txt", "b");
    let export = json!({
        "source": {"file": file}, "destination": {"volume": VOLUME, "location": "a.txt"}, "overwrite": "True",
    });
    let made = bench.post("/bulk/storage/exports/create?copy_only=True", json!({"items": [export]})).await;
    assert_eq!(made.json["items"][0]["resource"]["overwrite"], true);
}

#[tokio::test]
async fn raw_apps_have_the_keys_of_the_platform() {
    let bench = bench().await;
    let tool = json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "baseCommand": ["cat"], "inputs": [], "outputs": []});
    let first = bench.post("/apps/rfranklin/demo/cat/raw", tool.clone()).await.json;
    let hash = first["sbg:content_hash"].as_str().expect("a hash");
    assert!(
        hash.len() == 65 && hash.starts_with('a') && hash[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    );
    assert_eq!(first["id"], format!("{}/apps/rfranklin/demo/cat/0/raw/", bench.emulator.url()));
    assert_eq!(first["sbg:id"], "rfranklin/demo/cat/0");
    assert_eq!((&first["sbg:appVersion"], &first["sbg:workflowLanguage"]), (&json!(["v1.2"]), &json!("CWL")));
    assert_eq!(first["sbg:image_url"], Value::Null);
    // What the platform added is sent back by clients that copy apps.
    let again = bench.post("/apps/rfranklin/demo/cat/1/raw", first.clone()).await.json;
    assert_eq!(again["sbg:content_hash"], first["sbg:content_hash"]);
    assert_eq!(bench.get(&format!("/apps/{}", again["sbg:id"].as_str().unwrap())).await.json["revision"], 1);
    let raw = bench.get(again["id"].as_str().unwrap()).await;
    assert_eq!(raw.json["sbg:revision"], 1);
    let package = json!({"class": "nextflow", "cwlVersion": "None", "app_content": {"code_package": "1"}, "inputs": [], "outputs": []});
    let nextflow = bench.post("/apps/rfranklin/demo/nf/raw", package).await.json;
    assert_eq!(nextflow["sbg:workflowLanguage"], "Nextflow");
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let bench = bench().await;
    for path in
        ["/projects/", "/user/", "/tasks/", "/storage/volumes/rfranklin/patterns/list/", "/billing/groups/"]
    {
        ok(&bench.get(path).await);
    }
}

#[tokio::test]
async fn bodies_may_be_missing_or_empty_objects() {
    let bench = bench().await;
    let file = bench.emulator.create_file(PROJECT, "reads.txt", "a\nb\n");
    let task = json!({
        "project": PROJECT, "app": "admin/sbg-public-data/line-count", "inputs": {"file": {"class": "File", "path": file}},
    });
    let id = bench.post("/tasks", task).await.text("id");
    ok(&bench.post(&format!("/tasks/{id}/actions/clone"), json!({})).await);
    ok(&send(bench.request(Method::POST, &format!("/tasks/{id}/actions/clone"))).await);
    ok(&bench.post(&format!("/tasks/{id}/actions/run"), json!({})).await);
    ok(&bench.post(&format!("/tasks/{id}/actions/abort"), json!({})).await);
    let copy = json!({"project": PROJECT});
    let app = bench.post("/apps/admin/sbg-public-data/checksum/actions/copy", copy).await;
    assert_eq!(app.text("id"), "rfranklin/demo/checksum/0");
    ok(&bench.post("/apps/rfranklin/demo/checksum/actions/sync", json!({})).await);
}

#[tokio::test]
async fn booleans_in_queries_may_have_any_case() {
    let bench = bench().await;
    for value in ["true", "True", "TRUE", "false", "False", "FALSE", ""] {
        for path in ["/teams?division=kings-college&_all=", "/automation/automations?include_archived="] {
            ok(&bench.get(&format!("{path}{value}")).await);
        }
    }
    assert_eq!(bench.get("/teams?division=kings-college&_all=yes").await.code(), 90000);
    assert_eq!(bench.get("/users?division=kings-college&role=ADMIN").await.column("username"), ["rfranklin"]);
}

#[tokio::test]
async fn numbers_in_metadata_become_strings() {
    let bench = bench().await;
    let file = bench.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let set = bench.patch(&format!("/files/{file}/metadata"), json!({"age": 37, "paired": true})).await;
    assert_eq!(set.json, json!({"age": "37", "paired": "true"}));
    let item = json!({"id": file, "metadata": {"age": 38}});
    let bulk = bench.post("/bulk/files/edit", json!({"items": [item]})).await;
    assert_eq!(bulk.json["items"][0]["resource"]["metadata"]["age"], "38");
    assert_eq!(bench.get("/files?project=rfranklin/demo&metadata.age=38").await.column("id"), [file]);
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let bench = bench().await;
    let file = bench.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    let pages = "fields=_all&limit=10&offset=0";
    for path in [
        "/user",
        "/projects/rfranklin/demo",
        "/projects/rfranklin/demo/members",
        "/rate_limit",
        "/billing/groups",
    ] {
        ok(&bench.get(&format!("{path}?{pages}")).await);
    }
    assert!(bench.get("/files?project=rfranklin/demo&origin.dataset=none").await.column("id").is_empty());
    ok(&bench.patch("/projects/rfranklin/demo", json!({"description": "d", "category": "PRIVATE"})).await);
    let items = json!({"items": [{"file": file, "project": PROJECT, "location": "copy.txt"}]});
    ok(&bench.post("/async/files/copy", items).await);
    let automation = bench.post("/automation/automations", json!({"name": "Index"})).await.text("id");
    let members = format!("/automation/automations/{automation}/members");
    ok(&bench.get(&format!("{members}?automation_id={automation}&{pages}")).await);
}

#[tokio::test]
async fn bulk_items_name_files_by_either_key() {
    let bench = bench().await;
    let file = bench.emulator.create_file(PROJECT, "reads.txt", "ACGT");
    for (call, key) in [("edit", "id"), ("edit", "file_id"), ("update", "id"), ("update", "file_id")] {
        let item = json!({key: file, "tags": [call, key]});
        let done = bench.post(&format!("/bulk/files/{call}"), json!({"items": [item]})).await;
        assert_eq!(done.json["items"][0]["resource"]["tags"], json!([call, key]), "{done:?}");
    }
    assert_eq!(bench.post("/bulk/files/edit", json!({"items": [{"tags": []}]})).await.code(), 90000);
}

#[tokio::test]
async fn users_may_be_named_with_their_division() {
    const NAME: &str = "kings-college/fcrick";
    let mut bench = bench().await;
    let permissions = json!({"write": true, "copy": true});
    let added = bench
        .post("/projects/rfranklin/demo/members", json!({"username": NAME, "permissions": permissions}))
        .await;
    assert_eq!(added.text("id"), "fcrick");
    for name in [NAME, "kings-college%2Ffcrick", "fcrick"] {
        let path = format!("/projects/rfranklin/demo/members/{name}");
        assert_eq!(bench.get(&path).await.text("username"), "fcrick", "{name}");
        let set = bench.patch(&format!("{path}/permissions"), json!({"write": false})).await;
        assert_eq!(set.json["write"], false, "{name}");
    }
    assert_eq!(bench.delete(&format!("/projects/rfranklin/demo/members/{NAME}")).await.status, 204);
    assert_eq!(bench.get("/users/kings-college/rfranklin").await.text("username"), "rfranklin");
    let volume = json!({"username": NAME, "permissions": {"read": true}});
    ok(&bench.post("/storage/volumes/rfranklin/patterns/members", volume).await);
    ok(&bench.get(&format!("/storage/volumes/rfranklin/patterns/members/{NAME}")).await);
    let automation = bench.post("/automation/automations", json!({"name": "Index"})).await.text("id");
    let members = format!("/automation/automations/{automation}/members");
    ok(&bench.post(&members, json!({"username": NAME, "permissions": permissions})).await);
    ok(&bench.get(&format!("{members}/{NAME}")).await);
    let team = bench.get("/teams?division=kings-college").await.column("id")[0].clone();
    assert_eq!(bench.post(&format!("/teams/{team}/members"), json!({"id": NAME})).await.text("id"), "fcrick");
    assert_eq!(bench.delete(&format!("/teams/{team}/members/{NAME}")).await.status, 204);
    assert_eq!(bench.get("/users/other-division/rfranklin").await.code(), 2002);
    bench.use_advance_access();
    let dataset = json!({"username": NAME, "permissions": {"read": true}});
    ok(&bench.post("/datasets/rfranklin/b-form/members", dataset).await);
    ok(&bench.get(&format!("/datasets/rfranklin/b-form/members/{NAME}")).await);
    assert_eq!(bench.delete(&format!("/users/{NAME}")).await.status, 204);
}

#[tokio::test]
async fn asking_for_the_rate_limit_does_not_count() {
    let bench = Bench::with(Emulator::builder().rate_limit(2)).await;
    bench.get("/user").await;
    for _ in 0..3 {
        assert_eq!(bench.get("/rate_limit").await.json["rate"]["remaining"], 1);
    }
    ok(&bench.get("/user").await);
    assert_eq!(bench.get("/rate_limit").await.json["rate"]["remaining"], 0);
    assert_eq!(bench.get("/user").await.code(), 1000);
}
