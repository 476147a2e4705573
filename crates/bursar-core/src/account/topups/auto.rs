//! Automatic top-ups: opt-in, with a threshold, a monthly cap, one in flight, and a pause between two
//! that failures don't shorten.

use alloc::vec::Vec;

use super::{order, pack};
use crate::account::Account;
use crate::account::event::Event;
use crate::account::lots::fits;
use crate::account::payments::request::{Asked, request};
use crate::account::payments::{AutoTopup, Purchase};
use crate::catalog::Catalog;
use crate::rejection::{PaymentRejection, Rejection};
use crate::time::Timestamp;

/// Turns them on, changes them, or turns them off.
///
/// # Errors
/// [`Rejection`]: no such pack, a cap that no pack fits, a threshold that isn't positive, another
/// currency, nothing to pay with.
pub fn decide(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    settings: Option<&AutoTopup>,
) -> Result<Vec<Event>, Rejection> {
    let cooldown = catalog.policies.auto_topup.cooldown;
    if let Some(settings) = settings {
        let pack = pack(catalog, settings.pack.as_str())?;
        let price = order(account, catalog, pack, true).bill.due();
        let cap = settings.monthly_cap;
        if cap.currency != price.currency || cap.amount < price.amount {
            return Err(PaymentRejection::CapTooLow { cap, price }.into());
        }
        if !settings.threshold.is_positive() {
            return Err(PaymentRejection::BadThreshold.into());
        }
        crate::account::payments::request::method(account, now)?;
    } else if account.billing.auto_topup.is_none() {
        return Err(PaymentRejection::NothingNew.into());
    }
    Ok(alloc::vec![Event::AutoTopupChanged { settings: settings.cloned(), cooldown }])
}

/// Since when one is due; it is once less than the threshold can be spent.
pub(in crate::account) fn due_at(account: &Account) -> Option<Timestamp> {
    let auto = account.billing.auto_topup.as_ref()?;
    let live = account.live()?;
    let method = account.billing.default_method()?;
    let in_flight =
        account.billing.payments.iter().any(|payment| {
            matches!(payment.order.purchase, Purchase::Topup { automatic: true, .. })
        });
    let declined = auto.declined.as_ref() == Some(&method.reference);
    // A renewal under way is about to bring credits; and what isn't paid for isn't added to.
    let wanted = live.renewal.is_none() && account.available() < auto.settings.threshold;
    let blocked = in_flight || declined || auto.exhausted;
    let at = auto.not_before.unwrap_or(account.booked_at).max(account.booked_at);
    (wanted && !blocked).then_some(at)
}

/// What is due: the payment, unless the month's cap or the catalog is against it.
pub(in crate::account) fn go(account: &Account, catalog: &Catalog, due: Timestamp) -> Vec<Event> {
    let (Some(auto), Some(method)) =
        (account.billing.auto_topup.as_ref(), account.billing.default_method())
    else {
        return Vec::new();
    };
    let order = pack(catalog, auto.settings.pack.as_str())
        .ok()
        .filter(|pack| fits(account, pack.credits))
        .map(|pack| order(account, catalog, pack, true));
    let Some(order) = order else {
        // The pack is no longer sold, and nothing else was agreed to.
        let cooldown = auto.cooldown;
        return alloc::vec![Event::AutoTopupChanged { settings: None, cooldown }];
    };
    let spent = auto.spent.saturating_add(order.bill.total);
    if spent > auto.settings.monthly_cap.amount {
        return alloc::vec![Event::AutoTopupCapped];
    }
    alloc::vec![request(account, catalog, due, method, &order, Asked::ByItself)]
}
