//! Sizes and times as people write them.

use std::time::Duration;

use anyhow::Result;

use crate::exit::usage;

/// A number of bytes, such as `1.5 GB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A duration, such as `1 h 5 min`.
pub(crate) fn duration(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Reads a duration such as `90`, `90s`, `15m`, `6h`, `2d` or `500ms`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err("expected a duration such as `90s`, `15m`, `6h` or `2d`".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a duration such as `90s` or `6h`".to_owned())?;
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(|| "that is too long".to_owned())
}

/// Reads `KEY=VALUE`.
pub(crate) fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// From the first byte up to the last, or up to the end.
    From(u64, Option<u64>),
    /// The last bytes.
    Last(u64),
}

/// Reads `FIRST-LAST`, `FIRST-` or `-COUNT`, as in HTTP.
pub(crate) fn parse_range(text: &str) -> Result<ByteRange, String> {
    let wrong = || "expected FIRST-LAST, FIRST- or -COUNT, such as `0-99` for the first 100 bytes".to_owned();
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    match (first, last) {
        ("", count) => Ok(ByteRange::Last(number(count)?)),
        (first, "") => Ok(ByteRange::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first { Err(wrong()) } else { Ok(ByteRange::From(first, Some(last))) }
        }
    }
}

/// The first and the last byte of a range in a file of this size; `None` if no byte is in it.
pub(crate) fn within(range: ByteRange, size: u64) -> Option<(u64, u64)> {
    let end = size.checked_sub(1)?;
    match range {
        ByteRange::Last(0) => None,
        ByteRange::Last(count) => Some((size.saturating_sub(count), end)),
        ByteRange::From(first, last) => (first <= end).then(|| (first, last.unwrap_or(end).min(end))),
    }
}

/// A date `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "expected a date such as 2026-11-30".to_owned())
}

/// Exactly one of the alternatives was given.
pub(crate) fn one_of(given: &[(&str, bool)]) -> Result<()> {
    let chosen: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if chosen.len() > 1 {
        return Err(usage(format!("{} exclude each other", chosen.join(" and "))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_decimal() {
        let check = |count: u64, expected: &str| assert_eq!(bytes(count), expected);
        check(0, "0 B");
        check(999, "999 B");
        check(1000, "1.0 kB");
        check(999_999, "1.0 MB");
        check(20_000_000_000, "20.0 GB");
        check(u64::MAX, "18.4 EB");
    }

    #[test]
    fn durations_have_units() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(parse_duration(text).ok().map(|time| time.as_secs()), expected, "{text}");
        };
        check("90", Some(90));
        check("15m", Some(900));
        check("2d", Some(172_800));
        check("1500ms", Some(1));
        check("h", None);
        check("1w", None);
        check("99999999999999999d", None);
        assert_eq!(duration(Duration::from_secs(3_900)), "1 h 5 min");
    }

    #[test]
    fn ranges_are_those_of_http() {
        let check = |text: &str, expected: Option<Option<(u64, u64)>>| {
            assert_eq!(parse_range(text).ok().map(|range| within(range, 100)), expected, "{text}");
        };
        check("0-9", Some(Some((0, 9))));
        check("90-", Some(Some((90, 99))));
        check("90-500", Some(Some((90, 99))));
        check("-10", Some(Some((90, 99))));
        check("-500", Some(Some((0, 99))));
        check("100-", Some(None));
        check("-0", Some(None));
        check("9-0", None);
        check("7", None);
        check("a-b", None);
        assert_eq!(within(ByteRange::From(0, None), 0), None);
    }
}
