//! The forms of ids, and checks of text against them. Pure functions.

use super::invalid::{Form, InvalidId, Problem};

static UUID: Form = Form {
    kind: "UUID",
    expected: "UUID",
    example: "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    parts: 1,
    revision: false,
};
pub(super) static PROJECT: Form = Form {
    kind: "project id",
    expected: "owner/project",
    example: "rfranklin/my-project",
    parts: 2,
    revision: false,
};
pub(super) static APP: Form = Form {
    kind: "app id",
    expected: "owner/project/app[/revision]",
    example: "rfranklin/my-project/my-app/3",
    parts: 3,
    revision: true,
};
pub(super) static VOLUME: Form = Form {
    kind: "volume id",
    expected: "owner/volume",
    example: "rfranklin/my-volume",
    parts: 2,
    revision: false,
};
pub(super) static DATASET: Form =
    Form { kind: "dataset id", expected: "owner/dataset", example: "admin/tcga", parts: 2, revision: false };

/// Checks an id that is a single path segment, such as a file, task, user or upload id.
///
/// `kind` names the id in the error, as in `file id`. Returns the text unchanged.
///
/// # Errors
///
/// [`InvalidId`] when the text is empty, is `.` or `..`, or contains `/`, `\`, `?`, `#`, `%`, white space or control
/// characters.
pub(crate) fn check_segment<'a>(kind: &'static str, text: &'a str) -> Result<&'a str, InvalidId> {
    match segment_problem(text) {
        None => Ok(text),
        Some(problem) => Err(InvalidId::new(kind, text, None, problem)),
    }
}

/// Checks the id of a user or a member: `username`, or `division/username` for a member of an enterprise. The slash is not escaped.
///
/// # Errors
///
/// [`InvalidId`] when it has more segments, or when a segment fails [`check_segment`].
pub(crate) fn check_username<'a>(kind: &'static str, text: &'a str) -> Result<&'a str, InvalidId> {
    let too_many = (text.split('/').count() > 2).then_some(Problem::Character('/'));
    match too_many.or_else(|| text.split('/').find_map(segment_problem)) {
        None => Ok(text),
        Some(problem) => Err(InvalidId::new(kind, text, None, problem)),
    }
}

/// Checks that an id is a UUID, which the platform requires for tasks and billing groups (its codes 7005 and 4005).
///
/// # Errors
///
/// [`InvalidId`] when the text is empty, or not a UUID in its usual form with hyphens.
pub(crate) fn check_uuid<'a>(kind: &'static str, text: &'a str) -> Result<&'a str, InvalidId> {
    check_segment(kind, text)?;
    let lengths = [8, 4, 4, 4, 12];
    let hex = |(group, length): (&str, usize)| {
        group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if text.split('-').count() == lengths.len() && text.split('-').zip(lengths).all(hex) {
        return Ok(text);
    }
    Err(InvalidId::new(kind, text, Some(&UUID), Problem::Form))
}

pub(super) fn check_form(form: &'static Form, text: &str) -> Result<(), InvalidId> {
    let invalid = |problem| Err(InvalidId::new(form.kind, text, Some(form), problem));
    let parts = text.split('/').count();
    let has_revision = form.revision && parts == form.parts + 1;
    if parts != form.parts && !has_revision {
        return invalid(Problem::Form);
    }
    if let Some(problem) = text.split('/').find_map(segment_problem) {
        return invalid(problem);
    }
    if has_revision && !is_canonical_number(part(text, form.parts)) {
        return invalid(Problem::Revision);
    }
    Ok(())
}

fn segment_problem(segment: &str) -> Option<Problem> {
    match segment {
        "" => Some(Problem::Empty),
        "." | ".." => Some(Problem::Dots),
        _ => segment
            .chars()
            .find(|c| matches!(c, '/' | '\\' | '?' | '#' | '%') || c.is_whitespace() || c.is_control())
            .map(Problem::Character),
    }
}

/// Accepts `3`, but not `+3` or `03`, so that equal ids have equal text.
fn is_canonical_number(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|number| number.to_string() == text)
}

pub(super) fn part(text: &str, index: usize) -> &str {
    text.split('/').nth(index).unwrap_or_default()
}
