//! Results of the clients, and the table that records them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use super::matrix::{CLIENTS, STEPS};
use super::workshop::Pins;

/// What came of a client.
pub enum Outcome {
    /// A tool is missing, with the reason.
    Skipped(String),
    /// It cannot be generated or compiled, with the reason.
    Broken(String),
    /// It ran: the steps that failed, with their reasons. The program of its guide counts as a step if it fails.
    Ran(Vec<String>),
}

impl Outcome {
    /// Whether it compiles, and how many steps it takes.
    fn score(&self) -> Option<Score> {
        match self {
            Self::Skipped(_) => None,
            Self::Broken(_) => Some(Score { compiles: false, steps: 0 }),
            Self::Ran(failed) => {
                Some(Score { compiles: true, steps: STEPS.len().saturating_sub(failed.len()) })
            }
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(why) => write!(f, "skipped, {why}"),
            Self::Broken(why) => write!(f, "does not compile: {why}"),
            Self::Ran(failed) => {
                write!(f, "{} of {} steps", STEPS.len().saturating_sub(failed.len()), STEPS.len())?;
                failed.iter().try_for_each(|why| write!(f, "\n  {why}"))
            }
        }
    }
}

/// The cells of a client in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    compiles: bool,
    steps: usize,
}

/// The steps that failed, in the output of a program: those that it does not report as done.
pub fn failed_steps(output: &str) -> Vec<String> {
    let reported: BTreeMap<&str, &str> = output.lines().filter_map(|line| line.split_once(": ")).collect();
    let failed = STEPS.iter().filter_map(|step| match reported.get(step) {
        Some(&"ok") => None,
        Some(why) => Some(format!("{step}: {why}")),
        None => Some(format!("{step}: not reported")),
    });
    failed.collect()
}

/// The scores in the table.
pub fn read(table: &str) -> BTreeMap<String, Score> {
    let rows = table.lines().skip(2).filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, .., compiles, steps, _] = cells[..] else { return None };
        let steps = steps.split(' ').next()?.parse().ok()?;
        Some((name.trim_matches('`').to_owned(), Score { compiles: compiles == "yes", steps }))
    });
    rows.collect()
}

/// The table, with new scores of the clients that ran.
pub fn table(pins: &Pins, recorded: &BTreeMap<String, Score>, outcomes: &[(&str, Outcome)]) -> String {
    let mut table =
        "| client | generator | options | compiles | steps | what a program does itself |\n|---|---|---|---|---|---|\n".to_owned();
    for client in CLIENTS {
        let new =
            outcomes.iter().find(|(name, _)| *name == client.name).and_then(|(_, outcome)| outcome.score());
        let Some(Score { compiles, steps }) = new.or_else(|| recorded.get(client.name).copied()) else {
            continue;
        };
        let (name, generator, options) = (client.name, pins.generator(client), client.generator.options());
        let compiles = if compiles { "yes" } else { "no" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| `{name}` | {generator} | {options} | {compiles} | {steps} of {} | {} |",
            STEPS.len(),
            client.by_hand
        );
    }
    table
}

/// The clients that are worse than the table says.
pub fn regressions(recorded: &BTreeMap<String, Score>, outcomes: &[(&str, Outcome)]) -> Vec<String> {
    let worse = outcomes.iter().filter(|(name, outcome)| match (outcome.score(), recorded.get(*name)) {
        (Some(new), Some(old)) => new < *old,
        (Some(new), None) => new.steps < STEPS.len(),
        (None, _) => false,
    });
    worse.map(|(name, outcome)| format!("{name}: {outcome}")).collect()
}

/// The numbers of clients in one line.
pub fn summary(outcomes: &[(&str, Outcome)]) -> String {
    let whole = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Ran(failed) if failed.is_empty()))
        .count();
    let skipped = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Skipped(_))).count();
    format!("{whole} of {} clients with all steps, {skipped} skipped", outcomes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(failed: usize) -> Outcome {
        Outcome::Ran(vec![String::new(); failed])
    }

    #[test]
    fn unreported_steps_fail() {
        let all = STEPS.map(|step| format!("{step}: ok\n")).concat();
        assert_eq!(failed_steps(&all), Vec::<String>::new());
        let some = all.replace("names: ok\n", "").replace("tasks: ok", "tasks: refused");
        assert_eq!(failed_steps(&some), ["names: not reported", "tasks: refused"]);
    }

    #[test]
    fn table_is_read_as_it_is_written() {
        let outcomes = [
            ("ruby", ran(2)),
            ("java", Outcome::Broken("why".to_owned())),
            ("go", Outcome::Skipped(String::new())),
        ];
        let recorded = read(&table(&Pins::default(), &BTreeMap::new(), &outcomes));
        let score = |compiles, steps| Score { compiles, steps };
        assert_eq!(
            recorded,
            BTreeMap::from([("java".to_owned(), score(false, 0)), ("ruby".to_owned(), score(true, 10))])
        );
        // A client that did not run keeps its row.
        assert_eq!(read(&table(&Pins::default(), &recorded, &[])), recorded);
    }

    #[test]
    fn worse_cells_are_regressions() {
        let recorded = BTreeMap::from([("ruby".to_owned(), Score { compiles: true, steps: 11 })]);
        let check = |name, outcome, expected| {
            assert_eq!(regressions(&recorded, &[(name, outcome)]).len(), usize::from(expected), "{name}");
        };
        check("ruby", ran(1), false);
        check("ruby", ran(0), false);
        check("ruby", ran(2), true);
        check("ruby", Outcome::Broken(String::new()), true);
        check("ruby", Outcome::Skipped(String::new()), false);
        check("new", ran(1), true);
    }
}
