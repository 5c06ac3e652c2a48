//! Results of the clients, and the table that records them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use super::matrix::{CLIENTS, LINTERS};
use super::pins::Pins;

/// What came of a client.
pub enum Outcome {
    /// A tool is missing, with the reason.
    Skipped(String),
    /// It cannot be generated or compiled, with the reason.
    Broken(String),
    /// It ran.
    Ran(Ran),
}

/// What came of a program.
pub struct Ran {
    /// The number of its steps.
    pub steps: usize,
    /// The steps that failed, with their reasons. The program of its guide counts as a step if it fails.
    pub failed: Vec<String>,
}

impl Ran {
    fn done(&self) -> usize {
        self.steps.saturating_sub(self.failed.len())
    }
}

impl Outcome {
    /// Whether it compiles, and how many steps it takes.
    fn score(&self) -> Option<Score> {
        match self {
            Self::Skipped(_) => None,
            Self::Broken(_) => Some(Score { compiles: false, steps: 0 }),
            Self::Ran(ran) => Some(Score { compiles: true, steps: ran.done() }),
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(why) => write!(f, "skipped, {why}"),
            Self::Broken(why) => write!(f, "does not compile: {why}"),
            Self::Ran(ran) => {
                write!(f, "{} of {} steps", ran.done(), ran.steps)?;
                ran.failed.iter().try_for_each(|why| write!(f, "\n  {why}"))
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

/// What came of a program with these steps, by its output: those that it does not report as done have failed.
pub fn ran(steps: &[&str], output: &str) -> Ran {
    let reported: BTreeMap<&str, &str> = output.lines().filter_map(|line| line.split_once(": ")).collect();
    let failed = steps.iter().filter_map(|step| match reported.get(step) {
        Some(&"ok") => None,
        Some(why) => Some(format!("{step}: {why}")),
        None => Some(format!("{step}: not reported")),
    });
    Ran { steps: steps.len(), failed: failed.collect() }
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

/// The table, with new scores of the clients that ran. Linters have no score: a finding fails the task before it is written.
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
            client.steps().len(),
            client.by_hand
        );
    }
    for linter in LINTERS {
        let (name, version) = (linter.name, pins.version(linter.package));
        let _ = writeln!(
            table,
            "| `{name}` | {} {version} | linter of {} | | no findings | |",
            linter.package, linter.documents
        );
    }
    table
}

/// The number of steps of a client.
fn steps(name: &str) -> usize {
    CLIENTS.iter().find(|client| client.name == name).map_or(0, |client| client.steps().len())
}

/// The clients that are worse than the table says.
pub fn regressions(recorded: &BTreeMap<String, Score>, outcomes: &[(&str, Outcome)]) -> Vec<String> {
    let worse = outcomes.iter().filter(|(name, outcome)| match (outcome.score(), recorded.get(*name)) {
        (Some(new), Some(old)) => new < *old,
        (Some(new), None) => new.steps < steps(name),
        (None, _) => false,
    });
    worse.map(|(name, outcome)| format!("{name}: {outcome}")).collect()
}

/// The numbers of clients in one line.
pub fn summary(outcomes: &[(&str, Outcome)]) -> String {
    let whole = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Ran(ran) if ran.failed.is_empty()))
        .count();
    let skipped = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Skipped(_))).count();
    format!("{whole} of {} clients with all steps, {skipped} skipped", outcomes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(failed: usize) -> Outcome {
        Outcome::Ran(Ran { steps: 12, failed: vec![String::new(); failed] })
    }

    #[test]
    fn unreported_steps_fail() {
        let check = |output, expected: &[&str]| {
            let Ran { steps, failed } = ran(&["account", "names", "tasks"], output);
            assert_eq!(
                (steps, failed),
                (3, expected.iter().map(|why| (*why).to_owned()).collect()),
                "{output}"
            );
        };
        check("account: ok\nnames: ok\ntasks: ok\n", &[]);
        check("account: ok\ntasks: refused\n", &["names: not reported", "tasks: refused"]);
    }

    #[test]
    fn table_is_read_as_it_is_written() {
        let outcomes = [
            ("ruby", outcome(2)),
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
        check("ruby", outcome(1), false);
        check("ruby", outcome(0), false);
        check("ruby", outcome(2), true);
        check("ruby", Outcome::Broken(String::new()), true);
        check("ruby", Outcome::Skipped(String::new()), false);
        // A client that is not in the table.
        check("go", outcome(1), true);
        check("go", outcome(0), false);
    }
}
