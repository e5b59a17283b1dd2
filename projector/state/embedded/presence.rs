//! Whether somebody runs a projection: a file that each owner locks, and that the system unlocks whatever ends the owner.
//!
//! Locks are shared, for a new owner comes before the old one is gone. Who wants to know tries to lock the file for itself.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Somebody is there, until this is dropped.
pub struct Presence(#[expect(dead_code, reason = "open as long as it is locked")] File);

/// Says that somebody is there.
pub fn announce(database: &Path, projection: &str) -> io::Result<Presence> {
    let file = File::options().create(true).truncate(false).write(true).open(path(database, projection))?;
    file.lock_shared()?;
    Ok(Presence(file))
}

/// Whether somebody is there.
pub fn is_anybody(database: &Path, projection: &str) -> bool {
    match File::open(path(database, projection)).map(|file| file.try_lock()) {
        Ok(Err(TryLockError::WouldBlock)) => true,
        // No file, or no locks in this file system: nothing can be said for being there.
        Ok(_) | Err(_) => false,
    }
}

fn path(database: &Path, projection: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(format!(".{projection}.lock"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_there_while_one_of_them_is() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("p.db");
        assert!(!is_anybody(&database, "shop"));
        let first = announce(&database, "shop").unwrap();
        let second = announce(&database, "shop").unwrap();
        assert!(!is_anybody(&database, "auction"));
        drop(first);
        assert!(is_anybody(&database, "shop"));
        drop(second);
        assert!(!is_anybody(&database, "shop"));
    }
}
