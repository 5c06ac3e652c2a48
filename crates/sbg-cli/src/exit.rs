//! Exit codes, and how an error is reported.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Error;
use sbg::ErrorKind;
use serde_json::json;

use crate::text::printable;

pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const PARTIAL: u8 = 3;
pub(crate) const NOT_FOUND: u8 = 4;
pub(crate) const REFUSED: u8 = 5;
/// `EX_TEMPFAIL` of sysexits.h.
pub(crate) const TRY_AGAIN: u8 = 75;

/// Arguments that do not fit together, found after they were parsed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Some of several items failed; each was reported.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {total} failed")]
pub(crate) struct Partial {
    pub(crate) failed: usize,
    pub(crate) total: usize,
    /// The exit code of the first failure, for when nothing was done.
    pub(crate) first: u8,
}

/// A signal stopped the command.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Stopped {
    pub(crate) signal: u8,
    pub(crate) hint: String,
}

/// An error about the arguments.
pub(crate) fn usage(text: impl Into<String>) -> Error {
    Usage(text.into()).into()
}

/// The exit code of a command that ended with this error.
pub(crate) fn code(error: &Error) -> u8 {
    if error.is::<Usage>() {
        return USAGE;
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return 128 + stopped.signal;
    }
    if let Some(partial) = error.downcast_ref::<Partial>() {
        return if partial.failed < partial.total { PARTIAL } else { partial.first };
    }
    if let Some(error) = error.downcast_ref::<sbg::Error>() {
        return code_of(error);
    }
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::NotFound) => NOT_FOUND,
        _ => FAILED,
    }
}

/// The exit code of an error of the library.
pub(crate) fn code_of(error: &sbg::Error) -> u8 {
    match error.kind() {
        ErrorKind::NotFound => NOT_FOUND,
        ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Quota | ErrorKind::AdvanceAccess => {
            REFUSED
        }
        ErrorKind::InvalidInput
        | ErrorKind::MissingCredentials
        | ErrorKind::UnknownProfile
        | ErrorKind::ConfigFile
        | ErrorKind::Endpoint
        | ErrorKind::Token
        | ErrorKind::Config => USAGE,
        ErrorKind::Locked | ErrorKind::WaitTimeout => TRY_AGAIN,
        ErrorKind::Io if io_kind(error) == Some(io::ErrorKind::NotFound) => NOT_FOUND,
        _ if error.is_transient() => TRY_AGAIN,
        _ => FAILED,
    }
}

fn io_kind(error: &sbg::Error) -> Option<io::ErrorKind> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<io::Error>().map(io::Error::kind)
}

/// What to do about an error of this kind, where the library has no advice of its own.
fn advice(error: &sbg::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::MissingCredentials | ErrorKind::UnknownProfile => {
            "run `sbg configure`, or set SB_API_ENDPOINT and SB_AUTH_TOKEN"
        }
        ErrorKind::Unauthorized => "get a new token from the developer page, then run `sbg configure`",
        ErrorKind::Forbidden => {
            "ask an administrator of the project for the permission; `sbg members ls` names them"
        }
        ErrorKind::NotFound => {
            "check the spelling with `sbg ls`; things that you may not see are reported as missing, too"
        }
        ErrorKind::Conflict => "choose another name, or what to do about it with `--on-conflict`",
        ErrorKind::AdvanceAccess => "allow it with `--advance-access`",
        ErrorKind::DiskFull => "free some space and run the same command again; finished files stay",
        ErrorKind::Locked => "wait for the other transfer, or stop it",
        _ if error.is_transient() => "try again later; the same command resumes",
        _ => return None,
    })
}

/// The message and what to do, both without control characters.
pub(crate) fn explain(error: &Error) -> (String, Option<String>) {
    let library = error.downcast_ref::<sbg::Error>();
    let hint = library.and_then(sbg::Error::hint).map(str::to_owned);
    let mut message = format!("{error:#}");
    if let Some(hint) = &hint {
        // The library ends its message with the hint, before the causes; here it comes last.
        message = message.replacen(&format!("; {hint}"), "", 1);
    }
    let stopped = error.downcast_ref::<Stopped>().map(|stopped| stopped.hint.clone());
    let advice = library.and_then(advice).map(str::to_owned);
    let hint = match (hint.or(stopped), advice) {
        // The library says where the token came from.
        (Some(hint), Some(advice)) if code(error) == REFUSED => Some(format!("{hint}; {advice}")),
        (hint, advice) => hint.or(advice),
    };
    (printable(&message).into_owned(), hint.map(|hint| printable(&hint).into_owned()))
}

/// Reports the error of a command, and returns the exit code.
pub(crate) fn report(result: Result<(), Error>, as_json: bool) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if is_closed_pipe(&error) {
        // The reader has what it wanted, as in `sbg ls | head`.
        return ExitCode::SUCCESS;
    }
    let code = code(&error);
    let (message, hint) = explain(&error);
    // The terminal may be closed; the exit code says what is left to say.
    let _ = print(code, &message, hint, as_json);
    ExitCode::from(code)
}

fn print(code: u8, message: &str, hint: Option<String>, as_json: bool) -> io::Result<()> {
    if as_json {
        let mut record = json!({"kind": "error", "message": message, "exit_code": code});
        if let Some(hint) = hint {
            record["hint"] = hint.into();
        }
        return writeln!(io::stderr(), "{record}");
    }
    let mut screen = anstream::stderr();
    let red = anstyle::AnsiColor::Red.on_default().bold();
    writeln!(screen, "{red}error:{red:#} {message}")?;
    hint.map_or(Ok(()), |hint| writeln!(screen, "  {hint}"))
}

fn is_closed_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }) && !error.chain().any(<dyn std::error::Error>::is::<sbg::Error>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_documented_exit_codes() {
        let check = |error: Error, expected: u8| assert_eq!(code(&error), expected, "{error:#}");
        check(usage("no"), USAGE);
        check(Partial { failed: 1, total: 3, first: NOT_FOUND }.into(), PARTIAL);
        check(Partial { failed: 3, total: 3, first: NOT_FOUND }.into(), NOT_FOUND);
        check(Stopped { signal: 2, hint: String::new() }.into(), 130);
        check(io::Error::from(io::ErrorKind::NotFound).into(), NOT_FOUND);
        check(io::Error::from(io::ErrorKind::PermissionDenied).into(), FAILED);
        let invalid: sbg::Error = "demo".parse::<sbg::ProjectId>().unwrap_err().into();
        check(Error::from(invalid).context("in a context"), USAGE);
    }

    #[test]
    fn hint_of_the_library_comes_last() {
        let error: sbg::Error = "nowhere".parse::<sbg::WebUrl>().unwrap_err();
        let (message, hint) = explain(&Error::from(error).context("cannot list"));
        assert_eq!(message, "cannot list: `nowhere` is not a URL of a project, file, task or app");
        assert!(hint.unwrap().starts_with("expected a URL such as"));
    }
}
