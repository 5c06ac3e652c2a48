//! `up --sheet` and `sheet`.

use crate::harness::{PROJECT, User, stderr};

fn path(below: &str) -> String {
    format!("{PROJECT}/{below}")
}

#[test]
fn sheet_uploads_and_describes_files() {
    let user = User::new();
    user.write("a.txt", "a");
    user.write("b.txt", "bb");
    let sheet = "local_path,remote_path,tags,sample_id\na.txt,x/one.txt,dna;raw,S1\nb.txt,,,S2\n";
    user.write("sheet.csv", sheet);
    let done = user.run(&["up", "--sheet", "sheet.csv", &path("to/")]).success();
    assert_eq!(stderr(&done), "uploaded 2 files (3 B)\n");
    let one = path("to/x/one.txt");
    assert_eq!(user.out(&["tag", &one]), format!("{one}\tdna, raw\n"));
    assert_eq!(user.out(&["meta", "get", &path("to/b.txt")]), "sample_id\tS2\n");
    user.write("b.txt", "other");
    let again = user.checked(user.sbg(&["up", "--sheet", "-", &path("to")]).stdin(sheet)).success();
    assert_eq!(stderr(&again), "uploaded 1 file (5 B), 1 up to date\n");
    assert_eq!(user.out(&["cat", &path("to/b.txt")]), "other");
}

#[test]
fn wrong_sheets_upload_nothing() {
    let user = User::new();
    user.write("a.txt", "a");
    user.emulator.clear_requests();
    let check = |sheet: &str, expected: &str| {
        user.write("sheet.csv", sheet);
        let done = user.run(&["up", "--sheet", "sheet.csv", PROJECT]).code(2);
        assert!(stderr(&done).contains(expected), "{}", stderr(&done));
    };
    check("path,x\na.txt,1\n", "line 1: there is no column `local_path`");
    check("local_path,remote_path\na.txt,x\na.txt,x\n", "line 3, column `remote_path`");
    check("local_path\n,\n", "line 2");
    assert_eq!(user.calls(), Vec::<String>::new());
    check("local_path\na.txt\nmissing.txt\n", "line 3, column `local_path`: cannot read `missing.txt`");
    assert!(user.emulator.requests().iter().all(|request| request.method == "GET"));
    user.run(&["up", "--sheet", "none.csv", PROJECT]).code(4);
    user.run(&["up", "--sheet", "sheet.csv", "a.txt", PROJECT]).code(2);
    user.run(&["up", "--sheet", "sheet.csv", PROJECT, "--tag", "x"]).code(2);
    user.run(&["up", PROJECT]).code(2);
}

#[test]
fn sheet_of_a_folder_uploads_it_again() {
    let user = User::new();
    let sheet = user.out(&["sheet", &path("reads")]);
    let mut lines = sheet.lines();
    assert_eq!(lines.next(), Some("local_path,remote_path,tags,experimental_strategy,sample_id"));
    assert_eq!(lines.next(), Some("sample-1.fastq,sample-1.fastq,fastq;raw,WGS,S1"));
    assert_eq!(lines.count(), 2);
    user.write("sheet.csv", &sheet);
    for name in ["sample-1.fastq", "sample-2.fastq", "sample-3.fastq"] {
        user.run(&["down", &path(&format!("reads/{name}"))]).success();
    }
    user.run(&["up", "--sheet", "sheet.csv", &path("copy/")]).success();
    assert_eq!(user.out(&["sheet", &path("copy")]), sheet);
    user.run(&["sheet", &path("notes.txt")]).code(2);
}
