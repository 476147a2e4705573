//! The page of a document, put together from a data directory.

use anyhow::Result;
use bursar_core::account::Account;
use bursar_core::account::documents::record::DocumentRecord;
use bursar_core::time::Timestamp;
use bursar_documents::{Buyer, Document};
use bursar_store::BillingDetails;

use super::Reading;

/// The page of one of an account's documents.
pub(crate) fn page(
    reading: &Reading,
    account: &Account,
    record: &DocumentRecord,
) -> Result<Document> {
    let counterpart = Document::counterpart(record);
    let counterpart = counterpart.map(|id| reading.document(&account.id, id)).transpose()?;
    let counterpart = counterpart.as_ref();
    let returned = returned(reading, account, record, counterpart)?;
    let catalog = reading.catalog_of(record.catalog)?;
    let details = reading.billing_details(&account.id, record.buyer)?;
    let buyer = buyer(account, details);
    Ok(Document::of_record(record, counterpart, &account.zone, &catalog, buyer, returned)?)
}

/// When the money of a credit note was returned, if it has been: by the payment of its invoice.
fn returned(
    reading: &Reading,
    account: &Account,
    record: &DocumentRecord,
    counterpart: Option<&DocumentRecord>,
) -> Result<Option<Timestamp>> {
    let Some(paid) = counterpart.and_then(|invoice| invoice.paid.as_ref()) else {
        return Ok(None);
    };
    let payment = reading.payment(&account.id, paid.payment)?;
    let refunds = payment.map(|payment| payment.refunds).unwrap_or_default();
    let own = refunds.into_iter().filter(|refund| refund.document == Some(record.id));
    Ok(own.filter_map(|refund| refund.outcome?.ok()).next())
}

fn buyer(account: &Account, details: Option<BillingDetails>) -> Buyer {
    let unknown = Buyer::unknown(account.id.clone());
    let Some(BillingDetails { name, company, address, country, vat_id }) = details else {
        return unknown;
    };
    Buyer { name, company, address, country, vat_id, ..unknown }
}
