//! Fault rules as text, for the command line and the control endpoint: `ORIGIN[:METHOD][:path=TEXT][:WHEN]:ACTION`.

use std::{fmt, str::FromStr, time::Duration};

use super::{
    action::Action,
    rules::{FaultRule, When},
};
use crate::{http::origin::Origin, parse_error::ParseFaultError};

/// Parses a rule such as `storage:get:every=20:503`, `api:path=/files:first=2:maintenance` or `any:p=0.01/42:reset`.
///
/// - origin: `api`, `storage`, `any`
/// - method: `get`, `put`, `post`, `patch`, `delete`, `head`
/// - when: `every=N`, `nth=N`, `first=N`, `p=CHANCE` or `p=CHANCE/SEED`; default: always
/// - action: a status such as `503`, `429` (with a reset header), `429-no-reset`, `maintenance`, `reset`, `lost-response`,
///   `cut=BYTES`, `stall=BYTES`, `short`, `shifted`, `full`, `wrong-total`, `changed-etag`, `no-etag`, `delay=MILLISECONDS`,
///   `bandwidth=BYTES`, `clock=SECONDS`, `expired`, `html`, `empty=STATUS`, `redirect=URL`, `redirect-307=URL`,
///   `error=CODE` such as `error=SlowDown`, `early=STATUS`, `drop-upload`, `replace`, `missing-byte`, `corrupt=POSITION`
impl FromStr for FaultRule {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (origin, mut rest) = text.split_once(':').ok_or_else(|| {
            ParseFaultError::new(format!("invalid fault rule `{text}`: expected ORIGIN:ACTION"))
        })?;
        let mut method = None;
        let mut path = None;
        let mut when = When::Always;
        // The action comes last and may itself contain colons (a URL), so parts are taken from the front while
        // they are known.
        while let Some((piece, after)) = rest.split_once(':') {
            if matches!(piece, "get" | "put" | "post" | "patch" | "delete" | "head") {
                method = Some(piece);
            } else if let Some(contains) = piece.strip_prefix("path=") {
                path = Some(contains);
            } else if let Some(parsed) = parse_when(piece)? {
                when = parsed;
            } else {
                break;
            }
            rest = after;
        }
        let action = parse_action(rest)?;
        let mut rule = match origin {
            "any" => Self::any(action),
            name => match name.parse()? {
                Origin::Api => Self::api(action),
                Origin::Storage => Self::storage(action),
            },
        };
        if let Some(method) = method {
            rule = rule.method(method);
        }
        if let Some(path) = path {
            rule = rule.path(path);
        }
        Ok(rule.when(when))
    }
}

/// Writes a rule as it is parsed, without the body and headers of a status, which the text cannot express.
impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin.map_or("any", Origin::name))?;
        if let Some(method) = &self.method {
            write!(f, ":{}", method.to_ascii_lowercase())?;
        }
        if let Some(path) = &self.path {
            write!(f, ":path={path}")?;
        }
        match self.when {
            When::Always => {}
            When::Every(n) => write!(f, ":every={n}")?,
            When::Nth(n) => write!(f, ":nth={n}")?,
            When::First(n) => write!(f, ":first={n}")?,
            When::Probability { chance, seed } => write!(f, ":p={chance}/{seed}")?,
        }
        f.write_str(":")?;
        match &self.action {
            Action::Status { code, .. } => write!(f, "{code}"),
            Action::RateLimited { reset_header: true } => f.write_str("429"),
            Action::RateLimited { reset_header: false } => f.write_str("429-no-reset"),
            Action::Maintenance => f.write_str("maintenance"),
            Action::Reset => f.write_str("reset"),
            Action::LostResponse => f.write_str("lost-response"),
            Action::CutBody(bytes) => write!(f, "cut={bytes}"),
            Action::Stall(bytes) => write!(f, "stall={bytes}"),
            Action::ShortRange => f.write_str("short"),
            Action::ShiftedRange => f.write_str("shifted"),
            Action::FullBodyInsteadOfRange => f.write_str("full"),
            Action::WrongTotal => f.write_str("wrong-total"),
            Action::ChangedETag => f.write_str("changed-etag"),
            Action::NoETag => f.write_str("no-etag"),
            Action::Delay(delay) => write!(f, "delay={}", delay.as_millis()),
            Action::Bandwidth(bytes) => write!(f, "bandwidth={bytes}"),
            Action::ClockJump(by) => write!(f, "clock={}", by.as_secs()),
            Action::ExpiredUrl => f.write_str("expired"),
            Action::HtmlError => f.write_str("html"),
            Action::EmptyBody(status) => write!(f, "empty={status}"),
            Action::Redirect(url) => write!(f, "redirect={url}"),
            Action::RedirectWith { status, url } => write!(f, "redirect-{status}={url}"),
            Action::StorageError(error) => write!(f, "error={error}"),
            Action::RefuseEarly(status) => write!(f, "early={status}"),
            Action::DropUpload => f.write_str("drop-upload"),
            Action::ReplaceObject => f.write_str("replace"),
            Action::MissingByte => f.write_str("missing-byte"),
            Action::CorruptByte(position) => write!(f, "corrupt={position}"),
        }
    }
}

fn parse_when(piece: &str) -> Result<Option<When>, ParseFaultError> {
    let Some((key, value)) = piece.split_once('=') else { return Ok(None) };
    Ok(Some(match key {
        "every" => When::Every(number(key, value)?),
        "nth" => When::Nth(number(key, value)?),
        "first" => When::First(number(key, value)?),
        "p" => {
            let (chance, seed) = value.split_once('/').unwrap_or((value, "0"));
            let chance = number::<f64>(key, chance)?;
            if !(0.0..=1.0).contains(&chance) {
                return Err(ParseFaultError::new(format!("`{piece}`: a probability is between 0 and 1")));
            }
            When::Probability { chance, seed: number("seed", seed)? }
        }
        _ => return Ok(None),
    }))
}

