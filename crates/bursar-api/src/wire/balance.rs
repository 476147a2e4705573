//! The balance: what can be spent, from which lots, until when.

use bursar_core::account::Account;
use bursar_core::account::event::Recorded;
use bursar_core::account::state::Lot;
use bursar_core::account::subscription::next::next_refresh_at;
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::LotId;
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, ClassName, Shown, Time};

/// What can be spent and what is reserved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"available": 320, "held": 80}))]
pub(crate) struct BalanceNow {
    /// What can be spent.
    available: Amount,
    /// What open holds reserve.
    held: Amount,
}

impl BalanceNow {
    /// After an event.
    pub(crate) const fn after(recorded: &Recorded) -> Self {
        Self { available: Amount(recorded.available), held: Amount(recorded.held) }
    }

    /// After the last event of an entry.
    pub(crate) fn at_end(entry: &Entry) -> Self {
        let nothing = Self { available: Amount(Credits::ZERO), held: Amount(Credits::ZERO) };
        entry.events.last().map_or(nothing, Self::after)
    }
}

/// A balance with all that explains it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// What can be spent: what remains less what is held.
    available: Amount,
    /// What open holds reserve.
    held: Amount,
    /// Live lots, in the order in which they are spent.
    lots: Vec<LotView>,
    /// The sums of each class.
    by_class: ByClass,
    /// When the monthly credits are issued anew; null if they won't be.
    next_refresh_at: Option<Time>,
    /// The account's version.
    version: u64,
}

/// One grant of credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Lot)]
struct LotView {
    /// The lot.
    #[schema(value_type = String, example = "lot_1")]
    id: Shown<LotId>,
    /// Its class.
    class: ClassName,
    /// What is not spent yet, held credits included.
    remaining: Amount,
    /// What open holds reserve of it.
    held: Amount,
    /// When it expires; null for never.
    expires_at: Option<Time>,
    /// Has it expired? Then only what is held of it can still be captured.
    expired: bool,
}

/// The sums of each class.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ByClass {
    /// Monthly credits.
    plan: ClassBalance,
    /// Given credits.
    promo: ClassBalance,
    /// Bought credits.
    topup: ClassBalance,
}

/// The sums of one class.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ClassBalance {
    /// What is not spent yet, held credits included.
    remaining: Amount,
    /// What open holds reserve.
    held: Amount,
    /// When the next of its lots expires; null if none will.
    next_expiry_at: Option<Time>,
}

impl Balance {
    /// The balance of an account that has been advanced to its present.
    pub(crate) fn of(account: &Account) -> Self {
        let class = |class| ClassBalance::of(account.lots.iter().filter(|lot| lot.class == class));
        Self {
            available: Amount(account.available()),
            held: Amount(account.held()),
            lots: account.lots.iter().map(LotView::of).collect(),
            by_class: ByClass {
                plan: class(Class::Plan),
                promo: class(Class::Promo),
                topup: class(Class::Topup),
            },
            next_refresh_at: next_refresh_at(account).map(Time),
            version: account.version,
        }
    }
}

impl LotView {
    fn of(lot: &Lot) -> Self {
        Self {
            id: Shown(lot.id),
            class: lot.class.into(),
            remaining: Amount(lot.remaining),
            held: Amount(lot.held),
            expires_at: lot.expires_at.map(Time),
            expired: lot.expired,
        }
    }
}

impl ClassBalance {
    fn of<'a>(lots: impl Iterator<Item = &'a Lot> + Clone) -> Self {
        let live = lots.clone().filter(|lot| !lot.expired);
        Self {
            remaining: Amount(Credits::total(lots.clone().map(|lot| lot.remaining))),
            held: Amount(Credits::total(lots.map(|lot| lot.held))),
            next_expiry_at: live.filter_map(|lot| lot.expires_at).min().map(Time),
        }
    }
}
