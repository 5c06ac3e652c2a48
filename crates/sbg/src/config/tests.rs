use std::fs;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;

/// One set of sources; those that are not given do not exist.
#[derive(Clone, Copy, Default)]
struct Case<'a> {
    endpoint: Option<&'a str>,
    token: Option<&'a str>,
    profile: Option<&'a str>,
    env: &'a [(&'a str, &'a str)],
    credentials: Option<&'a str>,
    settings: Option<&'a str>,
}

struct Home(TempDir);

impl Home {
    fn new(case: &Case<'_>) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let paths = ConfigPaths::under(home.0.path());
        for (path, text) in [(paths.credentials, case.credentials), (paths.settings, case.settings)] {
            let path = path.unwrap();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
                #[cfg(unix)]
                fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            }
        }
        home
    }

    fn resolve(
        &self,
        case: &Case<'_>,
        change: impl FnOnce(&mut ExplicitConfig),
    ) -> Result<Config, ConfigError> {
        let mut explicit = ExplicitConfig {
            endpoint: case.endpoint.map(str::to_owned),
            auth: case.token.map(Auth::token),
            profile: case.profile.map(str::to_owned),
            ..ExplicitConfig::default()
        };
        change(&mut explicit);
        let env = |name: &str| {
            case.env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Sources::new(explicit).paths(ConfigPaths::under(self.0.path())).env(env).resolve()
    }

    /// A text with the paths of the files shortened to `CREDENTIALS` and `SETTINGS`.
    fn short(&self, text: &str) -> String {
        let paths = ConfigPaths::under(self.0.path());
        text.replace(paths.credentials.unwrap().to_str().unwrap(), "CREDENTIALS")
            .replace(paths.settings.unwrap().to_str().unwrap(), "SETTINGS")
    }
}

fn short_origin(origin: &Origin) -> String {
    match origin {
        Origin::Explicit => "program".to_owned(),
        Origin::Environment { variable } => (*variable).to_owned(),
        Origin::Profile { profile, line, .. } => format!("{profile}:{line}"),
        Origin::Settings { line, .. } => format!("settings:{line}"),
        Origin::Default => "default".to_owned(),
    }
}

/// Endpoint and token with their origins, or the error.
fn pair(case: &Case<'_>) -> String {
    let home = Home::new(case);
    match home.resolve(case, |_| ()) {
        Ok(config) => {
            let Config { endpoint, auth, origins, warnings, .. } = &config;
            let mut got = format!(
                "{} from {}, {} from {}",
                endpoint.name().unwrap_or(endpoint.as_str()),
                short_origin(&origins.endpoint),
                auth.secret().expose_secret(),
                short_origin(&origins.auth)
            );
            for warning in warnings {
                got.push_str("; ");
                got.push_str(&home.short(&warning.to_string()));
            }
            got
        }
        Err(error) => home.short(&error.to_string()),
    }
}

const BOTH: &[(&str, &str)] =
    &[("SB_API_ENDPOINT", "https://eu-api.sbgenomics.com/v2"), ("SB_AUTH_TOKEN", "ENV")];
const ONLY_ENDPOINT: &[(&str, &str)] = &[("SB_API_ENDPOINT", "https://eu-api.sbgenomics.com/v2")];
const ONLY_TOKEN: &[(&str, &str)] = &[("SB_AUTH_TOKEN", "ENV")];
const FILE: &str = "[default]\napi_endpoint = https://api.sbgenomics.com/v2\nauth_token = FILE\n\
                    [cgc]\napi_endpoint = https://cgc-api.sbgenomics.com/v2\nauth_token = CGC\n\
                    [bare]\n[no-token]\napi_endpoint = cavatica\n";
const FILE_ENDPOINT: &str = "[default]\napi_endpoint = platform\n";
const FILE_TOKEN: &str = "[default]\nauth_token = FILE\n";

