//! Paying an open invoice.

use alloc::vec::Vec;

use super::request::{Asked, buy};
use crate::account::Account;
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::id::DocumentId;
use crate::rejection::{PaymentRejection, Rejection};
use crate::time::Timestamp;

/// Pays the invoice of a renewal with the default method, now.
///
/// # Errors
/// [`Rejection`]: the invoice isn't open, a payment of it is under way, or there is nothing to pay
/// with.
pub fn pay(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    document: DocumentId,
) -> Result<Vec<Event>, Rejection> {
    let renewal = account.live().and_then(|live| live.renewal.as_ref());
    match renewal.filter(|renewal| renewal.document == document) {
        Some(renewal) => buy(account, catalog, now, &renewal.order, Asked::ByCustomer),
        None if document.0 < account.billing.next_document.0 && document.0 > 0 => {
            Err(PaymentRejection::InvoiceNotOpen { document }.into())
        }
        None => Err(PaymentRejection::InvoiceNotFound { document }.into()),
    }
}
