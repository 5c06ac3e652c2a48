//! `apps`, `run` and `tasks`.

use snapbox::str;

use crate::harness::{PROJECT, User, stderr};

fn path(below: &str) -> String {
    format!("{PROJECT}/{below}")
}

#[test]
fn apps_are_listed_pulled_pushed_and_copied() {
    let user = User::new();
    user.run(&["apps", "ls", PROJECT]).success().stdout_eq(str![[r#"
rfranklin/fibre-diffraction/checksum/0	Checksum
rfranklin/fibre-diffraction/concatenate/0	Concatenate
rfranklin/fibre-diffraction/helix-angle/1	Helix angle
rfranklin/fibre-diffraction/line-count/0	Line count

"#]]);
    assert!(user.out(&["apps", "ls", "--public"]).contains("admin/sbg-public-data/line-count"));
    user.run(&["apps", "pull", &path("helix-angle"), "h.cwl"]).success();
    let push = |file: &str| user.out(&["apps", "push", &path("helix-angle"), file]);
    assert_eq!(push("h.cwl"), format!("{}/1\tunchanged\n", path("helix-angle")));
    let changed = user.read("h.cwl").replace("Measures the angle", "Takes the angle");
    user.write("h.cwl", changed);
    assert_eq!(push("h.cwl"), format!("{}/2\tchanged\n", path("helix-angle")));
    user.write(
        "tool.yaml",
        "class: CommandLineTool\ncwlVersion: v1.2\nbaseCommand: ls\ninputs: []\noutputs: []\n",
    );
    user.run(&["apps", "push", &path("tool"), "tool.yaml"]).success();
    let copied = user.out(&["apps", "copy", &path("tool"), "rfranklin/rna-pilot", "--name", "mine"]);
    assert!(copied.starts_with("rfranklin/rna-pilot/"), "{copied}");
}

#[test]
fn task_runs_and_leaves_outputs_logs_and_costs() {
    let user = User::new();
    let input = format!("file={}", path("reads/sample-1.fastq"));
    let id = user.first(&["run", &path("line-count"), "-i", &input, "--name", "count", "--wait"]);
    user.run(&["tasks", "outputs", &id]).success().stdout_eq(str![[r#"
count		160
report	[..]	_1_sample-1.fastq.line-count.txt

"#]]);
    user.run(&["tasks", "outputs", &id, "--to", "out"]).success();
    assert!(user.read("out/_1_sample-1.fastq.line-count.txt").contains("160"));
    assert!(user.out(&["tasks", "logs", &id]).contains("cmd.log"));
    assert!(!user.out(&["tasks", "logs", &id, "--print", "cmd.log"]).is_empty());
    user.run(&["tasks", "logs", &id, "--print", "none.log"]).code(2);
    assert!(user.out(&["tasks", "cost", &id]).contains("total\t0.00\tUSD"));
    assert_eq!(user.out(&["tasks", "ls", PROJECT, "--limit", "1"]).split('\t').nth(3), Some("count\n"));
    let again = user.first(&["tasks", "rerun", &id]);
    user.run(&["tasks", "wait", &again]).success();
    user.run(&["tasks", "abort", &again]).code(1);
}

#[test]
fn inputs_come_from_files_in_json_and_yaml() {
    let user = User::new();
    user.write("in.yaml", format!("files:\n- {0}/sample-1.fastq\n- {0}/sample-2.fastq\n", path("reads")));
    user.run(&["run", &path("concatenate"), "--inputs", "in.yaml", "--wait"]).success();
    let id = user.first(&["stat", &path("notes.txt"), "--json"]);
    let id = &id[id.find("\"id\":\"").unwrap() + 6..][..24];
    let json = format!(r#"{{"files": [{{"class": "File", "path": "{id}"}}]}}"#);
    user.checked(user.sbg(&["run", &path("concatenate"), "--inputs", "-", "--wait"]).stdin(json)).success();
}

#[test]
fn sheet_runs_one_task_a_row() {
    let user = User::new();
    let row = |name: &str| format!("{name},{}\n", path(&format!("reads/{name}.fastq")));
    user.write("s.csv", format!("name,file\n{}{}{}", row("sample-1"), row("sample-2"), row("sample-3")));
    let out = user.out(&["run", &path("line-count"), "--sheet", "s.csv", "--at-once", "2"]);
    let names: Vec<_> = out.lines().map(|line| line.split('\t').nth(2).unwrap()).collect();
    assert_eq!((names.len(), out.matches("COMPLETED").count()), (3, 3), "{out}");
}

#[test]
fn sheet_is_checked_before_a_task_is_created() {
    let user = User::new();
    let before = user.out(&["tasks", "ls", PROJECT]).lines().count();
    let check = |sheet: &str, code: i32, expected: &str| {
        user.write("s.csv", sheet);
        let done = user.run(&["run", &path("line-count"), "--sheet", "s.csv"]).code(code);
        assert!(stderr(&done).contains(expected), "{}", stderr(&done));
    };
    let good = path("reads/sample-1.fastq");
    check(&format!("name,fiel\na,{good}\n"), 2, "the app has no input `fiel`; its inputs are file");
    check(&format!("name,file\na,{good}\nb,\n"), 2, "line 3: the app requires the input `file`");
    check(
        &format!("name,file\na,{good}\nb,notapath\n"),
        2,
        "line 3: the input `file`: `notapath` is not a path",
    );
    check(&format!("name,file\na,{good}\nb,{good}.gz\n"), 4, "there is no `reads/sample-1.fastq.gz`");
    assert_eq!(user.out(&["tasks", "ls", PROJECT]).lines().count(), before);
}

#[test]
fn failed_tasks_are_reported_with_their_reason() {
    let user = User::new();
    user.emulator.fail_next_tasks(1);
    let row = |name: &str| format!("{name},{}\n", path(&format!("reads/{name}.fastq")));
    user.write("s.csv", format!("name,file\n{}{}", row("sample-1"), row("sample-2")));
    let done = user.run(&["run", &path("line-count"), "--sheet", "s.csv", "--at-once", "1"]).code(3);
    assert!(
        stderr(&done).contains("line 2: the task ") && stderr(&done).contains(" is FAILED: "),
        "{}",
        stderr(&done)
    );
    let failed = user.first(&["tasks", "ls", PROJECT, "--status", "failed"]);
    user.run(&["tasks", "wait", &failed]).code(1);
}

#[test]
fn inputs_are_checked_against_the_app() {
    let user = User::new();
    let check = |arguments: &[&str], expected: &str| {
        let done = user.run(&[&["run", &path("helix-angle")], arguments].concat()).code(2);
        assert!(stderr(&done).contains(expected), "{}", stderr(&done));
    };
    let pattern = format!("pattern={}", path("notes.txt"));
    check(&[], "the app needs the input `pattern`: set it with `-i pattern=VALUE`");
    check(&["-i", &pattern, "-i", "layers=many"], "the input `layers`: `many` is not a whole number");
    check(&["-i", &pattern, "-i", &pattern], "is named twice");
    user.run(&["run", &path("helix-angle"), "-i", &pattern, "-i", "layers=3", "--draft"]).success();
}
