//! Moving everything from one store into another, and proving that it is all there.
//!
//! Entries keep their positions and plain rows their keys, so nothing that refers to either has to be
//! translated: cursors, ids of mails, live events. What is derived is made anew from the entries. Memory is
//! that of a page of entries, except while it is proved.

mod compare;
mod plain;
mod port;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::entry::{Entry, JournalPosition};

pub use plain::{PlainRow, PlainTable};
pub use port::{Entries, Held, Progress, Proof, Target, TransferError};

/// How many entries are read and written at once, as a rule.
pub const PAGE: usize = 5_000;

/// How many plain rows are read and written at once: there may be whole catalogs among them.
const ROWS: usize = 500;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The source is proved, in commits.
    ProveSource,
    /// Entries are copied.
    Copy,
    /// Rows of plain tables are copied.
    CopyTables,
    /// What is derived from entries is made where it wasn't made with them, in commits.
    Derive,
    /// The target is proved, in commits.
    ProveTarget,
    /// The two are compared, in entries.
    Compare,
}

/// Is told what is being done, how much of it is done, and of how much; 0 where that isn't known.
pub type Report<'a> = &'a mut (dyn FnMut(Step, u64, u64) + Send);

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What both have.
    pub proof: Proof,
    /// How many rows the plain tables have.
    pub rows: u64,
    /// How many entries were there already, from an attempt that was interrupted.
    pub resumed: u64,
    /// The last entry.
    pub last: JournalPosition,
}

/// Moves everything. The source is proved before anything is copied; the target is proved, and compared with
/// the source, before it is [complete](Target::complete). If it fails or is interrupted, the target stays
/// one that no server opens, and doing it again goes on where it was. About `page` entries are read and
/// written at once.
///
/// # Errors
/// [`TransferError`].
pub async fn transfer(
    source: &mut dyn Held,
    target: &mut dyn Target,
    page: usize,
    report: Report<'_>,
) -> Result<Moved, TransferError> {
    recognise(source, target).await?;
    report(Step::ProveSource, 0, 0);
    let at = &mut |done, total| report(Step::ProveSource, done, total);
    let proof = source.prove(at).await?;
    let (resumed, last) = copy(source, target, proof.entries, page, report).await?;
    let rows = copy_tables(source, target, report).await?;
    report(Step::Derive, 0, 0);
    let at = &mut |done, total| report(Step::Derive, done, total);
    target.settle(at).await?;
    report(Step::ProveTarget, 0, 0);
    let at = &mut |done, total| report(Step::ProveTarget, done, total);
    let made = target.prove(at).await?;
    if made != proof {
        let what = format!("the source counts {proof:?}, the target {made:?}");
        return Err(TransferError::Differ(what));
    }
    report(Step::Compare, 0, proof.entries);
    compare::compare(source, target, proof.entries, report).await?;
    target.complete().await?;
    Ok(Moved { proof, rows, resumed, last })
}

/// Is what the target has from an earlier attempt the beginning of this source?
async fn recognise(source: &mut dyn Held, target: &mut dyn Target) -> Result<(), TransferError> {
    let reached = target.reached();
    if reached == JournalPosition::default() {
        return Ok(());
    }
    let before = before(reached);
    let mine = source.entries(before, 1).await?.into_iter().next();
    let its = target.entries(before, 1).await?.into_iter().next();
    if mine.is_some() && mine == its {
        return Ok(());
    }
    let JournalPosition { commit, index } = reached;
    let what = format!("commit {commit}, entry {index} is another one in {}", source.place());
    Err(TransferError::Foreign { place: target.place().to_owned(), what })
}

/// The position that nothing but `position` comes after at first.
fn before(position: JournalPosition) -> JournalPosition {
    let JournalPosition { commit, index } = position;
    match index.checked_sub(1) {
        Some(index) => JournalPosition { commit, index },
        None => JournalPosition { commit: commit.saturating_sub(1), index: u32::MAX },
    }
}

/// Copies the entries after those that the target has: how many those were, and the last of all.
async fn copy(
    source: &mut dyn Held,
    target: &mut dyn Target,
    total: u64,
    page: usize,
    report: Report<'_>,
) -> Result<(u64, JournalPosition), TransferError> {
    let mut last = target.reached();
    let resumed = count_until(source, last).await?;
    let mut done = resumed;
    let mut held = Entries::new();
    report(Step::Copy, done, total);
    loop {
        let more = source.entries(last, page.max(1)).await?;
        let is_over = more.is_empty();
        last = more.last().map_or(last, |(position, _)| *position);
        held.extend(more);
        // The last commit may go on in the next page.
        let next = if is_over { Entries::new() } else { held.split_off(whole(&held)) };
        if !held.is_empty() {
            target.add_entries(&held).await?;
            done = done.saturating_add(u64::try_from(held.len()).unwrap_or(0));
            report(Step::Copy, done, total);
        }
        if is_over {
            return Ok((resumed, last));
        }
        held = next;
    }
}

/// How many of the entries belong to commits that certainly end among them.
fn whole(entries: &[(JournalPosition, Arc<Entry>)]) -> usize {
    let Some((last, _)) = entries.last() else {
        return 0;
    };
    entries.iter().take_while(|(position, _)| position.commit < last.commit).count()
}

/// How many entries there are up to a position.
async fn count_until(source: &mut dyn Held, upto: JournalPosition) -> Result<u64, TransferError> {
    let (mut count, mut after) = (0_u64, JournalPosition::default());
    while after < upto {
        let page = source.entries(after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = *last;
        let within = page.iter().filter(|(position, _)| *position <= upto).count();
        count = count.saturating_add(u64::try_from(within).unwrap_or(0));
    }
    Ok(count)
}

async fn copy_tables(
    source: &mut dyn Held,
    target: &mut dyn Target,
    report: Report<'_>,
) -> Result<u64, TransferError> {
    let mut done = 0_u64;
    for table in PlainTable::ALL {
        let mut after: Option<PlainRow> = None;
        loop {
            let mut rows = source.rows(table, after.as_ref(), ROWS).await?;
            if rows.is_empty() {
                break;
            }
            target.add_rows(&rows).await?;
            done = done.saturating_add(u64::try_from(rows.len()).unwrap_or(0));
            report(Step::CopyTables, done, 0);
            after = rows.pop();
        }
    }
    Ok(done)
}
