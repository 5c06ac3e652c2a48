//! Checks `docs/recipes.md`: its commands print the output below them, its snippets are in the programs, and its index leads to its
//! sections. If a command prints something else, the failure shows the new output.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use sbg_tests::watched;

use super::{WORKSPACE, demo, examples, program};

/// The endpoint of the emulator in the guide.
const ENDPOINT: &str = "http://127.0.0.1:8080/v2";
/// Separates the outputs of two commands.
const END: &str = "--- the end of a command ---";
/// Makes the commands of the guide run the programs that are already built.
const PRELUDE: &str = r#"exec 2>&1
cargo() {
    while [ "$1" != --example ]; do shift; done
    name=$2
    shift 2
    "$EXAMPLES/$name" "$@"
}
"#;

/// The text below one heading.
#[derive(Debug, Default)]
struct Section {
    title: String,
    /// Faults of the emulator.
    faults: Vec<String>,
    programs: Vec<String>,
    snippets: Vec<String>,
    commands: Vec<Step>,
}

/// A command and its output.
#[derive(Debug, Default)]
struct Step {
    command: String,
    output: String,
}

impl Section {
    /// The sources of the snippets: the programs that the section names.
    fn sources(&self) -> Result<Vec<String>> {
        let example = |program: &String| format!("crates/sbg/examples/{program}.rs");
        let mut paths: Vec<String> = self.programs.iter().map(example).collect();
        if paths.is_empty() {
            paths.push("tests/examples/own.rs".to_owned());
        }
        let read = |path: String| Ok(fs::read_to_string(Path::new(WORKSPACE).join(path))?);
        paths.into_iter().map(read).collect()
    }

    /// The commands as a script.
    fn script(&self) -> String {
        let commands = self.commands.iter().map(|step| format!("{}\necho '{END}'\n", step.command));
        PRELUDE.to_owned() + &commands.collect::<String>()
    }
}

#[test]
fn snippets_are_in_the_programs() -> Result<()> {
    for section in sections()? {
        let sources = section.sources()?;
        for snippet in &section.snippets {
            let stands = sources.iter().any(|source| dedented(source).contains(&dedented(snippet)));
            ensure!(stands, "{}: no program has\n{snippet}", section.title);
        }
    }
    Ok(())
}

#[test]
fn index_leads_to_the_sections() -> Result<()> {
    let page = page()?;
    let anchors: BTreeSet<String> = sections()?.iter().map(|section| anchor(&section.title)).collect();
    let links: Vec<&str> =
        page.split("](#").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    ensure!(!links.is_empty(), "there are no links");
    for link in links {
        ensure!(anchors.contains(link), "no section has the anchor `{link}`");
    }
    Ok(())
}

#[tokio::test]
async fn commands_print_the_documented_output() -> Result<()> {
    let with_commands = sections()?.into_iter().filter(|section| !section.commands.is_empty());
    let wrong: Vec<String> = try_join_all(with_commands.map(compare)).await?.concat();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Runs the commands of a section on a new emulator. Returns outputs that differ from the guide.
async fn compare(section: Section) -> Result<Vec<String>> {
    // A task ends after two of these periods: the first poll finds it queued, the second one, a second later, completed.
    let mut builder = watched(demo().state_time(Duration::from_millis(450)));
    for fault in &section.faults {
        builder = builder.fault(fault.parse()?);
    }
    let emulator = builder.start().await?;
    let folder = tempfile::tempdir()?;
    for name in &section.programs {
        program(name)?;
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &section.script()]).current_dir(folder.path());
    shell.env("SB_API_ENDPOINT", emulator.url()).env("SB_AUTH_TOKEN", emulator.token());
    shell.env("XDG_STATE_HOME", folder.path().join(".state")).env("EXAMPLES", examples()?);
    shell.env_remove("HTTP_PROXY").env_remove("HTTPS_PROXY").env_remove("RUST_BACKTRACE");
    let run = move || anyhow::Ok(shell.output()?);
    let output = tokio::task::spawn_blocking(run).await??;
    let output = String::from_utf8(output.stdout)?.replace(emulator.url(), ENDPOINT);

    let end = format!("{END}\n");
    let outputs: Vec<&str> = output.split_terminator(&end).collect();
    ensure!(outputs.len() == section.commands.len(), "{}: commands are missing in\n{output}", section.title);
    let mut wrong = Vec::new();
    for (step, output) in section.commands.iter().zip(outputs) {
        if masked(&step.output) != masked(output) {
            wrong.push(format!("{}:\n$ {}\n{output}", section.title, step.command));
        }
    }
    Ok(wrong)
}

fn page() -> Result<String> {
    Ok(fs::read_to_string(Path::new(WORKSPACE).join("docs/recipes.md"))?)
}

fn sections() -> Result<Vec<Section>> {
    let mut sections = vec![Section::default()];
    let mut block: Option<&str> = None;
    for line in page()?.lines() {
        let section = sections.last_mut().context("a section")?;
        let word_after = |option: &str| Some(line.split_once(option)?.1.split(' ').next()?.to_owned());
        section.programs.extend(word_after("--example "));
        section.faults.extend(word_after("--fault "));
        match (block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                block = Some(match language {
                    "rust" => "rust",
                    "console" => "console",
                    _ => "other",
                });
                if language == "rust" {
                    section.snippets.push(String::new());
                }
            }
            (Some(_), Some(_)) => block = None,
            (Some("rust"), None) => {
                writeln!(section.snippets.last_mut().context("a snippet")?, "{line}")?;
            }
            (Some("console"), None) => match line.strip_prefix("$ ") {
                Some(command) => {
                    section.commands.push(Step { command: command.to_owned(), output: String::new() });
                }
                None => writeln!(section.commands.last_mut().context("a command")?.output, "{line}")?,
            },
            (Some(_), None) => {}
            (None, None) => {
                if let Some(title) = line.strip_prefix('#') {
                    let title = title.trim_start_matches('#').trim().to_owned();
                    sections.push(Section { title, ..Section::default() });
                }
            }
        }
    }
    Ok(sections)
}

/// The anchor that GitHub gives a heading.
pub(super) fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|&letter| letter.is_alphanumeric() || " -_".contains(letter));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// The text without indentation and empty lines.
fn dedented(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// The text without identifiers and decimal numbers, which differ from run to run.
fn masked(text: &str) -> String {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter| in_word(letter) != in_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(length);
        let is_id = piece.len() >= 24
            && piece.contains(|letter: char| letter.is_ascii_digit())
            && piece.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        let is_number = piece.contains('.') && piece.parse::<f64>().is_ok();
        masked.push_str(match (is_id, is_number) {
            (true, _) => "ID",
            (_, true) => "NUMBER",
            _ => piece,
        });
        rest = after;
    }
    masked
}

#[test]
fn ids_and_numbers_are_masked() {
    let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
    check("567890abc9b0307bc0414164  a.txt", "ID  a.txt");
    check("task 3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11: 12 bytes", "task ID: 12 bytes");
    check("1350 bytes in 0.02 s", "1350 bytes in NUMBER s");
    check("sample-1.fastq.line-count.txt-and-more", "sample-1.fastq.line-count.txt-and-more");
}
