//! The chart of `docs/speed.md`: for each row of the table, the time of the Python client and of this client as bars.
//!
//! The chart is drawn from the table, so that both always show the same numbers.

use std::fmt::Write as _;

const WIDTH: u32 = 760;
const LEFT: u32 = 16;
/// Width of the bar of the Python client.
const FULL: f64 = 520.0;
const TOP: u32 = 44;
const ROW: u32 = 58;

/// A row of the table that both clients ran.
#[derive(Debug, PartialEq)]
struct Bars<'t> {
    title: &'t str,
    /// Time as the table shows it; `None` if the Python client fails.
    python: Option<&'t str>,
    sbg: &'t str,
}

/// Draws the rows of a table in Markdown as SVG.
pub fn svg(table: &str) -> String {
    let rows: Vec<Bars<'_>> = table.lines().filter_map(bars).collect();
    let height = TOP + ROW * u32::try_from(rows.len()).unwrap_or(u32::MAX / ROW - 1) + 8;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Time of each job: sevenbridges-python and sbg</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"14\" width=\"12\" height=\"12\" fill=\"#9aa5b1\"/><text x=\"34\" y=\"24\">sevenbridges-python</text>\n\
         <rect x=\"180\" y=\"14\" width=\"12\" height=\"12\" fill=\"#b7410e\"/><text x=\"198\" y=\"24\">sbg (shorter is better)</text>"
    );
    for (row, top) in rows.iter().zip((TOP..).step_by(ROW as usize)) {
        let (python, sbg) = (row.python.and_then(seconds), seconds(row.sbg).unwrap_or_default());
        let part = python.map_or(0.0, |python| (sbg / python).min(1.0));
        let times = python.map(|python| format!(" ({:.1} × as fast)", python / sbg)).unwrap_or_default();
        let _ = writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{}</text>",
            top + 12,
            escaped(row.title)
        );
        bar(
            &mut svg,
            top + 18,
            if python.is_some() { FULL } else { 0.0 },
            "#9aa5b1",
            row.python.unwrap_or("fails"),
        );
        bar(&mut svg, top + 34, FULL * part, "#b7410e", &format!("{}{times}", row.sbg));
    }
    svg + "</svg>\n"
}

fn bar(svg: &mut String, top: u32, width: f64, color: &str, label: &str) {
    let text = f64::from(LEFT) + width + 6.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width:.1}\" height=\"13\" fill=\"{color}\"/>\
         <text x=\"{text:.1}\" y=\"{}\">{}</text>",
        top + 11,
        escaped(label)
    );
}

/// A line of the table, if both clients took part.
fn bars(line: &str) -> Option<Bars<'_>> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let (title, python, sbg) = (cells.next()?, cells.next()?, cells.next()?);
    seconds(sbg)?;
    let python = if python == "fails" {
        None
    } else {
        Some(python).filter(|time| seconds(time).is_some()).map(Some)?
    };
    Some(Bars { title, python, sbg })
}

/// The seconds of a time as the table shows it: `1.38 s` or `430 ms`.
fn seconds(time: &str) -> Option<f64> {
    match time.split_once(' ')? {
        (number, "s") => number.parse().ok(),
        (number, "ms") => number.parse::<f64>().ok().map(|milliseconds| milliseconds / 1e3),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn rows_of_both_clients_have_bars() {
        let line = |time: &str| format!("| list | {time} | 430 ms | - | 15.4 × |");
        let read = |time: &str| bars(&line(time)).map(|bars| bars.python.map(str::to_owned));
        assert_eq!(read("6.59 s"), Some(Some("6.59 s".to_owned())));
        assert_eq!(read("fails"), Some(None));
        assert_eq!(read("-"), None);
        assert_eq!(bars("| work | sevenbridges-python | sbg | curl |"), None);
        assert_eq!(bars("|---|---|---|---|"), None);
    }

    #[test]
    fn bars_are_as_long_as_the_times() {
        let svg = svg("| a < b | 2.00 s | 500 ms | - |\n");
        assert!(svg.contains("a &lt; b") && svg.contains("500 ms (4.0 × as fast)"), "{svg}");
        assert!(svg.contains("width=\"520.0\"") && svg.contains("width=\"130.0\""), "{svg}");
    }

    #[test]
    fn chart_matches_the_table_of_the_page() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let page = std::fs::read_to_string(docs.join("speed.md")).unwrap();
        let chart = std::fs::read_to_string(docs.join("speed.svg")).unwrap();
        assert!(chart == svg(&page), "docs/speed.svg is out of date; run `cargo xtask compare --chart`");
    }
}
