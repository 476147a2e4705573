//! A plan of one account's own: "Contact us for team and enterprise pricing."

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::account::Account;
use crate::account::event::Event;
use crate::catalog::{Catalog, Plan};
use crate::credits::Credits;
use crate::id::Key;
use crate::money::Money;
use crate::rejection::{Rejection, SubscriptionRejection};

/// The key of every account's own plan, which no catalog may use.
pub const CUSTOM: &str = "custom";

/// A price is at most that, in major units, as everywhere.
const MOST_MAJOR: i64 = 1_000_000_000_000;

/// Offers the account a plan of its own, which it then subscribes to like any other; or no longer. The
/// terms of a period that is paid for stay what they are.
///
/// # Errors
/// [`Rejection`]: the plan is not in the account's currency, names a feature that the catalog doesn't
/// have, has another key than [`CUSTOM`] or figures out of range, or the account is on it and it would go.
pub fn decide(
    account: &Account,
    catalog: &Catalog,
    plan: Option<&Plan>,
) -> Result<Vec<Event>, Rejection> {
    let own = account.billing.custom_plan.as_deref();
    let Some(plan) = plan else {
        let on_it = own.is_some_and(|own| account.plan() == Some(&own.key));
        return match own {
            None => Err(SubscriptionRejection::NoCustomPlan.into()),
            Some(_) if on_it => Err(SubscriptionRejection::OnCustomPlan.into()),
            Some(_) => Ok(alloc::vec![Event::CustomPlanChanged { plan: None }]),
        };
    };
    let most = MOST_MAJOR.saturating_mul(account.currency.minor_per_major());
    let wrong =
        |price: &Money| price.currency != account.currency || !(0..=most).contains(&price.amount);
    let prices = [plan.price_month, plan.price_year, plan.price_year_per_month];
    let wrong = prices.iter().any(wrong)
        || plan.allowance.is_negative()
        || plan.allowance > Credits::MAX_AMOUNT;
    let known = |key: &Key| catalog.features.iter().any(|feature| feature.key == *key);
    if let Some(feature) = plan.features.iter().find(|key| !known(key)) {
        return Err(SubscriptionRejection::UnknownFeature { given: feature.clone() }.into());
    }
    if wrong || plan.key.as_str() != CUSTOM {
        return Err(SubscriptionRejection::BadCustomPlan { currency: account.currency }.into());
    }
    Ok(alloc::vec![Event::CustomPlanChanged { plan: Some(Box::new(plan.clone())) }])
}