#[test]
fn first_complete_pair_is_used() {
    let check = |case: Case<'_>, expected: &str| assert_eq!(pair(&case), expected);
    let (file, none) = (Some(FILE), Case::default());
    let explicit = Case { endpoint: Some("cgc"), token: Some("OWN"), ..none };
    check(explicit, "cgc from program, OWN from program");
    check(Case { env: BOTH, credentials: file, ..explicit }, "cgc from program, OWN from program");
    check(Case { credentials: Some("not looked at"), ..explicit }, "cgc from program, OWN from program");
    check(Case { env: BOTH, ..none }, "eu from SB_API_ENDPOINT, ENV from SB_AUTH_TOKEN");
    check(Case { env: BOTH, credentials: file, ..none }, "eu from SB_API_ENDPOINT, ENV from SB_AUTH_TOKEN");
    check(
        Case { env: BOTH, credentials: Some("not looked at"), ..none },
        "eu from SB_API_ENDPOINT, ENV from SB_AUTH_TOKEN",
    );
    check(Case { credentials: file, ..none }, "platform from default:2, FILE from default:3");
}

#[test]
fn lone_variable_yields_to_complete_profile() {
    let check = |env, credentials, expected: &str| {
        assert_eq!(pair(&Case { env, credentials: Some(credentials), ..Case::default() }), expected);
    };
    check(
        ONLY_ENDPOINT,
        FILE,
        "platform from default:2, FILE from default:3; SB_API_ENDPOINT is ignored because SB_AUTH_TOKEN is not set: endpoint and token came from profile `default` of CREDENTIALS:2",
    );
    check(
        ONLY_TOKEN,
        FILE,
        "platform from default:2, FILE from default:3; SB_AUTH_TOKEN is ignored because SB_API_ENDPOINT is not set: endpoint and token came from profile `default` of CREDENTIALS:2",
    );
    let same_endpoint = &[("SB_API_ENDPOINT", "platform")];
    check(same_endpoint, FILE, "platform from default:2, FILE from default:3");
    check(&[("SB_AUTH_TOKEN", "FILE")], FILE, "platform from default:2, FILE from default:3");
    check(ONLY_TOKEN, FILE_ENDPOINT, "platform from default:2, ENV from SB_AUTH_TOKEN");
    check(ONLY_ENDPOINT, FILE_TOKEN, "eu from SB_API_ENDPOINT, FILE from default:2");
}

#[test]
fn explicit_half_is_completed_without_mixing_pairs() {
    let check = |endpoint, token, env, credentials, expected: &str| {
        assert_eq!(pair(&Case { endpoint, token, env, credentials, ..Case::default() }), expected);
    };
    let file = Some(FILE);
    check(Some("eu"), None, BOTH, file, "eu from program, ENV from SB_AUTH_TOKEN");
    check(Some("cgc"), None, ONLY_TOKEN, file, "cgc from program, ENV from SB_AUTH_TOKEN");
    check(Some("platform"), None, BOTH, file, "platform from program, FILE from default:3");
    check(Some("platform"), None, ONLY_ENDPOINT, file, "platform from program, FILE from default:3");
    check(Some("cgc"), None, &[], Some(FILE_TOKEN), "cgc from program, FILE from default:2");
    check(
        Some("cgc"),
        None,
        BOTH,
        file,
        "found no token for https://cgc-api.sbgenomics.com/v2; tried\n  \
         - the program: it sets no token\n  \
         - environment: its token belongs to https://eu-api.sbgenomics.com/v2, not to \
         https://cgc-api.sbgenomics.com/v2\n  \
         - profile `default` of CREDENTIALS: its token belongs to https://api.sbgenomics.com/v2, not to \
         https://cgc-api.sbgenomics.com/v2",
    );
    check(None, Some("OWN"), ONLY_ENDPOINT, file, "eu from SB_API_ENDPOINT, OWN from program");
    check(None, Some("ENV"), BOTH, file, "eu from SB_API_ENDPOINT, ENV from program");
    check(None, Some("FILE"), BOTH, file, "platform from default:2, FILE from program");
    check(None, Some("OWN"), ONLY_TOKEN, Some(FILE_ENDPOINT), "platform from default:2, OWN from program");
    check(
        None,
        Some("OWN"),
        BOTH,
        file,
        "found no endpoint for the token from the program itself; tried\n  \
         - the program: it sets no endpoint\n  \
         - environment: its endpoint belongs to another token\n  \
         - profile `default` of CREDENTIALS: its endpoint belongs to another token",
    );
}

