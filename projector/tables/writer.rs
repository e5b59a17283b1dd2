//! The writer's side of a table store that is not the state's own: what a flusher needs to bring changed documents there.

use projections::codec::Key;
use projections::plan::ViewId;

use crate::fault::Fault;
use crate::view::Catalogue;

/// Writes the documents of builds into tables, one row each, in a store of its own.
///
/// **Convergence.** The row of the highest [`RowVersion`] is the one that counts for a key, in whatever order rows arrive and however often. Who
/// writes needs to own nothing: two writers, or one that wakes up with old rows, end with the same tables, as long as two rows of the
/// same key and version have the same content. That is the writer's part; see [`RowVersion`].
///
/// **Durability.** What `write` has answered for outlives the store's process. A store may still come back from an accident without its newest rows, or
/// without its tables; the former cannot be noticed here, the latter is [`Fault::Lost`].
///
/// **Errors.** All methods may be repeated. [`Fault::Unavailable`]: try again later, a bit of the work may be done. [`Fault::Lost`]: the tables of
/// this build are not there (any more), or are those of something else; [`TableWriter::ensure`] makes them, and everything has to be
/// written again. [`Fault::Unfit`]: trying again does not help, somebody has to do what the text says.
///
/// **Concurrency.** All methods may be called at once from several threads and processes. Methods block.
pub trait TableWriter: Send + Sync {
    /// What is there of the tables of this build. Nothing is changed.
    fn survey(&self, build: &TableBuild) -> Result<Survey, Fault>;

    /// Makes the tables of this build where they are not there, and checks those that are: that they are this build's, and that their columns
    /// have the types that its rows have. Tables of another build that had this number are dropped and made anew; tables of another
    /// projection, or of no projection, are never touched: the answer then is [`Fault::Unfit`]. What tells the tables from all others comes
    /// back, as in [`Survey::tables`].
    ///
    /// To be called when a flusher starts, and after [`Fault::Lost`].
    fn ensure(&self, build: &TableBuild) -> Result<String, Fault>;

    /// Writes rows of one view. After an error some of them may be written. Rows are sent as one body, which is in memory: who calls bounds it. Each call
    /// costs a store like ClickHouse about as much as ten thousand rows do; who has few rows waits for more.
    fn write(&self, build: &TableBuild, view: ViewId, rows: &[TableRow]) -> Result<(), Fault>;

    /// The keys of such rows, in the order of the keys; deleted rows are among them, and so may be some whose row has been replaced since.
    fn suspects(&self, build: &TableBuild, suspects: &Suspects<'_>) -> Result<Vec<Key>, Fault>;

    /// Makes the tables of this build the ones behind the stable names that people query, one name after the other; stable names of
    /// the projection's views that this build does not have are dropped. A name that something else has is never taken: the answer then is [`Fault::Unfit`],
    /// after the others were done.
    fn show(&self, build: &TableBuild) -> Result<(), Fault>;

    /// The numbers of the generations that this projection has tables of, ascending.
    fn generations(&self, projection: &str) -> Result<Vec<u64>, Fault>;

    /// Drops the tables of a generation. Where there are none, nothing happens. Stable names that show it are broken from then on: `show`
    /// another one before.
    fn drop_generation(&self, projection: &str, number: u64) -> Result<(), Fault>;
}

/// How far the tables of a build have come, as its flusher keeps it with the state: the part of [`super::TableStore`]'s answers that only the state
/// knows.
pub trait Flushed: Send + Sync {
    /// The position up to which the tables hold the effect of every event; 0 where nothing is known, as while they are filled: lists are
    /// empty then. It is read before rows are selected, and never falls unless the state lost something: so what is selected is at least of that
    /// position.
    fn flushed(&self, projection: &str, generation: u64) -> Result<u64, Fault>;
}

/// A build whose documents go into tables.
#[derive(Clone, Debug, PartialEq)]
pub struct TableBuild {
    /// The projection.
    pub projection: String,
    /// The number of the generation.
    pub number: u64,
    /// Its views.
    pub catalogue: Catalogue,
    /// What tells it from every other build that has or had this number: its definitions and its creation, as one text that is compared and
    /// never taken apart. At most a few hundred bytes.
    pub identity: String,
}

/// What is there of the tables of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What tells these tables from all others that are made before or later, of this build too; `None` where one is missing. At most a few hundred
    /// bytes.
    pub tables: Option<String>,
    /// The highest version that any row has; [`RowVersion::ZERO`] where there is none.
    pub newest: RowVersion,
}