fn parse_action(text: &str) -> Result<Action, ParseFaultError> {
    if let Some((key, value)) = text.split_once('=') {
        return Ok(match key {
            "cut" => Action::CutBody(number(key, value)?),
            "stall" => Action::Stall(number(key, value)?),
            "bandwidth" => match number(key, value)? {
                0 => return Err(ParseFaultError::new("`bandwidth=0`: nothing would ever arrive".to_owned())),
                bytes => Action::Bandwidth(bytes),
            },
            "clock" => Action::ClockJump(Duration::from_secs(number(key, value)?)),
            "delay" => Action::Delay(Duration::from_millis(number(key, value)?)),
            "empty" => Action::EmptyBody(status(value)?),
            "redirect" => Action::Redirect(value.to_owned()),
            "redirect-301" | "redirect-302" | "redirect-303" | "redirect-307" | "redirect-308" => {
                Action::RedirectWith { status: status(&key["redirect-".len()..])?, url: value.to_owned() }
            }
            "error" => Action::StorageError(value.parse()?),
            "early" => Action::RefuseEarly(status(value)?),
            "corrupt" => Action::CorruptByte(number(key, value)?),
            _ => return Err(unknown_action(text)),
        });
    }
    Ok(match text {
        "maintenance" => Action::Maintenance,
        "reset" => Action::Reset,
        "lost-response" => Action::LostResponse,
        "short" => Action::ShortRange,
        "shifted" => Action::ShiftedRange,
        "full" => Action::FullBodyInsteadOfRange,
        "wrong-total" => Action::WrongTotal,
        "changed-etag" => Action::ChangedETag,
        "no-etag" => Action::NoETag,
        "html" => Action::HtmlError,
        "expired" => Action::ExpiredUrl,
        "drop-upload" => Action::DropUpload,
        "replace" => Action::ReplaceObject,
        "missing-byte" => Action::MissingByte,
        "429" => Action::RateLimited { reset_header: true },
        "429-no-reset" => Action::RateLimited { reset_header: false },
        code if code.bytes().all(|byte| byte.is_ascii_digit()) => {
            Action::Status { code: status(code)?, body: None, headers: Vec::new() }
        }
        _ => return Err(unknown_action(text)),
    })
}

fn unknown_action(text: &str) -> ParseFaultError {
    ParseFaultError::new(format!(
        "unknown fault `{text}`: expected a status, or a name such as reset, cut=BYTES or delay=MS"
    ))
}

fn number<T: FromStr>(key: &str, value: &str) -> Result<T, ParseFaultError> {
    value
        .parse()
        .map_err(|_| ParseFaultError::new(format!("`{key}={value}`: `{value}` is not a valid number")))
}

fn status(value: &str) -> Result<u16, ParseFaultError> {
    match value.parse() {
        Ok(code @ 200..=599) => Ok(code),
        _ => Err(ParseFaultError::new(format!("`{value}` is not an HTTP status between 200 and 599"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_rules_parse_from_text() {
        let check = |text: &str, expected: FaultRule| {
            assert_eq!(expected.to_string(), text);
            assert_eq!(text.parse(), Ok(expected), "{text}");
        };
        let status = |code| Action::Status { code, body: None, headers: Vec::new() };
        check("storage:get:every=20:503", FaultRule::storage(status(503)).method("GET").every(20));
        check("api:reset", FaultRule::api(Action::Reset));
        check(
            "any:p=0.25/7:429",
            FaultRule::any(Action::RateLimited { reset_header: true }).probability(0.25, 7),
        );
        check(
            "api:path=/files:nth=2:empty=502",
            FaultRule::api(Action::EmptyBody(502)).path("/files").nth(2),
        );
        check(
            "storage:redirect=http://host:80/x",
            FaultRule::storage(Action::Redirect("http://host:80/x".into())),
        );
        check(
            "storage:put:delay=20",
            FaultRule::storage(Action::Delay(Duration::from_millis(20))).method("PUT"),
        );
    }

    #[test]
    fn every_fault_action_round_trips_as_text() {
        for action in [
            "500",
            "429",
            "429-no-reset",
            "maintenance",
            "reset",
            "lost-response",
            "cut=5",
            "stall=0",
            "short",
            "shifted",
            "full",
            "wrong-total",
            "changed-etag",
            "no-etag",
            "delay=20",
            "bandwidth=1000",
            "clock=3600",
            "expired",
            "html",
            "empty=204",
            "redirect=http://host:80/x",
            "redirect-307=http://host:80{path}",
            "error=SlowDown",
            "early=403",
            "drop-upload",
            "replace",
            "missing-byte",
            "corrupt=51",
        ] {
            let text = format!("storage:put:path=/main:first=3:{action}");
            assert_eq!(text.parse::<FaultRule>().map(|rule| rule.to_string()), Ok(text));
        }
    }

    #[test]
    fn invalid_rule_error_says_why() {
        let check = |text: &str, part: &str| {
            let message = text.parse::<FaultRule>().unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        check("503", "expected ORIGIN:ACTION");
        check("moon:503", "unknown origin `moon`");
        check("api:999", "not an HTTP status");
        check("api:every=x:503", "`x` is not a valid number");
        check("api:p=2:503", "between 0 and 1");
        check("api:explode", "unknown fault `explode`");
        check("api:bandwidth=0", "nothing would ever arrive");
        check("storage:error=Slow", "unknown storage error `Slow`");
        check("storage:redirect-200=/x", "unknown fault `redirect-200=/x`");
    }
}
