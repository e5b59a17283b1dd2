//! The SQLite file: observed, and judged.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Finding, Subject};

/// With less space on the disk than this, in bytes, something is to be done soon.
const SCARCE: u64 = 1 << 30;
/// A write-ahead log that is larger, in bytes, is kept from shrinking by somebody who reads without end: it is moved into the file from
/// 64 MB on.
const LONG_LOG: u64 = 1 << 30;

/// What is seen of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    path: PathBuf,
    presence: Presence,
    /// Bytes that the disk has left for us; `None` where it does not say.
    free: Option<u64>,
    /// Bytes of the write-ahead log.
    log: u64,
}

/// Whether there is a file to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Presence {
    /// It is there, and can be written.
    Writable,
    /// It is not there, and neither may be its folder.
    Missing,
    /// It cannot be written.
    Refused(String),
}

/// Looks at a file; makes nothing.
pub fn observe(path: &Path) -> FileFacts {
    let presence = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Presence::Writable,
        Err(error) if error.kind() == ErrorKind::NotFound => Presence::Missing,
        Err(error) => Presence::Refused(error.to_string()),
    };
    let mut log = OsString::from(path);
    log.push("-wal");
    let log = fs::metadata(log).map_or(0, |file| file.len());
    FileFacts { presence, free: free(path), log, path: path.to_owned() }
}

/// What is left on the disk that the file is on, or will be on.
fn free(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(existing).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What there is to say of a file.
pub fn judge(subject: Subject, facts: &FileFacts) -> Vec<Finding> {
    let path = facts.path.display();
    let mut findings = vec![match &facts.presence {
        Presence::Writable => subject.ok(format!("{path} can be read and written")),
        Presence::Missing => subject.warn(format!("{path} is not there: it is made by the first `publish` or `run`")),
        Presence::Refused(reason) => {
            subject.fail(format!("{path} cannot be written: {reason}; it and its folder must belong to who runs projector"))
        }
    }];
    if let Some(free) = facts.free.filter(|&free| free < SCARCE) {
        findings.push(subject.warn(format!("there are {} MB left on the disk of {path}: make room", free >> 20)));
    }
    if facts.log > LONG_LOG {
        let size = facts.log >> 20;
        findings.push(subject.warn(format!("{path}-wal has {size} MB: somebody reads the file without end; find and stop them")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::{Expected, Level, assert_found};
    use super::*;

    #[test]
    fn what_is_found_of_a_file() {
        use Level::{Fail, Warn};
        let sound = FileFacts { path: "a.db".into(), presence: Presence::Writable, free: Some(SCARCE), log: 0 };
        let cases: [(FileFacts, Expected<'_>); 5] = [
            (sound.clone(), &[]),
            (FileFacts { presence: Presence::Missing, ..sound.clone() }, &[(Warn, "a.db is not there")]),
            (FileFacts { presence: Presence::Refused("no".into()), ..sound.clone() }, &[(Fail, "cannot be written: no")]),
            (FileFacts { free: Some(5 << 20), ..sound.clone() }, &[(Warn, "there are 5 MB left")]),
            (FileFacts { log: LONG_LOG + 1, free: None, ..sound.clone() }, &[(Warn, "a.db-wal has 1024 MB")]),
        ];
        for (facts, expected) in cases {
            assert_found(&judge(Subject::State, &facts), expected, &format!("{facts:?}"));
        }
    }

    #[test]
    fn a_file_that_is_there_and_one_that_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/a.db");
        let missing = observe(&path);
        assert!(missing.presence == Presence::Missing && missing.free.is_some(), "{missing:?}");
        assert!(!folder.path().join("deep").exists(), "nothing is made");
        fs::create_dir_all(folder.path().join("deep/er")).unwrap();
        fs::write(&path, "").unwrap();
        assert_eq!(observe(&path).presence, Presence::Writable);
        assert!(matches!(observe(folder.path()).presence, Presence::Refused(_)), "a folder is no file");
    }
}
