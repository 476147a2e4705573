//! What the sandbox remembers.

use std::str::FromStr;

use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::money::Money;
use bursar_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::cards::{Loss, TestCard, Webhooks, by_token};
use super::rows::{Row, Rows};
use super::{charge, refund};
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::event::Dispute;
use crate::id::{CustomerRef, DisputeRef, EventRef, MethodRef, PaymentId, PaymentRef, RefundId};
use crate::id::{MandateRef, SetupRef};
use crate::method::{Card, PaymentMethod, Setup, SetupStatus};
use crate::refund::Refund;

/// All that the sandbox remembers: customers, payment methods, payments, what is on its way. Holds
/// no card number, no name and no address. Each entry of a table is kept as a row of its own.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SandboxState {
    pub(super) customers: Rows<CustomerRef, AccountId>,
    pub(super) methods: Rows<MethodRef, MethodRecord>,
    pub(super) setups: Rows<SetupRef, SetupRecord>,
    pub(super) payments: Rows<PaymentId, PaymentRecord>,
    pub(super) refunds: Rows<RefundId, Refund>,
    pub(super) disputes: Rows<DisputeRef, Dispute>,
    /// The secret part of a 3-D Secure page's address, and what it is for.
    pub(super) challenges: Rows<String, Challenge>,
    /// What was made under which key.
    pub(super) keys: Rows<IdempotencyKey, Made>,
    /// Webhooks on their way.
    pub(super) queue: Rows<u64, Queued>,
    /// Webhooks that were lost, for those who want to see them after all.
    pub(super) lost: Rows<u64, Queued>,
    /// Payments whose first request was lost, until the second makes them.
    pub(super) lost_requests: Rows<PaymentId, Loss>,
    /// What happens by itself, and when.
    pub(super) timers: Rows<u64, Alarm>,
    #[serde(flatten)]
    pub(super) rest: Rest,
    /// The rest as it was kept.
    #[serde(skip)]
    pub(super) rest_kept: Rest,
}

/// What is in no table. It is written with most changes, so nothing in it may grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rest {
    /// How many things were made: numbers the next one.
    pub(super) made: u64,
    pub(super) faults: Faults,
}

/// When something happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alarm {
    pub(super) at: Timestamp,
    pub(super) timer: Timer,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MethodRecord {
    pub(super) customer: Option<CustomerRef>,
    pub(super) token: String,
    pub(super) exp_month: u8,
    pub(super) exp_year: u16,
    /// The consent, if it was entered in the form.
    pub(super) mandate: Option<MandateRef>,
}

/// A session of the card form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) event: EventRef,
    pub(super) body: String,
    pub(super) due: Timestamp,
    pub(super) tries: u8,
}

/// What is to go wrong next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Faults {
    pub(super) webhooks: Option<Webhooks>,
    pub(super) lose_next: Option<Loss>,
    pub(super) decline_next: Option<String>,
}

impl SandboxState {
    /// Lets happen what is due, in order of its time.
    pub(super) fn advance(&mut self, now: Timestamp) -> Result<(), ProviderError> {
        let due: Vec<u64> = self.timers.until(&now).copied().collect();
        for number in due {
            let Some(Alarm { at, timer }) = self.timers.remove(&number) else {
                continue;
            };
            match timer {
                Timer::Payment(id) => charge::settle(self, id, at)?,
                Timer::Refund(id) => refund::settle(self, id, at)?,
            }
        }
        Ok(())
    }

    /// Lets something happen at that time.
    pub(super) fn set(&mut self, at: Timestamp, timer: Timer) {
        let number = self.next();
        self.timers.insert(number, Alarm { at, timer });
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.rest.made = self.rest.made.saturating_add(1);
        self.rest.made
    }

    /// A fresh reference: `pi_sbx_000007`.
    pub(super) fn reference<R: FromStr>(&mut self, prefix: &str) -> Result<R, ProviderError> {
        let number = self.next();
        let reference = format!("{prefix}_sbx_{number:06}").parse();
        reference.map_err(|_| ProviderError::unavailable("the sandbox has run out of numbers"))
    }

    pub(super) fn payment_of(&self, reference: &PaymentRef) -> Option<&PaymentRecord> {
        self.payments.marked(reference).and_then(|id| self.payments.get(id))
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

/// Rows that are only asked for by their keys.
macro_rules! found_by_key_alone {
    ($($row:ty),*) => {
        $(impl Row for $row {
            type Mark = ();
        })*
    };
}

found_by_key_alone!(AccountId, MethodRecord, Refund, Dispute, Challenge, Made, Loss);

/// Found by the secret part of the form's address.
impl Row for SetupRecord {
    type Mark = String;

    fn mark(&self) -> Option<String> {
        Some(self.secret.clone())
    }
}

/// Found by the provider's own name for it.
impl Row for PaymentRecord {
    type Mark = PaymentRef;

    fn mark(&self) -> Option<PaymentRef> {
        Some(self.reference.clone())
    }
}

/// Found when it is due.
impl Row for Queued {
    type Mark = Timestamp;

    fn mark(&self) -> Option<Timestamp> {
        Some(self.due)
    }
}

/// Found when it is time.
impl Row for Alarm {
    type Mark = Timestamp;

    fn mark(&self) -> Option<Timestamp> {
        Some(self.at)
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
