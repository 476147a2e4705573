//! What comes by itself, told ahead: the next charge and the next credits.

use super::offer::next_order;
use crate::account::Account;
use crate::account::payments::Purchase;
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::money::Money;
use crate::time::Timestamp;

/// What is charged next, tax included, and when: of an unpaid renewal what is due at its next attempt,
/// else the next period as it would be billed now. `None` if nothing will be.
pub fn next_charge(account: &Account, catalog: &Catalog) -> Option<(Money, Timestamp)> {
    let live = account.live()?;
    if let Some(renewal) = &live.renewal {
        return Some((renewal.order.bill.due(), renewal.retry_at?));
    }
    if live.cancellation.is_some() {
        return None;
    }
    Some((next_order(account, live, catalog).bill.due(), live.billing.end))
}

/// When the monthly credits are issued anew; `None` if they won't be.
pub fn next_refresh_at(account: &Account) -> Option<Timestamp> {
    let live = account.live()?;
    if live.renewal.is_some() {
        return None;
    }
    let ends = live.cancellation.is_some() && live.billing.end <= live.credit.end;
    (!ends).then_some(live.credit.end)
}

/// When monthly credits come next, and how many: those of the next billing period, if that is when it
/// begins. `None` if none will come.
pub fn next_allowance(account: &Account, catalog: &Catalog) -> Option<(Timestamp, Credits)> {
    let (at, live) = (next_refresh_at(account)?, account.live()?);
    if at < live.billing.end {
        return Some((at, live.terms.allowance));
    }
    match next_order(account, live, catalog).purchase {
        Purchase::Renewal { terms, .. } => Some((at, terms.allowance)),
        Purchase::Start { .. } | Purchase::Change { .. } | Purchase::Topup { .. } => None,
    }
}
