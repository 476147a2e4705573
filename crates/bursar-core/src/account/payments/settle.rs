//! What the provider says of a payment or a refund: by reply, webhook or polling, in any order and any
//! number of times; each is applied once.

use alloc::vec::Vec;

use super::fulfil::{PaidBy, fulfil, still_applies};
use super::record::PaymentRecord;
use super::request::{Asked, refund_of, request};
use super::{OpenPayment, PaidInvoice, Retry, Stage};
use crate::Context;
use crate::account::Account;
use crate::account::command::{PaymentOutcome, SettlePayment, SettleRefund};
use crate::account::event::Event;
use crate::account::subscription::renewal::unpaid;
use crate::catalog::Catalog;
use crate::id::{Key, RefundId};
use crate::rejection::PaymentRejection;
use crate::time::Timestamp;

impl SettlePayment {
    /// Applies the news. A success brings what was bought; if that can't be done any more, or the
    /// payment was over already, the money goes back.
    ///
    /// # Errors
    /// [`PaymentRejection::NothingNew`], [`PaymentRejection::PaymentNotFound`],
    /// [`PaymentRejection::NoReference`].
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
        past: Option<&PaymentRecord>,
    ) -> Result<Vec<Event>, PaymentRejection> {
        let open = account.billing.payment(self.payment);
        let known = open.and_then(|open| open.reference.as_ref());
        let known = known.or_else(|| past.and_then(|past| past.reference.as_ref()));
        // Without it the money could not be returned.
        if self.outcome == PaymentOutcome::Succeeded && self.reference.as_ref().or(known).is_none()
        {
            return Err(PaymentRejection::NoReference { payment: self.payment });
        }
        let Some(payment) = open else {
            let past = past.ok_or(PaymentRejection::PaymentNotFound { payment: self.payment })?;
            return self.late(past, context);
        };
        match &self.outcome {
            PaymentOutcome::Processing => self.progress(payment, Stage::Processing),
            PaymentOutcome::RequiresAction => self.progress(payment, Stage::RequiresAction),
            PaymentOutcome::Declined { code, retry } => {
                Ok(failed(account, payment, catalog, context.now, code.clone(), *retry))
            }
            PaymentOutcome::Cancelled => {
                let retry = given_up(payment);
                Ok(failed(account, payment, catalog, context.now, canceled(), retry))
            }
            PaymentOutcome::Succeeded => Ok(self.succeeded(account, payment, catalog, context)),
        }
    }

    fn progress(&self, payment: &OpenPayment, to: Stage) -> Result<Vec<Event>, PaymentRejection> {
        // A payment that waits for the customer has been with the bank before: old news.
        let known = payment.stage == to || payment.stage == Stage::RequiresAction;
        if known && (self.reference.is_none() || payment.reference.is_some()) {
            return Err(PaymentRejection::NothingNew);
        }
        let requires_action = to == Stage::RequiresAction || payment.stage == Stage::RequiresAction;
        Ok(alloc::vec![Event::PaymentProgressed {
            payment: payment.id,
            reference: self.reference.clone(),
            requires_action,
        }])
    }

    fn succeeded(
        &self,
        account: &Account,
        payment: &OpenPayment,
        catalog: &Catalog,
        context: &Context,
    ) -> Vec<Event> {
        let reference = self.reference.clone().or_else(|| payment.reference.clone());
        let mut events = alloc::vec![Event::PaymentSucceeded {
            payment: payment.id,
            reference: reference.clone(),
            money: payment.money(),
        }];
        // An open invoice is glad of any payment; other purchases were replaced when this one was
        // abandoned.
        let invoice = payment.order.purchase.open_invoice();
        let wanted = !payment.abandoned || invoice.is_some();
        if !wanted || !still_applies(account, &payment.order) {
            let paid = PaidInvoice {
                document: account.billing.next_document,
                payment: payment.id,
                reference,
                bill: payment.order.bill.clone(),
            };
            events.extend(refund_of(&paid, RefundId::generate(context), None));
            return events;
        }
        let others = account.billing.payments.iter().filter(|other| {
            invoice.is_some()
                && other.order.purchase.open_invoice() == invoice
                && other.id != payment.id
                && !other.abandoned
        });
        events.extend(others.map(|other| Event::PaymentAbandoned { payment: other.id }));
        let paid_by = PaidBy {
            payment: payment.id,
            reference: reference.as_ref(),
            card: payment.method.card.as_ref(),
        };
        events.extend(fulfil(account, catalog, context.now, &payment.order, Some(&paid_by)));
        events
    }

    /// News of a payment that was over. Only a success matters: the money was taken all the same, and
    /// goes back.
    fn late(
        &self,
        past: &PaymentRecord,
        context: &Context,
    ) -> Result<Vec<Event>, PaymentRejection> {
        if self.outcome != PaymentOutcome::Succeeded || past.has_succeeded() {
            return Err(PaymentRejection::NothingNew);
        }
        let reference = self.reference.clone().or_else(|| past.reference.clone());
        let succeeded = Event::PaymentSucceeded {
            payment: past.id,
            reference: reference.clone(),
            money: past.order.bill.due(),
        };
        let refund = reference.map(|reference| Event::RefundRequested {
            refund: RefundId::generate(context),
            payment: past.id,
            reference,
            money: past.order.bill.due(),
            document: None,
        });
        Ok(core::iter::once(succeeded).chain(refund).collect())
    }
}

