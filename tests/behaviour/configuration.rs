//! Where a client gets its endpoint and token, and its errors without them.

use anyhow::Result;
use sbg::config::{Auth, ConfigPaths};
use sbg::{Client, ErrorKind};
use sbg_tests::{Stage, assert_refused, builder_without_files, with_environment};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The name of the user to whom the token belongs.
fn who_am_i(client: &Client) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(client.users().me().send()).expect("an answer").username
}

#[test]
fn missing_credentials_error_lists_the_sources() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().to_str().expect("text");
    let test = "configuration::missing_credentials_error_lists_the_sources";
    with_environment(test, &[("HOME", home)], || {
        let home = std::env::var("HOME").expect("a home");
        let words = [
            "found no endpoint and no token; tried",
            "the program: it sets neither endpoint nor token",
            "environment: SB_API_ENDPOINT is not set, SB_AUTH_TOKEN is not set",
            &format!("profile `default` of {home}/.sevenbridges/credentials"),
        ];
        let error = assert_refused(Client::from_env(), ErrorKind::MissingCredentials, &words);
        assert_eq!((error.operation(), error.attempts()), (None, 0));
    });
}

#[test]
fn environment_gives_endpoint_and_token() {
    let emulator =
        sbg_tests::watched(sbg_emulator::Emulator::builder()).start_blocking().expect("an emulator");
    let [own, other] = ["fcrick", "jwatson"].map(|name| emulator.token_of(name).expect("a user"));
    let variables = [("SB_API_ENDPOINT", emulator.url()), ("SB_AUTH_TOKEN", &own), ("OTHER_TOKEN", &other)];
    with_environment("configuration::environment_gives_endpoint_and_token", &variables, || {
        assert_eq!(who_am_i(&Client::from_env().expect("credentials")), "fcrick");
        // Values set in the program take precedence.
        let [endpoint, token] =
            ["SB_API_ENDPOINT", "OTHER_TOKEN"].map(|name| std::env::var(name).expect("it is set"));
        let explicit = Client::builder().endpoint(endpoint).token(token).build();
        assert_eq!(who_am_i(&explicit.expect("a client")), "jwatson");
    });
}

#[test]
fn missing_half_of_the_credentials_is_named() {
    let variables = [("SB_AUTH_TOKEN", TOKEN)];
    with_environment("configuration::missing_half_of_the_credentials_is_named", &variables, || {
        let client = Client::builder().config_paths(ConfigPaths::none()).build();
        let words = [
            "found no endpoint for the token from the environment variable SB_AUTH_TOKEN; tried",
            "environment: SB_API_ENDPOINT is not set\n",
        ];
        let error = assert_refused(client, ErrorKind::MissingCredentials, &words);
        assert!(!format!("{error}{error:?}").contains(TOKEN));
    });
}

/// A home folder with this credentials file.
fn home_with(credentials: &str) -> Result<tempfile::TempDir> {
    let home = tempfile::tempdir()?;
    std::fs::create_dir(home.path().join(".sevenbridges"))?;
    std::fs::write(home.path().join(".sevenbridges/credentials"), credentials)?;
    Ok(home)
}

#[tokio::test]
async fn profile_is_used_by_name() -> Result<()> {
    let stage = Stage::start().await;
    let (url, token) = (stage.emulator.url(), stage.emulator.token_of("jwatson").expect("a user"));
    let home = home_with(&format!(
        "[default]\napi_endpoint = {url}\nauth_token = {TOKEN}\n\n[lab]\napi_endpoint = {url}\nauth_token = {token}\n"
    ))?;
    let client =
        builder_without_files().config_paths(ConfigPaths::under(home.path())).profile("lab").build()?;
    assert_eq!(client.users().me().await?.username, "jwatson");
    Ok(())
}

#[test]
fn incomplete_or_unknown_profile_is_named() -> Result<()> {
    let home = home_with("[lab]\napi_endpoint = cgc\n")?;
    let with = |name: &str| {
        builder_without_files().config_paths(ConfigPaths::under(home.path())).profile(name).build()
    };
    let credentials = home.path().join(".sevenbridges/credentials").display().to_string();
    let words = ["profile `lab` of", &credentials, "it has no `auth_token`"];
    assert_refused(with("lab"), ErrorKind::MissingCredentials, &words);
    assert_refused(with("cgc"), ErrorKind::UnknownProfile, &["`cgc`", "`lab`", &credentials]);
    Ok(())
}

#[tokio::test]
async fn settings_can_disable_advance_access() -> Result<()> {
    use sbg::raw::ClientFilesExt as _;
    let stage = Stage::start().await;
    for (value, allowed) in [("False", false), ("false", false), ("True", true)] {
        let home = home_with("")?;
        let folder = home.path().join(".sevenbridges/sevenbridges-python");
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("config"), format!("[mode]\nadvance_access = {value}\n"))?;
        let client = sbg_tests::client_of(stage.emulator.url(), &stage.emulator.token())
            .config_paths(ConfigPaths::under(home.path()))
            .build()?;
        let scroll = client.raw().file_scroll().project("rfranklin/demo").token("init").send().await;
        assert_eq!(scroll.is_ok(), allowed, "{value}");
    }
    assert_eq!(stage.emulator.requests().len(), 1, "what is off is not sent");
    Ok(())
}

