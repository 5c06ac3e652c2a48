//! How much is asked of the platform at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use futures::future::try_join_all;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, client_of, random_bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server that counts the requests that it holds at the same time.
#[derive(Debug, Default)]
struct Counter {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl Counter {
    /// Starts to serve and gives the base of the API.
    async fn serve(self: &Arc<Self>) -> std::io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/v2", listener.local_addr()?);
        let counter = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counter = counter.clone();
                // A client that goes away ends its connection with an error, which is nobody's concern.
                tokio::spawn(async move { counter.answer(stream).await.ok() });
            }
        });
        Ok(url)
    }

    /// Answers requests without bodies, one after the other.
    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let body = r#"{"username": "rfranklin"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut head = Vec::new();
        loop {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                self.all.fetch_add(1, Ordering::SeqCst);
                self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.now.fetch_sub(1, Ordering::SeqCst);
                stream.write_all(answer.as_bytes()).await?;
            }
        }
    }
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_are_allowed() -> Result<()> {
    let counter = Arc::new(Counter::default());
    let client = client_of(&counter.serve().await?, TOKEN).max_parallel_requests(8).build()?;
    // Clones share the limit.
    let calls = (0..200).map(|_| {
        let client = client.clone();
        async move { client.users().me().await }
    });
    assert_eq!(try_join_all(calls).await?.len(), 200);
    let most = counter.most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} at once");
    assert_eq!(counter.all.load(Ordering::SeqCst), 200);
    Ok(())
}

#[tokio::test]
async fn one_call_at_a_time_is_a_limit_as_well() -> Result<()> {
    let counter = Arc::new(Counter::default());
    let client = client_of(&counter.serve().await?, TOKEN).max_parallel_requests(1).build()?;
    try_join_all((0..20).map(|_| client.users().me().send())).await?;
    assert_eq!(counter.most.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test]
async fn a_call_that_is_given_up_makes_room_for_another() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), |client| client.max_parallel_requests(1)).await;
    stage.fault(FaultRule::api(Action::Delay(Duration::from_secs(600))).nth(1));
    let call = stage.client.users().me().send();
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err(), "it waits");
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    Ok(())
}

#[tokio::test]
async fn a_call_that_waits_to_be_sent_again_leaves_its_place_to_others() -> Result<()> {
    let mut policy = sbg::transport::RetryPolicy::default();
    policy.first_wait = Duration::from_secs(600);
    policy.longest_wait = policy.first_wait;
    let stage =
        Stage::tuned(Emulator::builder(), |client| client.max_parallel_requests(1).retry(policy)).await;
    stage.fault(FaultRule::api(Action::Reset).nth(1));
    let client = stage.client.clone();
    let waiting = tokio::spawn(async move { client.users().me().await });
    sbg_tests::eventually("the first call has failed", || !stage.emulator.requests().is_empty()).await;
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    assert!(!waiting.is_finished());
    waiting.abort();
    Ok(())
}

#[tokio::test]
async fn transfers_keep_to_the_limit_of_calls() -> Result<()> {
    let stage =
        Stage::tuned(Emulator::builder().min_part_size(1), |client| client.max_parallel_requests(1)).await;
    let bytes = random_bytes(3000);
    let upload = stage.client.upload(stage.local("a", &bytes)).to_project(&stage.project)?.part_size(100);
    let file = upload.await?;
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}
