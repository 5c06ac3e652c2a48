//! Summaries and descriptions: Markdown that rustdoc would misread.

use super::Lint;
use crate::spec::finding::Location;
use crate::spec::rule::Rule;

/// Checks the text at `location`.
pub fn check(lint: &mut Lint<'_>, location: &Location, words: &str) {
    for (rule, message) in breaches(words) {
        lint.report(location, rule, message);
    }
}

fn breaches(words: &str) -> Vec<(Rule, String)> {
    let mut found = Vec::new();
    if words.trim().is_empty() {
        found.push((Rule::MissingDescription, "say something".to_owned()));
    }
    if let Some(odd) = words.chars().find(|c| !c.is_ascii()) {
        found.push((Rule::NonAscii, format!("write `{odd}` (U+{:04X}) in ASCII", u32::from(odd))));
    }
    if words.lines().any(|line| line.starts_with("    ") || line.starts_with('\t')) {
        found.push((
            Rule::IndentedBlock,
            "rustdoc takes an indented line for Rust code: begin it at the margin".to_owned(),
        ));
    }
    let spans: Vec<&str> = words.split('`').collect();
    if spans.len().is_multiple_of(2) {
        found.push((Rule::CodeSpan, "a code span is not closed: write a second backtick".to_owned()));
        return found;
    }
    // Every second piece is between backticks; the rest is the text itself.
    let outside = spans.iter().step_by(2).copied().collect::<Vec<_>>().join("` `");
    let outside = without_links(&outside);
    if let Some(at) = outside.find("http://").or_else(|| outside.find("https://")) {
        let address = outside[at..].split_whitespace().next().unwrap_or_default();
        found.push((Rule::BareUrl, format!("write `<{address}>`, or `` `{address}` `` for an example")));
    }
    let angle = outside.char_indices().find(|(at, c)| {
        *c == '<' && outside[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '/')
    });
    if let Some((at, _)) = angle {
        let word = outside[at..].split_whitespace().next().unwrap_or_default();
        found.push((Rule::AngleBrackets, format!("rustdoc reads `{word}` as HTML: put it in backticks")));
    }
    if outside.contains(['[', ']']) {
        found.push((
            Rule::SquareBrackets,
            "rustdoc takes square brackets for a link: put them into backticks".to_owned(),
        ));
    }
    found
}

/// The text without URLs in angle brackets, which are links.
fn without_links(words: &str) -> String {
    let mut rest = words;
    let mut kept = String::new();
    while let Some(start) = rest.find("<http") {
        let link = &rest[start..];
        let Some(end) = link.find('>').filter(|end| !link[..*end].contains(char::is_whitespace)) else {
            break;
        };
        kept.push_str(&rest[..start]);
        rest = &link[end + 1..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_rustdoc_misreads_is_found() {
        let check = |words: &str, expected: &[Rule]| {
            let found: Vec<Rule> = breaches(words).into_iter().map(|(rule, _)| rule).collect();
            assert_eq!(found, expected, "{words:?}");
        };
        check("Plain words, `a <b> [c] https://d.e`, and <https://f.g/h?i=j>.", &[]);
        check("a < b and b > a", &[]);
        check("```text\n<id>\n```", &[]);
        check("", &[Rule::MissingDescription]);
        check("see https://a.b", &[Rule::BareUrl]);
        check("see <https://a.b and more>", &[Rule::BareUrl, Rule::AngleBrackets]);
        check("the <id> of it", &[Rule::AngleBrackets]);
        check("one [of] them", &[Rule::SquareBrackets]);
        check("one `of them", &[Rule::CodeSpan]);
        check("caf\u{e9}", &[Rule::NonAscii]);
        check("so:\n\n    let a = 1;", &[Rule::IndentedBlock]);
    }
}
