//! Setting up a client: credentials, proxies, limits, error handlers.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use sbg::config::Proxies;
use sbg::pipeline::{
    Attempt, Decision, ErrorHandler, MaintenanceSleeper, RateLimit, RateLimitSleeper, Response,
};
use sbg::{Client, ClientBuilder};
use sbg_emulator::{Action, FaultRule, Recorded};
use sbg_tests::{client_of, eventually};
use tempfile::TempDir;

use super::{Row, Scene, row};

/// An invalid token, for locations that must not be read.
const WRONG: &str = "0123456789abcdef0123456789abcdef";

/// A URL without a server: requests to it arrive only through a proxy.
const NOWHERE: &str = "http://127.0.0.1:9/v2";

/// A home folder with these files in `.sevenbridges`.
fn home(files: &[(&str, String)]) -> Result<TempDir> {
    let home = tempfile::tempdir()?;
    for (name, text) in files {
        let path = home.path().join(".sevenbridges").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder"))?;
        std::fs::write(path, text)?;
    }
    Ok(home)
}

fn profile(name: &str, endpoint: &str, token: &str) -> String {
    format!("[{name}]\napi_endpoint = {endpoint}\nauth_token = {token}\n")
}

fn text(home: &TempDir) -> &str {
    home.path().to_str().expect("a path in UTF-8")
}

/// A client builder for the emulator with no other settings.
fn builder(scene: &Scene) -> ClientBuilder {
    client_of(scene.emulator.url(), &scene.emulator.token())
}

/// Host and port of the emulator, which acts as its own proxy.
fn proxy(scene: &Scene) -> String {
    scene.emulator.url().trim_start_matches("http://").trim_end_matches("/v2").to_owned()
}

pub(super) fn rows() -> Vec<Row> {
    [credentials(), advance_access(), proxies(), limits(), handlers()].into_iter().flatten().collect()
}

fn credentials() -> Vec<Row> {
    vec![
        row("sbg.Api(url='https://api.sbgenomics.com/v2', token='<TOKEN_HERE>')", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token());
            let client = Client::builder().endpoint(url).token(token).build()?;
            assert_eq!(client.users().me().await?.username, "rfranklin");
            scene.sent("GET /user");
            Ok(())
        }),
        row("sbg.Api()", async |scene, _| {
            let token = scene.emulator.token_of("fcrick").expect("a user");
            let variables = [("SB_API_ENDPOINT", scene.emulator.url()), ("SB_AUTH_TOKEN", &token)];
            if scene.in_a_process_with(&variables).await? {
                let client = Client::from_env()?;
                assert_eq!(client.users().me().await?.username, "fcrick");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
        row("sbg.Api(config=sbg.Config(profile='cgc'))", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token_of("jwatson").expect("a user"));
            let profiles = profile("default", url, WRONG) + &profile("cgc", url, &token);
            let home = home(&[("credentials", profiles)])?;
            if scene.in_a_process_with(&[("HOME", text(&home))]).await? {
                let client = Client::builder().profile("cgc").build()?;
                assert_eq!(client.users().me().await?.username, "jwatson");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
        row("sbg.Api(config=sbg.Config())", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token_of("jwatson").expect("a user"));
            let home = home(&[("credentials", profile("default", url, &token))])?;
            if scene.in_a_process_with(&[("HOME", text(&home))]).await? {
                let client = Client::from_env()?;
                assert_eq!(client.users().me().await?.username, "jwatson");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
    ]
}

/// A call that needs advance access.
async fn datasets(client: &Client) -> sbg::Result<usize> {
    Ok(client.datasets().query().all().await?.len())
}

fn advance_access() -> Vec<Row> {
    vec![
        row("sbg.Api(..., advance_access=True)", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token());
            let client = Client::builder().endpoint(url).token(token).advance_access(true).build()?;
            assert_eq!(datasets(&client).await?, 1);
            let request = scene.sent_with_body("GET /datasets?offset=0&limit=100");
            assert_eq!(request.header("x-sbg-advance-access"), Some("advance"));
            Ok(())
        }),
        row("[mode] advance_access=True", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token());
            let home = home(&[
                ("credentials", profile("default", url, &token)),
                ("sevenbridges-python/config", "[mode]\nadvance_access=True\n".to_owned()),
            ])?;
            if scene.in_a_process_with(&[("HOME", text(&home))]).await? {
                let client = Client::from_env()?;
                assert_eq!(datasets(&client).await?, 1);
                return Ok(());
            }
            scene.sent("GET /datasets?offset=0&limit=100");
            Ok(())
        }),
    ]
}

