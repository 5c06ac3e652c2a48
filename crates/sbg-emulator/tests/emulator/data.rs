//! A state directory that survives restarts.

use std::{fs, path::Path, time::Duration};

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    TestEnv, header,
    program::{Running, program},
};

async fn open(folder: &Path) -> TestEnv {
    TestEnv::with(Emulator::builder().data(folder).min_part_size(1).state_time(Duration::from_secs(60))).await
}

fn refusal(folder: &Path) -> String {
    Emulator::builder().data(folder).start_blocking().unwrap_err().to_string()
}

#[tokio::test]
async fn replaced_and_gzip_objects_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let env = open(folder.path()).await;
    let project = env.emulator.create_project("demo");
    let packed = env.emulator.create_gzip_file(&project, "reads.txt.gz", vec![0x1f; 10_000]);
    let replaced = env.emulator.create_large_file(&project, "large", 5_000_000);
    env.emulator.faults().add("storage:get:nth=1:replace".parse().unwrap());
    let etag = async |env: &TestEnv| {
        let response = env.read(&env.download_url(&replaced).await, None).await.unwrap();
        header(response.headers(), "etag").to_owned()
    };
    let (tag, content) = (etag(&env).await, env.emulator.file_content(&replaced));
    drop(env);

    let env = open(folder.path()).await;
    assert_eq!((etag(&env).await, env.emulator.file_content(&replaced)), (tag, content));
    let response = env.read(&env.download_url(&packed).await, None).await.unwrap();
    assert_eq!(header(response.headers(), "content-encoding"), "gzip");
    assert_eq!(response.bytes().await.unwrap(), vec![0x1f; 10_000]);
}

#[tokio::test]
async fn state_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let env = open(folder.path()).await;
    let project = env.emulator.create_project("demo");
    let small = env.emulator.create_file(&project, "reads/small.txt", "ACGT\n");
    let big = env.emulator.create_file(&project, "big.bin", vec![7; 100_000]);
    let huge = env.emulator.create_large_file(&project, "huge.bin", 1 << 50);
    env.patch(&format!("/files/{small}"), json!({"tags": ["x"], "metadata": {"sample_id": "S1"}})).await;
    env.emulator.put_object("bucket", "a/b.txt", "on a volume").unwrap();
    let task = json!({
        "project": project, "app": "admin/sbg-public-data/line-count", "name": "count",
        "inputs": {"file": {"class": "File", "path": small}},
    });
    let task = env.post("/tasks?action=run", task).await.text("id");
    env.advance_clock(3600);
    let before = env.get(&format!("/tasks/{task}")).await;
    let (token, now) = (env.emulator.token(), env.emulator.clock().now());
    drop(env);

    let env = open(folder.path()).await;
    assert_eq!(env.emulator.token(), token);
    assert!(env.emulator.clock().now() >= now);
    assert_eq!(env.get("/projects").await.column("id"), [project.as_str()]);
    let file = env.get(&format!("/files/{small}")).await.json;
    assert_eq!((&file["tags"], &file["metadata"]["sample_id"]), (&json!(["x"]), &json!("S1")));
    assert_eq!(env.emulator.file_content(&small).unwrap(), b"ACGT\n");
    assert_eq!(env.emulator.file_content(&big).unwrap(), vec![7; 100_000]);
    assert_eq!(env.emulator.object("bucket", "a/b.txt").unwrap(), b"on a volume");
    let url = env.download_url(&big).await;
    assert_eq!(env.read(&url, Some("bytes=99990-")).await.unwrap().bytes().await.unwrap(), vec![7; 10]);
    let url = env.download_url(&huge).await;
    let end = env.read(&url, Some("bytes=-5")).await.unwrap();
    assert_eq!(
        header(end.headers(), "content-range"),
        format!("bytes {}-{}/{}", (1_u64 << 50) - 5, (1_u64 << 50) - 1, 1_u64 << 50)
    );
    assert_eq!(end.bytes().await.unwrap().len(), 5);
    let after = env.get(&format!("/tasks/{task}")).await;
    assert_eq!(before.text("status"), "COMPLETED");
    assert_eq!(after.json["outputs"], before.json["outputs"]);
}

#[tokio::test]
async fn upload_resumes_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let env = open(folder.path()).await;
    let project = env.emulator.create_project("demo");
    let new = json!({"project": project, "name": "up.bin", "size": 20_000, "part_size": 10_000});
    let upload = env.post("/upload/multipart", new).await.text("upload_id");
    let mut reports = vec![send_part(&env, &upload, 1, vec![1; 10_000]).await];
    drop(env);

    let env = open(folder.path()).await;
    reports.push(send_part(&env, &upload, 2, vec![2; 10_000]).await);
    let done = env.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": reports})).await;
    let file = done.text("id");
    let whole = [vec![1; 10_000], vec![2; 10_000]].concat();
    assert_eq!(env.emulator.file_content(&file).unwrap(), whole);
    drop(env);
    assert_eq!(open(folder.path()).await.emulator.file_content(&file).unwrap(), whole);
}

