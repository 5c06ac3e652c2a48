//! The table in Markdown.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::rows::{Goal, Measured};
use crate::stage::Cost;

/// The lines of `docs/speed.md` that enclose the table.
const BEGIN: &str = "<!-- in-place: begin -->\n";
const END: &str = "<!-- in-place: end -->\n";

const MIB: u64 = 1024 * 1024;

pub fn markdown(measured: &[Measured], rounds: u32) -> String {
    let mut text = "| work | peer | time of the peer | time of sbg | ratio | API calls | storage requests, peer → sbg | \
                    memory, peer → sbg | goal |\n|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for row in measured {
        let _ = writeln!(text, "{}", line(row));
    }
    let _ = writeln!(text, "\nMedians of {rounds} rounds, with {} cores.", cores());
    text
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn line(measured: &Measured) -> String {
    let (peer, own) = (seconds(&measured.peer), seconds(&measured.own));
    let storage = [&measured.peer, &measured.own].map(|costs| most(costs, |cost| cost.storage as u64));
    let memory = [&measured.peer, &measured.own].map(|costs| most(costs, |cost| cost.memory) / MIB);
    let calls = most(&measured.own, |cost| cost.api as u64);
    let goals = measured.row.goals.iter().map(|goal| {
        let (text, met) = match *goal {
            Goal::Time(most) => (format!("at most {most:.2} of the time"), own <= most * peer),
            Goal::Calls(most) => (format!("at most {most} API calls"), calls <= most as u64),
            Goal::Memory(most) => (format!("memory under {most} MiB"), memory[1] < most),
            Goal::Storage(most) => {
                (format!("fewer than {most} of the requests"), (storage[1] as f64) < most * storage[0] as f64)
            }
        };
        format!("{text}: {}", if met { "met" } else { "**missed**" })
    });
    format!(
        "| {} | {} | {} | {} | {:.2} | {calls} | {} → {} | {} → {} MiB | {} |",
        measured.row.title,
        measured.row.peer,
        shown(peer),
        shown(own),
        own / peer,
        storage[0],
        storage[1],
        memory[0],
        memory[1],
        goals.collect::<Vec<_>>().join("; "),
    )
}

fn shown(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn seconds(costs: &[Cost]) -> f64 {
    let mut seconds: Vec<_> = costs.iter().map(|cost| cost.elapsed.as_secs_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or_default()
}

fn most(costs: &[Cost], of: impl Fn(&Cost) -> u64) -> u64 {
    costs.iter().map(of).max().unwrap_or_default()
}

/// The page with another table.
pub fn insert(page: &str, table: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("docs/speed.md has no table of this kind")?;
    let (_, after) = rest.split_once(END).context("the table in docs/speed.md does not end")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}
