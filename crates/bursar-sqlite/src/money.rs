//! The rows of payments, refunds and documents in views.db: folded from their events, and read back
//! from the encoded row.

use std::collections::BTreeMap;

use bursar_core::id::{AccountId, DocumentId, Key, PaymentId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{self, DocumentColumns, PaymentColumns, RefundColumns, parse};
use bursar_store::{DocumentRow, Payer, PaymentName, PaymentRow};
use rusqlite::{Connection, OptionalExtension, Params, params};
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
    let path = directory.views();
    for row in fold_payments(directory, views, id, entries)?.into_values() {
        write_payment(views, id, &PaymentColumns::of(&row)?).map_err(about(&path))?;
        for refund in RefundColumns::of(&row) {
            write_refund(views, id, &refund).map_err(about(&path))?;
        }
    }
    for row in fold_documents(directory, views, id, entries)?.into_values() {
        write_document(views, id, &DocumentColumns::of(&row)?).map_err(about(&path))?;
    }
    Ok(())
}

fn write_payment(
    views: &Connection,
    id: &AccountId,
    row: &PaymentColumns,
) -> rusqlite::Result<usize> {
    views
        .prepare_cached(
            "INSERT INTO payments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (account_id, payment_id) DO UPDATE SET version = ?3, status = ?5,
             settled_at = ?9, invoice = ?10, reference = ?11, row = ?12",
        )?
        .execute(params![
            id.as_str(),
            row.payment.to_string(),
            signed(row.version),
            row.purpose,
            row.status,
            row.money.currency.code(),
            row.money.amount,
            row.requested_at.micros(),
            row.settled_at.map(Timestamp::micros),
            row.invoice.map(|document| document.0),
            row.reference.as_ref().map(|reference| reference.as_str()),
            row.row,
        ])
}

fn write_refund(
    views: &Connection,
    id: &AccountId,
    row: &RefundColumns,
) -> rusqlite::Result<usize> {
    views
        .prepare_cached(
            "INSERT INTO payment_refunds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (account_id, payment_id, refund_id) DO UPDATE SET status = ?4",
        )?
        .execute(params![
            row.refund.to_string(),
            id.as_str(),
            row.payment.to_string(),
            row.status,
            row.money.currency.code(),
            row.money.amount,
            row.requested_at.micros(),
            row.document.map(|document| document.0),
        ])
}

fn write_document(
    views: &Connection,
    id: &AccountId,
    row: &DocumentColumns,
) -> rusqlite::Result<usize> {
    views
        .prepare_cached(
            "INSERT INTO documents VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
             ON CONFLICT (account_id, document) DO UPDATE SET version = ?3, state = ?9,
             credited_by = ?16, row = ?17",
        )?
        .execute(params![
            id.as_str(),
            row.document.0,
            signed(row.version),
            row.kind,
            row.number.series.as_str(),
            row.number.year,
            row.number.number,
            row.number.to_string(),
            row.state,
            row.issued_at.micros(),
            row.total.currency.code(),
            row.net,
            row.tax,
            row.total.amount,
            row.corrects.map(|document| document.0),
            row.credited_by.map(|document| document.0),
            row.row,
        ])
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
    blobs.iter().map(|blob| decode(directory, id, blob)).collect()
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
