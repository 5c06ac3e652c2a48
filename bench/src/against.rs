//! Comparison with an earlier revision of this client: its sources, its programs, and the table.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::Programs;
use crate::side::Side;
use crate::table::{Figures, MIB, Measured, ratio, seconds};
use xtask_process::{once, output, step};

/// The programs as they were at `revision`, built in a folder of their own below `target`.
pub fn programs(root: &Path, target: &Path, revision: &str) -> Result<Programs> {
    let commit = commit(root, revision)?;
    let folder = target.join("against");
    let sources = folder.join(&commit);
    once(&sources, &[], &commit, "against: unpack sources", || unpack(root, &commit, &sources))?;
    // Revisions share a target folder, because most of their dependencies are the same.
    step("against: build", || crate::programs(&sources, Some(&folder.join("build"))))
}

/// The commit of a revision.
fn commit(root: &Path, revision: &str) -> Result<String> {
    let wanted = format!("{revision}^{{commit}}");
    let found = output(git(root).args(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]));
    let found = found.with_context(|| format!("`{revision}` is not a revision of this repository"))?;
    Ok(found.trim().to_owned())
}

/// Writes the files of a commit to an existing folder.
fn unpack(root: &Path, commit: &str, folder: &Path) -> Result<String> {
    let archive: PathBuf = folder.with_extension("tar");
    output(git(root).args(["archive", "--format=tar", "--output"]).arg(&archive).arg(commit))?;
    let sources = File::open(&archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let status = Command::new("tar").arg("-xf").arg("-").arg("-C").arg(folder).stdin(sources).status();
    ensure!(status.context("cannot run tar")?.success(), "tar cannot unpack {}", archive.display());
    std::fs::remove_file(&archive).with_context(|| format!("cannot delete {}", archive.display()))?;
    Ok(String::new())
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(root);
    git
}

/// The figures of both revisions and their ratios, new to old; below one is better.
pub fn markdown(measured: &[Measured], revision: &str) -> String {
    let mut table = format!(
        "| work | time, {revision} → now | ratio | CPU, {revision} → now | ratio | peak memory, {revision} → now | ratio |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for row in measured {
        let _ = writeln!(table, "{}", line(row));
    }
    table
}

fn line(row: &Measured) -> String {
    let [before, now] = Side::REVISIONS.map(|side| row.figures(side));
    let both = |figure: fn(&Figures) -> f64, shown: fn(f64) -> String| {
        let [old, new] = Side::REVISIONS.map(|side| row.cell(side, |figures| shown(figure(figures))));
        let ratio = ratio(now, before, figure).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        format!("{old} → {new} | {ratio}")
    };
    format!(
        "| {} | {} | {} | {} |",
        row.title(),
        both(|figures| figures.seconds, seconds),
        both(|figures| figures.processor, seconds),
        both(|figures| figures.memory, |mebibytes| format!("{mebibytes:.0} {MIB}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::measured;

    #[test]
    fn line_has_both_revisions_and_ratios() {
        let costs = [(Side::Before, 2000, 0), (Side::Sbg, 1500, 0)];
        assert_eq!(
            line(&measured("list", &costs)),
            "| list 10,000 files, 50 ms latency | 2.00 s → 1.50 s | 0.75 | 1.00 s → 750 ms | 0.75 | 20 MiB → 20 MiB | 1.00 |"
        );
        assert_eq!(
            line(&measured("list", &costs[..1])),
            "| list 10,000 files, 50 ms latency | 2.00 s → - | - | 1.00 s → - | - | 20 MiB → - | - |"
        );
    }

    #[test]
    fn unknown_revision_is_named() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let error = commit(root, "no-such-revision").unwrap_err();
        assert_eq!(error.to_string(), "`no-such-revision` is not a revision of this repository");
    }

    #[test]
    fn sources_of_a_commit_are_unpacked() {
        let repository = tempfile::tempdir().unwrap();
        let root = repository.path();
        std::fs::write(root.join("file"), "old").unwrap();
        output(git(root).args(["init", "--quiet"])).unwrap();
        output(git(root).args(["add", "file"])).unwrap();
        let author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
        output(git(root).args(author).args(["commit", "--quiet", "--message", "First"])).unwrap();
        std::fs::write(root.join("file"), "new").unwrap();

        let folder = root.join("sources");
        std::fs::create_dir(&folder).unwrap();
        unpack(root, &commit(root, "HEAD").unwrap(), &folder).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("file")).unwrap(), "old");
        assert!(!root.join("sources.tar").exists());
    }
}
