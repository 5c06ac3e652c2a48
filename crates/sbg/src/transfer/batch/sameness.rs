//! Whether a local file and a remote file have the same bytes: a pure function of the known facts.
//!
//! If the facts do not suffice, [`judge`] says what to find out next. Reading the local file comes before querying the storage.

use crate::transfer::Compare;
use crate::transfer::engine::storage::Version;
use crate::transfer::local::record::Pair;
use crate::transfer::local::stat::Stat;

const SECOND: i64 = 1_000_000_000;

/// A remote file as listed. Times are in nanoseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct RemoteFile {
    pub(in crate::transfer) id: String,
    pub(in crate::transfer) size: Option<u64>,
    pub(in crate::transfer) created_on: Option<i64>,
    pub(in crate::transfer) modified_on: Option<i64>,
}

/// The facts known from the start.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Facts<'a> {
    pub(in crate::transfer) compare: Compare,
    pub(in crate::transfer) uploading: bool,
    pub(in crate::transfer) local: &'a Stat,
    pub(in crate::transfer) remote: &'a RemoteFile,
    /// The recorded pair of this path.
    pub(in crate::transfer) pair: Option<&'a Pair>,
}

/// The facts found out since.
#[derive(Clone, Debug, Default)]
pub(in crate::transfer) struct Learned {
    /// CRC-32C of the local file.
    pub(in crate::transfer) crc32c: Option<u32>,
    /// The storage's description of the object.
    pub(in crate::transfer) stored: Option<Stored>,
}

/// The storage's description of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct Stored {
    pub(in crate::transfer) size: Option<u64>,
    pub(in crate::transfer) version: Version,
    /// CRC-32C of the whole object, if the storage announces it.
    pub(in crate::transfer) crc32c: Option<u32>,
    /// Time of the object's last change, in nanoseconds since 1970.
    pub(in crate::transfer) modified: Option<i64>,
}

/// Whether two files are the same, or what to find out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Verdict {
    /// The same bytes, for certain.
    Identical,
    /// They match, but nothing proves that they are the same.
    Assumed,
    Different,
    /// Compute the CRC-32C of the local file.
    ReadLocal,
    /// Query the storage for the version of the object.
    AskStorage,
}

/// The state of one file of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Same,
    /// Nothing indicates a change, but nothing rules it out.
    Likely,
    Changed,
    Unknown,
}

/// Decides whether a file need not be transferred.
pub(in crate::transfer) fn judge(facts: &Facts<'_>, learned: &Learned) -> Verdict {
    let Facts { compare, local, remote, pair, .. } = facts;
    if remote.size != Some(local.size) {
        return Verdict::Different;
    }
    if local.size == 0 {
        return Verdict::Identical;
    }
    let pair = pair.filter(|pair| pair.local.size == local.size);
    match (compare, pair) {
        (Compare::SizeAndTime, _) | (Compare::Record, None) => by_time(facts),
        (Compare::Record, Some(pair)) => by_record(facts, pair, learned),
        (Compare::Content, pair) => by_content(facts, pair, learned),
    }
}

fn by_time(facts: &Facts<'_>) -> Verdict {
    if times_agree(facts) { Verdict::Assumed } else { Verdict::Different }
}

fn times_agree(Facts { uploading, local, remote, .. }: &Facts<'_>) -> bool {
    let is_local = |modified_on: i64| {
        // Some file systems do not store fractions of a second.
        let whole =
            local.modified % SECOND == 0 && local.modified == modified_on - modified_on.rem_euclid(SECOND);
        local.modified == modified_on || whole
    };
    // Programs that copy or unpack files set the modification time back, but cannot set the change time.
    let latest = local.modified.max(local.changed);
    // The platform reports whole seconds, and a file may change within the second of its upload.
    remote.modified_on.is_some_and(is_local)
        || *uploading && remote.created_on.is_some_and(|created| created >= latest)
}

fn by_record(facts: &Facts<'_>, pair: &Pair, learned: &Learned) -> Verdict {
    use Side as S;

    let is_other_file = pair.id != facts.remote.id;
    if is_other_file && pair.local != *facts.local {
        // The record describes two other files.
        return by_time(facts);
    }
    let local = local_side(facts, pair, learned);
    match (local, remote_side(facts, pair, learned)) {
        // Local damage must not pass for a new version of the file.
        (S::Changed, S::Changed | S::Unknown) if pair.modified_on != facts.remote.modified_on => {
            by_time(facts)
        }
        (S::Changed, _) | (_, S::Changed) => Verdict::Different,
        (S::Unknown, _) => Verdict::ReadLocal,
        (_, S::Unknown) => Verdict::AskStorage,
        (S::Same, S::Same) => Verdict::Identical,
        (S::Likely, _) | (_, S::Likely) => Verdict::Assumed,
    }
}

