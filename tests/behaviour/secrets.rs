//! No token and no URL signature in anything that a person or a log sees.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use anyhow::Result;
use parking_lot::Mutex;
use sbg::config::{Auth, Endpoint, ExplicitConfig, Proxies, Sources};
use sbg::members::{NewMember, Permissions};
use sbg::raw::ClientUploadExt as _;
use sbg_emulator::{Action, Emulator, FaultRule, Origin};
use sbg_tests::{MIB, Stage, client_of, quick_retry, random_bytes};
use tracing_subscriber::fmt::MakeWriter;

/// All output.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    fn add(&self, text: &str) {
        self.0.lock().extend(text.as_bytes());
    }

    fn debug(&self, value: &impl Debug) {
        self.add(&format!("{value:?}\n{value:#?}\n"));
    }

    /// Adds an error with all its causes.
    fn error(&self, error: &(dyn std::error::Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.add(&format!("{error}\n{error:?}\n{error:#?}\n"));
            next = error.source();
        }
    }

    fn outcome<T: Debug>(&self, result: Result<T, sbg::Error>) -> Option<T> {
        result.map_err(|error| self.error(&error)).ok()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Shown {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn tokens_and_signatures_are_never_shown() -> Result<()> {
    let shown = Shown::default();
    // Captures the whole process, because transfers run on their own threads; other tests only add to the searched text. This includes
    // messages of the HTTP library, which go to `log`.
    let everything = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    tracing_subscriber::util::SubscriberInitExt::try_init(everything.with_writer(shown.clone()).finish())?;

    let folder = tempfile::tempdir()?;
    let record = folder.path().join("traffic.jsonl");
    let stage = Stage::tuned(Emulator::builder().min_part_size(1), |client| {
        let client = client.retry_policy(quick_retry()).record(&record);
        shown.debug(&client);
        client
    })
    .await;
    let token = stage.emulator.token();
    for auth in [Auth::token(&token), Auth::oauth(&token), Auth::session(&token)] {
        shown.debug(&auth);
        shown.debug(&sbg_tests::builder_without_files().endpoint("cgc").auth(auth));
    }
    configuration(&shown, &token);
    work(&stage, &shown).await?;
    credentials(&stage, &shown).await?;
    failures(&stage, &shown).await?;
    answers_that_repeat_the_request(&stage, &shown, &token).await?;

    let recorded = std::fs::read_to_string(&record)?;
    for operation in ["/storage/volumes", "/automation/automations", "/download_info", "/user"] {
        assert!(recorded.contains(operation), "{operation} is in the record");
    }
    let text = shown.text() + &recorded;
    assert!(text.contains("sbg.call") && text.contains("file_download_info"), "the log is in it: {text}");
    assert!(text.contains("starting new connection"), "the log of the HTTP library is in it");
    assert!(!text.contains(&token), "the token is shown: {}", around(&text, &token));
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is shown: {}", around(&text, secret));
    }
    let signatures = signatures(&stage);
    assert!(signatures.len() > 10, "{signatures:?}");
    for signature in signatures {
        assert!(!text.contains(&signature), "a signature is shown: {}", around(&text, &signature));
    }
    Ok(())
}

/// Test values for volume credentials, secret automation settings and a proxy password.
const SECRETS: [&str; 4] = ["AKIAHUSHHUSH", "hush-volume-key", "hush-setting", "hush-proxy"];

/// The line around a match.
fn around<'a>(text: &'a str, find: &str) -> &'a str {
    let at = text.find(find).unwrap_or(0);
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    &text[line_start..line_end]
}

/// The signatures of all URLs requested from the object store.
fn signatures(stage: &Stage) -> BTreeSet<String> {
    let requests = stage.emulator.requests();
    let stored = requests.iter().filter(|request| request.origin == Origin::Storage);
    stored.flat_map(|request| request.query_values("X-Signature")).collect()
}

