//! Reserving credits while a job runs.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::Context;
use crate::account::Account;
use crate::account::command::{PlaceHold, SpendRequest};
use crate::account::event::{Event, Portion, Purpose};
use crate::account::lots::choose;
use crate::account::state::Subscription;
use crate::account::storage;
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::id::{HoldId, Key};
use crate::pricing::{Price, price};
use crate::rejection::SpendRejection;
use crate::time::Timestamp;

impl PlaceHold {
    /// Reserves lots in burn order, all or nothing, until the hold ends or its time runs out.
    ///
    /// # Errors
    /// [`SpendRejection`]: no price, not enough credits, the plan lacks the feature, the
    /// subscription has ended, storage is full ("You can't generate new assets"), limits.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, SpendRejection> {
        let policy = &catalog.policies.holds;
        let ttl = self.ttl.unwrap_or(policy.default_ttl);
        if ttl.is_zero() || ttl > policy.max_ttl {
            let most_seconds = policy.max_ttl.as_secs();
            return Err(SpendRejection::TtlOutOfRange { most_seconds });
        }
        if account.holds.len() >= usize::try_from(policy.max_open).unwrap_or(usize::MAX) {
            return Err(SpendRejection::TooManyHolds { most: policy.max_open });
        }
        let spend = Spending::decide(&self.spend, account, catalog, context.now)?;
        Ok(alloc::vec![Event::HoldPlaced {
            hold: HoldId::generate(context),
            portions: spend.portions,
            expires_at: context.now.after(ttl),
            purpose: spend.purpose,
            reference: self.reference.clone(),
        }])
    }
}

/// What is spent and from which lots: the same for a hold and for a charge.
pub(super) struct Spending {
    pub(super) portions: Vec<Portion>,
    pub(super) purpose: Purpose,
}

impl Spending {
    /// Prices a request, checks that it may be spent and chooses the lots.
    pub(super) fn decide(
        request: &SpendRequest,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Self, SpendRejection> {
        let (priced, version) = match request {
            SpendRequest::Credits { credits, reason } => {
                if !credits.is_positive() {
                    return Err(SpendRejection::NothingToSpend);
                }
                let portions = reserve(account, catalog, None, *credits)?;
                return Ok(Self { portions, purpose: Purpose::Custom { reason: reason.clone() } });
            }
            SpendRequest::Operation(usage) => (price(catalog, usage)?, catalog.version),
            SpendRequest::Quote(quote) if quote.account != account.id => {
                return Err(SpendRejection::QuoteOfAnotherAccount);
            }
            SpendRequest::Quote(quote) if quote.expires_at <= now => {
                return Err(SpendRejection::QuoteExpired { expired_at: quote.expires_at });
            }
            SpendRequest::Quote(quote) => (quote.price.clone(), quote.catalog),
        };
        let portions = reserve(account, catalog, Some(&priced), priced.credits)?;
        let Price { usage, rate, .. } = priced;
        Ok(Self { portions, purpose: Purpose::Operation { usage, rate, catalog: version } })
    }
}

/// May `credits` be spent on `price` now? What a quote's `allowed` and every hold and charge ask.
///
/// # Errors
/// [`SpendRejection`].
pub fn check_spendable(
    account: &Account,
    catalog: &Catalog,
    price: Option<&Price>,
    credits: Credits,
) -> Result<(), SpendRejection> {
    reserve(account, catalog, price, credits).map(|_| ())
}

fn reserve(
    account: &Account,
    catalog: &Catalog,
    price: Option<&Price>,
    credits: Credits,
) -> Result<Vec<Portion>, SpendRejection> {
    check_standing(account)?;
    if let Some(price) = price {
        check_features(account, catalog, &price.features)?;
        if price.asset.is_some() {
            check_storage(account, catalog)?;
        }
    }
    let most = catalog.policies.holds.max_credits;
    if credits > most {
        return Err(SpendRejection::TooManyCredits { given: credits, most });
    }
    choose(account, &catalog.policies.burn_first, credits)
        .ok_or_else(|| insufficient(account, credits))
}

/// The subscription must not have ended: what is left of the balance is frozen until the customer
/// comes back. An account that never had one may spend what an administrator gave it.
pub(super) fn check_standing(account: &Account) -> Result<(), SpendRejection> {
    match &account.subscription {
        Subscription::None | Subscription::Live(_) => Ok(()),
        Subscription::Retention(retention) => {
            Err(SpendRejection::SubscriptionEnded { ended_at: retention.ended_at })
        }
        Subscription::Purged { at } => Err(SpendRejection::SubscriptionEnded { ended_at: *at }),
    }
}

pub(in crate::account) fn check_features(
    account: &Account,
    catalog: &Catalog,
    features: &[Key],
) -> Result<(), SpendRejection> {
    let plan = account.plan().and_then(|key| account.plan_of(catalog, key));
    let has = |key: &&Key| plan.is_some_and(|plan| plan.features.contains(key));
    let Some(missing) = features.iter().find(|key| !has(key)) else {
        return Ok(());
    };
    let named = catalog.features.iter().find(|feature| feature.key == *missing);
    Err(SpendRejection::FeatureNotInPlan {
        feature: missing.clone(),
        feature_name: named.map_or_else(|| missing.to_string(), |feature| feature.name.clone()),
        // A plan that the catalog no longer has still has its key.
        plan: plan
            .map(|plan| plan.name.clone())
            .or_else(|| account.plan().map(ToString::to_string)),
        unlocked_by: catalog.unlocking_plan(features.iter()).map(|plan| plan.key.clone()),
    })
}

/// "Storage full? You can't generate new assets." How large the new one will be isn't known yet, so
/// any room will do.
fn check_storage(account: &Account, catalog: &Catalog) -> Result<(), SpendRejection> {
    if account.storage.taken() >= account.storage_quota() {
        return Err(storage::full(account, catalog, 0).into());
    }
    Ok(())
}

/// "needs 80, has 35 available, 20 held: short 45".
pub(super) fn insufficient(account: &Account, need: Credits) -> SpendRejection {
    let available = account.available();
    SpendRejection::InsufficientCredits {
        need,
        available,
        held: account.held(),
        short: need.minus(available),
    }
}
