//! "The amount on the button is the amount on the invoice."

use bursar_core::account::command::Command;
use bursar_core::id::CatalogVersion;

use super::support::customer::{
    Customer, Month, RequiresAction, Succeeded, Year, add_card, card, change, confirm,
};
use super::support::{DAY, scriptkit};
use super::{available, totals};

fn starter() -> Customer {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.paying_until("2026-04-11T12:34:56.789Z");
    ada
}

#[test]
fn what_a_preview_says_is_what_is_invoiced() {
    for (plan, interval) in [("professional", Month), ("studio", Month), ("starter", Year)] {
        let mut ada = starter();
        let preview = ada.preview(plan, interval).unwrap();
        ada.paying_until("2026-04-11T13:04:56.789Z");
        ada.pay(&confirm(&preview));
        assert_eq!(ada.invoices().last().unwrap(), &preview.order.bill);
        assert_eq!(ada.account.live().unwrap().plan.as_str(), plan);
        let next = ada.account.live().unwrap().terms.price;
        assert_eq!(preview.next_charge, next);
    }
}

#[test]
fn a_preview_is_stale_after_its_time() {
    let mut ada = starter();
    let preview = ada.preview("studio", Month).unwrap();
    ada.now = "2026-04-11T13:04:56.789001Z".parse().unwrap();
    let (code, fix) = ada.refused(&confirm(&preview));
    assert_eq!(code, "stale_preview");
    assert!(fix.contains("new preview"), "{fix}");
}

/// A change between preview and confirmation.
fn stale(between: impl FnOnce(&mut Customer)) {
    let mut ada = starter();
    ada.run(&add_card("other", false));
    let preview = ada.preview("studio", Month).unwrap();
    between(&mut ada);
    assert_eq!(ada.refused(&confirm(&preview)).0, "stale_preview");
}

#[test]
fn a_preview_is_stale_once_what_it_says_has_changed() {
    stale(|ada| ada.catalog.version = CatalogVersion(*b"othertes"));
    stale(|ada| ada.catalog.plans[2].price_month.amount += 1);
    stale(|ada| {
        ada.pay(&change("professional", Month));
    });
    // Another card.
    stale(|ada| {
        ada.run(&Command::SetDefaultMethod(card("other", 9999).reference));
    });
}

#[test]
fn a_preview_of_before_the_billing_date_is_stale_after_it() {
    let mut ada = starter();
    ada.paying_until("2026-04-30T23:50:00Z");
    let preview = ada.preview("studio", Month).unwrap();
    ada.paying_until("2026-05-01T00:10:00Z");
    assert_eq!(ada.refused(&confirm(&preview)).0, "stale_preview");
}

#[test]
fn a_card_that_expires_between_preview_and_confirmation_is_not_charged() {
    let mut ada = Customer::open(scriptkit(), "2026-12-31T23:50:00Z");
    ada.link();
    let method = card("visa", 2026);
    let add = bursar_core::account::command::AddPaymentMethod { method, default: true };
    ada.run(&Command::AddPaymentMethod(add));
    let preview = ada.preview("starter", Month).unwrap();
    ada.now = "2027-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(ada.refused(&confirm(&preview)).0, "card_expired");
    assert!(ada.account.billing.payments.is_empty());
}

#[test]
fn one_preview_is_paid_once_however_often_it_is_confirmed() {
    let mut ada = starter();
    let preview = confirm(&ada.preview("studio", Month).unwrap());
    ada.run(&preview);
    assert_eq!(ada.refused(&preview).0, "payment_pending");
    ada.answer_all(&Succeeded);
    assert_eq!(ada.refused(&preview).0, "already_on_plan");
    assert_eq!((totals(&ada).len(), ada.payments().len()), (2, 2));

    // While the first waits for the customer, the second takes its place; if both are finished, the
    // first goes back.
    let mut bob = starter();
    let preview = confirm(&bob.preview("studio", Month).unwrap());
    bob.run(&preview);
    let first = bob.last_payment();
    bob.settle(first, &RequiresAction).unwrap();
    bob.run(&preview);
    let second = bob.last_payment();
    bob.settle(first, &Succeeded).unwrap();
    assert_eq!(
        (bob.count("refund_requested"), bob.account.plan().unwrap().as_str()),
        (1, "starter")
    );
    bob.settle(second, &Succeeded).unwrap();
    assert_eq!((totals(&bob).len(), bob.account.plan().unwrap().as_str()), (2, "studio"));
}

#[test]
fn a_preview_promises_the_credits_that_come() {
    let mut ada = starter();
    let preview = ada.preview("studio", Month).unwrap();
    let before = ada.account.available();
    ada.now = ada.now.after(DAY / 96);
    ada.pay(&confirm(&preview));
    assert_eq!(ada.account.available(), before.plus(preview.allowance_change));
    assert_ne!(available(&ada), "3000");
}
