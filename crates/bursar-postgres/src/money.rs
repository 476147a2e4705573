//! The rows of payments, refunds and documents: folded from their events, and read back from the
//! encoded row.

use std::collections::HashMap;
use std::sync::Arc;

use bursar_core::account::documents;
use bursar_core::account::payments::record;
use bursar_core::id::{AccountId, DocumentId, PaymentId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{self, DocumentColumns, PaymentColumns, RefundColumns, parse};
use bursar_store::{
    DocumentRow, Entry, JournalPosition, Payer, PaymentName, PaymentRow, StoreError,
};
use deadpool_postgres::Client;
use tokio_postgres::Row;

use crate::connection::Connections;
use crate::error::{Attempt, Result, get};
use crate::views::{Write, column, decode, most};

/// Payments and documents of several accounts.
#[derive(Default)]
pub(crate) struct Money {
    payments: HashMap<(AccountId, PaymentId), PaymentRow>,
    documents: HashMap<(AccountId, DocumentId), DocumentRow>,
}

impl Money {
    /// What the tables have of what entries are about.
    pub(crate) async fn load(
        client: &Client,
        place: &str,
        entries: &[(JournalPosition, Arc<Entry>)],
    ) -> Attempt<Self> {
        let (payments, documents) = subjects(entries);
        let mut money = Self::default();
        if !payments.is_empty() {
            let ids: Vec<&str> = payments.iter().map(|(id, _)| id.as_str()).collect();
            let names: Vec<String> = payments.iter().map(|(_, name)| name.to_string()).collect();
            let select = "
                SELECT account_id, row FROM payments
                JOIN unnest($1::text[], $2::text[]) AS wanted (account_id, payment_id)
                USING (account_id, payment_id)";
            let select = client.prepare_cached(select).await?;
            for row in client.query(&select, &[&ids, &names]).await? {
                let (id, row): (_, PaymentRow) = owned(place, &row)?;
                money.payments.insert((id, row.record.id), row);
            }
        }
        if !documents.is_empty() {
            let ids: Vec<&str> = documents.iter().map(|(id, _)| id.as_str()).collect();
            let numbers: Vec<i64> = documents.iter().map(|(_, id)| i64::from(id.0)).collect();
            let select = "
                SELECT account_id, row FROM documents
                JOIN unnest($1::text[], $2::bigint[]) AS wanted (account_id, document)
                USING (account_id, document)";
            let select = client.prepare_cached(select).await?;
            for row in client.query(&select, &[&ids, &numbers]).await? {
                let (id, row): (_, DocumentRow) = owned(place, &row)?;
                money.documents.insert((id, row.record.id), row);
            }
        }
        Ok(money)
    }

    /// Folds entries into what was loaded, and leaves what they changed.
    pub(crate) fn fold(mut self, entries: &[(JournalPosition, Arc<Entry>)]) -> Result<Changed> {
        let mut changed = Self::default();
        for (position, entry) in entries {
            let id = &entry.account;
            let known =
                |payment| Ok::<_, StoreError>(self.payments.get(&(id.clone(), payment)).cloned());
            for row in projection::payments(*position, entry, known)? {
                let key = (id.clone(), row.record.id);
                self.payments.insert(key.clone(), row.clone());
                changed.payments.insert(key, row);
            }
            let known = |document| {
                Ok::<_, StoreError>(self.documents.get(&(id.clone(), document)).cloned())
            };
            for row in projection::documents(entry, known)? {
                let key = (id.clone(), row.record.id);
                self.documents.insert(key.clone(), row.clone());
                changed.documents.insert(key, row);
            }
        }
        changed.columns()
    }

    fn columns(self) -> Result<Changed> {
        let mut changed = Changed::default();
        for ((id, _), row) in self.payments {
            let refunds = RefundColumns::of(&row).map(|refund| (id.clone(), refund));
            changed.refunds.extend(refunds);
            changed.payments.push((id, PaymentColumns::of(&row)?));
        }
        for ((id, _), row) in self.documents {
            changed.documents.push((id, DocumentColumns::of(&row)?));
        }
        Ok(changed)
    }
}

fn owned<T: serde::de::DeserializeOwned>(place: &str, row: &Row) -> Result<(AccountId, T)> {
    let id = crate::views::account_id(row, 0)?;
    let value = decode(place, &id, &get::<Vec<u8>>(row, 1)?)?;
    Ok((id, value))
}

/// The payments and the documents that entries are about.
type Subjects<'a> = (Vec<(&'a AccountId, PaymentId)>, Vec<(&'a AccountId, DocumentId)>);

fn subjects(entries: &[(JournalPosition, Arc<Entry>)]) -> Subjects<'_> {
    let (mut payments, mut of_documents) = (Vec::new(), Vec::new());
    for (_, entry) in entries {
        let id = &entry.account;
        for recorded in &entry.events {
            payments.extend(record::subject(&recorded.event).map(|payment| (id, payment)));
            let documents = documents::record::subjects(&recorded.event);
            of_documents.extend(documents.into_iter().flatten().map(|document| (id, document)));
        }
    }
    payments.sort_unstable();
    payments.dedup();
    of_documents.sort_unstable();
    of_documents.dedup();
    (payments, of_documents)
}

