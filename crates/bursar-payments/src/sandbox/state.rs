//! What the sandbox remembers.

use std::collections::{BTreeMap, BTreeSet};

use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::money::Money;
use bursar_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::cards::{Loss, TestCard, Webhooks, by_token};
use super::{charge, refund};
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::event::Dispute;
use crate::id::{CustomerRef, DisputeRef, EventRef, MethodRef, PaymentId, PaymentRef, RefundId};
use crate::id::{MandateRef, SetupRef};
use crate::method::{Card, PaymentMethod, Setup, SetupStatus};
use crate::refund::Refund;

/// All that the sandbox remembers: customers, payment methods, payments, what is on its way. Holds
/// no card number, no name and no address. Serialise it to keep it over a restart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SandboxState {
    /// How many things were made: numbers the next one.
    pub(super) made: u64,
    pub(super) customers: BTreeMap<CustomerRef, AccountId>,
    pub(super) methods: BTreeMap<MethodRef, MethodRecord>,
    pub(super) setups: BTreeMap<SetupRef, SetupRecord>,
    pub(super) payments: BTreeMap<PaymentId, PaymentRecord>,
    pub(super) refunds: BTreeMap<RefundId, Refund>,
    pub(super) disputes: BTreeMap<DisputeRef, Dispute>,
    /// The secret part of a 3-D Secure page's address, and what it is for.
    pub(super) challenges: BTreeMap<String, Challenge>,
    /// What was made under which key.
    pub(super) keys: BTreeMap<IdempotencyKey, Made>,
    /// Webhooks on their way.
    pub(super) queue: BTreeMap<u64, Queued>,
    /// Webhooks that were lost, for those who want to see them after all.
    pub(super) lost: Vec<Queued>,
    pub(super) faults: Faults,
    /// Payments whose first request was lost.
    pub(super) requests_lost: BTreeSet<PaymentId>,
    /// What happens by itself, and when.
    pub(super) timers: Vec<(Timestamp, Timer)>,
}

/// Something that happens by itself after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Timer {
    /// The bank makes up its mind.
    Payment(PaymentId),
    /// A refund is done, or comes back.
    Refund(RefundId),
}

/// A payment method. Which test card it is says all there is to know about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MethodRecord {
    pub(super) customer: Option<CustomerRef>,
    pub(super) token: String,
    pub(super) exp_month: u8,
    pub(super) exp_year: u16,
    /// The consent, if it was entered in the form.
    pub(super) mandate: Option<MandateRef>,
}

/// A session of the card form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SetupRecord {
    pub(super) customer: CustomerRef,
    /// The secret part of the form's address.
    pub(super) secret: String,
    pub(super) return_url: Option<String>,
    pub(super) status: SetupStatus,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaymentRecord {
    pub(super) id: PaymentId,
    pub(super) reference: PaymentRef,
    pub(super) customer: CustomerRef,
    pub(super) method: MethodRef,
    /// The test card that pays.
    pub(super) token: String,
    pub(super) money: Money,
    pub(super) description: String,
    pub(super) return_url: Option<String>,
    /// Minor units that went back or are on their way back.
    pub(super) refunded: i64,
    pub(super) stage: Stage,
}

/// How far a payment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(super) enum Stage {
    Processing,
    /// Waits on the 3-D Secure page of that secret.
    RequiresAction {
        challenge: String,
    },
    Declined {
        decline: Decline,
    },
    Cancelled,
    Succeeded,
}

/// What a 3-D Secure page is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Challenge {
    Payment(PaymentId),
    Setup {
        setup: SetupRef,
        /// The card that was entered, to be attached when the customer approves.
        token: String,
        exp_month: u8,
        exp_year: u16,
    },
}

/// What was made under an idempotency key, with what it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Made {
    Customer(CustomerRef, AccountId),
    Setup(SetupRef, CustomerRef),
    Method(MethodRef, CustomerRef, MethodRef),
}

/// A webhook on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) event: EventRef,
    pub(super) body: String,
    pub(super) due: Timestamp,
    pub(super) tries: u8,
}

/// What is to go wrong next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Faults {
    pub(super) webhooks: Option<Webhooks>,
    pub(super) lose_next: Option<Loss>,
    pub(super) decline_next: Option<String>,
}

impl SandboxState {
    /// Lets happen what is due, in order of its time.
    pub(super) fn advance(&mut self, now: Timestamp) -> Result<(), ProviderError> {
        let (mut due, later): (Vec<_>, Vec<_>) =
            self.timers.drain(..).partition(|(at, _)| *at <= now);
        self.timers = later;
        due.sort_by_key(|(at, _)| *at);
        for (at, timer) in due {
            match timer {
                Timer::Payment(id) => charge::settle(self, id, at)?,
                Timer::Refund(id) => refund::settle(self, id, at)?,
            }
        }
        Ok(())
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// A fresh reference: `pi_sbx_000007`.
    pub(super) fn reference<R: TryFrom<String>>(
        &mut self,
        prefix: &str,
    ) -> Result<R, ProviderError> {
        let number = self.next();
        R::try_from(format!("{prefix}_sbx_{number:06}"))
            .map_err(|_| ProviderError::unavailable("the sandbox has run out of numbers"))
    }

    pub(super) fn payment_of(&self, reference: &PaymentRef) -> Option<&PaymentRecord> {
        (self.payments.values()).find(|payment| payment.reference == *reference)
    }

    pub(super) fn known_customer(&self, customer: &CustomerRef) -> Result<(), ProviderError> {
        if self.customers.contains_key(customer) {
            Ok(())
        } else {
            Err(NotDone::Missing("customer").into())
        }
    }

    /// The test card behind a payment method, or behind a token that isn't attached to anyone.
    pub(super) fn card_of(&self, method: &MethodRef) -> Option<&'static TestCard> {
        let stored = self.methods.get(method).map(|record| record.token.as_str());
        by_token(stored.unwrap_or(method.as_str()))
    }
}

impl MethodRecord {
    pub(super) fn describe(&self, reference: &MethodRef) -> PaymentMethod {
        let card = by_token(&self.token).and_then(|card| {
            Some(Card {
                brand: card.brand.to_owned(),
                last4: card.last4.parse().ok()?,
                exp_month: self.exp_month,
                exp_year: self.exp_year,
                fingerprint: Some(format!("sandbox_{}", card.last4)),
            })
        });
        PaymentMethod { reference: reference.clone(), customer: self.customer.clone(), card }
    }
}

impl SetupRecord {
    pub(super) fn describe(&self, reference: &SetupRef) -> Setup {
        Setup {
            reference: reference.clone(),
            customer: Some(self.customer.clone()),
            status: self.status.clone(),
        }
    }
}
