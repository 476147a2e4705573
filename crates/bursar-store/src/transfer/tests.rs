//! Interrupted and lossy transfers, on stores that are lists.

use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::account::event::Actor;
use bursar_core::id::AccountId;

use super::{
    Entries, Held, Moved, PlainRow, PlainTable, Progress, Proof, Target, TransferError, transfer,
};
use crate::audit::Audit;
use crate::contract::{Ask, Clerk};
use crate::memory::MemoryStore;
use crate::projection::AccountRow;
use crate::registry::Contact;
use crate::{JournalPosition, Store, StoreError};

/// A store as lists, and what goes wrong with it.
#[derive(Clone, Default)]
struct Lists {
    entries: Entries,
    rows: Vec<PlainRow>,
    complete: bool,
    /// How many more pages of entries it takes before it fails.
    takes: Option<usize>,
    loses: Option<Loss>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Loss {
    Row,
    ChangedRow,
    State,
    Entry,
}

fn contact(id: &str) -> PlainRow {
    let contact = Contact { name: Some(id.to_owned()), email: None };
    PlainRow::Contact(id.parse().unwrap(), contact)
}

/// Some accounts with a history, in commits of several entries with gaps between them.
async fn source() -> Lists {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (mut clerk, mut writer) = (Clerk::new(1), store.writer().unwrap());
    for name in ["a", "b", "c"] {
        for ask in Ask::subscriber(name, "small") {
            clerk.one(&mut *writer, ask).await.unwrap().done();
        }
    }
    for _ in 0..10 {
        let asks = ["a", "b", "c"].map(Ask::charge);
        clerk.batch(&mut *writer, &asks).await.unwrap();
    }
    let mut entries = store.journal(JournalPosition::default(), 1_000).await.unwrap();
    entries.iter_mut().for_each(|(position, _)| position.commit *= 3);
    Lists { entries, rows: ["a", "b", "c"].map(contact).into(), ..Lists::default() }
}

impl Lists {
    fn audit(&self) -> Audit {
        let mut audit = Audit::new();
        for (position, entry) in &self.entries {
            audit.add(*position, entry).unwrap();
        }
        audit
    }
}

fn full() -> StoreError {
    StoreError::Unavailable("the disk is full".to_owned())
}

#[async_trait]
impl Held for Lists {
    fn place(&self) -> &str {
        "a list"
    }

    async fn entries(
        &mut self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Entries, StoreError> {
        let more = self.entries.iter().filter(|(position, _)| *position > after);
        Ok(more.take(limit).cloned().collect())
    }

    async fn rows(
        &mut self,
        table: PlainTable,
        after: Option<&PlainRow>,
        limit: usize,
    ) -> Result<Vec<PlainRow>, StoreError> {
        if table != PlainTable::Contacts {
            return Ok(Vec::new());
        }
        let name = |row: &PlainRow| row.name();
        let after = after.map(name).unwrap_or_default();
        Ok(self.rows.iter().filter(|row| name(row) > after).take(limit).cloned().collect())
    }

    async fn prove(&mut self, _: Progress<'_>) -> Result<Proof, TransferError> {
        let audit = self.audit();
        Ok(Proof { entries: audit.entry_count(), ..Proof::default() })
    }
}

#[async_trait]
impl Target for Lists {
    fn reached(&self) -> JournalPosition {
        self.entries.last().map(|(position, _)| *position).unwrap_or_default()
    }

    async fn add_entries(&mut self, entries: &Entries) -> Result<(), StoreError> {
        self.takes = match self.takes {
            Some(0) => return Err(full()),
            takes => takes.map(|takes| takes - 1),
        };
        let first = entries[0].0;
        assert!(first > self.reached() && first.index == 0, "{first:?} is no whole commit's");
        self.entries.extend(entries.iter().cloned());
        if self.loses == Some(Loss::Entry) && self.entries.len() > 8 {
            let mut other = (*self.entries[7].1).clone();
            other.actor = Actor::Customer;
            self.entries[7].1 = Arc::new(other);
        }
        Ok(())
    }

    async fn add_rows(&mut self, rows: &[PlainRow]) -> Result<(), StoreError> {
        self.rows.extend_from_slice(rows);
        match self.loses {
            Some(Loss::Row) => drop(self.rows.pop()),
            Some(Loss::ChangedRow) => {
                self.rows[1] = PlainRow::Contact("b".parse().unwrap(), Contact::default());
            }
            _ => {}
        }
        Ok(())
    }

    async fn settle(&mut self, _: Progress<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn accounts(
        &mut self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountRow>, StoreError> {
        let audit = self.audit();
        let mut rows: Vec<AccountRow> =
            audit.accounts().map(|account| AccountRow::of(account).unwrap()).collect();
        rows.sort_by(|one, other| one.account.cmp(&other.account));
        if self.loses == Some(Loss::State) {
            rows[2].version += 1;
        }
        rows.retain(|row| after.is_none_or(|after| row.account > *after));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn complete(&mut self) -> Result<(), StoreError> {
        self.complete = true;
        Ok(())
    }
}

async fn moved(source: &mut Lists, target: &mut Lists) -> Result<Moved, TransferError> {
    transfer(source, target, 4, &mut |_, _, _| {}).await
}

#[tokio::test]
async fn it_goes_on_where_it_was_after_every_page() {
    let mut source = source().await;
    let mut interruptions = 0;
    for takes in 0.. {
        let mut target = Lists { takes: Some(takes), ..Lists::default() };
        if moved(&mut source, &mut target).await.is_ok() {
            assert!(interruptions > 5, "it was interrupted {interruptions} times");
            return;
        }
        assert!(!target.complete);
        interruptions += 1;
        let before = target.entries.len();
        target = Lists { takes: None, rows: Vec::new(), ..target };
        let moved = moved(&mut source, &mut target).await.unwrap();
        assert_eq!(moved.resumed, u64::try_from(before).unwrap());
        assert_eq!(moved.last, target.reached());
        assert!(target.complete && target.entries == source.entries && target.rows == source.rows);
    }
}

#[tokio::test]
async fn what_was_lost_or_changed_on_the_way_is_found() {
    let mut source = source().await;
    for (loss, says) in [
        (Loss::Row, "contacts, account c"),
        (Loss::ChangedRow, "contacts, account b"),
        (Loss::State, "the state of account c"),
        (Loss::Entry, "the journal, commit "),
    ] {
        let mut target = Lists { loses: Some(loss), ..Lists::default() };
        let error = moved(&mut source, &mut target).await.unwrap_err();
        assert!(matches!(error, TransferError::Differ(_)), "{loss:?}: {error}");
        assert!(error.to_string().contains(says), "{loss:?}: {error}");
        assert!(!target.complete);
    }
}

#[tokio::test]
async fn the_beginning_of_something_else_is_recognised() {
    let mut source = source().await;
    let mut target = Lists { takes: Some(2), ..Lists::default() };
    moved(&mut source, &mut target).await.unwrap_err();
    target.takes = None;
    let mut other = source.clone();
    other.entries.iter_mut().for_each(|(position, _)| position.commit += 1);
    let error = moved(&mut other, &mut target).await.unwrap_err();
    assert!(matches!(error, TransferError::Foreign { .. }), "{error}");
}
