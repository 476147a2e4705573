//! Payments that are under way, for the pages on which they were begun.

use bursar_core::account::payments::{Purchase, Stage};

use super::action::payment_page;
use crate::session::Customer;

/// A payment that is under way.
pub(super) struct Waiting {
    pub(super) text: String,
    pub(super) label: &'static str,
    pub(super) url: String,
}

/// Those for purchases of a kind, oldest first.
pub(super) fn waiting(customer: &Customer, of: impl Fn(&Purchase) -> bool) -> Vec<Waiting> {
    let payments = customer.account().billing.payments.iter();
    let wanted = payments.filter(|payment| !payment.abandoned && of(&payment.order.purchase));
    let shown = wanted.map(|payment| {
        let amount = customer.locale.money(payment.money());
        let (text, label) = match payment.stage {
            Stage::RequiresAction => {
                (format!("A payment of {amount} waits for you to confirm it."), "Continue")
            }
            Stage::Requested | Stage::Processing => {
                (format!("A payment of {amount} is being processed."), "See how it stands")
            }
        };
        Waiting { text, label, url: payment_page(payment.id) }
    });
    shown.collect()
}
