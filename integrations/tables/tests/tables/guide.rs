//! The commands of `docs/in-place.md` print what stands below them.

use std::process::Command;

use crate::stage::{QUERY, Stage, text};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/in-place.md");

/// The commands of the page and their outputs.
fn commands(page: &str) -> Vec<(&str, String)> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, output))) => *output += &format!("{line}\n"),
            (None, None) => panic!("output without a command: {line}"),
        }
    }
    commands
}

#[test]
fn commands_of_the_guide_print_what_it_shows() {
    let stage = Stage::start();
    stage.table("tables/samples.parquet", 0..30_000);
    for sample in 0..4 {
        stage.table(&format!("cohort/sample=S{sample}/reads.parquet"), 0..1000 * (sample + 1));
    }
    let page = std::fs::read_to_string(GUIDE).expect("the guide");
    let commands = commands(&page);
    assert!(commands.len() >= 4, "{commands:?}");
    let programs = std::path::Path::new(QUERY).parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut wrong = String::new();
    for (command, expected) in commands {
        let mut shell: Command = stage.command("sh");
        shell.args(["-c", command]).env("PATH", format!("{}:{path}", programs.display()));
        let printed = text(shell.output().expect("a shell")).unwrap_or_else(|error| error);
        if printed != expected {
            wrong += &format!("$ {command}\n{printed}");
        }
    }
    assert!(wrong.is_empty(), "docs/in-place.md shows other outputs than these:\n{wrong}");
}
