//! `drs`.

use crate::harness::{PROJECT, User, stderr, stdout};

const NOTES: &str = "Photo 51 is the clearest.\n";

#[test]
fn drs_object_is_downloaded_or_printed() {
    let user = User::new();
    let uri = user.drs_uri("notes.txt");
    user.run(&["drs", "get", &uri]).success();
    assert_eq!(user.read("notes.txt"), NOTES);
    user.run(&["drs", "get", &uri]).code(1);
    user.run(&["drs", "get", &uri, "--overwrite"]).success();
    user.run(&["drs", "get", &uri, "other.txt"]).success();
    assert_eq!(user.read("other.txt"), NOTES);
    user.run(&["drs", "get", &uri, "more/"]).success();
    assert_eq!(user.read("more/notes.txt"), NOTES);
    assert_eq!(user.out(&["drs", "get", &uri, "-"]), NOTES);
}

#[test]
fn objects_that_cannot_be_downloaded_leave_nothing() {
    let user = User::new();
    user.run(&["drs", "get", "https://example.org/1", "x"]).code(2);
    let missing = format!("{}0", user.drs_uri("notes.txt"));
    user.run(&["drs", "get", &missing, "x"]).code(4);
    let bundle = user.run(&["drs", "get", &user.drs_uri("reads"), "x"]).failure();
    assert!(stderr(&bundle).contains("bundle"), "{}", stderr(&bundle));
    assert!(!user.path("x").exists());
}

#[test]
fn rows_of_a_manifest_are_imported_or_reported() {
    let user = User::new();
    let manifest = "drs_uri,name,species\n\
                    drs://caninedc.org/b-form,b-form.bam,Canis lupus\n\
                    drs://caninedc.org/missing,,\n\
                    https://caninedc.org/a-form,,\n";
    let to = format!("{PROJECT}/dogs/");
    let command = user.sbg(&["drs", "import", "-", &to, "--metadata-from", "species", "--tag", "canine"]);
    let done = user.checked(command.stdin(manifest)).code(3);
    assert!(stdout(&done).ends_with("\tb-form.bam\tdrs://caninedc.org/b-form\n"), "{}", stdout(&done));
    let message = stderr(&done);
    assert!(
        message.contains("line 3: drs://caninedc.org/missing: ") && message.contains("line 4: "),
        "{message}"
    );
    assert!(message.contains("2 of 3 failed") && message.contains("import "), "{message}");
    let file = format!("{PROJECT}/dogs/b-form.bam");
    assert_eq!(user.out(&["meta", "get", &file]), "species\tCanis lupus\n");
    assert_eq!(user.out(&["tag", &file]), format!("{file}\tcanine\n"));
    user.write("wrong.csv", "uri\ndrs://caninedc.org/b-form\n");
    let wrong = user.run(&["drs", "import", "wrong.csv", PROJECT]).code(2);
    assert!(stderr(&wrong).contains("no column `drs_uri`"), "{}", stderr(&wrong));
}
