//! `whoami`, `projects`, `members`, `volumes`, `import`, `export`, `jobs`, `uploads`, `cost` and `rate-limit`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use snapbox::str;

use crate::harness::{PROJECT, User, stderr};

#[test]
fn whoami_makes_one_request() {
    let user = User::new();
    assert_eq!(user.first(&["whoami"]), "rfranklin");
    assert_eq!(user.calls(), ["/v2/user"]);
}

#[test]
fn certificates_of_the_system_are_needed_by_tls_alone() {
    let without_certificates = |user: &User| {
        let empty = user.write("none.pem", "");
        user.checked(user.sbg(&["whoami"]).env("SSL_CERT_FILE", empty))
    };
    without_certificates(&User::new()).success();
    let done = without_certificates(&User::with(|builder| builder.tls(true))).code(1);
    assert!(stderr(&done).contains("No CA certificates were loaded from the system"), "{}", stderr(&done));
}

#[test]
fn projects_are_created_and_deleted() {
    let user = User::new();
    assert_eq!(
        user.out(&["projects", "create", "Tobacco mosaic", "--tag", "rna"]),
        "rfranklin/tobacco-mosaic\n"
    );
    assert_eq!(user.out(&["projects", "ls", "--tag", "rna"]), "rfranklin/tobacco-mosaic\tTobacco mosaic\n");
    user.run(&["projects", "rm", "rfranklin/tobacco-mosaic"]).code(2);
    user.run(&["projects", "rm", "rfranklin/tobacco-mosaic", "--yes"]).success();
    user.run(&["ls", "rfranklin/tobacco-mosaic"]).code(4);
}

#[test]
fn members_have_permissions() {
    let user = User::new();
    user.run(&["members", "ls", PROJECT]).success().stdout_eq(str![[r#"
fcrick	read, copy
mwilkins	read, copy, write, execute, admin
rfranklin	read, copy, write, execute, admin

"#]]);
    assert_eq!(
        user.out(&["members", "set", PROJECT, "fcrick", "--permissions", "write"]),
        "fcrick\tread, write\n"
    );
    user.run(&["members", "rm", PROJECT, "fcrick"]).success();
    assert_eq!(
        user.out(&["members", "add", PROJECT, "fcrick", "--permissions", "copy,execute"]),
        "fcrick\tread, copy, execute\n"
    );
    let refused = user.run(&["members", "add", PROJECT, "nobody"]).code(4);
    assert!(stderr(&refused).contains("cannot add `nobody`"));
}

#[test]
fn volumes_and_their_objects_are_listed() {
    let user = User::new();
    assert_eq!(user.out(&["volumes", "ls"]), "rfranklin/patterns\ts3\tRW\tdemo-bucket\n");
    assert_eq!(user.out(&["volumes", "ls", "rfranklin/patterns"]), "patterns/\t\nreads/\t\nREADME.txt\t11\n");
    assert!(user.out(&["volumes", "show", "rfranklin/patterns"]).contains("bucket\tdemo-bucket\n"));
    user.run(&["volumes", "ls", "rfranklin/none"]).code(4);
}

#[test]
fn imports_and_exports_are_followed() {
    let user = User::new();
    let to = format!("{PROJECT}/imported.txt");
    let import = user.out(&["import", "rfranklin/patterns", "README.txt", &to, "--wait"]);
    assert_eq!(import.split('\t').nth(1), Some("COMPLETED"));
    assert_eq!(user.out(&["cat", &to]), "README.txt\n");
    let notes = format!("{PROJECT}/notes.txt");
    let export = user.first(&["export", &notes, "rfranklin/patterns", "out.txt"]);
    user.run(&["jobs", "wait", "export", &export]).success();
    assert!(user.out(&["jobs", "ls", "export"]).contains("out.txt"));
    let failed = user.run(&["import", "rfranklin/patterns", "none.txt", &to, "--wait"]).failure();
    assert!(
        stderr(&failed).contains("none.txt") || stderr(&failed).contains("has failed"),
        "{}",
        stderr(&failed)
    );
}

#[test]
fn jobs_of_folders_are_listed() {
    let user = User::new();
    user.run(&["cp", &format!("{PROJECT}/reads"), "rfranklin/rna-pilot"]).success();
    let jobs = user.out(&["jobs", "ls", "copy"]);
    assert!(jobs.contains("\tCOPY\tFINISHED\n"), "{jobs}");
    let id = jobs.split('\t').next().unwrap();
    user.run(&["jobs", "wait", "copy", id]).success();
    assert_eq!(user.out(&["jobs", "ls", "delete"]), "");
}

#[test]
fn unfinished_uploads_are_aborted() {
    let user = User::new();
    user.start_upload("left-over.bam");
    let id = user.first(&["uploads", "ls"]);
    assert_eq!(user.out(&["uploads", "abort", "--older-than", "1d"]), "");
    user.run(&["uploads", "abort"]).code(2);
    user.run(&["uploads", "abort", &id]).success();
    assert_eq!(user.out(&["uploads", "ls"]), "");
    user.run(&["uploads", "abort", &id]).code(4);
}

#[test]
fn costs_are_summed_by_project() {
    // The costs are those of the month so far: noon of 2026-11-20.
    let noon = UNIX_EPOCH + Duration::from_secs(1_795_176_000);
    let user = User::with(|builder| builder.clock_behind(SystemTime::now().duration_since(noon).unwrap()));
    let group = user.first(&["cost"]);
    user.run(&["cost", &group, "--only", "storage"]).success().stdout_eq(str![[r#"
storage	Fibre diffraction	0.00	USD
storage	RNA pilot	0.27	USD
total		0.27	USD

"#]]);
    user.run(&["cost", &group, "--from", "yesterday"]).code(2);
}

#[test]
fn rate_limit_shows_what_is_left() {
    let user = User::new();
    user.run(&["rate-limit"]).success().stdout_eq(str![[r#"
limit	1000
remaining	1000
reset	[..]Z

"#]]);
}
