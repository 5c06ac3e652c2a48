//! The tables: what was seen, in Markdown.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};

use anyhow::{Context as _, Result, bail};

use super::facts::{Facts, QUESTIONS};
use super::stores::Store;

/// What came of a scenario on a store.
#[derive(Clone, Debug, Default)]
pub enum Cell {
    Holds,
    /// With the reason.
    Fails(String),
    /// The store cannot have the scenario, for this reason.
    None(&'static str),
    /// The scenario was not run, because the witness itself failed.
    #[default]
    Lost,
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => f.write_str("holds"),
            Self::Fails(why) => write!(f, "FAILS: {why}"),
            Self::None(why) => f.write_str(why),
            Self::Lost => f.write_str("LOST"),
        }
    }
}

/// A scenario with its cells, one for each store.
pub struct Row {
    pub name: &'static str,
    pub cells: Vec<Cell>,
}

/// Both tables: the matrix, and what the servers respond.
pub fn tables(stores: &[&Store], rows: &[Row], facts: &[Facts]) -> String {
    let names: Vec<&str> = stores.iter().map(|store| store.name).collect();
    let matrix = rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| match cell {
            Cell::Holds => "yes".to_owned(),
            Cell::Fails(_) => "**no**".to_owned(),
            Cell::None(_) => "–".to_owned(),
            Cell::Lost => "**lost**".to_owned(),
        });
        (row.name, cells.collect())
    });
    let matrix = table("scenario", &names, matrix);
    let responses = QUESTIONS.iter().enumerate().map(|(number, question)| {
        (*question, facts.iter().map(|facts| facts.0[number].clone()).collect::<Vec<_>>())
    });
    let responses = table("response to", &names, responses);
    let reasons: BTreeSet<String> = (rows.iter())
        .flat_map(|row| stores.iter().zip(&row.cells))
        .filter_map(|(store, cell)| match cell {
            Cell::None(why) => Some(format!("{} ({why})", store.name)),
            _ => None,
        })
        .collect();
    let reasons = reasons.into_iter().collect::<Vec<_>>().join(", ");
    let reasons = if reasons.is_empty() { reasons } else { format!("\nNot to be had: {reasons}.\n") };
    format!("{matrix}{reasons}\n{responses}")
}

fn table<'r>(first: &str, names: &[&str], rows: impl Iterator<Item = (&'r str, Vec<String>)>) -> String {
    let mut table = format!("| {first} | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (name, cells) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
    }
    table
}

/// How many cells hold, or why some do not.
pub fn summary(rows: &[Row]) -> Result<String> {
    let cells = || rows.iter().flat_map(|row| &row.cells);
    let holds = cells().filter(|cell| matches!(cell, Cell::Holds)).count();
    let broken = cells().filter(|cell| matches!(cell, Cell::Fails(_) | Cell::Lost)).count();
    if broken > 0 {
        bail!("{broken} cells fail, {holds} hold");
    }
    Ok(format!("{holds} cells hold"))
}

/// The document with another text between the marks of this name.
pub fn replace(document: &str, name: &str, text: &str) -> Result<String> {
    let (begin, end) =
        (format!("<!-- {name}: written by the witness -->\n"), format!("<!-- {name}: end -->"));
    let missing = || format!("the document has no marks for {name}");
    let (before, rest) = document.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}{}\n{end}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_marks_is_replaced() {
        let document = "a\n<!-- x: written by the witness -->\nold\n<!-- x: end -->\nb\n";
        let replaced = replace(document, "x", "new\n").unwrap();
        assert_eq!(replaced, "a\n<!-- x: written by the witness -->\nnew\n<!-- x: end -->\nb\n");
        assert_eq!(replace(&replaced, "x", "new").unwrap(), replaced);
        assert!(replace(document, "y", "new").is_err());
    }

    #[test]
    fn summary_fails_with_a_cell() {
        let row = |cells| [Row { name: "download 0 B", cells }];
        assert_eq!(summary(&row(vec![Cell::Holds, Cell::None("why")])).unwrap(), "1 cells hold");
        for broken in [Cell::Fails("why".to_owned()), Cell::Lost] {
            assert!(summary(&row(vec![Cell::Holds, broken])).is_err());
        }
    }
}