/// A payment has failed. If it was to pay a renewal, dunning goes on.
fn failed(
    account: &Account,
    payment: &OpenPayment,
    catalog: &Catalog,
    now: Timestamp,
    code: Key,
    retry: Retry,
) -> Vec<Event> {
    let mut events = alloc::vec![Event::PaymentFailed { payment: payment.id, code, retry }];
    events.extend(not_paid(account, payment, catalog, now, retry));
    events
}

/// A payment waits for the customer no longer. A renewal that it was to pay is past due from now on,
/// or it would be asked for again and again.
pub(in crate::account) fn expired(
    account: &Account,
    payment: &OpenPayment,
    catalog: &Catalog,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = alloc::vec![Event::PaymentAbandoned { payment: payment.id }];
    events.extend(not_paid(account, payment, catalog, now, given_up(payment)));
    events
}

/// What another attempt needs after a payment that was given up. One that the customer began doesn't
/// stop the attempts that come by themselves; those would wait for the customer again.
const fn given_up(payment: &OpenPayment) -> Retry {
    if payment.on_session { Retry::Later } else { Retry::Customer }
}

/// What a payment that came to nothing means for the renewal that it was to pay: dunning goes on. A
/// method that was made the default meanwhile is tried at once, also after the last day.
fn not_paid(
    account: &Account,
    payment: &OpenPayment,
    catalog: &Catalog,
    now: Timestamp,
    retry: Retry,
) -> Vec<Event> {
    let invoice = payment.order.purchase.open_invoice();
    let live = account.live();
    let (Some(live), Some(renewal)) = (live, live.and_then(|live| live.renewal.as_ref())) else {
        return Vec::new();
    };
    // What isn't wanted any more has been replaced, or dunning has gone on without it.
    if payment.abandoned || invoice != Some(renewal.document) {
        return Vec::new();
    }
    let mut events = unpaid(account, live, renewal, catalog, now, retry);
    let method = account.billing.default_method();
    if let Some(method) = method.filter(|method| method.reference != payment.method.reference) {
        events.retain(|event| matches!(event, Event::RenewalUnpaid { .. }));
        events.push(request(account, catalog, now, method, &renewal.order, Asked::ByItself));
    }
    events
}

/// The code of a payment that was given up.
fn canceled() -> Key {
    Key::literal("canceled")
}

impl SettleRefund {
    /// Applies the news of a refund.
    ///
    /// # Errors
    /// [`PaymentRejection::NothingNew`]: there is no such refund, or it is over.
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, PaymentRejection> {
        let open = account.billing.refunds.iter().find(|refund| refund.id == self.refund);
        let open = open.ok_or(PaymentRejection::NothingNew)?;
        match &self.outcome {
            Ok(()) => Ok(alloc::vec![Event::RefundSucceeded {
                refund: open.id,
                payment: open.payment,
                money: open.money,
            }]),
            Err(_) if open.failed.is_some() => Err(PaymentRejection::NothingNew),
            Err(code) => Ok(alloc::vec![Event::RefundFailed {
                refund: open.id,
                payment: open.payment,
                code: code.clone(),
            }]),
        }
    }
}
