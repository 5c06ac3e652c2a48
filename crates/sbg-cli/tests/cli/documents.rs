//! The README and the tools in `packaging` do what they say.

use std::process::Command;

use crate::harness::{PROJECT, User};

const README: &str = include_str!("../../README.md");

/// The blocks of shell in a document.
fn blocks(document: &str) -> Vec<&str> {
    let blocks = document.split("```sh\n").skip(1);
    blocks.map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn lines_of_the_readme_run() {
    let user = User::new();
    user.write("results/a/report.txt", "11");
    user.write("samples.csv", "local_path,tags,sample_id\nS1.fastq,raw,S1\nS2.fastq,raw,S2\n");
    user.write("S1.fastq", "@1\n");
    user.write("S2.fastq", "@2\n");
    let row = |name: &str| format!("{name},{PROJECT}/samples/{name}.fastq\n");
    user.write("tasks.csv", format!("name,file\n{}{}", row("S1"), row("S2")));
    let blocks = blocks(README);
    assert!(blocks.len() > 8);
    for block in blocks {
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", block])
            .env_clear()
            .envs(user.environment())
            .current_dir(user.home());
        let done = shell.output().unwrap();
        let message = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{block}\n{message}{}", String::from_utf8_lossy(&done.stdout));
    }
    assert_eq!(user.read("mirror/sample-1.fastq").len(), 2160);
    assert_eq!(
        user.out(&["meta", "get", &format!("{PROJECT}/samples/S1.fastq")]),
        "sample_id\tS1\nstudy\tB-form\n"
    );
    assert_eq!(user.out(&["cat", &format!("{PROJECT}/results/a/report.txt")]), "11");
}

#[test]
fn exit_codes_of_the_readme_are_those_of_the_help() {
    let user = User::new();
    let help = user.out(&["--help"]);
    for code in ["0", "1", "2", "3", "4", "5", "75", "130"] {
        assert!(README.contains(&format!("\n| {code} | ")), "{code}");
        assert!(help.contains(&format!(" {code} ")), "{code}: {help}");
    }
}

#[test]
fn tools_in_cwl_can_be_pushed_and_match_the_options() {
    let user = User::new();
    for name in ["sbg-up", "sbg-down"] {
        let file = format!("{}/../../packaging/{name}.cwl", env!("CARGO_MANIFEST_DIR"));
        user.run(&["apps", "push", &format!("{PROJECT}/{name}"), &file]).success();
        let tool = sbg_yaml::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let command = tool["baseCommand"][2].as_str().unwrap();
        let help = user.out(&[command, "--help"]);
        for input in tool["inputs"].as_object().unwrap().values() {
            let prefixes = [&input["inputBinding"]["prefix"], &input["type"][1]["inputBinding"]["prefix"]];
            for prefix in prefixes.into_iter().filter_map(|prefix| prefix.as_str()) {
                assert!(help.contains(&format!("{prefix} <")), "{command} has no {prefix}");
            }
        }
    }
}