/// A document as it goes into a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// The document's key.
    pub key: Key,
    /// The document as the state store has it, a JSON object with the columns in SELECT order; `None` where there is none, or where it is
    /// broken: no list has it.
    pub document: Option<String>,
    /// The document's own version: the position that readers by key are told. That of the checkpoint where there is no document.
    pub position: u64,
    /// Which row of this key counts.
    pub version: RowVersion,
}

/// The rank of a row among those of its key: an epoch, and a commit number below it.
///
/// A document's own version would not do: groups that are fed by a pending fan-out job have several contents at one position. So a row carries the number of
/// commits that the state had at the one moment at which its document was read. As long as the state's history is one line, a row
/// is a function of key and version. Where the state comes back without its newest commits the line forks, and numbers are used again; the epoch, which
/// rises with every writer that begins, makes what is written afterwards count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowVersion(u64);

/// What an earlier writer may have written from a state that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The last commit number that is known not to be lost.
    pub commits: u64,
    /// The first epoch of those whose rows are known to be of what is there.
    pub epoch: u64,
}

/// Rows of a view that an earlier writer may have taken from a state that is lost.
#[derive(Clone, Copy, Debug)]
pub struct Suspects<'k> {
    /// The view.
    pub view: ViewId,
    /// What is lost: rows with a version whose commit number is above `lost.commits`, and whose epoch is below `lost.epoch`.
    pub lost: Lost,
    /// Those with a higher key than this.
    pub after: Option<&'k Key>,
    /// At most so many.
    pub limit: usize,
}

/// An epoch or a commit number that has no place in a [`RowVersion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("epoch {epoch} with commit {commits} is out of range: rebuild the projection, which starts both anew")]
pub struct VersionOverflow {
    /// The epoch, below 2^20.
    pub epoch: u64,
    /// The commit number, below 2^44.
    pub commits: u64,
}

// === impl TableBuild ===

impl TableBuild {
    /// The identity of the build of these definitions that was created under this name. Not of the log: another one may be accepted in its place, and
    /// the documents stay the same.
    pub fn identity(fingerprint: u64, creation: &str) -> String {
        format!("{fingerprint:016x} {creation}")
    }
}

// === impl RowVersion ===

impl RowVersion {
    /// The lowest bits, with the commit number: 17 thousand billion of them, a thousand a second for 500 years.
    pub const COMMIT_BITS: u32 = 44;

    /// Below every version of a row.
    pub const ZERO: RowVersion = RowVersion(0);

    /// The version of a row that was read at this commit number, by a writer of this epoch.
    pub fn new(epoch: u64, commits: u64) -> Result<RowVersion, VersionOverflow> {
        if epoch >> (u64::BITS - Self::COMMIT_BITS) > 0 || commits >> Self::COMMIT_BITS > 0 {
            return Err(VersionOverflow { epoch, commits });
        }
        Ok(RowVersion(epoch << Self::COMMIT_BITS | commits))
    }

    /// A version that was stored.
    pub fn from_bits(bits: u64) -> RowVersion {
        RowVersion(bits)
    }

    /// As it is stored: these numbers order as the versions do.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The epoch.
    pub fn epoch(self) -> u64 {
        self.0 >> Self::COMMIT_BITS
    }

    /// The commit number.
    pub fn commits(self) -> u64 {
        self.0 & ((1 << Self::COMMIT_BITS) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_epoch_outranks_every_commit_of_an_earlier_one() {
        let version = |epoch, commits| RowVersion::new(epoch, commits).unwrap();
        let ascending = [RowVersion::ZERO, version(0, 1), version(0, (1 << 44) - 1), version(1, 0), version((1 << 20) - 1, 7)];
        assert!(ascending.is_sorted_by(|a, b| a < b && a.bits() < b.bits()));
        let newest = RowVersion::from_bits(ascending[4].bits());
        assert_eq!((newest.epoch(), newest.commits()), ((1 << 20) - 1, 7));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (epoch, commits) in [(1 << 20, 0), (0, 1 << 44)] {
            assert_eq!(RowVersion::new(epoch, commits), Err(VersionOverflow { epoch, commits }));
        }
    }
}
