//! Folding events about money into the state.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::{
    AutoTopupState, Billing, DisputeStatus, OpenDispute, OpenPayment, OpenRefund, Order,
    PaidInvoice, PaymentMethod, Purchase, Retry, Stage, UnearnedTopup,
};
use crate::account::Account;
use crate::account::event::Event;
use crate::account::notices::ScheduledNotice;
use crate::account::state::{LiveSubscription, Renewal, Subscription};
use crate::id::{DocumentId, PaymentId};
use crate::provider::MethodRef;
use crate::time::Timestamp;

/// Automatic top-ups that fail one after another before a method is given up.
const MOST_FAILURES: u32 = 3;

/// Folds an event about money or notices; others do nothing here.
pub(in crate::account) fn apply_billing(account: &mut Account, at: Timestamp, event: &Event) {
    let billing = &mut account.billing;
    match event {
        Event::CustomerLinked { customer, seed } => {
            billing.customer = Some(customer.clone());
            billing.seed = *seed;
        }
        Event::PaymentMethodAdded { method, default } => add(billing, method, *default),
        Event::DefaultMethodChanged { method } => put_first(billing, method),
        Event::PaymentMethodRemoved { method } => {
            billing.methods.retain(|known| known.reference != *method);
        }
        Event::BillingDetailsChanged { revision, country, business } => {
            (billing.buyer, billing.country, billing.business) = (*revision, *country, *business);
        }
        Event::AutoTopupChanged { settings, cooldown } => {
            let before = billing.auto_topup.take().map(Box::new);
            let before = before.or_else(|| billing.auto_topup_before.take());
            if settings.is_none() {
                billing.auto_topup_before = before;
                return;
            }
            billing.auto_topup = settings.clone().map(|settings| AutoTopupState {
                settings,
                cooldown: *cooldown,
                spent: before.as_ref().map_or(0, |before| before.spent),
                not_before: before.as_ref().and_then(|before| before.not_before),
                failures: before.map_or(0, |before| before.failures),
                declined: None,
                exhausted: false,
            });
        }
        Event::AutoTopupCapped => {
            if let Some(auto) = &mut billing.auto_topup {
                auto.exhausted = true;
            }
        }
        Event::CustomPlanChanged { plan } => billing.custom_plan.clone_from(plan),
        Event::UnusedTimeCarried { by } => {
            billing.carried = billing.carried.saturating_add(by.amount);
        }
        Event::NoticeScheduled { notice, at } => {
            let place = account.notices.partition_point(|other| other.at <= *at);
            account.notices.insert(place, ScheduledNotice { kind: *notice, at: *at });
        }
        Event::NoticeGiven { notice, .. } => {
            if let Some(place) = account.notices.iter().position(|given| given.kind == *notice) {
                account.notices.remove(place);
            }
        }
        Event::PaymentRequested { .. }
        | Event::PaymentProgressed { .. }
        | Event::PaymentSucceeded { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentAbandoned { .. } => apply_payment(account, at, event),
        _ => apply_document(account, event),
    }
}

fn add(billing: &mut Billing, method: &PaymentMethod, default: bool) {
    billing.methods.push(method.clone());
    if default {
        put_first(billing, &method.reference);
    }
}

fn put_first(billing: &mut Billing, method: &MethodRef) {
    if let Some(place) = billing.methods.iter().position(|known| known.reference == *method)
        && let Some(up_to) = billing.methods.get_mut(..=place)
    {
        up_to.rotate_right(1);
    }
}

fn apply_payment(account: &mut Account, at: Timestamp, event: &Event) {
    let billing = &mut account.billing;
    match event {
        Event::PaymentRequested { payment, method, on_session, expires_at, order } => {
            billing.next_payment = billing.next_payment.saturating_add(1);
            match (&order.purchase, &mut billing.auto_topup) {
                (Purchase::Topup { automatic: true, .. }, Some(auto)) => {
                    auto.not_before = Some(at.after(auto.cooldown));
                }
                (Purchase::Renewal { .. }, _) => {
                    let live = live(&mut account.subscription);
                    if let Some(renewal) = live.and_then(|live| live.renewal.as_mut()) {
                        renewal.retry_at = None;
                    }
                }
                _ => {}
            }
            billing.payments.push(OpenPayment {
                id: *payment,
                method: method.clone(),
                on_session: *on_session,
                order: order.clone(),
                stage: Stage::Requested,
                reference: None,
                requested_at: at,
                expires_at: *expires_at,
                abandoned: false,
            });
        }
        Event::PaymentProgressed { payment, reference, requires_action } => {
            if let Some(open) = open(billing, *payment) {
                open.stage = match requires_action {
                    true => Stage::RequiresAction,
                    false => Stage::Processing,
                };
                open.reference = reference.clone().or(open.reference.take());
            }
        }
        Event::PaymentAbandoned { payment } => {
            if let Some(open) = open(billing, *payment) {
                open.abandoned = true;
            }
        }
        Event::PaymentSucceeded { payment, .. } => {
            let over = take(billing, *payment);
            if let (Some(over), Some(auto)) = (over, automatic(billing))
                && matches!(over.order.purchase, Purchase::Topup { automatic: true, .. })
            {
                auto.failures = 0;
            }
        }
        Event::PaymentFailed { payment, retry, .. } => {
            let over = take(billing, *payment);
            if let (Some(over), Some(auto)) = (over, automatic(billing))
                && matches!(over.order.purchase, Purchase::Topup { automatic: true, .. })
            {
                auto.failures = auto.failures.saturating_add(1);
                let pause = auto.cooldown.saturating_mul(1 << auto.failures.min(8));
                auto.not_before = Some(at.after(pause));
                if *retry != Retry::Later || auto.failures >= MOST_FAILURES {
                    auto.declined = Some(over.method.reference);
                }
            }
        }
        _ => {}
    }
}

/// Automatic top-ups as they are; or as they were when they were turned off, perhaps while one was under way.
fn automatic(billing: &mut Billing) -> Option<&mut AutoTopupState> {
    billing.auto_topup.as_mut().or(billing.auto_topup_before.as_deref_mut())
}

fn open(billing: &mut Billing, id: PaymentId) -> Option<&mut OpenPayment> {
    billing.payments.iter_mut().find(|payment| payment.id == id)
}

fn take(billing: &mut Billing, id: PaymentId) -> Option<OpenPayment> {
    let place = billing.payments.iter().position(|payment| payment.id == id)?;
    Some(billing.payments.remove(place))
}

fn live(subscription: &mut Subscription) -> Option<&mut LiveSubscription> {
    match subscription {
        Subscription::Live(live) => Some(Arc::make_mut(live)),
        _ => None,
    }
}

fn apply_document(account: &mut Account, event: &Event) {
    let billing = &mut account.billing;
    match event {
        Event::InvoiceIssued { document, order, .. } => {
            issued(billing, *document);
            if order.purchase.is_subscription() {
                billing.unearned = billing.unearned.saturating_add(order.bill.net);
            }
            billing.open_invoices.push((*document, order.clone()));
            if let (Purchase::Renewal { .. }, Some(live)) =
                (&order.purchase, live(&mut account.subscription))
            {
                live.renewal = Some(Box::new(Renewal {
                    document: *document,
                    order: order.clone(),
                    unpaid_since: None,
                    retry_at: None,
                    ends_at: None,
                }));
            }
        }
        Event::InvoicePaid { document, payment, reference, .. } => {
            if let Some(order) = close(billing, *document) {
                let bill = order.bill;
                let reference = reference.clone();
                let paid = PaidInvoice { document: *document, payment: *payment, reference, bill };
                invoice_paid(account, &order.purchase, paid);
            }
        }
        Event::CreditNoteIssued { document, corrects, bill, paid, .. } => {
            issued(billing, *document);
            if !paid {
                billing.unearned = billing.unearned.saturating_sub(bill.net);
                close(billing, *corrects);
            }
            billing.refundable.retain(|invoice| invoice.document != *corrects);
        }
        Event::RenewalUnpaid { retry_at, ends_at, .. } => {
            let since = account.booked_at;
            let live = live(&mut account.subscription);
            if let Some(renewal) = live.and_then(|live| live.renewal.as_mut()) {
                renewal.unpaid_since.get_or_insert(since);
                renewal.retry_at = *retry_at;
                renewal.ends_at = Some(*ends_at);
            }
        }
        _ => apply_money(account, event),
    }
}

fn issued(billing: &mut Billing, document: DocumentId) {
    let next = DocumentId(document.0.saturating_add(1));
    billing.next_document = billing.next_document.max(next);
}

fn close(billing: &mut Billing, document: DocumentId) -> Option<Order> {
    let place = billing.open_invoices.iter().position(|(open, _)| *open == document)?;
    Some(billing.open_invoices.remove(place).1)
}

fn invoice_paid(account: &mut Account, purchase: &Purchase, paid: PaidInvoice) {
    let billing = &mut account.billing;
    match purchase {
        Purchase::Topup { credits, automatic: is_automatic, .. } => {
            if let (true, Some(auto)) = (*is_automatic, automatic(billing)) {
                auto.spent = auto.spent.saturating_add(paid.bill.total);
            }
            billing.topups.push(UnearnedTopup {
                // The next event issues it.
                lot: account.next_lot,
                credits: *credits,
                net: paid.bill.net,
                unearned: paid.bill.net,
                paid,
            });
        }
        Purchase::Renewal { .. } => billing.refundable.clear(),
        Purchase::Start { .. } | Purchase::Change { .. } => {
            let first = account.first_subscribed_at;
            let is_first = match &account.subscription {
                Subscription::Live(live) => Some(live.started_at) == first,
                _ => first.is_none(),
            };
            if is_first {
                billing.refundable.push(paid);
            }
        }
    }
}

fn apply_money(account: &mut Account, event: &Event) {
    let billing = &mut account.billing;
    match event {
        Event::RefundRequested { refund, payment, reference, money, document } => {
            billing.refunds.push(OpenRefund {
                id: *refund,
                payment: *payment,
                reference: reference.clone(),
                money: *money,
                document: *document,
                failed: None,
            });
        }
        Event::RefundSucceeded { refund, .. } => {
            billing.refunds.retain(|open| open.id != *refund);
        }
        Event::RefundFailed { refund, code, .. } => {
            if let Some(open) = billing.refunds.iter_mut().find(|open| open.id == *refund) {
                open.failed = Some(code.clone());
            }
        }
        Event::RevenueRecognized { subscription, breakage, topups, .. } => {
            let earned = subscription.saturating_add(*breakage);
            billing.unearned = billing.unearned.saturating_sub(earned);
            if let (true, Some(live)) = (earned != 0, live(&mut account.subscription)) {
                live.month_recognized = true;
            }
            for (lot, earned) in topups {
                if let Some(topup) = billing.topups.iter_mut().find(|topup| topup.lot == *lot) {
                    topup.unearned = topup.unearned.saturating_sub(*earned);
                }
            }
            billing.topups.retain(|topup| topup.unearned != 0);
        }
        Event::PaymentDisputed { payment, dispute, status, money, .. } => {
            billing.disputes.retain(|known| known.dispute != *dispute);
            if *status != DisputeStatus::Won {
                billing.disputes.push(OpenDispute {
                    dispute: dispute.clone(),
                    payment: *payment,
                    status: *status,
                    money: *money,
                });
            }
        }
        _ => {}
    }
}
