//! Makes foreign texts fit for a message.

/// The start of a body, fit for a message: one line, without control characters.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const LIMIT: usize = 160;
    let text = shortened(&String::from_utf8_lossy(&body[..body.len().min(4 * LIMIT)]), LIMIT);
    if text.is_empty() { "an empty body".to_owned() } else { format!("`{text}`") }
}

/// A foreign text, fit for a message: one line, without control characters that a terminal might interpret.
pub(crate) fn one_line(text: &str) -> String {
    const LIMIT: usize = 1000;
    shortened(text, LIMIT)
}

fn shortened(text: &str, limit: usize) -> String {
    let mut short = String::new();
    for word in text.split_whitespace() {
        if !short.is_empty() {
            short.push(' ');
        }
        short.extend(word.chars().filter(|c| !c.is_control()));
        if let Some((end, _)) = short.char_indices().nth(limit) {
            short.truncate(end);
            short.push_str("...");
            break;
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_single_lines() {
        assert_eq!(excerpt(b"<html>\n  <b>Bad\x07 gateway</b>"), "`<html> <b>Bad gateway</b>`");
        assert_eq!(excerpt(b""), "an empty body");
        assert!(excerpt(&[b'x'; 5000]).len() < 200);
        assert_eq!(one_line("a\r\n\tb \x1b[31mred\u{9b}2J"), "a b [31mred2J");
        assert_eq!(one_line(&"é ".repeat(5000)).chars().count(), 1003);
    }
}
