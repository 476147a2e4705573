//! Top-ups that haven't been touched can be refunded by an administrator.

use alloc::vec::Vec;

use crate::Context;
use crate::account::command::RefundTopup;
use crate::account::documents::{CreditReason, TakenBack, credit_note};
use crate::account::event::Event;
use crate::account::lots::portion;
use crate::account::payments::request::refund_of;
use crate::account::{Account, revenue};
use crate::catalog::Catalog;
use crate::id::{Reason, RefundId};
use crate::rejection::{PaymentRejection, Rejection, SubscriptionRejection};

impl RefundTopup {
    /// The money goes back with a credit note, and the credits are taken back.
    ///
    /// # Errors
    /// [`Rejection`]: it isn't the invoice of a top-up, some of its credits are spent or held, or its
    /// payment is disputed.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let document = self.document;
        let mut topups = account.billing.topups.iter();
        let topup = topups.find(|topup| topup.paid.document == document);
        let topup = topup.ok_or(PaymentRejection::NotRefundable { document })?;
        if account.billing.is_disputed(topup.paid.payment) {
            return Err(SubscriptionRejection::Disputed { document }.into());
        }
        let lot = account.lot(topup.lot).filter(|lot| lot.available() == topup.credits);
        let lot = lot.ok_or(PaymentRejection::TopupTouched { document })?;
        let note = account.billing.next_document;
        let reason = self.reason.clone();
        let taken_back = TakenBack {
            invoice: document,
            bill: &topup.paid.bill,
            paid: true,
            reason: CreditReason::TopupRefunded { reason: reason.clone() },
        };
        let mut events = alloc::vec![credit_note(account, catalog, context.now, note, taken_back)];
        events.extend(refund_of(&topup.paid, RefundId::generate(context), Some(note)));
        events.push(Event::CreditsTaken {
            portions: alloc::vec![portion(lot, topup.credits)],
            reason: reason.unwrap_or_else(|| Reason::literal("refund of a top-up")),
        });
        events.extend(revenue::of_topup(account, topup));
        Ok(events)
    }
}
