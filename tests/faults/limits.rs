//! Limits on parallel calls and on the request rate.

use std::collections::BTreeSet;
use std::future::{Future, IntoFuture as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::TryStreamExt as _;
use futures::future::{join_all, try_join_all};
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use sbg::ErrorKind;
use sbg::pipeline::{RetryPolicy, Waiting};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, client_of, random_bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server that counts its requests in flight.
#[derive(Debug, Default)]
struct Counter {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl Counter {
    /// Starts the server and returns the base URL of the API.
    async fn serve(self: &Arc<Self>) -> std::io::Result<String> {
        let counter = self.clone();
        server(move |_| {
            let counter = counter.clone();
            async move { counter.answer().await }
        })
        .await
    }

    async fn answer(&self) -> String {
        self.all.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        let body = r#"{"username": "rfranklin"}"#;
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    }
}

/// Starts a server that responds to requests without bodies with `answer`, which gets the path. Returns the base URL of the API.
async fn server<F>(answer: impl Fn(String) -> F + Clone + Send + Sync + 'static) -> std::io::Result<String>
where
    F: Future<Output = String> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v2", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that disconnects causes an error here, which is ignored.
            tokio::spawn(serve(stream, answer.clone()));
        }
    });
    Ok(url)
}

async fn serve<F>(mut stream: TcpStream, answer: impl Fn(String) -> F) -> std::io::Result<()>
where
    F: Future<Output = String>,
{
    let mut head = Vec::new();
    while stream.read_buf(&mut head).await? > 0 {
        if head.ends_with(b"\r\n\r\n") {
            let line = String::from_utf8_lossy(&head);
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            head.clear();
            stream.write_all(answer(path).await.as_bytes()).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn parallel_calls_stay_within_the_limit() -> Result<()> {
    let counter = Arc::new(Counter::default());
    let client = client_of(&counter.serve().await?, TOKEN).max_parallel_requests(8).build()?;
    // Clones share the limit.
    let calls = (0..1000).map(|_| {
        let client = client.clone();
        async move { client.users().me().await }
    });
    assert_eq!(try_join_all(calls).await?.len(), 1000);
    let most = counter.most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} at once");
    assert_eq!(counter.all.load(Ordering::SeqCst), 1000);
    Ok(())
}

#[tokio::test]
async fn limit_of_one_parallel_call_is_obeyed() -> Result<()> {
    let counter = Arc::new(Counter::default());
    let client = client_of(&counter.serve().await?, TOKEN).max_parallel_requests(1).build()?;
    try_join_all((0..20).map(|_| client.users().me().send())).await?;
    assert_eq!(counter.most.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test]
async fn cancelled_call_frees_its_slot() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), |client| client.max_parallel_requests(1)).await;
    stage.fault(FaultRule::api(Action::Delay(Duration::from_secs(600))).nth(1));
    let call = stage.client.users().me().send();
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err(), "it waits");
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    Ok(())
}

#[tokio::test]
async fn call_in_backoff_frees_its_slot() -> Result<()> {
    let long = Duration::from_secs(600);
    let policy = RetryPolicy::default().initial_backoff(long).max_backoff(long).max_elapsed(10 * long);
    let stage =
        Stage::tuned(Emulator::builder(), |client| client.max_parallel_requests(1).retry_policy(policy))
            .await;
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
async fn stream_reader_can_call_under_a_limit_of_one() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), |client| client.max_parallel_requests(1)).await;
    for number in 0..30 {
        stage.file(&format!("{number}"), "a");
    }
    // While the reader awaits its own call, the stream is not polled, although it has requested more pages.
    let reading = async {
        let mut files = stage.client.project(&stage.project).files().query().page_size(5).items();
        let mut names = 0;
        while let Some(file) = files.try_next().await? {
            names += usize::from(stage.client.file(&file.id).get().await?.name == file.name);
        }
        Ok::<_, sbg::Error>(names)
    };
    let names = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("no call hangs")?;
    assert_eq!(names, 30);
    Ok(())
}

#[tokio::test]
async fn transfers_obey_the_call_limit() -> Result<()> {
    let stage =
        Stage::tuned(Emulator::builder().min_part_size(1), |client| client.max_parallel_requests(1)).await;
    let bytes = random_bytes(3000);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100);
    let file = upload.await?;
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

/// A server that allows this many requests per second and reports the limit.
#[derive(Debug)]
struct Meter {
    allowed: u64,
    window: Mutex<(Instant, u64, u64)>,
    /// The paths of the accepted requests, and the number of refused ones.
    answered: Mutex<Vec<String>>,
    refused: AtomicUsize,
}

impl Meter {
    fn allowing(allowed: u64) -> Arc<Self> {
        let window = Mutex::new((Instant::now(), 0, 0));
        Arc::new(Self { allowed, window, answered: Mutex::default(), refused: AtomicUsize::new(0) })
    }

