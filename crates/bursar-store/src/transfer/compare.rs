//! The proof that two stores have the same: entries, states, plain rows.

use std::collections::VecDeque;
use std::sync::Arc;

use bursar_core::id::AccountId;

use super::{Held, PAGE, PlainRow, PlainTable, ROWS, Report, Step, Target, TransferError};
use crate::audit::Audit;
use crate::entry::{Entry, JournalPosition};
use crate::port::StoreError;
use crate::projection::AccountRow;

/// After how many entries it is said how far it is.
const REPORTED: u64 = 1_000;

/// Compares entry by entry, state by state, row by row. It takes the memory of every account's state.
pub(super) async fn compare(
    source: &mut dyn Held,
    target: &mut dyn Target,
    total: u64,
    report: Report<'_>,
) -> Result<(), TransferError> {
    let audit = entries(source, target, total, report).await?;
    states(&audit, target).await?;
    for table in PlainTable::ALL {
        rows(table, source, target).await?;
    }
    Ok(())
}

/// Entries of a journal, one after the other.
#[derive(Default)]
struct Stream {
    after: JournalPosition,
    waiting: VecDeque<(JournalPosition, Arc<Entry>)>,
}

impl Stream {
    async fn next<H: Held + ?Sized>(
        &mut self,
        of: &mut H,
    ) -> Result<Option<(JournalPosition, Arc<Entry>)>, StoreError> {
        if self.waiting.is_empty() {
            self.waiting = of.entries(self.after, PAGE).await?.into();
            self.after = self.waiting.back().map_or(self.after, |(position, _)| *position);
        }
        Ok(self.waiting.pop_front())
    }
}

/// What the source's entries make, after each of them was found in the target.
async fn entries(
    source: &mut dyn Held,
    target: &mut dyn Target,
    total: u64,
    report: Report<'_>,
) -> Result<Audit, TransferError> {
    let (mut mine, mut its) = (Stream::default(), Stream::default());
    let mut audit = Audit::new();
    let mut done = 0_u64;
    loop {
        let (one, other) = (mine.next(source).await?, its.next(target).await?);
        if one != other {
            let positions =
                [&one, &other].map(|entry| entry.as_ref().map(|(position, _)| *position));
            let first = positions.into_iter().flatten().min().unwrap_or_default();
            let JournalPosition { commit, index } = first;
            return Err(TransferError::Differ(format!(
                "the journal, commit {commit}, entry {index}"
            )));
        }
        let Some((position, entry)) = one else {
            return Ok(audit);
        };
        audit.add(position, &entry).map_err(|finding| TransferError::Refuted {
            place: source.place().to_owned(),
            what: finding.to_string(),
        })?;
        done = done.saturating_add(1);
        if done.is_multiple_of(REPORTED) || done == total {
            report(Step::Compare, done, total);
        }
    }
}

/// Are the target's states those that the source's journal makes?
async fn states(audit: &Audit, target: &mut dyn Target) -> Result<(), TransferError> {
    let (mut after, mut count): (Option<AccountId>, usize) = (None, 0);
    loop {
        let page = target.accounts(after.as_ref(), PAGE).await?;
        for row in &page {
            let made = audit.account(&row.account).map(AccountRow::of).transpose()?;
            if made.as_ref() != Some(row) {
                return Err(TransferError::Differ(format!("the state of account {}", row.account)));
            }
        }
        count = count.saturating_add(page.len());
        match page.last() {
            Some(last) => after = Some(last.account.clone()),
            None => break,
        }
    }
    let made = audit.accounts().len();
    if made == count {
        return Ok(());
    }
    Err(TransferError::Differ(format!("{made} accounts became {count}")))
}

async fn rows(
    table: PlainTable,
    source: &mut dyn Held,
    target: &mut dyn Target,
) -> Result<(), TransferError> {
    let mut after: Option<PlainRow> = None;
    loop {
        let mut mine = source.rows(table, after.as_ref(), ROWS).await?;
        let its = target.rows(table, after.as_ref(), ROWS).await?;
        if mine != its {
            let parted = mine.iter().zip(&its).find(|(one, other)| one != other);
            let parted = parted.map(|(one, _)| one).or(mine.get(its.len())).or(its.get(mine.len()));
            let which = parted.map(PlainRow::name).unwrap_or_default();
            return Err(TransferError::Differ(format!("{}, {which}", table.as_str())));
        }
        after = mine.pop();
        if after.is_none() {
            return Ok(());
        }
    }
}