#[test]
fn requested_profile_ignores_the_environment() {
    let check = |profile, endpoint, token, credentials, expected: &str| {
        let case = Case { profile: Some(profile), endpoint, token, env: BOTH, credentials, settings: None };
        assert_eq!(pair(&case), expected);
    };
    let file = Some(FILE);
    check("cgc", None, None, file, "cgc from cgc:5, CGC from cgc:6");
    check("default", None, None, file, "platform from default:2, FILE from default:3");
    check("cgc", None, Some("OWN"), file, "cgc from cgc:5, OWN from program");
    check("cgc", Some("cgc"), None, file, "cgc from program, CGC from cgc:6");
    check("cgc", Some("eu"), Some("OWN"), file, "eu from program, OWN from program");
    check(
        "cgc",
        Some("http://127.0.0.1:9/v2"),
        None,
        file,
        "http://127.0.0.1:9/v2 from program, CGC from cgc:6; the token from profile `cgc` of CREDENTIALS:6 belongs to \
         https://cgc-api.sbgenomics.com/v2, but is sent to http://127.0.0.1:9/v2, as set by the program",
    );
    check(
        "cgcc",
        Some("eu"),
        Some("OWN"),
        file,
        "there is no profile `cgcc` in `CREDENTIALS` (it has `default`, `cgc`, `bare`, `no-token`)",
    );
    check("cgc", None, None, None, "there is no file `CREDENTIALS`");
    check(
        "bare",
        None,
        None,
        file,
        "found no endpoint and no token; tried\n  - the program: it sets neither endpoint nor token\n  \
         - profile `bare` of CREDENTIALS: it has no `api_endpoint`, it has no `auth_token`\n  \
         - environment: ignored, because a profile was named",
    );
    check(
        "no-token",
        None,
        None,
        file,
        "found no token for https://cavatica-api.sbgenomics.com/v2; tried\n  \
         - the program: it sets neither endpoint nor token\n  \
         - profile `no-token` of CREDENTIALS: it has no `auth_token`\n  \
         - environment: ignored, because a profile was named",
    );
}

#[test]
fn missing_values_are_listed_for_every_source() {
    let check = |env, credentials, expected: &str| {
        assert_eq!(pair(&Case { env, credentials, ..Case::default() }), expected);
    };
    let program = "tried\n  - the program: it sets neither endpoint nor token\n  - environment:";
    let profile = "  - profile `default` of CREDENTIALS:";
    let no_endpoint = "found no endpoint for the token from the environment variable SB_AUTH_TOKEN;";
    check(
        &[],
        None,
        &format!(
            "found no endpoint and no token; {program} SB_API_ENDPOINT is not set, SB_AUTH_TOKEN is not set\n\
             {profile} there is no file `CREDENTIALS`"
        ),
    );
    check(
        ONLY_TOKEN,
        Some("[cgc]\n"),
        &format!(
            "{no_endpoint} {program} SB_API_ENDPOINT is not set\n\
             {profile} there is no profile `default` in `CREDENTIALS` (it has `cgc`)"
        ),
    );
    check(
        ONLY_TOKEN,
        None,
        &format!(
            "{no_endpoint} {program} SB_API_ENDPOINT is not set\n{profile} there is no file `CREDENTIALS`"
        ),
    );
    check(
        ONLY_ENDPOINT,
        None,
        &format!(
            "found no token for https://eu-api.sbgenomics.com/v2; {program} SB_AUTH_TOKEN is not set\n\
             {profile} there is no file `CREDENTIALS`"
        ),
    );
    check(
        &[],
        Some(FILE_TOKEN),
        &format!(
            "found no endpoint for the token from profile `default` of CREDENTIALS:2; {program} SB_API_ENDPOINT is \
             not set, SB_AUTH_TOKEN is not set\n{profile} it has no `api_endpoint`"
        ),
    );
    check(
        &[],
        Some(FILE_ENDPOINT),
        &format!(
            "found no token for https://api.sbgenomics.com/v2; {program} SB_API_ENDPOINT is not set, SB_AUTH_TOKEN \
             is not set\n{profile} it has no `auth_token`"
        ),
    );
    check(
        ONLY_ENDPOINT,
        Some(FILE_ENDPOINT),
        &format!(
            "found no token for https://eu-api.sbgenomics.com/v2; {program} SB_AUTH_TOKEN is not set\n\
             {profile} it has no `auth_token`"
        ),
    );
    check(
        &[],
        Some("[default]\n"),
        &format!(
            "found no endpoint and no token; {program} SB_API_ENDPOINT is not set, SB_AUTH_TOKEN is not set\n\
             {profile} it has no `api_endpoint`, it has no `auth_token`"
        ),
    );

    let nowhere = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(|_| None);
    let error = nowhere.resolve().unwrap_err().to_string();
    let expected = "  - credentials file: no home folder to look for `.sevenbridges/credentials` in";
    assert!(error.ends_with(expected), "{error}");
    let explicit = ExplicitConfig { profile: Some("cgc".to_owned()), ..ExplicitConfig::default() };
    let error = Sources::new(explicit).paths(ConfigPaths::none()).env(|_| None).resolve().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read profile `cgc`: there is no home folder to look for `.sevenbridges/credentials` in; set the path of the file with `config_paths()`"
    );
}