/// Rows to be written.
#[derive(Default)]
pub(crate) struct Changed {
    payments: Vec<(AccountId, PaymentColumns)>,
    refunds: Vec<(AccountId, RefundColumns)>,
    documents: Vec<(AccountId, DocumentColumns)>,
}

impl Changed {
    /// As statements, none for what is empty.
    pub(crate) fn inserts(&self) -> Vec<Write<'_>> {
        let mut inserts = Vec::new();
        if !self.payments.is_empty() {
            inserts.push(insert_payments(&self.payments));
        }
        if !self.refunds.is_empty() {
            inserts.push(insert_refunds(&self.refunds));
        }
        if !self.documents.is_empty() {
            inserts.push(insert_documents(&self.documents));
        }
        inserts
    }
}

fn insert_payments(rows: &[(AccountId, PaymentColumns)]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO payments (account_id, payment_id, version, purpose, status, currency, amount,
                requested_at, settled_at, invoice, reference, row)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[],
                $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[],
                $12::bytea[])
            ON CONFLICT (account_id, payment_id) DO UPDATE SET version = excluded.version,
                status = excluded.status, settled_at = excluded.settled_at,
                invoice = excluded.invoice, reference = excluded.reference, row = excluded.row",
        columns: vec![
            column(rows, |(id, _)| id.as_str()),
            column(rows, |(_, row)| row.payment.to_string()),
            column(rows, |(_, row)| crate::error::signed(row.version)),
            column(rows, |(_, row)| row.purpose),
            column(rows, |(_, row)| row.status),
            column(rows, |(_, row)| row.money.currency.to_string()),
            column(rows, |(_, row)| row.money.amount),
            column(rows, |(_, row)| row.requested_at.micros()),
            column(rows, |(_, row)| row.settled_at.map(Timestamp::micros)),
            column(rows, |(_, row)| row.invoice.map(|document| i64::from(document.0))),
            column(rows, |(_, row)| row.reference.as_ref().map(ToString::to_string)),
            column(rows, |(_, row)| row.row.as_slice()),
        ],
    }
}

fn insert_refunds(rows: &[(AccountId, RefundColumns)]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO payment_refunds (account_id, refund_id, payment_id, status, currency, amount,
                requested_at, document)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                $6::bigint[], $7::bigint[], $8::bigint[])
            ON CONFLICT (account_id, refund_id) DO UPDATE SET status = excluded.status",
        columns: vec![
            column(rows, |(id, _)| id.as_str()),
            column(rows, |(_, row)| row.refund.to_string()),
            column(rows, |(_, row)| row.payment.to_string()),
            column(rows, |(_, row)| row.status),
            column(rows, |(_, row)| row.money.currency.to_string()),
            column(rows, |(_, row)| row.money.amount),
            column(rows, |(_, row)| row.requested_at.micros()),
            column(rows, |(_, row)| row.document.map(|document| i64::from(document.0))),
        ],
    }
}

