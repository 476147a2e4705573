//! Refunds.

use bursar_core::account::command::{
    AdjustCredits, Charge, Command, NoteDispute, RefundSubscription, RefundTopup, SettleRefund,
    SpendRequest,
};
use bursar_core::account::event::Event;
use bursar_core::account::payments::DisputeStatus;
use bursar_core::account::subscription::refund::refundable;
use bursar_core::catalog::Class;
use bursar_core::id::DocumentId;

use super::support::customer::{Customer, Month, Succeeded, Year, change, settle_refund, topup};
use super::support::{DAY, credits, scriptkit, usd};
use super::{available, kinds};

pub(crate) fn charge(amount: &str) -> Command {
    let spend = SpendRequest::Credits { credits: credits(amount), reason: "job".parse().unwrap() };
    Command::Charge(Charge { spend, reference: None })
}

pub(crate) fn give(amount: &str, class: Class) -> Command {
    Command::AdjustCredits(AdjustCredits {
        credits: credits(amount),
        class,
        reason: "gift".parse().unwrap(),
        expires_at: None,
    })
}

fn refund() -> Command {
    Command::RefundSubscription(RefundSubscription { reason: None })
}

fn refund_topup(document: u32) -> Command {
    Command::RefundTopup(RefundTopup { document: DocumentId(document), reason: None })
}

#[test]
fn the_first_subscription_is_refunded_within_7_times_24_hours_to_the_microsecond() {
    for (at, allowed) in
        [("2026-04-08T10:00:00.122455Z", true), ("2026-04-08T10:00:00.122456Z", false)]
    {
        let start = "2026-04-01T10:00:00.122456Z";
        let mut ada = Customer::subscribed(scriptkit(), start, "starter", Month);
        ada.paying_until(at);
        match allowed {
            true => assert!(kinds(&ada.run(&refund())).contains(&"refund_requested")),
            false => {
                let (code, fix) = ada.refused(&refund());
                assert_eq!(code, "refund_window_over");
                assert!(fix.contains("Cancel instead"), "{fix}");
            }
        }
    }
}

#[test]
fn a_refund_takes_back_every_invoice_and_ends_the_subscription_now() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.pay(&topup("small"));
    ada.run(&charge("150"));
    ada.pay(&change("professional", Month));
    let shown = refundable(&ada.account, &ada.catalog, ada.now).unwrap();
    assert_eq!((shown.money.amount, shown.spent.to_string()), (8_900, "150".to_owned()));
    let events = ada.run(&refund());
    let notes: Vec<(DocumentId, DocumentId, i64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::CreditNoteIssued { document, corrects, bill, .. } => {
                Some((*document, *corrects, bill.total))
            }
            _ => None,
        })
        .collect();
    let note = |note, invoice, total| (DocumentId(note), DocumentId(invoice), total);
    assert_eq!(notes, [note(4, 1, 2_900), note(5, 3, 6_000)]);
    ada.answer_all(&Succeeded);
    assert_eq!((ada.count("refund_succeeded"), ada.account.status()), (2, "retention"));
    // The plan's credits are gone; the top-up is kept, frozen.
    assert_eq!(
        (available(&ada), ada.refused(&charge("1")).0),
        ("100".to_owned(), "subscription_ended")
    );
    assert_eq!(ada.account.billing.unearned, 0);
}

#[test]
fn only_the_first_subscription_is_refunded_and_only_once() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&refund());
    ada.answer_all(&Succeeded);
    assert_eq!(ada.refused(&refund()).0, "not_subscribed");
    ada.paying_until("2026-04-02T00:00:00Z");
    ada.pay(&change("starter", Month));
    assert_eq!(ada.refused(&refund()).0, "refund_window_over");
    // Not even at the very same instant.
    let mut bob = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    bob.run(&refund());
    bob.pay(&change("starter", Month));
    assert_eq!(bob.refused(&refund()).0, "nothing_to_refund");
}

#[test]
fn a_refund_gives_up_payments_for_the_subscription() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&change("studio", Month));
    let upgrade = ada.last_payment();
    assert!(kinds(&ada.run(&refund())).contains(&"payment_abandoned"));
    let events = ada.settle(upgrade, &Succeeded).unwrap();
    assert_eq!(kinds(&events), ["payment_succeeded", "refund_requested"]);
}

#[test]
fn a_refund_while_a_renewal_is_open_takes_that_back_too() {
    let mut catalog = scriptkit();
    catalog.policies.refunds.first_subscription = DAY * 60;
    let mut ada = Customer::subscribed(catalog, "2026-04-01T00:00:00Z", "starter", Month);
    ada.declined_until("2026-05-02T00:00:00Z");
    ada.run(&refund());
    assert_eq!(ada.count("credit_note_issued"), 2);
    let billing = &ada.account.billing;
    assert_eq!((billing.open_invoices.len(), billing.unearned, billing.refunds.len()), (0, 0, 1));
}

#[test]
fn a_topup_is_refunded_only_if_it_is_untouched() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.pay(&topup("small"));
    assert_eq!(ada.refused(&refund_topup(1)).0, "not_refundable");
    ada.run(&charge("400.5"));
    assert_eq!(ada.refused(&refund_topup(2)).0, "topup_touched");
    ada.pay(&topup("small"));
    let events = ada.run(&refund_topup(3));
    let expected =
        ["credit_note_issued", "refund_requested", "credits_taken", "revenue_recognized"];
    assert_eq!((kinds(&events).as_slice(), available(&ada)), (&expected[..], "99.5".to_owned()));
    assert_eq!(ada.refused(&refund_topup(3)).0, "not_refundable");
}

#[test]
fn a_refund_that_the_bank_refuses_stays_owed_until_it_works() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&refund());
    let id = ada.account.billing.refunds[0].id;
    let fails = SettleRefund { refund: id, outcome: Err(super::support::key("card_gone")) };
    ada.run(&Command::SettleRefund(fails.clone()));
    assert_eq!(ada.refused(&Command::SettleRefund(fails)).0, "nothing_new");
    assert_eq!((ada.account.billing.refunds.len(), ada.account.billing.effects().len()), (1, 0));
    ada.run(&settle_refund(id));
    assert!(ada.account.billing.refunds.is_empty());
}

#[test]
fn a_dispute_goes_from_inquiry_to_open_to_its_end_and_not_back() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    let payment = ada.last_payment();
    let mut note = |status| {
        ada.ask(&Command::NoteDispute(NoteDispute {
            payment,
            dispute: "dp_1".parse().unwrap(),
            money: usd(2_900),
            status,
            reason: super::support::key("fraudulent"),
        }))
        .is_ok()
    };
    use DisputeStatus::{Inquiry, Lost, Open, Won};
    let told = [Inquiry, Inquiry, Open, Inquiry, Lost, Open, Won].map(&mut note);
    assert_eq!(told, [true, false, true, false, true, false, false]);
    assert_eq!(ada.account.billing.disputes.len(), 1, "the money is gone");
    // Refunding it as well would return it twice.
    assert_eq!(ada.refused(&refund()).0, "payment_disputed");
}

#[test]
fn support_sees_all_that_was_spent_also_across_changes_of_interval() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&charge("400"));
    ada.pay(&change("starter", Year));
    ada.run(&charge("30"));
    let now = "2026-04-02T00:00:00Z".parse().unwrap();
    let refundable = refundable(&ada.account, &ada.catalog, now).unwrap();
    assert_eq!(refundable.spent.to_string(), "430");
}