    /// The response to a request for this path.
    fn answer(&self, path: &str) -> String {
        let mut window = self.window.lock();
        if window.0.elapsed() >= Duration::from_secs(1) {
            *window = (Instant::now(), window.1 + 1, 0);
        }
        let refused = window.2 == self.allowed;
        if refused {
            self.refused.fetch_add(1, Ordering::SeqCst);
        } else {
            window.2 += 1;
            self.answered.lock().push(path.to_owned());
        }
        let (status, body) = if refused {
            ("429 Too Many Requests", r#"{"code": 1000, "message": "Rate limit exceeded!"}"#)
        } else {
            ("200 OK", r#"{"id": "a", "username": "rfranklin"}"#)
        };
        // By the clock of the server, the window always ends in the next second.
        let (now, remaining) = (10 * window.1, self.allowed - window.2);
        format!(
            "HTTP/1.1 {status}\r\ndate: Thu, 01 Jan 1970 00:{:02}:{:02} GMT\r\nx-ratelimit-limit: {}\r\n\
             x-ratelimit-remaining: {remaining}\r\nx-ratelimit-reset: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            now / 60,
            now % 60,
            self.allowed,
            now + 1,
            body.len()
        )
    }

    async fn serve(self: &Arc<Self>) -> std::io::Result<String> {
        let meter = self.clone();
        server(move |path| {
            let meter = meter.clone();
            async move { meter.answer(&path) }
        })
        .await
    }
}

#[tokio::test]
async fn paced_calls_keep_order_and_get_no_429() -> Result<()> {
    for parallel in [1, 4] {
        let meter = Meter::allowing(5);
        let client = client_of(&meter.serve().await?, TOKEN).max_parallel_requests(parallel).build()?;
        // The client knows the window from the first response on.
        client.file("first").get().await?;
        let calls = FuturesUnordered::new();
        for number in 0..12 {
            let call = tokio::spawn(client.file(number.to_string()).get().into_future());
            calls.push(async move { call.await.expect("no panic") });
            tokio::task::yield_now().await;
        }
        assert_eq!(calls.try_collect::<Vec<_>>().await?.len(), 12);
        assert_eq!(meter.refused.load(Ordering::SeqCst), 0, "{parallel}");
        let answered = meter.answered.lock().clone();
        if parallel == 1 {
            let expected: Vec<_> = (0..12).map(|number| format!("/v2/files/{number}")).collect();
            assert_eq!(answered[1..], expected);
        }
        assert_eq!(answered.len(), 13);
    }
    Ok(())
}

#[tokio::test]
async fn unpaced_calls_get_429s() -> Result<()> {
    let meter = Meter::allowing(5);
    let client = client_of(&meter.serve().await?, TOKEN)
        .wait_for_rate_limit(false)
        .without_error_handlers()
        .build()?;
    let results = join_all((0..12).map(|_| client.users().me().send())).await;
    let answered = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!((answered, meter.refused.load(Ordering::SeqCst)), (5, 7));
    assert!(results.iter().filter_map(|result| result.as_ref().err()).all(sbg::Error::is_rate_limited));
    assert_eq!(client.latest_rate_limit().map(|latest| (latest.limit(), latest.remaining())), Some((5, 0)));
    Ok(())
}

/// A client whose window of three requests is used up, and a record of its waits.
async fn spent() -> (Stage, Arc<Mutex<Vec<Waiting>>>) {
    let waits: Arc<Mutex<Vec<Waiting>>> = Arc::default();
    let log = waits.clone();
    let tell = move |waiting: &Waiting| log.lock().push(waiting.clone());
    let stage = Stage::tuned(Emulator::builder().rate_limit(3), |client| client.on_wait(tell)).await;
    for _ in 0..3 {
        stage.client.users().me().await.expect("an answer");
    }
    assert!(waits.lock().is_empty());
    (stage, waits)
}

#[tokio::test]
async fn rate_limit_wait_is_reported_and_cancellable() -> Result<()> {
    let (stage, waits) = spent().await;
    let call = tokio::time::timeout(Duration::from_millis(100), stage.client.users().me().send());
    assert!(call.await.is_err(), "it waits");
    let waits = waits.lock().clone();
    assert_eq!(waits.len(), 1);
    let Waiting { operation, reason, wait, attempts, .. } = &waits[0];
    assert_eq!((*operation, reason.as_str(), *attempts), ("user_me", "rate limit", 0));
    assert!((290..=300).contains(&wait.as_secs()), "{wait:?}");
    assert_eq!(stage.emulator.requests().len(), 3);
    Ok(())
}

#[tokio::test]
async fn transfers_queue_with_calls_and_can_stop() -> Result<()> {
    let (stage, waits) = spent().await;
    let client = stage.client.clone();
    let call = tokio::spawn(async move { client.users().me().await });
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).start();
    let operations = || waits.lock().iter().map(|waiting| waiting.operation).collect::<BTreeSet<_>>();
    sbg_tests::eventually("both wait", || operations() == BTreeSet::from(["upload_init", "user_me"])).await;
    upload.stop();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert!(!call.is_finished());
    assert_eq!(stage.emulator.requests().len(), 3);
    call.abort();
    Ok(())
}

#[tokio::test]
async fn clients_with_half_a_share_fit_in_a_window() -> Result<()> {
    let waits: Arc<Mutex<Vec<Waiting>>> = Arc::default();
    let log = waits.clone();
    let tell = move |waiting: &Waiting| log.lock().push(waiting.clone());
    let stage =
        Stage::tuned(Emulator::builder().rate_limit(6), |client| client.api_share(0.5).on_wait(tell)).await;
    let other = client_of(stage.emulator.url(), &stage.emulator.token()).api_share(0.5).build()?;
    try_join_all((0..3).map(|_| stage.client.users().me().send())).await?;
    assert!(waits.lock().is_empty());
    let client = stage.client.clone();
    let fourth = tokio::spawn(async move { client.users().me().await });
    sbg_tests::eventually("the fourth call waits", || waits.lock().len() == 1).await;
    try_join_all((0..3).map(|_| other.users().me().send())).await?;
    assert!(!fourth.is_finished());
    let statuses: Vec<_> = stage.emulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200); 6]);
    fourth.abort();
    Ok(())
}
