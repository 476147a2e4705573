//! Comparing payments and documents, which change after they are made: each row is compared when the
//! journal has reached the version that the views have of it. In memory are only those in between.

use std::collections::BTreeMap;

use bursar_core::account::documents;
use bursar_core::account::payments::record;
use bursar_core::id::{AccountId, DocumentId, PaymentId};
use bursar_store::projection::{
    self, DocumentColumns, PaymentColumns, RefundColumns, is_about_money,
};
use bursar_store::{DocumentRow, Entry, JournalPosition, PaymentRow, StoreError};
use rusqlite::types::Value;

use super::{Difference, Views};
use crate::error::signed;
use crate::money::{self, Stored};

/// What the views have that the journal has not reached yet.
#[derive(Default)]
pub(super) struct Unfinished {
    payments: BTreeMap<(AccountId, PaymentId), PaymentRow>,
    documents: BTreeMap<(AccountId, DocumentId), DocumentRow>,
}

impl Unfinished {
    /// Takes an entry that the views have.
    pub(super) fn add(
        &mut self,
        views: &Views<'_>,
        position: JournalPosition,
        entry: &Entry,
    ) -> std::result::Result<(), Difference> {
        if !is_about_money(entry) {
            return Ok(());
        }
        self.add_payments(views, position, entry)?;
        self.add_documents(views, entry)
    }

    fn add_payments(
        &mut self,
        views: &Views<'_>,
        position: JournalPosition,
        entry: &Entry,
    ) -> std::result::Result<(), Difference> {
        let id = &entry.account;
        let mut subjects: Vec<PaymentId> =
            entry.events.iter().filter_map(|recorded| record::subject(&recorded.event)).collect();
        let known = |payment| Ok(self.payments.remove(&(id.clone(), payment)));
        for row in projection::payments::<StoreError>(position, entry, known)? {
            let payment = row.record.id;
            subjects.retain(|subject| *subject != payment);
            let columns = PaymentColumns::of(&row)?;
            let made = money::payment_values(id, &columns);
            let stored = money::PAYMENTS.read(views.directory, &views.moment, &made)?;
            if is_later(stored.as_ref(), row.version) {
                self.payments.insert((id.clone(), payment), row);
                continue;
            }
            compare(&money::PAYMENTS, stored, &made)?;
            for refund in RefundColumns::of(&row) {
                let made = money::refund_values(id, &refund);
                let stored = money::REFUNDS.read(views.directory, &views.moment, &made)?;
                compare(&money::REFUNDS, stored, &made)?;
            }
        }
        stale("payments", id, subjects.first())
    }

    fn add_documents(
        &mut self,
        views: &Views<'_>,
        entry: &Entry,
    ) -> std::result::Result<(), Difference> {
        let id = &entry.account;
        let events = entry.events.iter();
        let subjects =
            events.flat_map(|recorded| documents::record::subjects(&recorded.event)).flatten();
        let mut subjects: Vec<DocumentId> = subjects.collect();
        let known = |document| Ok(self.documents.remove(&(id.clone(), document)));
        for row in projection::documents::<StoreError>(entry, known)? {
            let document = row.record.id;
            subjects.retain(|subject| *subject != document);
            let made = money::document_values(id, &DocumentColumns::of(&row)?);
            let stored = money::DOCUMENTS.read(views.directory, &views.moment, &made)?;
            if is_later(stored.as_ref(), row.version) {
                self.documents.insert((id.clone(), document), row);
                continue;
            }
            compare(&money::DOCUMENTS, stored, &made)?;
        }
        stale("documents", id, subjects.first())
    }

    /// At the views' stamp nothing may be left.
    pub(super) fn check(&self) -> std::result::Result<(), Difference> {
        let payment = self.payments.iter().next();
        let payment = payment.map(|((id, payment), row)| {
            format!("payments of {id}, {payment} is later than version {}", row.version)
        });
        let document = self.documents.iter().next();
        let document = document.map(|((id, document), row)| {
            format!("documents of {id}, {document} is later than version {}", row.version)
        });
        match payment.or(document) {
            Some(row) => {
                Err(Difference::Views { what: format!("{row}, which is its last in the journal") })
            }
            None => Ok(()),
        }
    }
}

/// Have the views a later version than this?
fn is_later(stored: Option<&Vec<Value>>, version: u64) -> bool {
    let of_row = stored.and_then(|row| row.get(money::VERSION));
    matches!(of_row, Some(Value::Integer(stored)) if *stored > signed(version))
}

/// A row that an entry is about, and that was as it should be before it, has not changed with it.
fn stale(
    table: &str,
    id: &AccountId,
    row: Option<&impl std::fmt::Display>,
) -> std::result::Result<(), Difference> {
    row.map_or(Ok(()), |row| {
        let what = format!("{table} of {id}, {row} is older than the journal makes it");
        Err(Difference::Views { what })
    })
}

fn compare(
    table: &Stored,
    stored: Option<Vec<Value>>,
    made: &[Value],
) -> std::result::Result<(), Difference> {
    if stored.as_deref() == Some(made) {
        return Ok(());
    }
    let row = table.key(made);
    Err(super::differs(&row, stored.map(|row| shown(&row)), &shown(made)))
}

/// The columns without the encoded row.
fn shown(values: &[Value]) -> String {
    let values = values.iter().filter(|value| !matches!(value, Value::Blob(_)));
    format!("{:?}", values.collect::<Vec<_>>())
}
