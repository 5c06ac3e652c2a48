use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::ProxyUrl;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("credentials")
    }

    fn write(&self, text: &str) -> PathBuf {
        fs::write(self.path(), text).unwrap();
        self.path()
    }

    /// A message with the path of the file shortened to `FILE`.
    fn short(&self, error: &ProfileError) -> String {
        error.to_string().replace(self.path().to_str().unwrap(), "FILE")
    }
}

fn token(text: &str) -> SecretString {
    text.into()
}

#[test]
fn profiles_parse_from_the_credentials_file() {
    let folder = Folder::new();
    let path = folder.write(
        "\u{feff}# mine\r\n[default]\r\napi_endpoint = https://api.sbgenomics.com/v2\r\nauth_token = ONE\r\n\
         [cgc]\r\nAPI_ENDPOINT: cgc\r\nauth_token : TWO\r\nadvance_access = True\r\n[empty]\r\n",
    );
    let credentials = CredentialsFile::open(&path).unwrap();
    assert_eq!(credentials.path(), path);
    assert_eq!(credentials.profiles().collect::<Vec<_>>(), ["default", "cgc", "empty"]);
    let check = |name: &str, endpoint: Option<&str>, token: Option<&str>, advance_access: Option<bool>| {
        let profile = credentials.profile(name).unwrap();
        assert_eq!(profile.name(), name);
        assert_eq!(profile.api_endpoint(), endpoint);
        assert_eq!(profile.auth_token().map(SecretString::expose_secret), token);
        assert_eq!(profile.advance_access(), advance_access);
    };
    check("default", Some("https://api.sbgenomics.com/v2"), Some("ONE"), None);
    check("cgc", Some("cgc"), Some("TWO"), Some(true));
    check("empty", None, None, None);
    assert_eq!(credentials.profile("cgc").unwrap().line(), 5);
}

#[test]
fn switches_accept_only_booleans() {
    let folder = Folder::new();
    let check = |value: &str, expected: Option<bool>| {
        let path = folder.write(&format!("[default]\nadvance_access = {value}\n"));
        match (CredentialsFile::open(path).unwrap().profile("default"), expected) {
            (Ok(profile), expected @ Some(_)) => assert_eq!(profile.advance_access(), expected, "{value:?}"),
            (Err(error), None) => assert_eq!(
                folder.short(&error),
                "FILE:2: `advance_access`: expected `true` or `false` (or `yes`, `no`, `on`, `off`, `1`, `0`)"
            ),
            (got, _) => panic!("{value:?}: {got:?}"),
        }
    };
    for value in ["true", "True", "TRUE", "1", "yes", "Yes", "on"] {
        check(value, Some(true));
    }
    for value in ["false", "False", "0", "no", "NO", "off"] {
        check(value, Some(false));
    }
    for value in ["", "maybe", "2", "y", "None", "true # really"] {
        check(value, None);
    }
}

#[test]
fn profile_errors_show_the_line_but_no_token() {
    let folder = Folder::new();
    let check = |text: &str, expected: &str| {
        let path = folder.write(text);
        let error =
            CredentialsFile::open(path).and_then(|credentials| credentials.profile("cgc")).unwrap_err();
        assert_eq!(folder.short(&error), expected, "{text:?}");
        assert!(!format!("{error} {error:?} {error:#?}").contains("SECRET"), "{error:?}");
    };
    check("auth_token = SECRET\n", "FILE:1: this line is in no `[section]`");
    check("[cgc]\nauth_token = a\nauth_token = SECRET", "FILE:3: `[cgc]` already has this key in line 2");
    check("[cgc]\n[eu]\n[cgc]\n", "FILE:3: the section `[cgc]` already exists in line 1");
    check(
        "[default]\nauth_token=SECRET\n[eu]\n",
        "there is no profile `cgc` in `FILE` (it has `default`, `eu`)",
    );
    check("", "there is no profile `cgc` in `FILE` (it has none)");
    check("[DEFAULT]\nauth_token=SECRET", "there is no profile `cgc` in `FILE` (it has none)");

    fs::write(folder.path(), b"[cgc]\n# \xff\n").unwrap();
    assert_eq!(
        folder.short(&CredentialsFile::open(folder.path()).unwrap_err()),
        "FILE:2: the text is not UTF-8"
    );
    fs::remove_file(folder.path()).unwrap();
    let missing = CredentialsFile::open(folder.path()).unwrap_err();
    assert_eq!(folder.short(&missing), "there is no file `FILE`");
    fs::create_dir(folder.path()).unwrap();
    let error = CredentialsFile::open(folder.path()).unwrap_err();
    assert!(folder.short(&error).starts_with("cannot read `FILE`: "), "{error}");
}

