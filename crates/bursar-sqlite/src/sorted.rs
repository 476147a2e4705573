//! What is kept beside views.db in [runs](crate::runs): the index of the journal, and the states of accounts.

use rusqlite::{Connection, Transaction};

use crate::directory::Directory;
use crate::error::Result;
use crate::index::{Index, Line};
use crate::runs::Change;
use crate::states::{Snapshot, States};

/// All runs, as they are now.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) index: Index,
    pub(crate) states: States,
}

impl Sorted {
    /// Those of the views as `views` shows them.
    ///
    /// # Errors
    /// As [`Runs::open`](crate::runs::Runs::open).
    pub(crate) fn open(directory: &Directory, views: &Connection) -> Result<Self> {
        Ok(Self { index: Index::open(directory, views)?, states: States::open(directory, views)? })
    }

    /// The same, for whoever will write.
    ///
    /// # Errors
    /// As [`Runs::open_to_write`](crate::runs::Runs::open_to_write).
    pub(crate) fn open_to_write(directory: &Directory, views: &Connection) -> Result<Self> {
        Ok(Self {
            index: Index::open_to_write(directory, views)?,
            states: States::open_to_write(directory, views)?,
        })
    }

    /// As [`Runs::stop`](crate::runs::Runs::stop).
    pub(crate) fn stop(&self) {
        self.index.stop();
        self.states.stop();
    }

    /// Both changes have been recorded, and that is committed: from now on they are seen.
    pub(crate) fn publish(&self, changes: Changes) {
        self.index.publish(changes.index);
        self.states.publish(changes.states);
    }
}

/// A change of each: not in force yet.
pub(crate) struct Changes {
    pub(crate) index: Change<Line>,
    pub(crate) states: Change<Snapshot>,
}

impl Changes {
    /// Notes them in the views.
    ///
    /// # Errors
    /// [`StoreError`](bursar_store::StoreError).
    pub(crate) fn record(&self, directory: &Directory, views: &Transaction<'_>) -> Result<()> {
        self.index.record(directory, views)?;
        self.states.record(directory, views)
    }
}