#[test]
fn consulted_values_must_be_valid() {
    let check = |case: Case<'_>, expected: &str| {
        let got = pair(&case);
        assert!(got.starts_with(expected), "{got}");
    };
    let none = Case::default();
    check(
        Case { endpoint: Some("cgc"), token: Some(" "), ..none },
        "token from the program itself: the token is empty",
    );
    check(
        Case { endpoint: Some("api.x.org"), token: Some("OWN"), ..none },
        "endpoint from the program itself: `api.x.org` is not an API endpoint: expected a URL such as",
    );
    check(
        Case { env: &[("SB_AUTH_TOKEN", "")], credentials: Some(FILE), ..none },
        "token from the environment variable SB_AUTH_TOKEN: the token is empty",
    );
    check(
        Case { env: &[("SB_API_ENDPOINT", "https://x.org"), ("SB_AUTH_TOKEN", "T")], ..none },
        "endpoint from the environment variable SB_API_ENDPOINT: `https://x.org` is not an API endpoint: the path",
    );
    check(
        Case { credentials: Some("[default]\napi_endpoint = cgc\nauth_token =\n"), ..none },
        "token from profile `default` of CREDENTIALS:3: the token is empty",
    );
    check(
        Case { credentials: Some("[default]\napi_endpoint =\nauth_token = T\n"), ..none },
        "endpoint from profile `default` of CREDENTIALS:2: the API endpoint is empty",
    );
    check(
        Case { credentials: Some("[default]\nauth_token = T\n  U\n"), ..none },
        "token from profile `default` of CREDENTIALS:2: the token contains a line break",
    );
    check(
        Case { credentials: Some("auth_token = T\n"), ..none },
        "CREDENTIALS:1: this line is in no `[section]`",
    );
}

#[test]
fn plain_http_from_any_source_is_refused() {
    let env = &[("SB_API_ENDPOINT", "http://10.0.0.7/v2"), ("SB_AUTH_TOKEN", "T")];
    let credentials = Some("[default]\napi_endpoint = http://10.0.0.7/v2\nauth_token = T\n");
    let none = Case::default();
    for case in [
        Case { endpoint: Some("http://10.0.0.7/v2"), token: Some("T"), ..none },
        Case { env, ..none },
        Case { credentials, ..none },
        Case { credentials, profile: Some("default"), ..none },
    ] {
        let home = Home::new(&case);
        let error = home.resolve(&case, |_| ()).unwrap_err();
        assert!(matches!(&error, ConfigError::Endpoint { reason, .. } if reason.is_plain_http()), "{error}");
        let config = home.resolve(&case, |explicit| explicit.allow_insecure_http = true).unwrap();
        assert_eq!(config.endpoint.as_str(), "http://10.0.0.7/v2");
    }
}