fn proxies() -> Vec<Row> {
    vec![
        row(
            "sb.Api(..., proxies={'https_proxy': 'host:port', 'http_proxy': 'host:port'})",
            async |scene, _| {
                let (url, token, proxy) = (NOWHERE, scene.emulator.token(), proxy(scene));
                let proxies = Proxies::none().https(proxy.parse()?).http(proxy.parse()?);
                let client = Client::builder().endpoint(url).token(token).proxies(proxies).build()?;
                assert_eq!(client.users().me().await?.username, "rfranklin");
                scene.sent("GET /user");
                Ok(())
            },
        ),
        row("os.environ['HTTPS_PROXY'] = 'host:port'", async |scene, _| {
            let (token, proxy) = (scene.emulator.token(), proxy(scene));
            let variables = [
                ("SB_API_ENDPOINT", NOWHERE),
                ("SB_AUTH_TOKEN", &token),
                ("HTTP_PROXY", &proxy),
                ("HTTPS_PROXY", &proxy),
            ];
            if scene.in_a_process_with(&variables).await? {
                let client = Client::from_env()?;
                assert_eq!(client.users().me().await?.username, "rfranklin");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
        row("[proxies] https_proxy=host:port", async |scene, _| {
            let (token, proxy) = (scene.emulator.token(), proxy(scene));
            let home = home(&[
                ("credentials", profile("default", NOWHERE, &token)),
                (
                    "sevenbridges-python/config",
                    format!("[proxies]\nhttps_proxy={proxy}\nhttp_proxy={proxy}\n"),
                ),
            ])?;
            if scene.in_a_process_with(&[("HOME", text(&home))]).await? {
                let client = Client::from_env()?;
                assert_eq!(client.users().me().await?.username, "rfranklin");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
        row("sb.Config(profile='my-profile', proxies={'https_proxy': 'host:port'})", async |scene, _| {
            let (token, proxy) = (scene.emulator.token(), proxy(scene));
            let home = home(&[("credentials", profile("my-profile", NOWHERE, &token))])?;
            if scene.in_a_process_with(&[("HOME", text(&home)), ("THE_PROXY", &proxy)]).await? {
                let proxy = std::env::var("THE_PROXY")?;
                let proxies = Proxies::none().https(proxy.parse()?).http(proxy.parse()?);
                let client = Client::builder().profile("my-profile").proxies(proxies).build()?;
                assert_eq!(client.users().me().await?.username, "rfranklin");
                return Ok(());
            }
            scene.sent("GET /user");
            Ok(())
        }),
    ]
}

/// Sends parallel calls and returns the connections that they used.
async fn connections(scene: &Scene, client: &Client) -> Result<BTreeSet<u64>> {
    let before = scene.calls("GET", "/user").len();
    for me in join_all((0..4).map(|_| client.users().me().send())).await {
        me?;
    }
    let calls = scene.calls("GET", "/user");
    Ok(calls[before..].iter().map(|request: &Recorded| request.connection).collect())
}

fn limits() -> Vec<Row> {
    vec![
        row("sb.Api(pool_connections=..., pool_maxsize=..., pool_block=...)", async |scene, _| {
            let builder = builder(scene);
            let client = builder.pool_max_idle_per_host(1).build()?;
            let first = connections(scene, &client).await?;
            let second = connections(scene, &client).await?;
            assert!(
                first.intersection(&second).count() <= 1,
                "one connection may be kept: {first:?} {second:?}"
            );
            assert_eq!(scene.rest(), ["GET /user"; 8]);
            Ok(())
        }),
        row("sb.Api(max_parallel_requests=...)", async |scene, _| {
            let builder = builder(scene);
            let client = builder.max_parallel_requests(2).build()?;
            scene.fault(FaultRule::api(Action::Delay(Duration::from_secs(600))));
            let calls: Vec<_> = (0..3).map(|_| tokio::spawn(client.users().me().send())).collect();
            eventually("two calls are under way", || scene.calls("GET", "/user").len() >= 2).await;
            // Long enough for a third request to arrive, if it were sent.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(scene.rest(), ["GET /user"; 2]);
            calls.iter().for_each(tokio::task::JoinHandle::abort);
            Ok(())
        }),
        row("api.limit", async |scene, client| {
            let limit = |client: &Client| client.latest_rate_limit().map(|rate| rate.limit());
            assert_eq!(limit(&client), None);
            client.users().me().await?;
            scene.prepared();
            let rate = client.latest_rate_limit().expect("an answer has come");
            assert_eq!(rate.limit(), 1000);
            scene.sent_nothing();
            Ok(())
        }),
        row("api.remaining", async |scene, client| {
            client.users().me().await?;
            scene.prepared();
            let rate: RateLimit = client.latest_rate_limit().expect("an answer has come");
            assert_eq!(rate.remaining(), 999);
            scene.sent_nothing();
            Ok(())
        }),
        row("api.reset_time", async |scene, client| {
            client.users().me().await?;
            scene.prepared();
            let rate: RateLimit = client.latest_rate_limit().expect("an answer has come");
            let reset_time = rate.reset_time().expect("a point in time");
            assert!(reset_time > jiff::Timestamp::now());
            scene.sent_nothing();
            Ok(())
        }),
    ]
}

fn handlers() -> Vec<Row> {
    vec![
        row("def error_handler(api, response)", async |scene, client| {
            /// Retries a call that an intermediary refused.
            #[derive(Debug)]
            struct Firewall;

            impl ErrorHandler for Firewall {
                fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
                    if response.status() == 418 && attempt.number < 3 {
                        Decision::RetryAfter(Duration::from_millis(1))
                    } else {
                        Decision::Pass
                    }
                }
            }

            client.add_error_handler(Firewall);
            let teapot = Action::Status { code: 418, body: None, headers: Vec::new() };
            scene.fault(FaultRule::api(teapot).first(2));
            assert_eq!(client.users().me().await?.username, "rfranklin");
            assert_eq!(scene.rest(), ["GET /user"; 3]);
            assert!(client.remove_error_handler("Firewall"));
            Ok(())
        }),
        row("sb.Api(..., error_handlers=[rate_limit_sleeper, maintenance_sleeper])", async |scene, _| {
            let (url, token) = (scene.emulator.url(), scene.emulator.token());
            let (rate_limit_sleeper, maintenance_sleeper) =
                (RateLimitSleeper::default(), MaintenanceSleeper::default());
            let builder = Client::builder().endpoint(url).token(token);
            let client =
                builder.error_handler(rate_limit_sleeper).error_handler(maintenance_sleeper).build()?;
            client.users().me().await?;
            scene.sent("GET /user");
            for name in ["RateLimitSleeper", "MaintenanceSleeper"] {
                assert!(client.remove_error_handler(name), "{name} was there");
                assert!(!client.remove_error_handler(name), "{name} was there once");
            }
            Ok(())
        }),
        row("rate_limit_sleeper", async |scene, _| {
            let sleeper = RateLimitSleeper::default().max_wait(Duration::from_millis(10));
            let client = builder(scene).error_handler(sleeper).build()?;
            scene.fault(FaultRule::api(Action::RateLimited { reset_header: true }).first(2));
            assert_eq!(client.users().me().await?.username, "rfranklin");
            assert_eq!(scene.rest(), ["GET /user"; 3]);
            Ok(())
        }),
        row("maintenance_sleeper", async |scene, _| {
            let sleeper = MaintenanceSleeper::default().interval(Duration::from_millis(10));
            let client = builder(scene).error_handler(sleeper).build()?;
            scene.fault(FaultRule::api(Action::Maintenance).first(2));
            assert_eq!(client.users().me().await?.username, "rfranklin");
            assert_eq!(scene.rest(), ["GET /user"; 3]);
            Ok(())
        }),
    ]
}