/// The state of the local file of a pair.
fn local_side(facts: &Facts<'_>, pair: &Pair, learned: &Learned) -> Side {
    let looks_same = pair.local == *facts.local;
    match (pair.crc32c, learned.crc32c) {
        _ if looks_same && !pair.racy => Side::Same,
        (Some(then), Some(now)) if then == now => Side::Same,
        (Some(_), None) => Side::Unknown,
        (None, _) if looks_same => Side::Likely,
        (Some(_), Some(_)) | (None, _) => Side::Changed,
    }
}

/// The state of the remote file of a pair.
fn remote_side(Facts { remote, .. }: &Facts<'_>, pair: &Pair, learned: &Learned) -> Side {
    if pair.id != remote.id {
        return Side::Changed;
    }
    let same_time = pair.modified_on.is_some() && pair.modified_on == remote.modified_on;
    // The platform may omit the modification time when an upload completes.
    if pair.settled && (same_time || pair.modified_on.is_none()) {
        return Side::Same;
    }
    let Some(stored) = &learned.stored else { return Side::Unknown };
    if stored.size.is_some_and(|size| Some(size) != remote.size) {
        return Side::Changed;
    }
    if let (Some(then), Some(now)) = (pair.crc32c, stored.crc32c) {
        return if then == now { Side::Same } else { Side::Changed };
    }
    match &pair.version {
        Some(then) if then.etag.is_some() || stored.version.etag.is_some() => {
            if then.difference(&stored.version).is_none() { Side::Same } else { Side::Changed }
        }
        // Dates have a resolution of a second, within which an object can change twice.
        Some(then) if then.is_certain() && then.difference(&stored.version).is_none() => Side::Likely,
        Some(then) if then.is_certain() => Side::Changed,
        // An upload does not learn the version. An object last changed before the upload completed is the uploaded one.
        _ => match (stored.modified, pair.modified_on) {
            (Some(modified), Some(complete)) if modified <= complete => Side::Same,
            (None, _) if same_time => Side::Likely,
            _ => Side::Changed,
        },
    }
}

