//! Start, stop, and the runtimes of callers.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use sbg_emulator::Emulator;

/// A request without any runtime.
fn index(emulator: &Emulator) -> String {
    let host = emulator.url().strip_prefix("http://").and_then(|url| url.strip_suffix("/v2")).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[tokio::test(flavor = "current_thread")]
async fn emulator_runs_while_the_runtime_is_blocked() {
    let emulator = Emulator::builder().start().await.unwrap();
    assert!(index(&emulator).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn drop_closes_listeners_and_connections() {
    let emulator = Emulator::builder().start_blocking().unwrap();
    let host =
        emulator.url().strip_prefix("http://").and_then(|url| url.strip_suffix("/v2")).unwrap().to_owned();
    let mut open = TcpStream::connect(&host).unwrap();
    open.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut first = [0; 15];
    open.read_exact(&mut first).unwrap();
    drop(emulator);
    assert!(TcpStream::connect(&host).is_err());
    let mut rest = Vec::new();
    // The end of the stream or a reset: in either case the connection is closed.
    let _ = open.read_to_end(&mut rest);
}

#[test]
fn hundreds_of_emulators_start_in_turn() {
    for _ in 0..200 {
        let emulator = Emulator::builder().start_blocking().unwrap();
        assert_eq!(emulator.token().len(), 32);
    }
}

#[test]
fn emulators_share_no_state() {
    let (one, two) =
        (Emulator::builder().start_blocking().unwrap(), Emulator::builder().start_blocking().unwrap());
    assert_ne!(one.url(), two.url());
    assert_ne!(one.token(), two.token());
    assert!(one.token_of("fcrick").is_some() && one.token_of("nobody").is_none());
}

#[test]
fn emulator_is_send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Emulator>();
}
