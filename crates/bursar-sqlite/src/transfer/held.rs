//! Reading all of a directory that nobody else can change.

use bursar_store::transfer::{Entries, Proof, TransferError};
use bursar_store::{JournalPosition, StoreError};
use rusqlite::Connection;

use crate::directory::Directory;
use crate::error::Result;
use crate::journal;
use crate::verify::{self, Difference, Report};

/// About so many entries after a position: whole commits.
pub(super) fn entries(
    directory: &Directory,
    connection: &Connection,
    after: JournalPosition,
    limit: usize,
) -> Result<Entries> {
    let mut found = Entries::new();
    let before = after.commit.saturating_sub(1);
    journal::scan(directory, connection, before, u64::MAX, |commit| {
        let more = commit.positions().filter(|(position, _)| *position > after);
        found.extend(more.map(|(position, entry)| (position, entry.clone())));
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

/// The directory's own proof.
pub(super) fn prove(
    directory: &Directory,
    progress: &mut dyn FnMut(u64, u64),
) -> std::result::Result<Proof, TransferError> {
    let refuted = |what: String| {
        let place = directory.path().display().to_string();
        TransferError::Refuted { place, what }
    };
    match verify::prove(directory, progress) {
        Ok(report) => Ok(figures(report)),
        Err(Difference::File(StoreError::Damaged(what))) => Err(refuted(what)),
        Err(Difference::File(error)) => Err(error.into()),
        Err(other) => Err(refuted(other.to_string())),
    }
}

fn figures(report: Report) -> Proof {
    let Report { entries, events, accounts, keys, totals, counts, assets, money_totals, .. } =
        report;
    Proof { entries, events, accounts, keys, totals, counts, assets, money_totals }
}