fn configuration(shown: &Shown, token: &str) {
    let explicit = ExplicitConfig::default().endpoint(token).auth(Auth::token(token));
    shown.debug(&explicit);
    shown.debug(&Sources::new(explicit.clone()));
    // A token as the endpoint, and a token that cannot be sent.
    shown.outcome(client_of(token, token).build());
    shown.outcome(client_of("http://10.0.0.7/v2", token).build());
    shown.outcome(client_of("cgc", &format!("{token}\n{token}")).build());
    shown.outcome(client_of(&format!("https://me:{token}@example.org/v2"), token).build());
    shown.debug(&Sources::new(explicit.endpoint(Endpoint::Cgc)).resolve());
}

/// All calls succeed, and every handle is printed.
async fn work(stage: &Stage, shown: &Shown) -> Result<()> {
    let client = &stage.client;
    shown.debug(client);
    shown.debug(client.raw());
    shown.debug(&client.users().me());
    shown.debug(&client.users().me().await?);
    let project = client.project(&stage.project);
    let members = project.members();
    shown.debug(&(
        &project,
        project.get(),
        project.edit(),
        &members,
        members.member("fcrick"),
        members.query(),
    ));
    shown.debug(&members.add(NewMember::user("fcrick"), Permissions::all()).await?);
    let create = client.projects().create("Another").description("x");
    shown.debug(&(&create, client.projects().query().name("x"), client.files(), client.uploads()));
    create.await?;

    let bytes = random_bytes(1000);
    let builder = client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100);
    shown.debug(&builder);
    let upload = builder.start();
    shown.debug(&upload);
    let uploaded = upload.wait().await?;
    shown.debug(&(&upload, upload.status(), upload.progress(), &uploaded));
    let file = client.file(&uploaded.id);
    shown.debug(&(
        &file,
        file.get(),
        file.edit(),
        file.copy_to("a/b"),
        file.move_to("x"),
        file.metadata(),
        file.list(),
    ));
    // A signed URL works without a token.
    shown.debug(&file.download_info().await?);
    let initiated =
        sbg::types::UploadInit::builder().name("parts").project(stage.project.to_string()).size(10);
    let initiated = client.raw().upload_init().body(initiated).send().await?;
    let part = client.raw().upload_part_url().upload_id(&initiated.upload_id).part_number(1);
    let part = part.send().await?.into_inner();
    crate::http().put(part.url.expose()).body("0123456789").send().await?;
    shown.debug(&part);
    let builder = file.download(stage.path("b"));
    shown.debug(&builder);
    let download = builder.start();
    shown.debug(&download.wait().await?);
    shown.debug(&download);
    let page = project.files().query().page_size(1).page().await?;
    shown.debug(&(&page, project.files().query().items(), project.files().query().pages()));
    Ok(())
}

