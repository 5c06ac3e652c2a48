//! The spans and wait events of calls.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use sbg::pipeline::{MaintenanceSleeper, RetryPolicy, Waiting};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, eventually, quick_retry};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The fields of a span or event.
type Fields = BTreeMap<&'static str, String>;

/// Records the spans and events of this crate.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<(Vec<Fields>, Vec<Fields>)>>);

impl Heard {
    fn spans(&self) -> Vec<Fields> {
        self.0.lock().0.clone()
    }

    /// The events with this message.
    fn events(&self, message: &str) -> Vec<Fields> {
        self.0
            .lock()
            .1
            .iter()
            .filter(|event| event.get("message").is_some_and(|text| text == message))
            .cloned()
            .collect()
    }
}

struct Into<'f>(&'f mut Fields);

impl Visit for Into<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Heard {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == "sbg.call" {
            let mut fields = Fields::new();
            attributes.record(&mut Into(&mut fields));
            context.span(id).expect("it is new").extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(fields) = context.span(id).expect("it is open").extensions_mut().get_mut::<Fields>() {
            values.record(&mut Into(fields));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(fields) = context.span(&id).expect("it is closing").extensions_mut().remove::<Fields>() {
            self.0.lock().0.push(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("sbg::") {
            let mut fields = Fields::new();
            event.record(&mut Into(&mut fields));
            self.0.lock().1.push(fields);
        }
    }
}

/// Records the spans and events of this thread.
fn listen() -> (Heard, tracing::subscriber::DefaultGuard) {
    let heard = Heard::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone()));
    (heard, guard)
}

fn text<'f>(fields: &'f Fields, names: &[&str]) -> Vec<&'f str> {
    names.iter().map(|name| fields.get(*name).map_or("-", String::as_str)).collect()
}

const SPAN: [&str; 7] = ["operation", "method", "path", "status", "attempts", "request_id", "error"];

#[tokio::test]
async fn each_call_has_a_span_with_its_outcome() -> Result<()> {
    let (heard, _guard) = listen();
    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
    let id = stage.file("a", "a");
    stage.fault(FaultRule::api(Action::Reset).first(2));
    let headers = vec![("x-request-id".to_owned(), "r-17".to_owned())];
    let refusal = Action::Status { code: 409, body: None, headers };
    stage.fault(FaultRule::api(refusal).method("POST"));
    stage.client.file(&id).get().await?;
    stage.client.projects().create("x").await.expect_err("it is refused");
    let spans = heard.spans();
    assert_eq!(spans.len(), 2, "{spans:?}");
    let found = text(&spans[0], &SPAN);
    assert_eq!(found[..5], ["file_get", "GET", "/files/{file_id}", "200", "3"], "no id in the path");
    assert_eq!((found[5].len(), found[6]), (32, "-"), "the emulator names its requests");
    let refused = text(&spans[1], &SPAN);
    assert_eq!(refused, ["project_create", "POST", "/projects", "409", "1", "r-17", "Conflict"]);
    for span in &spans {
        let elapsed: u64 = span["elapsed_ms"].parse()?;
        assert!(elapsed < 60_000, "{elapsed}");
    }
    Ok(())
}

#[tokio::test]
async fn attempts_and_waits_are_events() -> Result<()> {
    let (heard, _guard) = listen();
    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
    stage.fault(FaultRule::api(Action::Status { code: 502, body: None, headers: Vec::new() }).nth(1));
    stage.fault(FaultRule::api(Action::Reset).nth(1));
    stage.client.users().me().await?;
    let answered: Vec<_> = heard
        .events("received a response")
        .iter()
        .map(|event| text(event, &["attempt", "status"]).join(" "))
        .collect();
    assert_eq!(answered, ["1 502", "3 200"]);
    assert_eq!(text(&heard.events("failed")[0], &["attempt", "never_left"]), ["2", "false"]);
    let waits: Vec<_> = heard
        .events("waiting")
        .iter()
        .map(|event| text(event, &["operation", "attempts", "reason"]).join(" "))
        .collect();
    assert_eq!(waits, ["user_me 1 retry", "user_me 2 retry"]);
    Ok(())
}

