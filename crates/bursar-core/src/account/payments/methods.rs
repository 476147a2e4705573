//! What is paid with.

use alloc::vec::Vec;

use super::request::{Asked, request};
use super::{PaymentMethod, Stage};
use crate::account::Account;
use crate::account::command::{AddPaymentMethod, LinkCustomer, SetBillingDetails};
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::provider::MethodRef;
use crate::rejection::PaymentRejection;
use crate::time::Timestamp;

/// An account keeps at most that many.
const MOST_METHODS: usize = 20;

impl LinkCustomer {
    /// # Errors
    /// [`PaymentRejection::NothingNew`]: it is linked already.
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, PaymentRejection> {
        if account.billing.customer.is_some() {
            return Err(PaymentRejection::NothingNew);
        }
        let (customer, seed) = (self.customer.clone(), self.seed);
        Ok(alloc::vec![Event::CustomerLinked { customer, seed }])
    }
}

impl AddPaymentMethod {
    /// The first one is what is paid with. A new one that is to be paid with pays a renewal that is
    /// past due at once.
    ///
    /// # Errors
    /// [`PaymentRejection`]: there are too many, or it is there already.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Event>, PaymentRejection> {
        // Ids of payments are made of what was drawn then.
        if account.billing.customer.is_none() {
            return Err(PaymentRejection::NotLinked);
        }
        let methods = &account.billing.methods;
        if methods.iter().any(|known| known.reference == self.method.reference) {
            return Err(PaymentRejection::MethodExists);
        }
        if methods.len() >= MOST_METHODS {
            return Err(PaymentRejection::TooManyMethods { most: MOST_METHODS });
        }
        let default = self.default || methods.is_empty();
        let mut events =
            alloc::vec![Event::PaymentMethodAdded { method: self.method.clone(), default }];
        if default {
            events.extend(pay_what_is_due(account, catalog, now, &self.method));
        }
        Ok(events)
    }
}

/// Pays with another method from now on; a renewal that is past due at once.
///
/// # Errors
/// [`PaymentRejection`]: there is no such method, or it is the one already.
pub fn set_default(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    reference: &MethodRef,
) -> Result<Vec<Event>, PaymentRejection> {
    let method = find(account, reference)?;
    let is_default =
        account.billing.default_method().is_some_and(|default| default.reference == *reference);
    if is_default {
        return Err(PaymentRejection::AlreadyDefault);
    }
    let mut events = alloc::vec![Event::DefaultMethodChanged { method: reference.clone() }];
    events.extend(pay_what_is_due(account, catalog, now, method));
    Ok(events)
}

/// Forgets a method. If it was what is paid with, the next one is, and pays a renewal that is past due
/// at once.
///
/// # Errors
/// [`PaymentRejection`]: there is no such method, a payment is under way with it, or it is the last
/// and the subscription goes on.
pub fn remove(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    reference: &MethodRef,
) -> Result<Vec<Event>, PaymentRejection> {
    find(account, reference)?;
    let payments = &account.billing.payments;
    if let Some(payment) = payments.iter().find(|payment| payment.method.reference == *reference) {
        return Err(PaymentRejection::PaymentPending { payment: payment.id });
    }
    let goes_on = account.live().is_some_and(|live| live.cancellation.is_none());
    if goes_on && account.billing.methods.len() == 1 {
        return Err(PaymentRejection::LastMethod);
    }
    let mut events = alloc::vec![Event::PaymentMethodRemoved { method: reference.clone() }];
    if let [default, next, ..] = account.billing.methods.as_slice()
        && default.reference == *reference
    {
        events.extend(pay_what_is_due(account, catalog, now, next));
    }
    Ok(events)
}

fn find<'a>(
    account: &'a Account,
    reference: &MethodRef,
) -> Result<&'a PaymentMethod, PaymentRejection> {
    let mut methods = account.billing.methods.iter();
    methods
        .find(|method| method.reference == *reference)
        .ok_or_else(|| PaymentRejection::MethodNotFound { method: reference.clone() })
}

/// "A new card retries at once."
fn pay_what_is_due(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    method: &PaymentMethod,
) -> Vec<Event> {
    let renewal = account.live().and_then(|live| live.renewal.as_ref());
    let Some(renewal) = renewal.filter(|renewal| renewal.unpaid_since.is_some()) else {
        return Vec::new();
    };
    let mut events = Vec::new();
    match account.billing.paying(renewal.document) {
        Some(payment) if payment.stage == Stage::RequiresAction => {
            events.push(Event::PaymentAbandoned { payment: payment.id });
        }
        // The bank is at it.
        Some(_) => return events,
        None => {}
    }
    events.push(request(account, catalog, now, method, &renewal.order, Asked::ByCustomer));
    events
}

impl SetBillingDetails {
    /// # Errors
    /// [`PaymentRejection::NothingNew`]: these are the details already, or older ones.
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, PaymentRejection> {
        let Self { revision, country, business } = *self;
        if revision <= account.billing.buyer {
            return Err(PaymentRejection::NothingNew);
        }
        Ok(alloc::vec![Event::BillingDetailsChanged { revision, country, business }])
    }
}