/// Credentials for other services that are sent to the platform and never shown.
async fn credentials(stage: &Stage, shown: &Shown) -> Result<()> {
    let client = &stage.client;
    let [id, key, setting, password] = SECRETS;
    let service = sbg::volumes::Service::s3("bucket", id, key);
    shown.debug(&service);
    let create = || client.volumes().create("Credentials", service.clone());
    shown.debug(&create());
    shown.debug(&shown.outcome(create().await));
    // The name is already taken.
    shown.outcome(create().await).map_or(Ok(()), |again| anyhow::bail!("{again:?}"))?;

    // The generated types redact secrets, too.
    let mut set = sbg::types::VolumeCredentialsSet::default();
    (set.access_key_id, set.secret_access_key) = (Some(id.into()), Some(key.into()));
    shown.debug(&set);
    let builder =
        sbg::types::VolumeCredentialsSet::builder().secret_access_key(sbg::types::Secret::from(key));
    shown.debug(&builder);
    let answer: sbg::types::VolumeCredentials =
        serde_json::from_value(serde_json::json!({"access_key_id": id, "private_key": key}))?;
    shown.debug(&answer);

    let settings = serde_json::json!({"nested": [setting]});
    let automation = || client.automations().create("Credentials").secret_settings(settings.clone());
    shown.debug(&automation());
    shown.debug(&shown.outcome(automation().await));

    // Both calls meet failures and responses that quote the secrets.
    let quote = |what: &str| {
        let body = Some(serde_json::json!({"message": format!("cannot take `{what}`")}));
        Action::Status { code: 400, body, headers: Vec::new() }
    };
    let volumes = |action| FaultRule::api(action).path("/storage/volumes");
    let echo =
        serde_json::json!({"service": {"credentials": {"secret_access_key": key, "access_key_id": [id]}}});
    let echo = Action::Status { code: 200, body: Some(echo), headers: Vec::new() };
    let faults = [
        volumes(quote(key)),
        volumes(quote(id)),
        volumes(echo),
        FaultRule::api(quote(setting)).path("/automation/"),
        FaultRule::api(Action::Reset),
        FaultRule::api(Action::HtmlError),
        FaultRule::api(Action::EmptyBody(201)),
    ];
    for fault in faults {
        let rule = stage.fault(fault.method("POST"));
        let failed = [shown.outcome(create().await).is_none(), shown.outcome(automation().await).is_none()];
        assert!(failed.contains(&true));
        stage.emulator.faults().remove(rule);
    }
    let sent = stage.emulator.requests();
    for secret in [id, key, setting] {
        assert!(
            sent.iter().any(|request| String::from_utf8_lossy(&request.body).contains(secret)),
            "{secret}"
        );
    }

    let proxies = Proxies::none().http(format!("me:{password}@127.0.0.1:9").parse()?);
    let through =
        client_of(stage.emulator.url(), &stage.emulator.token()).proxies(proxies).retry_policy(quick_retry());
    shown.debug(&through);
    shown.outcome(through.build()?.users().me().send().await);
    Ok(())
}

/// Runs calls and transfers with each fault in turn.
async fn failures(stage: &Stage, shown: &Shown) -> Result<()> {
    let large = stage.large_file("large", 20 * MIB);
    let status = |code| Action::Status { code, body: None, headers: Vec::new() };
    let elsewhere = Action::Redirect("http://127.0.0.1:9/v2/user".to_owned());
    let faults = [
        FaultRule::api(Action::HtmlError).method("POST"),
        FaultRule::api(Action::EmptyBody(200)),
        FaultRule::api(status(401)),
        // A download waits while the API is down, so the fault must end.
        FaultRule::api(status(500)).first(20),
        FaultRule::api(Action::Reset).method("POST"),
        FaultRule::api(Action::LostResponse).path("/complete"),
        FaultRule::api(Action::CutBody(3)).method("POST"),
        FaultRule::any(elsewhere),
        FaultRule::storage(status(403)),
        FaultRule::storage(status(400)),
        FaultRule::storage(Action::ChangedETag).every(2),
        FaultRule::storage(Action::ShortRange).first(2),
        FaultRule::storage(Action::Reset).every(3),
        FaultRule::storage(Action::CutBody(1000)).first(2),
    ];
    for rule in faults {
        let id = stage.fault(rule);
        shown.outcome(stage.client.users().me().send().await);
        shown.outcome(stage.client.projects().create("demo").send().await);
        let upload = stage.client.upload(stage.local("c", random_bytes(300))).to(&stage.project);
        shown.outcome(upload.overwrite(true).part_size(100).await);
        shown.outcome(stage.client.file(&large).download(stage.path("large")).overwrite(true).await);
        stage.emulator.faults().remove(id);
    }
    Ok(())
}

/// A proxy response that repeats the request must not put the token into an error.
async fn answers_that_repeat_the_request(stage: &Stage, shown: &Shown, token: &str) -> Result<()> {
    let page = format!("<html>Request refused. X-SBG-Auth-Token: {token}</html>");
    let echo = Action::Status { code: 400, body: Some(page.into()), headers: Vec::new() };
    let rule = stage.fault(FaultRule::api(echo));
    shown.outcome(stage.client.users().me().send().await);
    stage.emulator.faults().remove(rule);
    Ok(())
}
