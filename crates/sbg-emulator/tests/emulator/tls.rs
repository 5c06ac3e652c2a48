//! HTTPS with an authority of its own.

use std::fs;

use reqwest::Certificate;
use sbg_emulator::{Action, Emulator, FaultRule};
use tempfile::TempDir;

use crate::{
    Bench, header,
    program::{Running, program},
};

fn trusting(pem: &str) -> reqwest::Client {
    let authority = Certificate::from_pem(pem.as_bytes()).unwrap();
    crate::http().tls_certs_only([authority]).build().unwrap()
}

async fn bench() -> Bench {
    let mut bench = Bench::with(Emulator::builder().tls(true).min_part_size(1)).await;
    bench.http = trusting(bench.emulator.ca_pem().unwrap());
    bench
}

#[tokio::test]
async fn both_origins_are_encrypted_and_trusted_by_their_authority_alone() {
    let bench = bench().await;
    let id = bench.file("0123456789");
    assert!(bench.emulator.url().starts_with("https://127.0.0.1:"));
    assert_eq!(bench.get("/user").await.text("username"), "rfranklin");
    let url = bench.download_url(&id).await;
    assert!(url.starts_with(bench.emulator.storage_url()) && url.starts_with("https://"));
    assert_eq!(bench.read(&url, Some("bytes=2-5")).await.unwrap().text().await.unwrap(), "2345");
    let by_name = bench.emulator.url().replace("127.0.0.1", "localhost");
    assert_eq!(bench.http.get(format!("{by_name}/")).send().await.unwrap().status(), 200);

    let other = Emulator::builder().tls(true).start().await.unwrap();
    assert_ne!(other.ca_pem(), bench.emulator.ca_pem());
    assert!(bench.http.get(format!("{}/", other.url())).send().await.is_err());
    assert!(crate::http().build().unwrap().get(format!("{}/", other.url())).send().await.is_err());
    assert_eq!(Emulator::builder().start().await.unwrap().ca_pem(), None);
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_both_directions() {
    let bench = bench().await;
    let project = bench.emulator.create_project("demo");
    let id = bench.emulator.create_large_file(&project, "big", 30_000_000);
    let url = bench.download_url(&id).await;
    let bytes = bench.read(&url, None).await.unwrap().bytes().await.unwrap();
    assert_eq!(bench.emulator.file_content(&id).unwrap(), bytes);
    let new = serde_json::json!({"project": project, "name": "up", "part_size": bytes.len()});
    let upload = bench.post("/upload/multipart", new).await.text("upload_id");
    let part = format!("/upload/multipart/{upload}/part");
    let url = bench.get(&format!("{part}/1")).await.text("url");
    let sent = bench.http.put(url).body(bytes.clone()).send().await.unwrap();
    let report = serde_json::json!({"part_number": 1, "response": {"headers": {"ETag": header(sent.headers(), "etag")}}});
    assert_eq!(bench.post(&part, report).await.status, 200);
    let done = bench.post(&format!("/upload/multipart/{upload}/complete"), serde_json::json!({})).await;
    assert_eq!(bench.emulator.file_content(&done.text("id")).unwrap(), bytes);
}

#[tokio::test]
async fn faults_of_connections_work_through_encryption() {
    let bench = bench().await;
    let id = bench.file("0123456789");
    let url = bench.download_url(&id).await;
    bench.emulator.faults().add(FaultRule::storage(Action::CutBody(4)).nth(1));
    bench.emulator.faults().add(FaultRule::storage(Action::Reset).nth(1));
    let mut cut = bench.read(&url, None).await.unwrap();
    assert_eq!(cut.chunk().await.unwrap().unwrap(), "0123");
    assert!(cut.chunk().await.is_err());
    assert!(bench.read(&url, None).await.is_err());
    assert_eq!(bench.read(&url, None).await.unwrap().text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn a_plain_request_to_an_encrypted_port_is_no_danger_to_others() {
    let bench = bench().await;
    let plain = bench.emulator.url().replace("https:", "http:");
    assert!(crate::http().build().unwrap().get(format!("{plain}/")).send().await.is_err());
    assert_eq!(bench.get("/user").await.status, 200);
}

#[tokio::test]
async fn the_program_writes_the_certificate_that_it_names() {
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
