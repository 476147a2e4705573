//! Which features an account has: "Feature Access by Plan".

use alloc::string::String;

use crate::account::Account;
use crate::account::state::Subscription;
use crate::catalog::Catalog;
use crate::id::Key;

/// Whether an account may use a feature, and if not, what would change that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// May it?
    pub allowed: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// The lowest plan that has the feature, if the account may not use it.
    pub unlocked_by: Option<Key>,
}

/// May `account` use `feature`? `None` if the catalog has no such feature.
pub fn entitlement(account: &Account, catalog: &Catalog, feature: &str) -> Option<Entitlement> {
    let feature = catalog.features.iter().find(|known| known.key.as_str() == feature)?;
    let unlocking = catalog.unlocking_plan(core::iter::once(&feature.key));
    let plan = account.plan().and_then(|key| account.plan_of(catalog, key));
    let name = &feature.name;
    let (allowed, reason) = match (plan, &account.subscription) {
        (Some(plan), _) if plan.features.contains(&feature.key) => {
            (true, alloc::format!("{} includes {name}.", plan.name))
        }
        (Some(plan), _) => (false, alloc::format!("{} does not include {name}.", plan.name)),
        (None, Subscription::Retention(_) | Subscription::Purged { .. }) => {
            (false, String::from("The subscription has ended."))
        }
        (None, _) => (false, String::from("The account has no plan of the catalog.")),
    };
    let unlocked_by = unlocking.filter(|_| !allowed).map(|plan| plan.key.clone());
    Some(Entitlement { allowed, reason, unlocked_by })
}
