//! What an [`Entry`] leaves in the tables that are looked up: the same rows in every SQL store.
//!
//! - `payments` with `payment_refunds`, and `documents`: one row per payment, refund, invoice and
//!   credit note, as it stands.
//! - `assets`: one row per file and upload, as it stands, until it is gone; `owners`: whose objects are
//!   filed under a name.
//! - `idempotency`: where each key's entry stands in the journal.
//! - `accounts`: the state after the last entry, with what is searched by beside it.
//!
//! All of it can be made from the journal again at any time.

mod assets;
mod money;

use std::str::FromStr;

use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::payments::record;
use bursar_core::account::spend::subject;
use bursar_core::account::{Account, documents};
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, DocumentId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_core::statement;
use bursar_core::time::Timestamp;

use crate::codec;
use crate::entry::{Entry, JournalPosition};
use crate::port::{DocumentRow, PaymentRow, SpendEvent, StatementRow, StoreError};

pub use assets::{AssetChange, AssetColumns, asset_changes, asset_parts, is_about_assets};
pub use money::{
    DocumentColumns, PaymentColumns, RefundColumns, is_named, legal_numbers, may_name,
};

/// The version of these rows. Raised with every change of them, of what they are made from, of how an event is
/// applied or of how an [`Account`] is encoded: stores then make them anew.
pub const VERSION: u16 = 5;

/// The statement lines of an entry, oldest first.
pub fn statement_rows(entry: &Entry) -> impl DoubleEndedIterator<Item = StatementRow> {
    let numbered = entry.versions().collect::<Vec<_>>().into_iter();
    numbered.filter_map(|(version, recorded)| {
        statement::line(recorded).map(|line| StatementRow { version, line })
    })
}

/// The events of an entry, oldest first.
pub fn events(entry: &Entry) -> impl Iterator<Item = SpendEvent> {
    let event =
        |(version, recorded): (u64, &Recorded)| SpendEvent { version, recorded: recorded.clone() };
    entry.versions().map(event)
}

/// The events of one spend in an entry, oldest first.
pub fn spend_events(entry: &Entry, spend: SpendId) -> impl Iterator<Item = SpendEvent> {
    let own = move |(_, recorded): &(u64, &Recorded)| subject(&recorded.event) == Some(spend);
    entry
        .versions()
        .filter(own)
        .map(|(version, recorded)| SpendEvent { version, recorded: recorded.clone() })
}

/// The spends that an entry goes on with: it has events of them, and an earlier one has that which began
/// them. Each once. A spend that begins is found by the [time in its id](SpendId::began_at).
pub fn spends_gone_on(entry: &Entry) -> Vec<SpendId> {
    let mut begun = Vec::new();
    let mut gone_on = Vec::new();
    for Recorded { event, .. } in &entry.events {
        let Some(spend) = subject(event) else { continue };
        if matches!(event, Event::HoldPlaced { .. } | Event::Charged { .. }) {
            begun.push(spend);
        } else if !begun.contains(&spend) && !gone_on.contains(&spend) {
            gone_on.push(spend);
        }
    }
    gone_on
}

/// The row of `idempotency` that an entry adds, if it has a key.
pub fn idempotency(entry: &Entry) -> Option<&IdempotencyKey> {
    entry.idempotency.as_ref().map(|kept| &kept.key)
}

/// Folds an entry into the rows of the payments that it is about. `known` gives the row as it was
/// before the entry. Events that a row has already are passed over, so that an entry may be folded
/// twice.
///
/// # Errors
/// Whatever `known` fails with.
pub fn payments<E>(
    position: JournalPosition,
    entry: &Entry,
    mut known: impl FnMut(PaymentId) -> Result<Option<PaymentRow>, E>,
) -> Result<Vec<PaymentRow>, E> {
    let mut rows: Vec<PaymentRow> = Vec::new();
    for (version, recorded) in entry.versions() {
        let Some(id) = record::subject(&recorded.event) else {
            continue;
        };
        let place = rows.iter().position(|row| row.record.id == id);
        let before = match place {
            Some(place) => Some(rows.remove(place)),
            None => known(id)?,
        };
        rows.extend(fold_payment(before, position, version, recorded));
    }
    Ok(rows)
}