#[test]
fn plain_http_error_shows_the_opt_in() -> Result<()> {
    for url in ["http://10.0.0.7/v2", "http://api.sbgenomics.com/v2", "http://localhost.example.org/v2"] {
        let words = [
            url,
            "over plain http anyone on the network can read the token",
            "`https://`",
            "allow_insecure_http(true)",
        ];
        let client = || builder_without_files().endpoint(url).token(TOKEN);
        assert_refused(client().build(), ErrorKind::Endpoint, &words);
        assert_eq!(client().allow_insecure_http(true).build()?.endpoint().as_str(), url);
    }
    for url in ["http://127.0.0.1:9/v2", "http://localhost/v2", "http://[::1]:9/v2", "https://10.0.0.7/v2"] {
        builder_without_files().endpoint(url).token(TOKEN).build()?;
    }
    Ok(())
}

#[test]
fn unusable_tokens_and_endpoints_are_not_shown() {
    for token in [
        "",
        "  ",
        "0123456789abcdef 0123456789abcdef",
        "0123456789abcdef\n0123456789abcdef",
        "café0123456789abcdef",
    ] {
        let client = builder_without_files().endpoint("cgc").token(token).build();
        let error = assert_refused(client, ErrorKind::Token, &["token from the program itself: the token"]);
        assert!(!format!("{error} {error:?}").contains("0123456789abcdef"), "{error:?}");
    }
    let in_wrong_place = builder_without_files().endpoint(TOKEN).token(TOKEN).build();
    let error = assert_refused(in_wrong_place, ErrorKind::Endpoint, &["is not an API endpoint", "cavatica"]);
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}

#[test]
fn each_config_error_has_its_kind_and_location() -> Result<()> {
    let check = |credentials: &str, settings: &str, kind: ErrorKind, words: &[&str]| -> Result<()> {
        let home = home_with(credentials)?;
        let folder = home.path().join(".sevenbridges");
        std::fs::create_dir(folder.join("sevenbridges-python"))?;
        std::fs::write(folder.join("sevenbridges-python/config"), settings)?;
        let client = Client::builder().config_paths(ConfigPaths::under(home.path())).profile("lab").build();
        let error = assert_refused(client, kind, words);
        assert_eq!((error.status(), error.operation(), error.attempts()), (None, None, 0));
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
        Ok(())
    };
    let good = format!("[lab]\napi_endpoint = cgc\nauth_token = {TOKEN}\n");
    let with =
        |endpoint: &str, token: &str| format!("[lab]\napi_endpoint = {endpoint}\nauth_token = {token}\n");
    let unknown = good.replace("lab", "eu") + "[cgc]\n";
    check(&unknown, "", ErrorKind::UnknownProfile, &["no profile `lab`", "it has `eu`, `cgc`"])?;
    check("auth_token = x\n", "", ErrorKind::ConfigFile, &["credentials:1: this line is in no `[section]`"])?;
    check(
        &format!("{good}[lab]\n"),
        "",
        ErrorKind::ConfigFile,
        &["credentials:4: the section `[lab]` already exists"],
    )?;
    check(
        &good,
        "[mode]\n\nadvance_access = perhaps\n",
        ErrorKind::ConfigFile,
        &["config:3:", "`true` or `false`"],
    )?;
    check(&good, "[proxies]\nhttps_proxy = a:b:c\n", ErrorKind::ConfigFile, &["config:2: `https_proxy`"])?;
    check(&with("cgc", ""), "", ErrorKind::Token, &["credentials:3: the token is empty"])?;
    check(&with("cgc", "a b"), "", ErrorKind::Token, &["credentials:3: the token contains a space"])?;
    let words = ["credentials:2", "`api.sbgenomics.com` is not an API endpoint: expected a URL such as"];
    check(&with("api.sbgenomics.com", TOKEN), "", ErrorKind::Endpoint, &words)?;
    let words = ["credentials:2", "must end in `/v2` (expected `https://api.sbgenomics.com/v3/v2`)"];
    check(&with("https://api.sbgenomics.com/v3", TOKEN), "", ErrorKind::Endpoint, &words)?;
    check(
        "[lab]\n",
        "",
        ErrorKind::MissingCredentials,
        &["it has no `api_endpoint`, it has no `auth_token`"],
    )?;

    // No user can read a folder as a file.
    let home = tempfile::tempdir()?;
    std::fs::create_dir_all(home.path().join(".sevenbridges/credentials"))?;
    let client = Client::builder().config_paths(ConfigPaths::under(home.path())).profile("lab").build();
    assert_refused(client, ErrorKind::ConfigFile, &["cannot read `", "/.sevenbridges/credentials`"]);
    Ok(())
}

#[test]
fn zero_parallel_requests_are_rejected() {
    let client = builder_without_files().endpoint("cgc").auth(Auth::oauth(TOKEN)).max_parallel_requests(0);
    assert_refused(
        client.build(),
        ErrorKind::InvalidInput,
        &["the number of parallel requests must be at least 1"],
    );
}

#[test]
fn impossible_api_shares_are_rejected() {
    let client = || builder_without_files().endpoint("cgc").auth(Auth::oauth(TOKEN));
    for share in [0.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        let built = client().api_share(share).build();
        assert_refused(built, ErrorKind::InvalidInput, &["above 0 and at most 1"]);
    }
    let impatient = client().api_share(0.5).wait_for_rate_limit(false).build();
    assert_refused(impatient, ErrorKind::InvalidInput, &["does not wait for the rate limit"]);
    assert!(client().api_share(1.0).build().is_ok());
}
