//! A plan that is no longer for sale.

mod support;

use bursar_core::entitlements::entitlement;
use bursar_core::rejection::SubscriptionRejection;
use support::customer::{Customer, Month, change};
use support::{catalog, credits, key};

#[test]
fn a_retired_plan_is_kept_by_its_subscribers_and_sold_to_nobody() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    let mut bob = Customer::with_card(catalog(), "2026-01-01T00:00:00Z");
    for customer in [&mut ada, &mut bob] {
        customer.catalog.plans[0].retired = true;
    }

    ada.paying_until("2026-02-01T00:00:00Z");
    assert_eq!(ada.account.plan(), Some(&key("small")));
    assert_eq!(ada.account.available(), credits("100"));
    assert!(entitlement(&ada.account, &ada.catalog, "video").unwrap().allowed);

    let unknown =
        SubscriptionRejection::UnknownPlan { given: "small".to_owned(), known: vec![key("large")] };
    assert_eq!(bob.ask(&change("small", Month)), Err(unknown.into()));
    let unlocked_by = entitlement(&bob.account, &bob.catalog, "video").unwrap().unlocked_by;
    assert_eq!(unlocked_by, Some(key("large")));

    // It keeps its place in the order: leaving it for a higher plan is an upgrade.
    ada.pay(&change("large", Month));
    assert_eq!(ada.account.plan(), Some(&key("large")));
}
