//! The query language of file searches: from text to a query.
//!
//! `[id AS field] IN location, ... [WHERE condition] [ORDER BY field [ASC|DESC]] [LIMIT n] [OFFSET n] [TOKEN token]
//! [RECURSIVE] [STALE]`. Keywords may be written in any case.

use std::iter::Peekable;

/// The maximum number of locations in a query.
const MAX_LOCATIONS: usize = 10;
/// The maximum depth of conditions, far from the end of the stack.
const MAX_DEPTH: usize = 64;

/// A parsed query.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Query {
    /// Properties that are also shown under another name.
    pub(crate) names: Vec<(String, String)>,
    pub(crate) locations: Vec<String>,
    pub(crate) condition: Option<Condition>,
    /// The property, and whether the order is descending.
    pub(crate) order: Option<(String, bool)>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
    pub(crate) token: Option<String>,
    pub(crate) recursive: bool,
}

/// A condition on a file.
#[derive(Debug, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(String, Operator, Literal),
    OneOf(String, Vec<Literal>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Less,
    Greater,
    /// `%` stands for any text.
    Like,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
}

/// Parses a query. The error says what was expected.
pub(crate) fn parse(text: &str) -> Result<Query, String> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    parser.query()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let (value, length) = quoted(rest, first)?;
                tokens.push(Token::Text(value));
                length
            }
            letter if letter.is_alphanumeric() || matches!(letter, '_' | '-') => {
                let length = rest
                    .find(|letter: char| {
                        !letter.is_alphanumeric() && !matches!(letter, '_' | '-' | '.' | ':')
                    })
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                tokens.push(match word.parse::<f64>() {
                    Ok(number) if number.is_finite() => Token::Number(number),
                    _ => Token::Word(word.to_owned()),
                });
                length
            }
            _ => {
                let signs = ["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];
                let sign = signs.into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or_else(|| format!("`{first}` is not valid here"))?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The text between quotes, in which a backslash escapes the next letter, and its length with the quotes.
fn quoted(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            letter if escaped => {
                value.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            letter if letter == quote => return Ok((value, at + quote.len_utf8())),
            letter => value.push(letter),
        }
    }
    Err("a closing quote is missing".to_owned())
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn query(&mut self) -> Result<Query, String> {
        let mut query = Query::default();
        while !self.keyword("IN") {
            let field = self.word("IN")?;
            self.expect("AS")?;
            query.names.push((field, self.word("a name")?));
            self.sign(",");
        }
        query.locations.push(self.text("a location")?);
        while self.sign(",") {
            query.locations.push(self.text("a location")?);
        }
        if query.locations.len() > MAX_LOCATIONS {
            return Err(format!("there are at most {MAX_LOCATIONS} locations"));
        }
        if self.keyword("WHERE") {
            query.condition = Some(self.any()?);
        }
        while let Some(token) = self.tokens.next() {
            let Token::Word(word) = token else { return Err(format!("{} is unexpected", show(&token))) };
            match word.to_ascii_uppercase().as_str() {
                "ORDER" => {
                    self.expect("BY")?;
                    let field = self.word("a field")?;
                    let descending = !self.keyword("ASC") && self.keyword("DESC");
                    query.order = Some((field, descending));
                }
                "LIMIT" => query.limit = Some(self.count()?),
                "OFFSET" => query.offset = self.count()?,
                "TOKEN" if self.keyword("start") => {}
                "TOKEN" => query.token = Some(self.text("a token")?).filter(|token| token != "start"),
                "RECURSIVE" => query.recursive = true,
                "STALE" => {}
                _ => return Err(format!("`{word}` is unexpected")),
            }
        }
        Ok(query)
    }

    fn any(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.one()?];
        while self.keyword("AND") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn one(&mut self) -> Result<Condition, String> {
        let mut negated = false;
        while self.keyword("NOT") {
            negated = !negated;
        }
        let condition = if self.sign("(") {
            let condition = self.any()?;
            if !self.sign(")") {
                return Err("`)` is missing".to_owned());
            }
            condition
        } else {
            self.comparison()?
        };
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        let field = match self.tokens.next() {
            Some(Token::Word(word) | Token::Text(word)) => word,
            other => return Err(format!("a field is expected, not {}", show_end(other.as_ref()))),
        };
        let negated = self.keyword("NOT");
        let condition = if self.keyword("IN") {
            Condition::OneOf(field, self.literals()?)
        } else if self.keyword("LIKE") {
            Condition::Compare(field, Operator::Like, self.literal()?)
        } else {
            match self.tokens.next() {
                Some(Token::Sign("=")) => Condition::Compare(field, Operator::Equal, self.literal()?),
                Some(Token::Sign("!=" | "<>")) => {
                    not(Condition::Compare(field, Operator::Equal, self.literal()?))
                }
                Some(Token::Sign("<")) => Condition::Compare(field, Operator::Less, self.literal()?),
                Some(Token::Sign(">")) => Condition::Compare(field, Operator::Greater, self.literal()?),
                Some(Token::Sign("<=")) => not(Condition::Compare(field, Operator::Greater, self.literal()?)),
                Some(Token::Sign(">=")) => not(Condition::Compare(field, Operator::Less, self.literal()?)),
                other => return Err(format!("a comparison is expected, not {}", show_end(other.as_ref()))),
            }
        };
        Ok(if negated { not(condition) } else { condition })
    }

    fn literals(&mut self) -> Result<Vec<Literal>, String> {
        if !self.sign("(") {
            return Ok(vec![self.literal()?]);
        }
        let mut literals = vec![self.literal()?];
        while self.sign(",") {
            literals.push(self.literal()?);
        }
        if self.sign(")") { Ok(literals) } else { Err("`)` is missing".to_owned()) }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.tokens.next_if(|token| !is_after_values(token)) {
            Some(Token::Text(text) | Token::Word(text)) => Ok(Literal::Text(text)),
            Some(Token::Number(number)) => Ok(Literal::Number(number)),
            _ => Err(format!("a value is expected, not {}", show_end(self.tokens.peek()))),
        }
    }

    fn count(&mut self) -> Result<usize, String> {
        let refused = "a number of at least 0 is expected".to_owned();
        match self.tokens.next() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked"
            )]
            Some(Token::Number(number)) if number.fract() == 0.0 && (0.0..1e9).contains(&number) => {
                Ok(number as usize)
            }
            _ => Err(refused),
        }
    }

    fn word(&mut self, expected: &str) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("{expected} is expected, not {}", show_end(other.as_ref()))),
        }
    }

    fn text(&mut self, expected: &str) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(text),
            other => Err(format!("{expected} in quotes is expected, not {}", show_end(other.as_ref()))),
        }
    }

    fn expect(&mut self, keyword: &str) -> Result<(), String> {
        if self.keyword(keyword) { Ok(()) } else { Err(format!("`{keyword}` is expected")) }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.tokens
            .next_if(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword)))
            .is_some()
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(found) if *found == sign)).is_some()
    }
}

