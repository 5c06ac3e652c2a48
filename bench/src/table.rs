//! The measurements as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::rows::{Goal, Row, Work};
use crate::side::Side;
use crate::trial::Cost;

/// Bytes of a MiB.
pub const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The unit of memory.
pub const MIB: &str = "MiB";

/// The name of the table in the lines of `docs/speed.md` that enclose it.
pub const NAME: &str = "compare";

/// The cost of all trials of a row.
pub struct Measured {
    row: &'static Row,
    costs: BTreeMap<Side, Vec<Cost>>,
    failed: BTreeMap<Side, String>,
    /// Sizes of the programs, for the row about them.
    pub sizes: BTreeMap<Side, u64>,
    /// Unexpected failures and wrong results.
    pub wrong: Vec<String>,
}

/// The medians of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    pub seconds: f64,
    /// CPU seconds.
    pub processor: f64,
    /// MiB at the peak.
    pub memory: f64,
    /// Calls to the API except for listings.
    calls: f64,
    /// Bytes that the object store moved.
    bytes: f64,
}

impl Measured {
    pub fn new(row: &'static Row) -> Self {
        Self {
            row,
            costs: BTreeMap::new(),
            failed: BTreeMap::new(),
            sizes: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    pub fn add(&mut self, side: Side, cost: Cost) {
        self.costs.entry(side).or_default().push(cost);
    }

    /// Records that a client failed or produced a wrong result.
    pub fn fail(&mut self, side: Side, error: &anyhow::Error) {
        let expected = side == Side::Python && self.row.python_may_fail;
        if !expected {
            self.wrong.push(format!("{}, {}: {error:#}", self.row.name, side.name()));
        }
        self.failed.insert(side, format!("{error:#}"));
    }

    pub fn has_failed(&self, side: Side) -> bool {
        self.failed.contains_key(&side)
    }

    /// The time of a client in the last round.
    pub fn takes(&self, side: Side) -> Option<Duration> {
        Some(self.costs.get(&side)?.last()?.usage.elapsed)
    }

    /// The medians of a client that finished every round.
    pub fn figures(&self, side: Side) -> Option<Figures> {
        let costs = self.costs.get(&side).filter(|_| !self.has_failed(side))?;
        let figure = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
        Some(Figures {
            seconds: figure(|cost| cost.usage.elapsed.as_secs_f64())?,
            processor: figure(|cost| cost.usage.processor.as_secs_f64())?,
            memory: figure(|cost| float(cost.usage.memory) / MEBIBYTE)?,
            calls: figure(|cost| float(cost.traffic.calls - cost.traffic.lists))?,
            bytes: figure(|cost| float(cost.traffic.bytes))?,
        })
    }

    pub fn title(&self) -> &str {
        self.row.title
    }

    /// A figure of one side, or why there is none.
    pub fn cell(&self, side: Side, shown: impl Fn(&Figures) -> String) -> String {
        match self.figures(side) {
            Some(figures) => shown(&figures),
            None if self.has_failed(side) => "fails".to_owned(),
            None => "-".to_owned(),
        }
    }

    fn line(&self) -> String {
        let [python, sbg, _] = Side::ALL.map(|side| self.figures(side));
        let cell = |side, figure: fn(&Figures) -> String| self.cell(side, figure);
        let mut cells = vec![self.row.title.to_owned()];
        cells.extend(Side::ALL.map(|side| cell(side, |figures| seconds(figures.seconds))));
        cells.push(
            ratio(python, sbg, |figures| figures.seconds)
                .map_or("-".to_owned(), |ratio| format!("{ratio:.1} ×")),
        );
        let both = |figure: fn(&Figures) -> String| {
            if python.is_none() && sbg.is_none() {
                return cell(Side::Curl, figure);
            }
            format!("{} → {}", cell(Side::Python, figure), cell(Side::Sbg, figure))
        };
        cells.push(both(|figures| seconds(figures.processor)));
        cells.push(both(|figures| format!("{:.0} {MIB}", figures.memory)));
        cells.push(self.notes());
        cells.push(
            self.row.goals.iter().map(|goal| self.judged(*goal, python, sbg)).collect::<Vec<_>>().join("; "),
        );
        format!("| {} |", cells.join(" | "))
    }

    /// Further figures of the row.
    fn notes(&self) -> String {
        let each = |what: &str, figure: &dyn Fn(Side, &Figures) -> Option<String>| {
            let figures = Side::ALL
                .into_iter()
                .filter_map(|side| Some(format!("{} {}", side.name(), figure(side, &self.figures(side)?)?)));
            format!("{what}: {}", figures.collect::<Vec<_>>().join(", "))
        };
        match self.row.work {
            Work::DownloadAll(count, _) | Work::UploadAll(count, _) => {
                each("calls per file", &|_, figures| Some(format!("{:.2}", figures.calls / float(count))))
            }
            Work::Download(size) | Work::Upload(size) if !self.row.network.faults.is_empty() => {
                each("extra bytes", &|_, figures| Some(format!("{:.1} %", extra(figures, size))))
            }
            Work::DownloadCeiling(size) | Work::UploadCeiling(size) => {
                each("rate", &|_, figures| Some(format!("{:.2} GB/s", float(size) / 1e9 / figures.seconds)))
            }
            Work::Calls(count) => each("calls per second, time per call", &|_, figures| {
                let (rate, each) = (float(count) / figures.seconds, figures.seconds * 1e3 / float(count));
                Some(format!("{rate:.0}, {each:.2} ms"))
            }),
            Work::Start => {
                each("size", &|side, _| Some(format!("{:.1} MB", float(*self.sizes.get(&side)?) / 1e6)))
            }
            _ => String::new(),
        }
    }

    /// A goal and whether it is met.
    fn judged(&self, goal: Goal, python: Option<Figures>, sbg: Option<Figures>) -> String {
        let (text, met) = match goal {
            Goal::Times(least) => {
                let met = ratio(python, sbg, |figures| figures.seconds).map(|times| times >= least);
                (format!("at least {least} × as fast"), met)
            }
            Goal::Processor(most) => {
                let part = ratio(sbg, python, |figures| figures.processor);
                let found = part.map(|part| format!(" ({part:.2})")).unwrap_or_default();
                (format!("CPU at most {most} × Python{found}"), part.map(|part| part <= most))
            }
            Goal::Memory(most) => (format!("at most {most} MiB"), sbg.map(|figures| figures.memory <= most)),
            Goal::CallsPerFile(most) => {
                let met = self.count().zip(sbg).map(|(count, figures)| figures.calls / count <= most);
                (format!("at most {most} call per file"), met)
            }
            Goal::Extra(most) => {
                let met = self.size().zip(sbg).map(|(size, figures)| extra(&figures, size) <= most);
                (format!("identical bytes, at most {most} % extra"), met)
            }
        };
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "unknown",
        };
        format!("{text}: {verdict}")
    }

    fn count(&self) -> Option<f64> {
        match self.row.work {
            Work::DownloadAll(count, _) | Work::UploadAll(count, _) => Some(float(count)),
            _ => None,
        }
    }

    fn size(&self) -> Option<u64> {
        match self.row.work {
            Work::Download(size) | Work::Upload(size) => Some(size),
            _ => None,
        }
    }
}

/// The table, a line for each row.
pub fn markdown(measured: &[Measured]) -> String {
    let mut table = String::from(
        "| work | sevenbridges-python | sbg | curl | speedup | CPU, Python → sbg | peak memory, Python → sbg | notes | goal |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in measured {
        let _ = writeln!(table, "{}", row.line());
    }
    table
}

/// The text of `docs/speed.md` with another table of this name.
///
/// # Errors
///
/// The text does not have the two lines that enclose the table.
pub fn insert(page: &str, name: &str, table: &str) -> Result<String> {
    let [begin, end] = ["begin", "end"].map(|edge| format!("<!-- {name}: {edge} -->"));
    let region = || {
        let (before, rest) = page.split_once(&format!("{begin}\n"))?;
        let (_, after) = rest.split_once(&format!("{end}\n"))?;
        Some(format!("{before}{begin}\n{table}\n{end}\n{after}"))
    };
    region().with_context(|| format!("docs/speed.md has no lines `{begin}` and `{end}`"))
}

/// The ratio of a figure of two clients.
pub fn ratio(of: Option<Figures>, to: Option<Figures>, figure: fn(&Figures) -> f64) -> Option<f64> {
    let (of, to) = (figure(&of?), figure(&to?));
    (to > 0.0).then(|| of / to)
}

/// Bytes moved beyond the size of the file, in percent.
fn extra(figures: &Figures, size: u64) -> f64 {
    (figures.bytes / float(size) - 1.0) * 100.0
}

pub fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// The median.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(values[middle - 1], upper)) }
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]
pub fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::Usage;
    use crate::platform::Traffic;
    use crate::rows::ROWS;

    pub fn measured(name: &str, costs: &[(Side, u64, u64)]) -> Measured {
        let mut measured = Measured::new(ROWS.iter().find(|row| row.name == name).unwrap());
        for &(side, milliseconds, bytes) in costs {
            let elapsed = Duration::from_millis(milliseconds);
            let usage = Usage { elapsed, processor: elapsed / 2, memory: 20 << 20 };
            measured.add(side, Cost { usage, traffic: Traffic { calls: 1010, lists: 10, bytes } });
        }
        measured
    }

    #[test]
    fn median_of_odd_and_even_counts() {
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn line_has_medians_ratio_and_goals() {
        let costs = [
            (Side::Python, 2000, 0),
            (Side::Sbg, 1000, 0),
            (Side::Python, 9000, 0),
            (Side::Sbg, 1200, 0),
            (Side::Python, 2400, 0),
            (Side::Sbg, 100, 0),
        ];
        assert_eq!(
            measured("download-tls", &costs).line(),
            "| download 1 GiB over loopback TLS | 2.40 s | 1.00 s | - | 2.4 × | 1.20 s → 500 ms | 20 MiB → 20 MiB |  \
             | at least 1.7 × as fast: met; CPU at most 0.7 × Python (0.42): met; at most 64 MiB: met |"
        );
        let slow = measured("download-slow", &[(Side::Python, 2000, 0), (Side::Sbg, 1000, 0)]).line();
        assert!(
            slow.ends_with(
                "| 2.0 × | 1.00 s → 500 ms | 20 MiB → 20 MiB |  | at least 4 × as fast: **missed** |"
            ),
            "{slow}"
        );
    }

    #[test]
    fn listings_do_not_count_as_calls() {
        let many = measured("download-many", &[(Side::Sbg, 1000, 0)]).line();
        assert!(many.ends_with("calls per file: sbg 1.00 | at most 1 call per file: met |"), "{many}");
        let check = |bytes: u64, expected: &str| {
            let line = measured("download-faults", &[(Side::Sbg, 1000, bytes)]).line();
            assert!(line.ends_with(expected), "{line}");
        };
        check((1 << 30) / 20 * 21, "sbg 5.0 % | identical bytes, at most 10 % extra: met |");
        check((1 << 30) / 5 * 6, "sbg 20.0 % | identical bytes, at most 10 % extra: **missed** |");
    }

    #[test]
    fn known_failures_are_not_wrong() {
        let error = anyhow::anyhow!("a hole");
        let mut known = measured("download-faults", &[(Side::Python, 1000, 0)]);
        known.fail(Side::Python, &error);
        assert!(known.wrong.is_empty() && known.line().contains("| fails |"), "{}", known.line());
        known.fail(Side::Sbg, &error);
        assert_eq!(known.wrong, ["download-faults, sbg: a hole"]);
        let mut other = measured("list", &[]);
        other.fail(Side::Python, &error);
        assert_eq!(other.wrong, ["list, sevenbridges-python: a hole"]);
    }

    #[test]
    fn table_replaces_the_old_one_of_its_name() {
        let page = |table: &str| {
            let other = "<!-- b: begin -->\nother\n<!-- b: end -->\n";
            format!("before\n<!-- a: begin -->\n{table}\n<!-- a: end -->\n{other}after\n")
        };
        assert_eq!(insert(&page("old"), "a", "new").unwrap(), page("new"));
        assert_eq!(
            insert("before\n", NAME, "new").unwrap_err().to_string(),
            "docs/speed.md has no lines `<!-- compare: begin -->` and `<!-- compare: end -->`"
        );
    }
}