async fn send_part(env: &TestEnv, upload: &str, number: u32, bytes: Vec<u8>) -> Value {
    let url = env.get(&format!("/upload/multipart/{upload}/part/{number}")).await.text("url");
    let response = env.http.put(url).body(bytes).send().await.unwrap();
    json!({"part_number": number, "response": {"headers": {"ETag": header(response.headers(), "etag")}}})
}

#[tokio::test]
async fn deleted_file_contents_are_removed() {
    let folder = TempDir::new().unwrap();
    let env = open(folder.path()).await;
    let project = env.emulator.create_project("demo");
    let kept = env.emulator.create_file(&project, "kept.bin", vec![1; 50_000]);
    let copy =
        env.post(&format!("/files/{kept}/actions/copy"), json!({"project": project, "name": "copy"})).await;
    let gone = env.emulator.create_file(&project, "gone.bin", vec![2; 50_000]);
    env.delete(&format!("/files/{kept}")).await;
    env.delete(&format!("/files/{gone}")).await;
    drop(env);
    let stored = fs::read_dir(folder.path().join("objects")).unwrap().count();
    assert_eq!(stored, 1);
    let env = open(folder.path()).await;
    assert_eq!(env.emulator.file_content(&copy.text("id")).unwrap(), vec![1; 50_000]);
}

#[tokio::test]
async fn killed_emulator_keeps_the_last_saved_state() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--data", folder.path().to_str().unwrap(), "--token", "abc"];
    let mut running = Running::start(program().args(arguments));
    let endpoint = running.export("SB_API_ENDPOINT");
    let http = crate::http().build().unwrap();
    let create = http.request(Method::POST, format!("{endpoint}/projects")).header("X-SBG-Auth-Token", "abc");
    assert_eq!(create.json(&json!({"name": "kept"})).send().await.unwrap().status(), 200);
    let state = folder.path().join("state.json");
    while !fs::read_to_string(&state).unwrap().contains("rfranklin/kept") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.kill();
    let env = open(folder.path()).await;
    assert_eq!(env.emulator.token(), "abc");
    assert_eq!(env.get("/projects").await.column("id"), ["rfranklin/kept"]);
}

#[test]
fn data_folder_is_used_by_one_emulator() {
    let folder = TempDir::new().unwrap();
    let first = Emulator::builder().data(folder.path()).start_blocking().unwrap();
    assert_eq!(refusal(folder.path()), format!("another emulator uses {}", folder.path().display()));
    drop(first);
    assert!(Emulator::builder().data(folder.path()).start_blocking().is_ok());
}

#[test]
fn unusable_data_folder_is_rejected() {
    let folder = TempDir::new().unwrap();
    let emulator = Emulator::builder().data(folder.path()).start_blocking().unwrap();
    let project = emulator.create_project("demo");
    emulator.create_file(&project, "big.bin", vec![7; 100_000]);
    drop(emulator);
    let state = folder.path().join("state.json");
    let good = fs::read_to_string(&state).unwrap();
    let check = |text: &str, expected: &str| {
        fs::write(&state, text).unwrap();
        let message = refusal(folder.path());
        assert!(message.contains(expected), "{message}");
        assert!(message.contains(state.to_str().unwrap()), "{message}");
    };
    check(&good[..good.len() / 2], "is damaged");
    check("", "is damaged");
    check("[]", "is damaged");
    check(&good.replacen("\"version\":2", "\"version\":7", 1), "version 7; this program supports");
    check(&good.replacen("\"users\"", "\"losers\"", 1), "is damaged: missing field `users`");
    fs::write(&state, good).unwrap();
    let object = fs::read_dir(folder.path().join("objects")).unwrap().next().unwrap().unwrap().path();
    fs::write(&object, [7; 10]).unwrap();
    assert!(refusal(folder.path()).contains("is too short"));
    fs::remove_file(&object).unwrap();
    assert!(refusal(folder.path()).contains("is missing"));

    let other = TempDir::new().unwrap();
    fs::write(other.path().join("thesis.tex"), "x").unwrap();
    assert!(refusal(other.path()).contains("has files of something else: choose an empty directory"));
    let file = other.path().join("thesis.tex");
    assert!(refusal(&file).contains("thesis.tex"));
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_tokens_are_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TempDir::new().unwrap();
    let (data, traffic) = (folder.path().join("data"), folder.path().join("traffic.jsonl"));
    fs::create_dir(&data).unwrap();
    // Files of earlier versions.
    for file in [&traffic, &data.join("state.new"), &data.join("lock")] {
        fs::write(file, "").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let env = TestEnv::with_traffic_file(Emulator::builder().data(&data).traffic(&traffic)).await;
    let project = env.emulator.create_project("demo");
    env.emulator.create_file(&project, "big.bin", vec![7; 100_000]);
    env.get("/user").await;
    let token = env.emulator.token();
    drop(env);
    assert!(fs::read_to_string(data.join("state.json")).unwrap().contains(&token));
    let objects = fs::read_dir(data.join("objects")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = objects.chain([traffic, data.join("state.json")]).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
