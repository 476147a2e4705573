//! Asking for money.

use alloc::vec::Vec;
use core::time::Duration;

use super::fulfil::fulfil;
use super::{Order, PaidInvoice, PaymentMethod, Purchase, Stage};
use crate::account::Account;
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::id::{DocumentId, PaymentId, RefundId};
use crate::rejection::{PaymentRejection, Rejection};
use crate::time::Timestamp;

/// As many top-ups may be on their way at once.
const MOST_TOPUPS: usize = 10;

/// How long a payment waits for a customer who was not there when it was asked for, and has to be
/// called by mail.
const ABSENT: Duration = Duration::from_secs(86_400);

/// Who asks for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The customer, who is there to authenticate.
    ByCustomer,
    /// Nobody: something fell due.
    ByItself,
}

/// Buys what an order is for: asks for the payment, or does it at once if it costs nothing.
///
/// # Errors
/// [`Rejection`]: another payment is in the way, or there is nothing to pay with.
pub(in crate::account) fn buy(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    order: &Order,
    asked: Asked,
) -> Result<Vec<Event>, Rejection> {
    let mut events = make_way(account, &order.purchase)?;
    if order.bill.total == 0 {
        events.extend(fulfil(account, catalog, now, order, None));
        return Ok(events);
    }
    let method = method(account, now)?;
    events.push(request(account, catalog, now, method, order, asked));
    Ok(events)
}

/// What is paid with.
///
/// # Errors
/// [`PaymentRejection`]: there is nothing, or its card has expired.
pub(in crate::account) fn method(
    account: &Account,
    now: Timestamp,
) -> Result<&PaymentMethod, PaymentRejection> {
    let method = account.billing.default_method().ok_or(PaymentRejection::MethodRequired)?;
    if method.has_expired(now) {
        return Err(PaymentRejection::CardExpired);
    }
    Ok(method)
}

/// A payment for the subscription that waits for the customer gives way to a new one; one that the
/// bank is at doesn't.
///
/// # Errors
/// [`PaymentRejection`]: a payment is with the bank, or too many are under way.
pub(in crate::account) fn make_way(
    account: &Account,
    purchase: &Purchase,
) -> Result<Vec<Event>, PaymentRejection> {
    let payments = account.billing.payments.iter().filter(|payment| !payment.abandoned);
    if !purchase.is_subscription() {
        let topups = payments.filter(|payment| !payment.order.purchase.is_subscription());
        return match topups.count() < MOST_TOPUPS {
            true => Ok(Vec::new()),
            false => Err(PaymentRejection::TooManyPayments { most: MOST_TOPUPS }),
        };
    }
    let mut events = Vec::new();
    for payment in payments.filter(|payment| payment.order.purchase.is_subscription()) {
        if payment.stage != Stage::RequiresAction {
            return Err(PaymentRejection::PaymentPending { payment: payment.id });
        }
        events.push(Event::PaymentAbandoned { payment: payment.id });
    }
    Ok(events)
}

/// A payment is asked for.
pub(in crate::account) fn request(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    method: &PaymentMethod,
    order: &Order,
    asked: Asked,
) -> Event {
    Event::PaymentRequested {
        payment: PaymentId::numbered(account.billing.seed, account.billing.next_payment),
        method: method.clone(),
        on_session: asked == Asked::ByCustomer,
        expires_at: now.after(match asked {
            Asked::ByCustomer => catalog.policies.payment_ttl,
            Asked::ByItself => ABSENT,
        }),
        order: order.clone(),
    }
}

/// The return of a paid invoice's money; none if the provider has no name for the payment.
pub(in crate::account) fn refund_of(
    paid: &PaidInvoice,
    refund: RefundId,
    document: Option<DocumentId>,
) -> Option<Event> {
    Some(Event::RefundRequested {
        refund,
        payment: paid.payment,
        reference: paid.reference.clone()?,
        money: paid.bill.due(),
        document,
    })
}
