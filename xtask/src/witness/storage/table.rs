//! The results as tables in Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::cell::Cell;
use super::facts::{Facts, QUESTIONS};
use super::stores::Store;

/// A scenario with one cell per store.
pub struct Row {
    pub name: &'static str,
    pub cells: Vec<Cell>,
}

/// Both tables: the matrix and the responses of the servers.
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
    let mut reasons = BTreeMap::<_, BTreeSet<_>>::new();
    for (store, cell) in rows.iter().flat_map(|row| stores.iter().zip(&row.cells)) {
        if let Cell::None(why) = cell {
            reasons.entry(why).or_default().insert(store.name);
        }
    }
    let reasons = reasons.into_iter().map(|(why, stores)| {
        let stores: Vec<_> = stores.into_iter().collect();
        format!("- {why}: {}\n", stores.join(", "))
    });
    let reasons: String = reasons.collect();
    let reasons = if reasons.is_empty() { reasons } else { format!("\nNot applicable (–):\n\n{reasons}") };
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

/// The number of cells that hold, or the ones that fail.
pub fn summary(stores: &[&Store], rows: &[Row]) -> Result<String> {
    let (mut holds, mut broken) = (0, Vec::new());
    for row in rows {
        for (store, cell) in stores.iter().zip(&row.cells) {
            match cell {
                Cell::Holds => holds += 1,
                Cell::None(_) => {}
                Cell::Fails(_) | Cell::Lost => {
                    broken.push(format!("{}: {} ... {cell}", store.name, row.name));
                }
            }
        }
    }
    if !broken.is_empty() {
        bail!("{} cells fail, {holds} hold\n{}", broken.len(), broken.join("\n"));
    }
    Ok(format!("{holds} cells hold"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::witness::storage::stores::STORES;

    #[test]
    fn summary_names_the_failing_cells() {
        let stores = [&STORES[0], &STORES[1]];
        let summary = |cells| summary(&stores, &[Row { name: "download 0 B", cells }]);
        assert_eq!(summary(vec![Cell::Holds, Cell::None("why")]).unwrap(), "1 cells hold");
        for (broken, shown) in [(Cell::Fails("why".to_owned()), "FAILS: why"), (Cell::Lost, "LOST")] {
            let error = summary(vec![Cell::Holds, broken]).unwrap_err().to_string();
            assert_eq!(error, format!("1 cells fail, 1 hold\ns3rver: download 0 B ... {shown}"));
        }
    }
}