fn by_content(facts: &Facts<'_>, pair: Option<&Pair>, learned: &Learned) -> Verdict {
    let Some(local) = learned.crc32c else { return Verdict::ReadLocal };
    let (side, recorded) = match pair {
        Some(pair) => (remote_side(facts, pair, learned), pair.crc32c),
        None => (Side::Changed, None),
    };
    let expected = match side {
        Side::Same | Side::Likely => recorded,
        Side::Changed | Side::Unknown => None,
    };
    let expected = expected.or_else(|| learned.stored.as_ref()?.crc32c);
    match expected {
        Some(crc) if crc != local => Verdict::Different,
        Some(_) if side == Side::Likely => Verdict::Assumed,
        Some(_) => Verdict::Identical,
        None if learned.stored.is_none() => Verdict::AskStorage,
        None => Verdict::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict as V;

    const THEN: i64 = 1_700_000_000 * SECOND;
    const LATER: i64 = THEN + 10 * SECOND;

    fn local() -> Stat {
        Stat { size: 4, modified: THEN, changed: THEN + 5 * SECOND, inode: 9 }
    }

    fn remote() -> RemoteFile {
        RemoteFile { id: "f".to_owned(), size: Some(4), created_on: Some(THEN), modified_on: Some(THEN) }
    }

    fn version(etag: &str) -> Version {
        Version { etag: Some(etag.to_owned()), last_modified: None }
    }

    fn pair() -> Pair {
        Pair {
            local: local(),
            racy: false,
            id: "f".to_owned(),
            modified_on: Some(THEN),
            settled: true,
            version: Some(version("\"a\"")),
            crc32c: Some(1),
        }
    }

    fn stored(etag: &str) -> Stored {
        Stored { version: version(etag), ..Stored::default() }
    }

    /// The steps until there is a verdict: the local file has this CRC, and the storage describes the object like this.
    fn steps(facts: &Facts<'_>, crc32c: u32, stored: &Stored) -> Vec<Verdict> {
        let mut learned = Learned::default();
        let mut steps = Vec::new();
        loop {
            let verdict = judge(facts, &learned);
            steps.push(verdict);
            match verdict {
                V::ReadLocal => assert_eq!(learned.crc32c.replace(crc32c), None, "read once"),
                V::AskStorage => assert_eq!(learned.stored.replace(stored.clone()), None, "asked once"),
                _ => return steps,
            }
        }
    }

    #[track_caller]
    fn check(
        compare: Compare,
        (local, remote, pair): (Stat, RemoteFile, Option<Pair>),
        (crc32c, stored): (u32, Stored),
        expected: &[Verdict],
    ) {
        let facts = Facts { compare, uploading: false, local: &local, remote: &remote, pair: pair.as_ref() };
        assert_eq!(steps(&facts, crc32c, &stored), expected, "{facts:?}");
    }

    #[test]
    fn record_decides_whether_to_download() {
        let check = |local, remote, pair, learned, expected: &[_]| {
            check(Compare::Record, (local, remote, pair), learned, expected);
        };
        let same = || (1, stored("\"a\""));
        let edited = || RemoteFile { modified_on: Some(LATER), ..remote() };
        let replaced = || RemoteFile { id: "g".to_owned(), ..remote() };
        let touched = || Stat { changed: LATER, ..local() };
        let racy = || Pair { racy: true, ..pair() };
        let unsettled = || Pair { settled: false, ..pair() };
        check(local(), remote(), Some(pair()), same(), &[V::Identical]);
        // Another size, or an unknown one.
        check(Stat { size: 5, ..local() }, remote(), Some(pair()), same(), &[V::Different]);
        check(local(), RemoteFile { size: None, ..remote() }, Some(pair()), same(), &[V::Different]);
        // Two empty files cannot differ.
        let empty = || (Stat { size: 0, ..touched() }, RemoteFile { size: Some(0), ..replaced() });
        check(empty().0, empty().1, None, same(), &[V::Identical]);
        // Tags were edited, or the content replaced.
        check(local(), edited(), Some(pair()), same(), &[V::AskStorage, V::Identical]);
        check(local(), edited(), Some(pair()), (1, stored("\"b\"")), &[V::AskStorage, V::Different]);
        let shorter = || (1, Stored { size: Some(3), ..stored("\"a\"") });
        check(local(), edited(), Some(pair()), shorter(), &[V::AskStorage, V::Different]);
        check(local(), replaced(), Some(pair()), same(), &[V::Different]);
        check(local(), replaced(), Some(racy()), same(), &[V::Different]);
        // Replaced within the second in which it was downloaded.
        check(local(), remote(), Some(unsettled()), same(), &[V::AskStorage, V::Identical]);
        check(local(), remote(), Some(unsettled()), (1, stored("\"b\"")), &[V::AskStorage, V::Different]);
        // The local file looks different, and its content is the same or not.
        check(touched(), remote(), Some(pair()), same(), &[V::ReadLocal, V::Identical]);
        check(touched(), remote(), Some(pair()), (2, stored("\"a\"")), &[V::ReadLocal, V::Different]);
        check(touched(), edited(), Some(pair()), same(), &[V::ReadLocal, V::AskStorage, V::Identical]);
        // Written within the period in which a change of time may not show.
        check(local(), remote(), Some(racy()), same(), &[V::ReadLocal, V::Identical]);
        check(local(), remote(), Some(racy()), (2, stored("\"a\"")), &[V::ReadLocal, V::Different]);
        let without_crc = |pair: Pair| Some(Pair { crc32c: None, ..pair });
        check(local(), remote(), without_crc(racy()), same(), &[V::Assumed]);
        check(touched(), remote(), without_crc(pair()), same(), &[V::Different]);
        // A killed run has transferred files that the record does not know.
        let brought = || Stat { modified: LATER, inode: 10, ..local() };
        check(brought(), edited(), Some(pair()), (2, stored("\"b\"")), &[V::ReadLocal, V::Assumed]);
        let new = || RemoteFile { modified_on: Some(LATER), ..replaced() };
        check(brought(), new(), Some(pair()), same(), &[V::Assumed]);
        check(touched(), new(), Some(pair()), same(), &[V::Different]);
        // The storage sends no `ETag`.
        let dated = |date: &str| Version { etag: None, last_modified: Some(date.to_owned()) };
        let by_date = |then: &str| Some(Pair { version: Some(dated(then)), ..pair() });
        let monday = || (1, Stored { version: dated("Mon"), ..Stored::default() });
        check(local(), edited(), by_date("Mon"), monday(), &[V::AskStorage, V::Assumed]);
        check(local(), edited(), by_date("Tue"), monday(), &[V::AskStorage, V::Different]);
        let unknown = || (1, Stored::default());
        check(local(), edited(), Some(pair()), unknown(), &[V::AskStorage, V::Different]);
        // The storage announces a checksum, which outweighs an `ETag`.
        let announced = |crc| (1, Stored { crc32c: Some(crc), ..stored("\"b\"") });
        check(local(), edited(), Some(pair()), announced(1), &[V::AskStorage, V::Identical]);
        check(local(), edited(), Some(pair()), announced(2), &[V::AskStorage, V::Different]);
    }

    #[test]
    fn uploaded_object_is_identified_by_its_time() {
        let uploaded = || Some(Pair { version: None, ..pair() });
        let edited = || RemoteFile { modified_on: Some(LATER), ..remote() };
        let changed = |at| (1, Stored { modified: at, ..stored("\"a\"") });
        let check = |remote, learned, expected: &[_]| {
            check(Compare::Record, (local(), remote, uploaded()), learned, expected);
        };
        check(remote(), changed(None), &[V::Identical]);
        let without_time = Pair { modified_on: None, version: None, ..pair() };
        let (local, edited_later) = (local(), edited());
        let facts = Facts {
            compare: Compare::Record,
            uploading: true,
            local: &local,
            remote: &edited_later,
            pair: Some(&without_time),
        };
        assert_eq!(judge(&facts, &Learned::default()), V::Identical, "the first time that is listed counts");
        check(edited(), changed(Some(THEN)), &[V::AskStorage, V::Identical]);
        check(edited(), changed(Some(THEN + SECOND)), &[V::AskStorage, V::Different]);
        check(edited(), changed(None), &[V::AskStorage, V::Different]);
    }

    #[test]
    fn times_alone_do_not_prove_identity() {
        let check = |uploading, local, remote, expected| {
            for compare in [Compare::Record, Compare::SizeAndTime] {
                let facts = Facts { compare, uploading, local: &local, remote: &remote, pair: None };
                assert_eq!(judge(&facts, &Learned::default()), expected, "{facts:?}");
            }
        };
        let modified = |modified: i64, changed: i64| Stat { modified, changed, ..local() };
        check(false, local(), remote(), V::Assumed);
        check(false, modified(THEN + SECOND, 0), remote(), V::Different);
        check(false, modified(THEN + 1, 0), remote(), V::Different);
        let fraction = || RemoteFile { modified_on: Some(THEN + 5), ..remote() };
        check(false, local(), fraction(), V::Assumed);
        check(false, local(), RemoteFile { modified_on: None, ..remote() }, V::Different);
        // Changed before the remote file was created, or after it with a time that was set back.
        check(true, modified(THEN - SECOND, THEN - SECOND), remote(), V::Assumed);
        check(true, modified(THEN - SECOND, THEN + SECOND), remote(), V::Different);
        check(true, modified(THEN - SECOND, THEN + 1), remote(), V::Different);
        check(false, modified(THEN - SECOND, THEN - SECOND), remote(), V::Different);
        let pair = pair();
        let (local, remote) = (modified(THEN + SECOND, 0), remote());
        let facts = Facts {
            compare: Compare::SizeAndTime,
            uploading: false,
            local: &local,
            remote: &remote,
            pair: Some(&pair),
        };
        assert_eq!(judge(&facts, &Learned::default()), V::Different, "the record does not count");
    }

    #[test]
    fn content_comparison_ignores_times() {
        let check = |remote, pair, learned, expected: &[_]| {
            check(Compare::Content, (local(), remote, pair), learned, expected);
        };
        let announced = |crc| Stored { crc32c: Some(crc), ..stored("\"b\"") };
        let edited = || RemoteFile { modified_on: Some(LATER), ..remote() };
        check(remote(), Some(pair()), (1, stored("\"a\"")), &[V::ReadLocal, V::Identical]);
        check(remote(), Some(pair()), (2, stored("\"a\"")), &[V::ReadLocal, V::Different]);
        check(edited(), Some(pair()), (1, stored("\"a\"")), &[V::ReadLocal, V::AskStorage, V::Identical]);
        check(edited(), Some(pair()), (1, stored("\"b\"")), &[V::ReadLocal, V::AskStorage, V::Different]);
        check(remote(), None, (1, stored("\"a\"")), &[V::ReadLocal, V::AskStorage, V::Different]);
        check(remote(), None, (1, announced(1)), &[V::ReadLocal, V::AskStorage, V::Identical]);
        check(remote(), None, (1, announced(2)), &[V::ReadLocal, V::AskStorage, V::Different]);
        let without_crc = Some(Pair { crc32c: None, ..pair() });
        check(remote(), without_crc, (1, announced(1)), &[V::ReadLocal, V::AskStorage, V::Identical]);
    }
}