#[test]
fn proxies_come_from_the_first_source_set() {
    let explicit = |text: &str| Some(Proxies::none().https(text.parse().unwrap()));
    let check = |proxies: Option<Proxies>, env: &[(&str, &str)], settings: Option<&str>, expected: &str| {
        let env = [BOTH, env].concat();
        let case = Case { env: &env, settings, ..Case::default() };
        let home = Home::new(&case);
        let got = match home.resolve(&case, |explicit| explicit.proxies = proxies) {
            Ok(Config { proxies, origins, .. }) => {
                let shown = |proxy: Option<&ProxyUrl>| {
                    proxy.map_or("-".to_owned(), |proxy| proxy.expose().to_owned())
                };
                format!(
                    "{} {}, {} {}, {} {}",
                    shown(proxies.for_https()),
                    short_origin(&origins.https_proxy),
                    shown(proxies.for_http()),
                    short_origin(&origins.http_proxy),
                    proxies.exceptions().unwrap_or("-"),
                    short_origin(&origins.no_proxy)
                )
            }
            Err(error) => home.short(&error.to_string()),
        };
        assert_eq!(got, expected);
    };
    let file = Some("[proxies]\nhttps_proxy = f:1\nhttp_proxy = g:2\nno_proxy = h\n");
    let upper: &[_] = &[("HTTPS_PROXY", "a:1"), ("HTTP_PROXY", "b:2"), ("NO_PROXY", "c")];
    let lower: &[_] = &[("https_proxy", "x:1"), ("http_proxy", "y:2"), ("no_proxy", "z")];
    check(None, &[], None, "- default, - default, - default");
    check(None, &[], file, "http://f:1/ settings:2, http://g:2/ settings:3, h settings:4");
    check(None, upper, file, "http://a:1/ HTTPS_PROXY, http://b:2/ HTTP_PROXY, c NO_PROXY");
    check(None, lower, file, "http://x:1/ https_proxy, http://y:2/ http_proxy, z no_proxy");
    check(
        None,
        &[upper, lower].concat(),
        file,
        "http://a:1/ HTTPS_PROXY, http://b:2/ HTTP_PROXY, c NO_PROXY",
    );
    check(None, &upper[..1], file, "http://a:1/ HTTPS_PROXY, http://g:2/ settings:3, h settings:4");
    check(
        None,
        &[("HTTPS_PROXY", " ")],
        file,
        "http://f:1/ settings:2, http://g:2/ settings:3, h settings:4",
    );
    let cgi = &[upper, &[("REQUEST_METHOD", "GET")]].concat();
    check(None, cgi, None, "http://a:1/ HTTPS_PROXY, - default, c NO_PROXY");
    check(explicit("me:pw@o:3"), upper, file, "http://me:pw@o:3/ program, - default, - default");
    check(Some(Proxies::none()), upper, file, "- default, - default, - default");
    let form = "(expected `host:port`, or a URL such as `http://user:password@host:port`)";
    check(
        None,
        &[("HTTPS_PROXY", "ftp://me:SECRET@a:1")],
        file,
        &format!(
            "proxy from the environment variable HTTPS_PROXY: `ftp://***@a:1` is not a proxy URL: only http and \
             https proxies are supported {form}"
        ),
    );
    check(
        None,
        &[],
        Some("[proxies]\nhttps_proxy = a b\n"),
        &format!("SETTINGS:2: `https_proxy`: `a b` is not a proxy URL: white space is not allowed {form}"),
    );
}

#[test]
fn advance_access_comes_from_the_first_source_set() {
    let check = |explicit: Option<bool>, case: Case<'_>, expected: &str| {
        let home = Home::new(&case);
        let got = match home.resolve(&case, |config| config.advance_access = explicit) {
            Ok(config) => {
                format!("{} {}", config.advance_access, short_origin(&config.origins.advance_access))
            }
            Err(error) => home.short(&error.to_string()),
        };
        assert_eq!(got, expected);
    };
    let file =
        Some("[default]\napi_endpoint=cgc\nauth_token=T\nadvance_access=no\n[aa]\nadvance_access=Yes\n");
    let (on, off) = (Some("[mode]\nadvance_access=True\n"), Some("[mode]\nadvance_access=False\n"));
    let env = Case { env: BOTH, ..Case::default() };
    check(None, env, "false default");
    check(None, Case { settings: on, ..env }, "true settings:2");
    check(None, Case { settings: off, ..env }, "false settings:2");
    check(None, Case { credentials: file, settings: on, ..env }, "true settings:2");
    check(None, Case { credentials: file, settings: on, ..Case::default() }, "false default:4");
    let named =
        Case { profile: Some("aa"), endpoint: Some("cgc"), token: Some("T"), credentials: file, ..env };
    check(None, named, "true aa:6");
    check(Some(false), Case { settings: on, ..named }, "false program");
    check(Some(true), Case { settings: off, ..env }, "true program");
    check(
        None,
        Case { settings: Some("[mode]\nadvance_access=perhaps\n"), ..env },
        "SETTINGS:2: `advance_access`: expected `true` or `false` (or `yes`, `no`, `on`, `off`, `1`, `0`)",
    );
    let home = Home::new(&Case { settings: Some("not looked at"), ..env });
    let config = home.resolve(&env, |explicit| {
        explicit.advance_access = Some(true);
        explicit.proxies = Some(Proxies::none());
    });
    assert!(config.unwrap().advance_access);
}

