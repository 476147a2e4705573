//! Payments: what is asked, and what became of it.

use bursar_core::money::Money;

use crate::decline::Decline;
use crate::id::{CustomerRef, MandateRef, MethodRef, PaymentId, PaymentRef};
use crate::method::CustomerStep;

/// Money to be taken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Ours, and the provider's idempotency key. Whatever is repeated under it takes money at most
    /// once.
    pub id: PaymentId,
    /// Who pays.
    pub customer: CustomerRef,
    /// With what.
    pub method: MethodRef,
    /// How much; positive.
    pub money: Money,
    /// For whom it concerns at the provider, such as `Invoice 2026-000123`. Not personal data.
    pub description: String,
    /// Whether the customer is there.
    pub presence: Presence,
    /// Whether this id may have been sent before.
    pub attempt: Attempt,
}

/// Whether the customer is there to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At the screen: a purchase.
    OnSession {
        /// Where the customer goes after authenticating on the provider's page.
        return_url: Option<String>,
    },
    /// Absent: a renewal, an automatic top-up. Rests on the consent given when the payment method
    /// was set up.
    OffSession {
        /// That consent, if the provider has a name for it.
        mandate: Option<MandateRef>,
    },
}

/// Whether an id may have been sent before.
///
/// Idempotency keys are forgotten: Stripe keeps them for a day. A payment that is taken up again
/// after that (the machine was down) would be charged twice by its key alone. So `Again` asks for
/// the payment first, and only sends what isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing was ever sent under this id, and the caller knows it.
    First,
    /// Something may have been: after a crash, an unknown outcome, or a restart.
    Again,
}

/// How to find a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLookup {
    /// Ours.
    pub id: PaymentId,
    /// Whose it is.
    pub customer: CustomerRef,
    /// Its name at the provider, if a reply or a webhook told it.
    pub reference: Option<PaymentRef>,
}

/// A payment as it stands at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Ours.
    pub id: PaymentId,
    /// Its name at the provider; absent when it was declined before it got one.
    pub reference: Option<PaymentRef>,
    /// How much.
    pub money: Money,
    /// How far it is.
    pub status: PaymentStatus,
}

impl Payment {
    /// How to find it again.
    pub fn lookup(&self, customer: &CustomerRef) -> PaymentLookup {
        PaymentLookup { id: self.id, customer: customer.clone(), reference: self.reference.clone() }
    }
}

/// How far a payment is.
///
/// News of it arrive by reply, webhook and polling, in any order and any number of times, and a
/// webhook tells how things were when it was written. [`PaymentStatus::settle`] says which of two is
/// to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// On its way; the result comes by webhook, or by polling.
    Processing,
    /// Waits for the customer. Until it is cancelled the customer can still complete it, so cancel
    /// it before the same invoice is paid in another way.
    RequiresAction(CustomerStep),
    /// Refused.
    Declined(Decline),
    /// Given up; it can't take money any more.
    Cancelled,
    /// The money was taken. Final: what happens later are refunds and disputes.
    Succeeded,
}

impl PaymentStatus {
    /// The one of two to be believed, whichever came first: the further one.
    ///
    /// A payment that waits may be declined when the customer fails to authenticate, and still
    /// succeed when the customer tries again; nothing undoes a success, and only a success comes
    /// after a cancellation (it was made in the moment in which we cancelled).
    #[must_use]
    pub fn settle(self, news: Self) -> Self {
        if news.rank() >= self.rank() { news } else { self }
    }

    /// Whether nothing more is to be expected without anyone acting.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Declined(_) | Self::Cancelled | Self::Succeeded)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Processing => 0,
            Self::RequiresAction(_) => 1,
            Self::Declined(_) => 2,
            Self::Cancelled => 3,
            Self::Succeeded => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Webhooks late, twice, and in any order: the end is the same.
        #[test]
        fn the_order_of_news_makes_no_difference(
            mut order in proptest::collection::vec(0_usize..5, 1..12),
        ) {
            let all = [
                PaymentStatus::Processing,
                PaymentStatus::RequiresAction(CustomerStep::Page { url: String::new() }),
                PaymentStatus::Declined(Decline::of("do_not_honor")),
                PaymentStatus::Cancelled,
                PaymentStatus::Succeeded,
            ];
            let end = |order: &[usize]| order.iter().fold(
                PaymentStatus::Processing,
                |known, news| known.settle(all[*news].clone()),
            );
            let as_sent = end(&order);
            order.sort_unstable();
            proptest::prop_assert_eq!(end(&order), as_sent.clone());
            order.reverse();
            proptest::prop_assert_eq!(end(&order), as_sent);
        }
    }
}
