//! Text for terminals, without control characters from the platform.

use std::borrow::Cow;

/// The text with control characters escaped, so that a name cannot move the cursor, change colors or fake a line.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_unprintable(letter) { safe.extend(letter.escape_default()) } else { safe.push(letter) }
    }
    Cow::Owned(safe)
}

/// Control characters, and those that reverse the direction of the text around them.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        let check = |text: &str, expected: &str| assert_eq!(printable(text), expected);
        check("reads ü.bam", "reads ü.bam");
        check("a\tb\nc", "a\\tb\\nc");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("exe.\u{202e}mab", "exe.\\u{202e}mab");
    }
}