/// Whether it is a keyword that follows values, and so not a value itself.
fn is_after_values(token: &Token) -> bool {
    const KEYWORDS: [&str; 8] = ["AND", "OR", "ORDER", "LIMIT", "OFFSET", "TOKEN", "RECURSIVE", "STALE"];
    matches!(token, Token::Word(word) if KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)))
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn show(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Number(number) => format!("`{number}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

fn show_end(token: Option<&Token>) -> String {
    token.map_or_else(|| "the end".to_owned(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_parses_into_clauses() {
        let query = parse(
            r#"name AS n IN "/Projects/a", '/Datasets/b' where tags IN ("x", 'y') AND NOT size >= 10 ORDER BY name DESC
               LIMIT 5 OFFSET 2 TOKEN start RECURSIVE STALE"#,
        )
        .unwrap();
        assert_eq!(query.names, [("name".to_owned(), "n".to_owned())]);
        assert_eq!(query.locations, ["/Projects/a", "/Datasets/b"]);
        assert_eq!(query.order, Some(("name".to_owned(), true)));
        assert_eq!((query.limit, query.offset, query.recursive), (Some(5), 2, true));
        let texts = |texts: &[&str]| texts.iter().map(|text| Literal::Text((*text).to_owned())).collect();
        let size = Condition::Compare("size".to_owned(), Operator::Less, Literal::Number(10.0));
        assert_eq!(
            query.condition,
            Some(Condition::All(vec![
                Condition::OneOf("tags".to_owned(), texts(&["x", "y"])),
                not(not(size)),
            ]))
        );
    }

    #[test]
    fn and_binds_more_tightly_than_or() {
        let condition = |text: &str| parse(&format!("IN \"/a\" WHERE {text}")).unwrap().condition.unwrap();
        assert_eq!(condition("a = 1 OR b = 2 AND c = 3"), condition("a = 1 OR (b = 2 AND c = 3)"));
        assert_ne!(condition("a = 1 OR b = 2 AND c = 3"), condition("(a = 1 OR b = 2) AND c = 3"));
        assert_eq!(condition("a NOT IN (\"x\")"), condition("NOT a IN (\"x\")"));
    }

    #[test]
    fn invalid_query_is_rejected() {
        for wrong in [
            "",
            "IN",
            "IN /Projects/a",
            "IN \"a",
            "IN \"a\" WHERE",
            "IN \"a\" WHERE b",
            "IN \"a\" WHERE b =",
            "IN \"a\" WHERE b > RECURSIVE",
            "IN \"a\" WHERE b = and c = 1",
            "IN \"a\" WHERE (b = 1",
            "IN \"a\" LIMIT -1",
            "IN \"a\" LIMIT x",
            "IN \"a\" ORDER name",
            "IN \"a\" FOO",
            "name IN \"a\"",
            "IN \"a\" WHERE b IN ()",
            "IN \"a\" \u{1F980}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&format!("IN \"a\" WHERE {}", "(".repeat(100_000))).is_err());
        assert!(parse(&format!("IN {}", ["\"a\""; 11].join(","))).is_err());
        assert!(parse(&format!("IN {}", ["\"a\""; 10].join(","))).is_ok());
    }
}
