//! What an account pays with, as far as it may be known.

use bursar_core::account::event::Event;
use bursar_core::account::payments::PaymentMethod;
use bursar_core::provider::{Card, Last4, MethodRef};
use bursar_core::time::Timestamp;
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shown;
use super::payment::PaymentView;

/// A card: enough to recognise it, nothing to pay with.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(crate) struct CardView {
    /// The brand, as the provider writes it.
    #[schema(example = "visa")]
    brand: String,
    /// The last four digits.
    #[schema(value_type = String, example = "4242")]
    last4: Shown<Last4>,
    /// The last month in which it is valid, 1 to 12.
    exp_month: u8,
    /// The year of that month.
    exp_year: u16,
}

impl From<&Card> for CardView {
    fn from(card: &Card) -> Self {
        Self {
            brand: card.brand.clone(),
            last4: Shown(card.last4),
            exp_month: card.exp_month,
            exp_year: card.exp_year,
        }
    }
}

/// A payment method.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
pub(crate) struct MethodView {
    /// Its name at the payment provider.
    #[schema(value_type = String, example = "pm_1")]
    id: Shown<MethodRef>,
    /// Its card, if it is one.
    card: Option<CardView>,
    /// Is it what is paid with?
    default: bool,
    /// Has its card expired by the account's clock?
    expired: bool,
}

impl MethodView {
    /// A method at `now`.
    pub(crate) fn of(method: &PaymentMethod, default: bool, now: Timestamp) -> Self {
        Self {
            id: Shown(method.reference.clone()),
            card: method.card.as_ref().map(CardView::from),
            default,
            expired: method.has_expired(now),
        }
    }
}

/// A payment method that was added.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PaymentMethodAdded {
    #[serde(flatten)]
    method: MethodView,
    /// The payment that it made at once of what was past due.
    payment: Option<PaymentView>,
    /// The account's version after it.
    version: u64,
}

/// A payment method that is paid with from now on, or is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PaymentMethodChanged {
    /// Its name at the payment provider.
    #[schema(value_type = String, example = "pm_1")]
    id: Shown<MethodRef>,
    /// Is it what is paid with?
    default: bool,
    /// Is it gone?
    removed: bool,
    /// The payment that it made at once of what was past due.
    payment: Option<PaymentView>,
    /// The account's version after it.
    version: u64,
}

/// The reply of an addition; `last` is the entry that it ended with.
pub(crate) fn added(
    entry: &Entry,
    last: &Entry,
    payment: Option<PaymentView>,
) -> Option<PaymentMethodAdded> {
    entry.events.iter().find_map(|recorded| match &recorded.event {
        Event::PaymentMethodAdded { method, default } => Some(PaymentMethodAdded {
            method: MethodView::of(method, *default, recorded.at),
            payment: payment.clone(),
            version: last.version(),
        }),
        _ => None,
    })
}

/// The reply of a change of the default or a removal; `last` is the entry that it ended with.
pub(crate) fn changed(
    entry: &Entry,
    last: &Entry,
    payment: Option<PaymentView>,
) -> Option<PaymentMethodChanged> {
    entry.events.iter().find_map(|recorded| {
        let (method, removed) = match &recorded.event {
            Event::DefaultMethodChanged { method } => (method, false),
            Event::PaymentMethodRemoved { method } => (method, true),
            _ => return None,
        };
        Some(PaymentMethodChanged {
            id: Shown(method.clone()),
            default: !removed,
            removed,
            payment: payment.clone(),
            version: last.version(),
        })
    })
}
