//! The page of an invoice or a credit note, put together from what a store has of it: the same for the
//! API, the command line and mail.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::catalog::Catalog;
use bursar_core::id::CatalogVersion;
use bursar_core::time::Timestamp;
use bursar_documents::{Buyer, Document, NotOfRecord};
use bursar_store::{BillingDetails, Store, StoreError};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog that the document names was not kept, or can't be read.
    #[error("the catalog {0}, under which the document was issued, can't be had")]
    Catalog(CatalogVersion),
    /// What the store has doesn't make a page.
    #[error(transparent)]
    Record(#[from] NotOfRecord),
}

/// A catalog that was in force, as it is kept. Its version is the one that it was kept under: that is
/// what documents name, whatever a later release makes of the same text.
///
/// # Errors
/// [`PageError`].
pub async fn catalog_of(
    store: &dyn Store,
    version: CatalogVersion,
) -> Result<Arc<Catalog>, PageError> {
    let kept = store.catalogs().await?;
    let record = kept.into_iter().find(|record| record.version == version);
    let read = record.and_then(|record| bursar_catalog::parse(&record.text).ok());
    let read = read.ok_or(PageError::Catalog(version))?;
    Ok(Arc::new(Catalog { version, ..read }))
}

/// The page of one of an account's documents. `catalog` is the one that the record names.
///
/// # Errors
/// [`PageError`].
pub async fn page(
    store: &dyn Store,
    account: &Account,
    record: &DocumentRecord,
    catalog: &Catalog,
) -> Result<Document, PageError> {
    let counterpart = match Document::counterpart(record) {
        Some(id) => store.document(&account.id, id).await?.map(|row| row.record),
        None => None,
    };
    let counterpart = counterpart.as_ref();
    let returned = returned(store, account, record, counterpart).await?;
    let buyer = buyer(store, account, record.buyer).await?;
    Ok(Document::of_record(record, counterpart, &account.zone, catalog, buyer, returned)?)
}

/// When the money of a credit note was returned, if it has been: by the payment of its invoice.
async fn returned(
    store: &dyn Store,
    account: &Account,
    record: &DocumentRecord,
    invoice: Option<&DocumentRecord>,
) -> Result<Option<Timestamp>, StoreError> {
    let (DocumentKind::CreditNote { .. }, Some(paid)) =
        (&record.kind, invoice.and_then(|invoice| invoice.paid.as_ref()))
    else {
        return Ok(None);
    };
    let payment = store.payment(&account.id, paid.payment).await?;
    let of_note = |payment: PaymentRecord| {
        let refund = payment.refunds.into_iter().find(|it| it.document == Some(record.id));
        refund.and_then(|refund| refund.outcome?.ok())
    };
    Ok(payment.and_then(|row| of_note(row.record)))
}

/// The customer, as the revision of their details says that the document names; before the first, by
/// the name that the account was opened with.
async fn buyer(store: &dyn Store, account: &Account, revision: u32) -> Result<Buyer, StoreError> {
    let unknown = Buyer::unknown(account.id.clone());
    if revision == 0 {
        let contact = store.contact(&account.id).await?;
        return Ok(match contact.name {
            Some(name) => Buyer { name, ..unknown },
            None => unknown,
        });
    }
    let details = store.billing_details(&account.id, revision).await?;
    let Some(BillingDetails { name, company, address, country, vat_id }) = details else {
        return Ok(unknown);
    };
    Ok(Buyer { name, company, address, country, vat_id, ..unknown })
}
