//! `configure`, profiles and the environment.

use sbg_emulator::Emulator;
use snapbox::cmd::Command;

use crate::harness::{User, stderr};

/// Without endpoint and token in the environment.
fn without_environment(user: &User, arguments: &[&str]) -> Command {
    user.sbg(arguments).env_remove("SB_API_ENDPOINT").env_remove("SB_AUTH_TOKEN")
}

fn configure(user: &User, arguments: &[&str], token: &str) -> Command {
    let url = user.emulator.url();
    let arguments = [&["configure", "--endpoint", url], arguments].concat();
    without_environment(user, &arguments).stdin(format!("{token}\n"))
}

#[test]
fn checked_token_is_saved_for_its_owner_only() {
    let user = User::new();
    let token = user.emulator.token();
    user.checked(configure(&user, &[], &token)).success();
    user.checked(without_environment(&user, &["whoami"])).success();
    let file = user.path(".sevenbridges/credentials");
    assert!(std::fs::read_to_string(&file).unwrap().contains(&token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn wrong_token_is_not_saved() {
    let user = User::new();
    let done = user.checked(configure(&user, &[], "0123456789abcdef0123456789abcdef")).code(5);
    assert!(stderr(&done).contains("the token was not saved"), "{}", stderr(&done));
    assert!(!stderr(&done).contains("0123456789abcdef"));
    assert!(!user.path(".sevenbridges/credentials").exists());
    user.checked(configure(&user, &[], "")).code(2);
}

#[test]
fn profiles_select_the_environment() {
    let user = User::new();
    let other = Emulator::builder().token("other-token-of-another-emulator").start_blocking().unwrap();
    user.checked(configure(&user, &["--profile", "one"], &user.emulator.token())).success();
    let arguments = ["configure", "--endpoint", other.url(), "--profile", "two"];
    user.checked(without_environment(&user, &arguments).stdin(other.token())).success();
    let ask = |profile: &str| {
        let done = user.checked(without_environment(&user, &["whoami", "--profile", profile])).success();
        crate::harness::stdout(&done)
    };
    assert!(ask("one").contains(user.emulator.url()));
    assert!(ask("two").contains(other.url()));
    let done = user.checked(without_environment(&user, &["whoami", "--profile", "three"])).code(2);
    assert!(stderr(&done).contains("three") && stderr(&done).contains("sbg configure"), "{}", stderr(&done));
}

#[test]
fn missing_credentials_say_what_to_do() {
    let user = User::new();
    let done = user.checked(without_environment(&user, &["whoami"])).code(2);
    assert!(stderr(&done).contains("sbg configure"), "{}", stderr(&done));
}
