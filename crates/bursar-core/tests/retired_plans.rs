//! A plan that is no longer for sale.

mod support;

use bursar_core::Context;
use bursar_core::account::advance::advance;
use bursar_core::account::command::{ChangePlan, Command, Open};
use bursar_core::account::{Account, execute};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::entitlements::entitlement;
use bursar_core::rejection::{Rejection, SubscriptionRejection};
use bursar_core::time::{Timestamp, ZoneName};
use support::{catalog, credits, key};

fn change(account: &mut Account, catalog: &Catalog, plan: &str) -> Result<(), Rejection> {
    let command = ChangePlan { plan: plan.to_owned(), interval: Interval::Month };
    let context = Context { now: account.last_event_at, entropy: [0; 10] };
    execute(account, catalog, &Command::ChangePlan(command), &context, None).map(|_| ())
}

#[test]
fn a_retired_plan_is_kept_by_its_subscribers_and_sold_to_nobody() {
    let mut catalog = catalog();
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let open = Open { zone: ZoneName::utc(), currency: None };
    let account = |id: &str| open.decide(id.parse().unwrap(), &catalog, now).unwrap().0;
    let (mut ada, mut bob) = (account("ada"), account("bob"));
    change(&mut ada, &catalog, "small").unwrap();
    catalog.plans[0].retired = true;

    advance(&mut ada, &catalog, "2026-02-01T00:00:00Z".parse().unwrap());
    assert_eq!(ada.plan(), Some(&key("small")));
    assert_eq!(ada.available(), credits("100"));
    assert!(entitlement(&ada, &catalog, "video").unwrap().allowed);

    let unknown =
        SubscriptionRejection::UnknownPlan { given: "small".to_owned(), known: vec![key("large")] };
    assert_eq!(change(&mut bob, &catalog, "small"), Err(unknown.into()));
    assert_eq!(entitlement(&bob, &catalog, "video").unwrap().unlocked_by, Some(key("large")));

    // It keeps its place in the order: leaving it for a higher plan is an upgrade.
    change(&mut ada, &catalog, "large").unwrap();
    assert_eq!(ada.plan(), Some(&key("large")));
}
