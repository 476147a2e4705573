//! The page of a document, put together from a data directory.

use anyhow::Result;
use bursar_api::documents;
use bursar_core::account::Account;
use bursar_core::account::documents::record::DocumentRecord;
use bursar_documents::Document;

use super::Reading;

/// The page of one of an account's documents.
pub(crate) fn page(
    reading: &Reading,
    account: &Account,
    record: &DocumentRecord,
) -> Result<Document> {
    let catalog = reading.catalog_of(record.catalog)?;
    Ok(reading.wait(documents::page(reading.store(), account, record, &catalog))?)
}