#[test]
fn saved_profile_preserves_other_bytes() {
    let folder = Folder::new();
    let path = folder.write(
        "# from the wiki\r\n\r\n[default]\r\napi_endpoint=https://api.sbgenomics.com/v2\r\nauth_token = one\r\n\
         \r\n; work\r\n[cgc]\r\n  Auth_Token :  two\r\n  note = keep\r\n\r\n[eu]\r\nauth_token=three",
    );
    let mut credentials = CredentialsFile::open(&path).unwrap();
    credentials.set("cgc", &Endpoint::Cgc, &token("NEW")).unwrap();
    credentials.set("bdc", &Endpoint::BioDataCatalyst, &token("NEWER")).unwrap();
    credentials.save().unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "# from the wiki\r\n\r\n[default]\r\napi_endpoint=https://api.sbgenomics.com/v2\r\nauth_token = one\r\n\
         \r\n; work\r\n[cgc]\r\n  Auth_Token :  NEW\r\n  note = keep\r\n  api_endpoint = \
         https://cgc-api.sbgenomics.com/v2\r\n\r\n[eu]\r\nauth_token=three\r\n\r\n[bdc]\r\napi_endpoint = \
         https://api.sb.biodatacatalyst.nhlbi.nih.gov/v2\r\nauth_token = NEWER\r\n"
    );
    let again = CredentialsFile::open(&path).unwrap();
    assert_eq!(again.profile("cgc").unwrap().auth_token().unwrap().expose_secret(), "NEW");
    credentials.set("cgc", &Endpoint::Cgc, &token("NEWEST")).unwrap();
    credentials.save().unwrap();
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn invalid_profile_changes_nothing() {
    let folder = Folder::new();
    let mut credentials = CredentialsFile::open_or_new(folder.path()).unwrap();
    let mut check = |profile: &str, text: &str, expected: &str| {
        let error = credentials.set(profile, &Endpoint::Cgc, &token(text)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{profile:?} {text:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
        assert_eq!(credentials.profiles().count(), 0);
    };
    check("cgc", "", "the token is empty");
    check("cgc", "SECRET\n[evil]", "the token contains a line break");
    check("cgc", "SECRET\r", "the token contains a line break");
    check("cgc", " SECRET", "the token contains a space");
    check("cgc", "SECRET\0", "the token contains a control character or one that is not ASCII");
    check("", "t", "invalid profile name ``");
    check("DEFAULT", "t", "invalid profile name `DEFAULT`");
    check(" cgc", "t", "invalid profile name ` cgc`");
    check("a]b", "t", "invalid profile name `a]b`");
    check("a\nb", "t", "invalid profile name `a\\nb`");
}

#[test]
fn concurrent_change_is_not_overwritten() {
    let folder = Folder::new();
    let mut credentials = CredentialsFile::open_or_new(folder.path()).unwrap();
    credentials.set("cgc", &Endpoint::Cgc, &token("t")).unwrap();
    folder.write("[eu]\n");
    let error = credentials.save().unwrap_err();
    assert!(matches!(error, ProfileError::Changed { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(folder.path()).unwrap(), "[eu]\n");
}

#[cfg(unix)]
#[test]
fn credentials_file_is_private_and_keeps_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let folder = Folder::new();
    let path = folder.0.path().join("home/.sevenbridges/credentials");
    let mut credentials = CredentialsFile::open_or_new(&path).unwrap();
    credentials.set("cgc", &Endpoint::Cgc, &token("t")).unwrap();
    credentials.save().unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert!(credentials.warnings().is_empty());

    for (bits, warned) in [(0o644, true), (0o640, true), (0o602, true), (0o600, false), (0o400, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        let credentials = CredentialsFile::open(&path).unwrap();
        assert_eq!(!credentials.warnings().is_empty(), warned, "{bits:o}");
        if let [warning] = credentials.warnings() {
            let shown = warning.to_string().replace(path.to_str().unwrap(), "FILE");
            let expected = format!(
                "`FILE` holds tokens, but other users can read or change it (mode {bits:04o}): run `chmod 600 FILE`"
            );
            assert_eq!(shown, expected);
        }
    }

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&path, folder.path()).unwrap();
    let mut linked = CredentialsFile::open(folder.path()).unwrap();
    assert_eq!(linked.warnings().len(), 1);
    linked.set("eu", &Endpoint::Eu, &token("u")).unwrap();
    linked.save().unwrap();
    assert!(linked.warnings().is_empty());
    assert!(fs::symlink_metadata(folder.path()).unwrap().is_symlink());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(CredentialsFile::open(&path).unwrap().profiles().collect::<Vec<_>>(), ["cgc", "eu"]);
}

#[test]
fn settings_errors_show_file_and_line() {
    let folder = Folder::new();
    assert!(Settings::open(folder.path()).unwrap().is_none());
    let check = |text: &str, expected: Result<&str, &str>| {
        let got = Settings::open(folder.write(text)).map(|settings| {
            let settings = settings.unwrap();
            let shown = |proxy: Option<&ProxyUrl>| proxy.map_or("-".to_owned(), ToString::to_string);
            format!(
                "{} {} {} {:?}",
                shown(settings.https_proxy()),
                shown(settings.http_proxy()),
                settings.no_proxy().unwrap_or("-"),
                settings.advance_access()
            )
        });
        assert_eq!(
            got.map_err(|error| folder.short(&error)),
            expected.map(str::to_owned).map_err(str::to_owned)
        );
    };
    check("", Ok("- - - None"));
    check("[other]\nadvance_access=x\n", Ok("- - - None"));
    check("[proxies]\nhttps_proxy=p:1\nhttp_proxy=q:2\n", Ok("http://p:1/ http://q:2/ - None"));
    check("[proxies]\nHTTPS_PROXY: p:1\nno_proxy = a,b\nhttp_proxy=\n", Ok("http://p:1/ - a,b None"));
    check("[mode]\nadvance_access=False\n", Ok("- - - Some(false)"));
    check(
        "[proxies]\n\nhttps_proxy=me:SECRET@p:x\n",
        Err(
            "FILE:3: `https_proxy`: `***@p:x` is not a proxy URL: invalid port number (expected `host:port`, or \
             a URL such as `http://user:password@host:port`)",
        ),
    );
    check("advance_access=1\n", Err("FILE:1: this line is in no `[section]`"));
}

#[test]
fn profile_debug_redacts_values() {
    let folder = Folder::new();
    let path = folder.write("[cgc]\nauth_token = SECRET\napi_endpoint = https://SECRET@x/v2\nSECRET\n");
    let mut credentials = CredentialsFile::open(path).unwrap();
    credentials.set("eu", &Endpoint::Eu, &token("SECRET")).unwrap();
    let profile = credentials.profile("cgc").unwrap();
    let settings = Settings::open(folder.write("[proxies]\nhttps_proxy = me:SECRET@p:1\n")).unwrap();
    let shown = format!("{credentials:?} {credentials:#?} {profile:?} {settings:?} {:?}", profile.auth_token);
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(shown.contains("cgc"), "{shown}");
}

#[test]
fn credentials_must_be_a_small_regular_file() {
    let folder = Folder::new();
    let check = |expected: &str| {
        let credentials = folder.short(&CredentialsFile::open_or_new(folder.path()).unwrap_err());
        assert_eq!(credentials, format!("cannot read `FILE`: {expected}"));
        let settings = folder.short(&Settings::open(folder.path()).unwrap_err());
        assert_eq!(settings, credentials);
    };
    folder.write(&"# long\n".repeat(200_000));
    check("it has more than 1048576 bytes: check that it is the right file");
    fs::remove_file(folder.path()).unwrap();
    fs::create_dir(folder.path()).unwrap();
    check("it is a folder: name a regular file");
    #[cfg(unix)]
    {
        fs::remove_dir(folder.path()).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(folder.path()).status().unwrap();
        assert!(pipe.success());
        check("it is a named pipe: name a regular file");
        fs::remove_file(folder.path()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path()).unwrap();
        check("it is a device: name a regular file");
    }
}