#[tokio::test]
async fn unsent_call_has_a_span() -> Result<()> {
    use sbg::raw::ClientFilesExt as _;
    let (heard, _guard) = listen();
    let stage = Stage::start().await;
    let scroll = stage.client.raw().file_scroll().project("rfranklin/demo").token("init").send().await;
    assert!(scroll.is_err());
    assert_eq!(
        text(&heard.spans()[0], &["operation", "attempts", "error"]),
        ["file_scroll", "0", "AdvanceAccess"]
    );
    Ok(())
}

/// A client that records its waits.
async fn telling(
    tune: impl FnOnce(sbg::ClientBuilder) -> sbg::ClientBuilder,
) -> (Stage, Arc<Mutex<Vec<Waiting>>>) {
    let waits: Arc<Mutex<Vec<Waiting>>> = Arc::default();
    let log = waits.clone();
    let told = move |waiting: &Waiting| log.lock().push(waiting.clone());
    (Stage::tuned(Emulator::builder(), |client| tune(client.on_wait(told))).await, waits)
}

#[tokio::test]
async fn every_wait_reports_reason_and_length() -> Result<()> {
    let pause = Duration::from_millis(5);
    let sleeper = MaintenanceSleeper::default().interval(pause);
    let (stage, waits) = telling(|client| client.retry_policy(quick_retry()).error_handler(sleeper)).await;
    stage.fault(FaultRule::api(Action::Maintenance).nth(1));
    stage.fault(FaultRule::api(Action::RateLimited { reset_header: true }).nth(1));
    stage.fault(FaultRule::api(Action::Reset).nth(1));
    stage.client.users().me().await?;
    let waits = waits.lock();
    let told: Vec<_> =
        waits.iter().map(|wait| (wait.operation, wait.reason.as_str(), wait.attempts)).collect();
    assert_eq!(
        told,
        [("user_me", "MaintenanceSleeper", 1), ("user_me", "RateLimitSleeper", 2), ("user_me", "retry", 3)]
    );
    assert_eq!(waits[0].wait, pause);
    assert!(
        waits[1].wait <= Duration::from_secs(2) && waits[2].wait <= Duration::from_millis(10),
        "{waits:?}"
    );
    Ok(())
}

#[tokio::test]
async fn default_client_waits_for_maintenance_and_429() -> Result<()> {
    let hour = Duration::from_secs(3600);
    for (fault, reason) in [
        (Action::Maintenance, "MaintenanceSleeper"),
        (Action::RateLimited { reset_header: false }, "RateLimitSleeper"),
    ] {
        // These waits do not depend on the retry policy.
        let (stage, waits) = telling(|client| client.retry_policy(RetryPolicy::none())).await;
        stage.fault(FaultRule::api(fault));
        let call = stage.client.users().me().send();
        let told = || {
            let waits = waits.lock();
            waits.first().map(|wait| (wait.reason.clone(), wait.wait))
        };
        tokio::select! {
            answer = call => panic!("it did not wait: {answer:?}"),
            () = eventually("it waits", || told().is_some()) => {}
        }
        let (told, wait) = told().expect("it waits");
        assert!(told == reason && wait > Duration::ZERO && wait <= hour, "{told} {wait:?}");
    }
    Ok(())
}

#[tokio::test]
async fn wait_ends_when_the_call_is_cancelled() -> Result<()> {
    let hour = Duration::from_secs(3600);
    let retry = RetryPolicy::default().initial_backoff(hour).max_backoff(hour).max_elapsed(10 * hour);
    for fault in [Action::Maintenance, Action::Reset] {
        let (stage, waits) = telling(|client| client.retry_policy(retry.clone())).await;
        stage.fault(FaultRule::api(fault));
        let client = stage.client.clone();
        let call = tokio::spawn(async move { client.users().me().await });
        let told = || !waits.lock().is_empty();
        eventually("the call waits", told).await;
        call.abort();
        assert!(call.await.expect_err("it was given up").is_cancelled());
        assert_eq!(stage.emulator.requests().len(), 1);
    }
    Ok(())
}
