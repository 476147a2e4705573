//! The rows of payments, refunds and documents in views.db: folded from their events, and read back
//! from the encoded row.

use std::collections::BTreeMap;

use bursar_core::id::{AccountId, DocumentId, Key, PaymentId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{self, DocumentColumns, PaymentColumns, RefundColumns, parse};
use bursar_store::{DocumentRow, Payer, PaymentName, PaymentRow};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Row, params, params_from_iter};
use serde::de::DeserializeOwned;

use crate::directory::Directory;
use crate::error::{Result, about, signed};
use crate::segment::Money;
use crate::views::decode;

/// The payments of an account that entries are about, folded into what the views have of them.
pub(crate) fn fold_payments(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    entries: &Money,
) -> Result<BTreeMap<PaymentId, PaymentRow>> {
    let mut rows: BTreeMap<PaymentId, PaymentRow> = BTreeMap::new();
    for (position, entry) in entries.iter().filter(|(_, entry)| entry.account == *id) {
        let known = |place: PaymentId| match rows.get(&place) {
            Some(row) => Ok(Some(row.clone())),
            None => payment(directory, views, id, place),
        };
        let changed = projection::payments(*position, entry, known)?;
        rows.extend(changed.into_iter().map(|row| (row.record.id, row)));
    }
    Ok(rows)
}

/// The documents of an account that entries are about, folded into what the views have of them.
pub(crate) fn fold_documents(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    entries: &Money,
) -> Result<BTreeMap<DocumentId, DocumentRow>> {
    let mut rows: BTreeMap<DocumentId, DocumentRow> = BTreeMap::new();
    for (_, entry) in entries.iter().filter(|(_, entry)| entry.account == *id) {
        let known = |place: DocumentId| match rows.get(&place) {
            Some(row) => Ok(Some(row.clone())),
            None => document(directory, views, id, place),
        };
        let changed = projection::documents(entry, known)?;
        rows.extend(changed.into_iter().map(|row| (row.record.id, row)));
    }
    Ok(rows)
}

/// Writes what an account's entries make of its payments and documents.
pub(crate) fn write(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    entries: &Money,
) -> Result<()> {
    for row in fold_payments(directory, views, id, entries)?.into_values() {
        PAYMENTS.write(directory, views, payment_values(id, &PaymentColumns::of(&row)?))?;
        for refund in RefundColumns::of(&row) {
            REFUNDS.write(directory, views, refund_values(id, &refund))?;
        }
    }
    for row in fold_documents(directory, views, id, entries)?.into_values() {
        DOCUMENTS.write(directory, views, document_values(id, &DocumentColumns::of(&row)?))?;
    }
    Ok(())
}

/// A table whose rows are written anew when they change. Its key is in the first two columns.
pub(crate) struct Stored {
    name: &'static str,
    read: &'static str,
    write: &'static str,
}

/// The place of the version in [`PAYMENTS`] and [`DOCUMENTS`].
pub(crate) const VERSION: usize = 2;

/// Columns as of [`payment_values`].
pub(crate) const PAYMENTS: Stored = Stored {
    name: "payments",
    read: "SELECT * FROM payments WHERE account_id = ?1 AND payment_id = ?2",
    write: "INSERT INTO payments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (account_id, payment_id) DO UPDATE SET version = ?3, status = ?5,
        settled_at = ?9, invoice = ?10, reference = ?11, row = ?12",
};

/// Columns as of [`refund_values`].
pub(crate) const REFUNDS: Stored = Stored {
    name: "payment_refunds",
    read: "SELECT * FROM payment_refunds WHERE account_id = ?1 AND refund_id = ?2",
    write: "INSERT INTO payment_refunds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (account_id, refund_id) DO UPDATE SET status = ?4",
};

