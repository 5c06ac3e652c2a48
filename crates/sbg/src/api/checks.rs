//! Checks of values shared by several resources, made before any request.

use crate::error::{Error, Result};
use crate::ids::excerpt;

/// Maximum length of a file name, in characters, from the provider's contract.
const LONGEST_NAME: usize = 255;

/// Checks that the platform allows this name for a file or folder.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.contains('/') {
        "has a slash"
    } else if name.chars().count() > LONGEST_NAME {
        "is longer than 255 characters"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("the name `{}` {problem}", excerpt(name, 60))))
}

/// Tags are sent as a comma-separated list, so a tag cannot contain a comma.
pub(crate) fn check_tags(tags: &[String]) -> Result<()> {
    match tags.iter().find(|tag| tag.contains(',') || tag.is_empty()) {
        Some(tag) => Err(Error::invalid(format!("invalid tag `{tag}`: a tag must have text and no comma"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_or_slashed_names_are_rejected() {
        let check = |name: &str, allowed: bool| assert_eq!(check_name(name).is_ok(), allowed, "{name:?}");
        check("b form.bam", true);
        check(&"ü".repeat(255), true);
        check(&"u".repeat(256), false);
        check("", false);
        check(" ", false);
        check("a/b", false);
    }
}