fn fold_payment(
    before: Option<PaymentRow>,
    position: JournalPosition,
    version: u64,
    recorded: &Recorded,
) -> Option<PaymentRow> {
    if before.as_ref().is_some_and(|row| row.version >= version) {
        return before;
    }
    let (asked, settled) = before.as_ref().map_or((position, None), |row| (row.asked, row.settled));
    let ends =
        matches!(recorded.event, Event::PaymentSucceeded { .. } | Event::PaymentFailed { .. });
    let settled = if ends { Some(position) } else { settled };
    let record = record::fold(before.map(|row| row.record), recorded)?;
    Some(PaymentRow { version, record, asked, settled })
}

/// Folds an entry into the rows of the documents that it is about, as [`payments`] does.
///
/// # Errors
/// Whatever `known` fails with.
pub fn documents<E>(
    entry: &Entry,
    mut known: impl FnMut(DocumentId) -> Result<Option<DocumentRow>, E>,
) -> Result<Vec<DocumentRow>, E> {
    let mut rows: Vec<DocumentRow> = Vec::new();
    for (version, recorded) in entry.versions() {
        for id in documents::record::subjects(&recorded.event).into_iter().flatten() {
            let place = rows.iter().position(|row| row.record.id == id);
            let before = match place {
                Some(place) => Some(rows.remove(place)),
                None => known(id)?,
            };
            if before.as_ref().is_some_and(|row| row.version >= version) {
                rows.extend(before);
                continue;
            }
            let record = documents::record::fold(id, before.map(|row| row.record), recorded);
            rows.extend(record.map(|record| DocumentRow { version, record }));
        }
    }
    Ok(rows)
}

/// Is an entry about payments or documents at all? Most aren't.
pub fn is_about_money(entry: &Entry) -> bool {
    entry.events.iter().any(|recorded| {
        record::subject(&recorded.event).is_some()
            || documents::record::subjects(&recorded.event) != [None, None]
    })
}

/// A row of `accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The account.
    pub account: AccountId,
    /// Its version.
    pub version: u64,
    /// When it is due, by the real clock.
    pub due_at: Option<Timestamp>,
    /// Does it wait for the payment provider?
    pub asking: bool,
    /// Is anything of it to be erased?
    pub erasing: bool,
    /// The subscription's state.
    pub status: String,
    /// The plan in force.
    pub plan: Option<Key>,
    /// What can be spent.
    pub available: Credits,
    /// What holds reserve.
    pub held: Credits,
    /// The encoded [`Account`].
    pub state: Vec<u8>,
}

impl AccountRow {
    /// The row of an account.
    ///
    /// # Errors
    /// As [`codec::encode`].
    pub fn of(account: &Account) -> Result<Self, StoreError> {
        Ok(Self {
            account: account.id.clone(),
            version: account.version,
            due_at: account.next_due_wall(),
            asking: account.billing.is_waiting(),
            erasing: account.storage.is_erasing(),
            status: account.status().to_owned(),
            plan: account.plan().cloned(),
            available: account.available(),
            held: account.held(),
            state: codec::encode(account)?,
        })
    }
}

/// Reads a text column.
///
/// # Errors
/// [`StoreError::Damaged`] if it isn't what the column holds.
pub fn parse<T: FromStr>(column: &str, text: Option<String>) -> Result<Option<T>, StoreError> {
    text.map(|text| text.parse().map_err(|_| damaged(column, &text))).transpose()
}

/// Reads an integer column into the type it was written from.
///
/// # Errors
/// [`StoreError::Damaged`] if it doesn't fit.
pub fn number<T: TryFrom<i64>>(column: &str, value: Option<i64>) -> Result<Option<T>, StoreError> {
    value
        .map(|value| T::try_from(value).map_err(|_| damaged(column, &value.to_string())))
        .transpose()
}

fn damaged(column: &str, value: &str) -> StoreError {
    StoreError::Damaged(format!("a column {column} holds {value:?}"))
}