/// Columns as of [`document_values`].
pub(crate) const DOCUMENTS: Stored = Stored {
    name: "documents",
    read: "SELECT * FROM documents WHERE account_id = ?1 AND document = ?2",
    write: "INSERT INTO documents VALUES
        (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        ON CONFLICT (account_id, document) DO UPDATE SET version = ?3, state = ?9,
        credited_by = ?16, row = ?17",
};

impl Stored {
    fn write(&self, directory: &Directory, views: &Connection, values: Vec<Value>) -> Result<()> {
        views
            .prepare_cached(self.write)
            .and_then(|mut insert| insert.execute(params_from_iter(values)))
            .map(drop)
            .map_err(about(&directory.views()))
    }

    /// The stored row of the same key, all columns.
    pub(crate) fn read(
        &self,
        directory: &Directory,
        views: &Connection,
        values: &[Value],
    ) -> Result<Option<Vec<Value>>> {
        let key = values.iter().take(2);
        views
            .prepare_cached(self.read)
            .and_then(|mut select| {
                let columns = select.column_count();
                let row = |row: &Row<'_>| (0..columns).map(|column| row.get(column)).collect();
                select.query_row(params_from_iter(key), row).optional()
            })
            .map_err(about(&directory.views()))
    }

    /// The row's key in words.
    pub(crate) fn key(&self, values: &[Value]) -> String {
        let word = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        let key: Vec<String> = values.iter().take(2).map(word).collect();
        format!("{} of {}", self.name, key.join(", "))
    }
}

/// The columns of `payments`.
pub(crate) fn payment_values(id: &AccountId, row: &PaymentColumns) -> Vec<Value> {
    vec![
        id.to_string().into(),
        row.payment.to_string().into(),
        signed(row.version).into(),
        row.purpose.to_owned().into(),
        row.status.to_owned().into(),
        row.money.currency.to_string().into(),
        row.money.amount.into(),
        row.requested_at.micros().into(),
        row.settled_at.map(Timestamp::micros).into(),
        row.invoice.map(|document| document.0).into(),
        row.reference.as_ref().map(ToString::to_string).into(),
        row.row.clone().into(),
    ]
}

/// The columns of `payment_refunds`.
pub(crate) fn refund_values(id: &AccountId, row: &RefundColumns) -> Vec<Value> {
    vec![
        id.to_string().into(),
        row.refund.to_string().into(),
        row.payment.to_string().into(),
        row.status.to_owned().into(),
        row.money.currency.to_string().into(),
        row.money.amount.into(),
        row.requested_at.micros().into(),
        row.document.map(|document| document.0).into(),
    ]
}

/// The columns of `documents`.
pub(crate) fn document_values(id: &AccountId, row: &DocumentColumns) -> Vec<Value> {
    vec![
        id.to_string().into(),
        row.document.0.into(),
        signed(row.version).into(),
        row.kind.to_owned().into(),
        row.number.series.to_string().into(),
        row.number.year.into(),
        row.number.number.into(),
        row.number.to_string().into(),
        row.state.to_owned().into(),
        row.issued_at.micros().into(),
        row.total.currency.to_string().into(),
        row.net.into(),
        row.tax.into(),
        row.total.amount.into(),
        row.corrects.map(|document| document.0).into(),
        row.credited_by.map(|document| document.0).into(),
        row.row.clone().into(),
    ]
}

/// A payment.
pub(crate) fn payment(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    payment: PaymentId,
) -> Result<Option<PaymentRow>> {
    let select = "SELECT row FROM payments WHERE account_id = ?1 AND payment_id = ?2";
    rows(directory, views, id, select, params![id.as_str(), payment.to_string()])
        .map(|mut rows| rows.pop())
}

/// A document.
pub(crate) fn document(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    document: DocumentId,
) -> Result<Option<DocumentRow>> {
    let select = "SELECT row FROM documents WHERE account_id = ?1 AND document = ?2";
    rows(directory, views, id, select, params![id.as_str(), document.0]).map(|mut rows| rows.pop())
}

/// At most `limit` documents of ids below `before`, newest first.
pub(crate) fn documents(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    before: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<DocumentRow>> {
    let select = "SELECT row FROM documents WHERE account_id = ?1 AND document < ?2
         ORDER BY document DESC LIMIT ?3";
    let before = before.map_or(i64::MAX, |before| i64::from(before.0));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    rows(directory, views, id, select, params![id.as_str(), before, limit])
}

fn rows<T: DeserializeOwned>(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    select: &str,
    params: impl Params,
) -> Result<Vec<T>> {
    let path = directory.views();
    let mut select = views.prepare_cached(select).map_err(about(&path))?;
    let blobs = select
        .query_map(params, |row| row.get::<_, Vec<u8>>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(about(&path))?;
    blobs.iter().map(|blob| decode(&path, id, blob)).collect()
}

/// Who has a payment of that name.
pub(crate) fn payer(
    directory: &Directory,
    views: &Connection,
    name: &PaymentName,
) -> Result<Option<Payer>> {
    let (select, value) = match name {
        PaymentName::Id(id) => {
            ("SELECT account_id, payment_id FROM payments WHERE payment_id = ?1", id.to_string())
        }
        PaymentName::Reference(reference) => (
            "SELECT account_id, payment_id FROM payments WHERE reference = ?1",
            reference.to_string(),
        ),
        PaymentName::Refund(id) => (
            "SELECT account_id, payment_id FROM payment_refunds WHERE refund_id = ?1",
            id.to_string(),
        ),
    };
    let found: Option<(String, String)> = views
        .prepare_cached(select)
        .and_then(|mut select| {
            select.query_row([value], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(about(&directory.views()))?;
    let Some((account, payment)) = found else {
        return Ok(None);
    };
    let account = parse("account_id", Some(account))?;
    let payment = parse("payment_id", Some(payment))?;
    Ok(account.zip(payment).map(|(account, payment)| Payer { account, payment }))
}

/// The highest legal number of a series and year; 0 if there is none.
pub(crate) fn last_number(
    directory: &Directory,
    views: &Connection,
    series: &Key,
    year: u16,
) -> Result<u32> {
    let select = "SELECT max(number) FROM documents WHERE series = ?1 AND year = ?2";
    let last: Option<u32> = views
        .prepare_cached(select)
        .and_then(|mut select| select.query_row(params![series.as_str(), year], |row| row.get(0)))
        .map_err(about(&directory.views()))?;
    Ok(last.unwrap_or(0))
}
