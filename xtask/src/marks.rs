//! Parts of documents that a task writes.

use anyhow::{Context as _, Result};

/// The text between the marks of this name.
pub fn between<'d>(document: &'d str, name: &str) -> Result<&'d str> {
    parts(document, name).map(|[_, text, _]| text)
}

/// The document with new text between the marks of this name.
pub fn replace(document: &str, name: &str, text: &str) -> Result<String> {
    let [before, _, after] = parts(document, name)?;
    Ok(format!("{before}{}\n{after}", text.trim_end()))
}

/// What is before, between and after the marks; the marks are outside.
fn parts<'d>(document: &'d str, name: &str) -> Result<[&'d str; 3]> {
    let (begin, end) = (format!("<!-- {name}: written by a task -->\n"), format!("<!-- {name}: end -->"));
    let missing = || format!("the document has no marks for {name}");
    let start = document.find(&begin).with_context(missing)? + begin.len();
    let length = document[start..].find(&end).with_context(missing)?;
    Ok([&document[..start], &document[start..start + length], &document[start + length..]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_marks_is_replaced() {
        let document = "a\n<!-- x: written by a task -->\nold\n<!-- x: end -->\nb\n";
        assert_eq!(between(document, "x").unwrap(), "old\n");
        let replaced = replace(document, "x", "new\n").unwrap();
        assert_eq!(replaced, "a\n<!-- x: written by a task -->\nnew\n<!-- x: end -->\nb\n");
        assert_eq!(replace(&replaced, "x", "new").unwrap(), replaced);
        assert!(replace(document, "y", "new").is_err());
    }
}
