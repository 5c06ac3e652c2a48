//! HTTPS with the emulator's own certificate authority.

use std::fs;

use reqwest::Certificate;
use sbg_emulator::{Action, Emulator, FaultRule};
use tempfile::TempDir;

use crate::{
    TestEnv, header,
    program::{Running, program},
};

fn trusting(pem: &str) -> reqwest::Client {
    let authority = Certificate::from_pem(pem.as_bytes()).unwrap();
    crate::http().tls_certs_only([authority]).build().unwrap()
}

async fn env() -> TestEnv {
    let mut env = TestEnv::with(Emulator::builder().tls(true).min_part_size(1)).await;
    env.http = trusting(env.emulator.ca_pem().unwrap());
    env
}

#[tokio::test]
async fn both_origins_use_tls_of_one_authority() {
    let env = env().await;
    let id = env.file("0123456789");
    assert!(env.emulator.url().starts_with("https://127.0.0.1:"));
    assert_eq!(env.get("/user").await.text("username"), "rfranklin");
    let url = env.download_url(&id).await;
    assert!(url.starts_with(env.emulator.storage_url()) && url.starts_with("https://"));
    assert_eq!(env.read(&url, Some("bytes=2-5")).await.unwrap().text().await.unwrap(), "2345");
    let by_name = env.emulator.url().replace("127.0.0.1", "localhost");
    assert_eq!(env.http.get(format!("{by_name}/")).send().await.unwrap().status(), 200);

    let other = Emulator::builder().tls(true).start().await.unwrap();
    assert_ne!(other.ca_pem(), env.emulator.ca_pem());
    assert!(env.http.get(format!("{}/", other.url())).send().await.is_err());
    assert!(crate::http().build().unwrap().get(format!("{}/", other.url())).send().await.is_err());
    assert_eq!(Emulator::builder().start().await.unwrap().ca_pem(), None);
}

#[tokio::test]
async fn large_bodies_transfer_over_tls() {
    let env = env().await;
    let project = env.emulator.create_project("demo");
    let id = env.emulator.create_large_file(&project, "big", 30_000_000);
    let url = env.download_url(&id).await;
    let bytes = env.read(&url, None).await.unwrap().bytes().await.unwrap();
    assert_eq!(env.emulator.file_content(&id).unwrap(), bytes);
    let new = serde_json::json!({"project": project, "name": "up", "part_size": bytes.len()});
    let upload = env.post("/upload/multipart", new).await.text("upload_id");
    let part = format!("/upload/multipart/{upload}/part");
    let url = env.get(&format!("{part}/1")).await.text("url");
    let sent = env.http.put(url).body(bytes.clone()).send().await.unwrap();
    let report = serde_json::json!({"part_number": 1, "response": {"headers": {"ETag": header(sent.headers(), "etag")}}});
    assert_eq!(env.post(&part, report).await.status, 200);
    let done = env.post(&format!("/upload/multipart/{upload}/complete"), serde_json::json!({})).await;
    assert_eq!(env.emulator.file_content(&done.text("id")).unwrap(), bytes);
}

#[tokio::test]
async fn connection_faults_work_over_tls() {
    let env = env().await;
    let id = env.file("0123456789");
    let url = env.download_url(&id).await;
    env.emulator.faults().add(FaultRule::storage(Action::CutBody(4)).nth(1));
    env.emulator.faults().add(FaultRule::storage(Action::Reset).nth(1));
    let mut cut = env.read(&url, None).await.unwrap();
    assert_eq!(cut.chunk().await.unwrap().unwrap(), "0123");
    assert!(cut.chunk().await.is_err());
    assert!(env.read(&url, None).await.is_err());
    assert_eq!(env.read(&url, None).await.unwrap().text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn plain_request_to_tls_port_is_harmless() {
    let env = env().await;
    let plain = env.emulator.url().replace("https:", "http:");
    assert!(crate::http().build().unwrap().get(format!("{plain}/")).send().await.is_err());
    assert_eq!(env.get("/user").await.status, 200);
}

#[tokio::test]
async fn binary_writes_the_tls_certificate() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("new folder");
    let mut running = Running::start(program().arg("--tls").arg(&place));
    let (endpoint, token) = (running.export("SB_API_ENDPOINT"), running.export("SB_AUTH_TOKEN"));
    let certificate = place.join("ca.pem");
    // The path has a space, so that it must be quoted.
    let quoted = format!("'{}'", certificate.display());
    assert_eq!(running.export("REQUESTS_CA_BUNDLE"), quoted);
    assert_eq!(running.export("SSL_CERT_FILE"), quoted);
    let http = trusting(&fs::read_to_string(certificate).unwrap());
    let user = http.get(format!("{endpoint}/user")).header("X-SBG-Auth-Token", token).send().await.unwrap();
    assert_eq!(user.status(), 200);
}