#[test]
fn every_auth_kind_is_kept_as_given() {
    for auth in [Auth::token("OWN\n"), Auth::oauth("OWN\n"), Auth::session("OWN\n")] {
        let explicit = ExplicitConfig {
            endpoint: Some(Endpoint::Cavatica.into()),
            auth: Some(auth.clone()),
            ..ExplicitConfig::default()
        };
        let config = Sources::new(explicit).paths(ConfigPaths::none()).env(|_| None).resolve().unwrap();
        assert_eq!(config.endpoint, Endpoint::Cavatica);
        assert_eq!(config.auth.secret().expose_secret(), "OWN");
        assert_eq!(std::mem::discriminant(&config.auth), std::mem::discriminant(&auth));
    }
    // A session id with the same text is not the same credential as the token of the environment.
    let case = Case { env: BOTH, ..Case::default() };
    let error =
        Home::new(&case).resolve(&case, |explicit| explicit.auth = Some(Auth::session("ENV"))).unwrap_err();
    assert!(matches!(error, ConfigError::Missing(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn world_readable_credentials_give_a_warning() {
    let case = Case { credentials: Some(FILE), ..Case::default() };
    let home = Home::new(&case);
    let path = ConfigPaths::under(home.0.path()).credentials.unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    for profile in [None, Some("cgc")] {
        let config = home.resolve(&Case { profile, ..case }, |_| ()).unwrap();
        let warning = crate::config::profile::FileWarning::OpenToOthers { path: path.clone(), mode: 0o644 };
        assert_eq!(config.warnings, [Warning::File(warning)]);
    }
}

#[test]
fn config_debug_redacts_secrets() {
    let explicit = ExplicitConfig {
        endpoint: Some("https://me:SECRET@x.org/v2".to_owned()),
        auth: Some(Auth::token("SECRET")),
        proxies: Some(Proxies::none().https("me:SECRET@p:1".parse().unwrap())),
        ..ExplicitConfig::default()
    };
    let sources =
        Sources::new(explicit.clone()).paths(ConfigPaths::none()).env(|_| Some("SECRET".to_owned()));
    let error = sources.resolve().unwrap_err();
    let shown = format!("{explicit:?} {sources:?} {error:?} {error}");
    assert!(!shown.contains("SECRET"), "{shown}");

    let explicit = ExplicitConfig { endpoint: Some("cgc".to_owned()), ..explicit };
    let config = Sources::new(explicit).paths(ConfigPaths::none()).env(|_| None).resolve().unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(shown.contains("Cgc") && shown.contains("http://***@p:1/"), "{shown}");

    let swapped = Sources::new(ExplicitConfig {
        endpoint: Some("SECRETSECRETSECRETSECRETSECRETSE".to_owned()),
        auth: Some(Auth::token("https://cgc-api.sbgenomics.com/v2")),
        ..ExplicitConfig::default()
    });
    let error = swapped.paths(ConfigPaths::none()).resolve().unwrap_err();
    assert!(!format!("{error:?} {error}").contains("SECRET"), "{error:?}");
}

#[test]
fn config_types_are_send_and_sync() {
    fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<Sources<'_>>();
    assert_send_sync::<Config>();
    assert_send_sync::<ConfigError>();
}