fn insert_documents(rows: &[(AccountId, DocumentColumns)]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO documents (account_id, document, version, kind, series, year, number,
                legal_number, state, issued_at, currency, net, tax, total, corrects, credited_by, row)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
                $6::integer[], $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::text[],
                $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
                $17::bytea[])
            ON CONFLICT (account_id, document) DO UPDATE SET version = excluded.version,
                state = excluded.state, credited_by = excluded.credited_by, row = excluded.row",
        columns: vec![
            column(rows, |(id, _)| id.as_str()),
            column(rows, |(_, row)| i64::from(row.document.0)),
            column(rows, |(_, row)| crate::error::signed(row.version)),
            column(rows, |(_, row)| row.kind),
            column(rows, |(_, row)| row.number.series.as_str()),
            column(rows, |(_, row)| i32::from(row.number.year)),
            column(rows, |(_, row)| i64::from(row.number.number)),
            column(rows, |(_, row)| row.number.to_string()),
            column(rows, |(_, row)| row.state),
            column(rows, |(_, row)| row.issued_at.micros()),
            column(rows, |(_, row)| row.total.currency.to_string()),
            column(rows, |(_, row)| row.net),
            column(rows, |(_, row)| row.tax),
            column(rows, |(_, row)| row.total.amount),
            column(rows, |(_, row)| row.corrects.map(|document| i64::from(document.0))),
            column(rows, |(_, row)| row.credited_by.map(|document| i64::from(document.0))),
            column(rows, |(_, row)| row.row.as_slice()),
        ],
    }
}

/// A payment of an account.
pub(crate) const PAYMENT: &str =
    "SELECT row FROM payments WHERE account_id = $1 AND payment_id = $2";

/// A payment.
pub(crate) async fn payment(
    connections: &Connections,
    id: &AccountId,
    payment: PaymentId,
) -> Result<Option<PaymentRow>> {
    let row = connections.query_one(PAYMENT, &[&id.as_str(), &payment.to_string()]).await?;
    row.map(|row| decode(&connections.place, id, &get::<Vec<u8>>(&row, 0)?)).transpose()
}

/// A document.
pub(crate) async fn document(
    connections: &Connections,
    id: &AccountId,
    document: DocumentId,
) -> Result<Option<DocumentRow>> {
    let select = "SELECT row FROM documents WHERE account_id = $1 AND document = $2";
    let row = connections.query_one(select, &[&id.as_str(), &i64::from(document.0)]).await?;
    row.map(|row| decode(&connections.place, id, &get::<Vec<u8>>(&row, 0)?)).transpose()
}

/// At most `limit` documents of ids below `before`, newest first.
pub(crate) async fn documents(
    connections: &Connections,
    id: &AccountId,
    before: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<DocumentRow>> {
    let select = "
        SELECT row FROM documents WHERE account_id = $1 AND document < $2
        ORDER BY document DESC LIMIT $3";
    let before = before.map_or(i64::MAX, |before| i64::from(before.0));
    let rows = connections.query(select, &[&id.as_str(), &before, &most(limit)]).await?;
    rows.iter().map(|row| decode(&connections.place, id, &get::<Vec<u8>>(row, 0)?)).collect()
}

/// Who has a payment of that name.
pub(crate) async fn payer(connections: &Connections, name: &PaymentName) -> Result<Option<Payer>> {
    let (select, value) = match name {
        PaymentName::Id(id) => {
            ("SELECT account_id, payment_id FROM payments WHERE payment_id = $1", id.to_string())
        }
        PaymentName::Reference(reference) => (
            "SELECT account_id, payment_id FROM payments WHERE reference = $1",
            reference.to_string(),
        ),
        PaymentName::Refund(id) => (
            "SELECT account_id, payment_id FROM payment_refunds WHERE refund_id = $1",
            id.to_string(),
        ),
    };
    let Some(row) = connections.query_one(select, &[&value]).await? else {
        return Ok(None);
    };
    let payment = parse("payment_id", Some(get(&row, 1)?))?;
    let account = crate::views::account_id(&row, 0)?;
    Ok(payment.map(|payment| Payer { account, payment }))
}
