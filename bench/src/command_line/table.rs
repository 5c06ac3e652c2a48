//! The measurements of the command line as a table in Markdown.

use std::fmt::Write as _;

use super::{FOLDERS, Goal, Measured, Peer, Work};
use crate::table::{MEBIBYTE, MIB, float, median, seconds};
use crate::trial::Cost;

pub fn peer(peer: Peer) -> &'static str {
    match peer {
        Peer::Python => "sevenbridges-python, a program that makes one call",
        Peer::Curl => "curl, the same request",
        Peer::UploadTree => "`upload_tree` of the library",
        Peer::Rclone => "`rclone sync` between two local WebDAV servers without latency",
        Peer::OneProcess => "1 process",
    }
}

/// The table, a line for each row.
pub fn markdown(measured: &[Measured]) -> String {
    let mut text = "| work | peer | time of the peer | time of sbg | ratio | CPU, peer → sbg | peak memory, peer → sbg | API calls of sbg \
                    | goal |\n|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for row in measured {
        let _ = writeln!(text, "{}", line(row));
    }
    text
}

fn line(measured: &Measured) -> String {
    let both = |of: fn(&Cost) -> f64| [&measured.peer, &measured.own].map(|costs| figure(costs, of));
    let [time, processor] =
        [both(|cost| cost.usage.elapsed.as_secs_f64()), both(|cost| cost.usage.processor.as_secs_f64())];
    let memory = both(|cost| float(cost.usage.memory) / MEBIBYTE);
    let shown = |figure: Option<f64>, shown: fn(f64) -> String| figure.map_or("-".to_owned(), shown);
    let ratio = time[0].zip(time[1]).map(|(peer, own)| own / peer);
    let count = |of: fn(&Cost) -> u64| measured.own.iter().map(of).max();
    let pair = |figures: [Option<f64>; 2], unit: fn(f64) -> String| {
        figures.map(|figure| shown(figure, unit)).join(" → ")
    };
    let goals = measured.row.goals.iter().map(|goal| {
        let (text, met) = match *goal {
            Goal::Milliseconds(most) => (format!("at most {most} ms"), time[1].map(|own| own * 1e3 <= most)),
            Goal::Time(most) => (format!("at most {most} × the time"), ratio.map(|ratio| ratio <= most)),
            Goal::Times(least) => {
                (format!("at least {least} × as fast"), ratio.map(|ratio| 1.0 / ratio >= least))
            }
            Goal::Memory(most) => (format!("less than {most} {MIB}"), memory[1].map(|own| own < most)),
            Goal::Calls => {
                let most = match measured.row.work {
                    Work::First(files) | Work::Second(files) | Work::Shards(files) => files / 100 + FOLDERS,
                    Work::Version | Work::Whoami => 0,
                };
                let found = count(|cost| cost.traffic.calls);
                (format!("at most {most} calls"), found.map(|found| found <= most))
            }
        };
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "unknown",
        };
        format!("{text}: {verdict}")
    });
    let cells = [
        measured.row.title.to_owned(),
        peer(measured.row.peer).to_owned(),
        shown(time[0], seconds),
        shown(time[1], precise),
        shown(ratio, |ratio| format!("{ratio:.2}")),
        pair(processor, seconds),
        pair(memory, |mebibytes| format!("{mebibytes:.0} {MIB}")),
        count(|cost| cost.traffic.calls).map_or("-".to_owned(), |calls| calls.to_string()),
        goals.collect::<Vec<_>>().join("; "),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Short times with a decimal.
fn precise(time: f64) -> String {
    if time < 0.01 { format!("{:.1} ms", time * 1e3) } else { seconds(time) }
}

fn figure(costs: &[Cost], of: fn(&Cost) -> f64) -> Option<f64> {
    median(costs.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command_line::ROWS;
    use crate::measure::Usage;
    use crate::platform::Traffic;

    fn costs(milliseconds: &[u64], lists: u64) -> Vec<Cost> {
        let cost = |time: &u64| {
            let elapsed = Duration::from_millis(*time);
            let usage = Usage { elapsed, processor: elapsed / 2, memory: 20 << 20 };
            Cost { usage, traffic: Traffic { calls: lists + 9, lists, bytes: 0 } }
        };
        milliseconds.iter().map(cost).collect()
    }

    fn measured(name: &str, peer: Vec<Cost>, own: Vec<Cost>) -> Measured {
        let row = ROWS.iter().find(|row| row.name == name).unwrap();
        Measured { row, peer, own, wrong: Vec::new() }
    }

    #[test]
    fn line_has_medians_and_goals() {
        let line = line(&measured("command-line-second", costs(&[1000], 0), costs(&[900, 1200, 1100], 291)));
        let expected = "| 1.00 s | 1.10 s | 1.10 | 500 ms → 550 ms | 20 MiB → 20 MiB | 300 | at most 1 × the time: **missed**; \
                        at most 300 calls: met |";
        assert!(line.ends_with(expected), "{line}");
    }

    #[test]
    fn missing_peer_leaves_goals_unknown() {
        let line = line(&measured("command-line-shards", Vec::new(), costs(&[4], 0)));
        assert!(
            line.contains("| - | 4.0 ms | - | - → 2 ms |")
                && line.ends_with("at least 1.7 × as fast: unknown |"),
            "{line}"
        );
    }
}
