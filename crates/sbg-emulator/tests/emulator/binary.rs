//! The program.

use std::net::TcpListener;

use crate::program::{Running, program};

#[tokio::test]
async fn binary_prints_export_lines_and_serves() {
    let mut running = Running::start(program().args(["--token", "abc", "--fault", "api:nth=2:503"]));
    let endpoint = running.export("SB_API_ENDPOINT");
    assert!(endpoint.starts_with("http://127.0.0.1:") && endpoint.ends_with("/v2"));
    assert_eq!(running.export("SB_AUTH_TOKEN"), "abc");
    let http = crate::http().build().unwrap();
    let get = || http.get(format!("{endpoint}/user")).header("X-SBG-Auth-Token", "abc").send();
    assert_eq!(get().await.unwrap().status(), 200);
    assert_eq!(get().await.unwrap().status(), 503);
}

#[test]
fn port_in_use_is_one_error_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let output = program().args(["--listen", &address.to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message, format!("sbg-emulator: port {} is in use on 127.0.0.1\n", address.port()));
    assert!(output.stdout.is_empty());
}

#[test]
fn invalid_fault_argument_is_explained() {
    let output = program().args(["--fault", "api:explode"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("unknown fault `explode`"));
}
