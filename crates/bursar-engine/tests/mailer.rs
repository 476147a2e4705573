//! Which mails customers get, from the sequences of commands that lead to them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod office;

use bursar_core::account::command::{BuyTopup, Cancel, Command, RefundSubscription, RefundTopup};
use bursar_core::account::payments::AutoTopup;
use bursar_core::catalog::Interval::{Month, Year};
use bursar_core::credits::Credits;
use bursar_core::money::{Currency, Money};
use office::{Office, pdf};

const BROKE: &str = "pm_card_chargeDeclinedInsufficientFunds";

fn topup(pack: &str) -> Command {
    Command::BuyTopup(BuyTopup { pack: pack.to_owned() })
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_payment_has_a_receipt_with_its_invoice() {
    let mut office = Office::without_mailer().await;
    office.start_mailer(Some(pdf())).await;
    office.customer(&office::ada(), Some("ada@example.com"), "pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.tells(&["receipt 2026-01-31T10:00:00Z"]).await;
    let parts =
        ["payment of $29.00 for Starter, monthly", "INV-2026-000001", "Visa ending in 4242"];
    has(&office.last(), &parts);
    office.pass("2026-02-10T10:00:00Z").await;
    office.subscribes("professional", Month).await;
    office.does(topup("small")).await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "receipt 2026-02-10T10:00:00Z",
            "receipt 2026-02-10T10:00:00Z",
        ])
        .await;
    has(&office.last(), &["for Small pack, 100 credits", "Total: $10.00"]);
    let delivered = office.carrier.delivered();
    has(delivered[1].text(), &["for the change to Professional, monthly", "Remaining time on"]);
    for (mail, number) in delivered.iter().zip(1..) {
        let attached = mail.attachment().unwrap();
        assert_eq!(attached.name(), format!("Invoice INV-2026-00000{number}.pdf"));
        assert_eq!(attached.pdf().bytes(), format!("%PDF INV-2026-00000{number}").as_bytes());
    }
}

/// "Retries after 1, 3, 5 and 7 days", then the subscription ends and the data is deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_is_never_paid() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.card(BROKE).await;
    office.pass("2026-02-28T10:00:00Z").await;
    office.tells(&["receipt 2026-01-31T10:00:00Z", "payment_failed 2026-02-28T10:00:00Z"]).await;
    let parts = [
        "We couldn't collect $29.00 for invoice INV-2026-000002 with your Visa ending in 9995",
        "There wasn't enough money on the card.",
        "We will try again on 1 March 2026.",
        "ends on 7 March 2026, 11:00 (Europe/Berlin)",
    ];
    has(&office.last(), &parts);
    office.pass("2026-04-30T00:00:00Z").await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "payment_failed 2026-02-28T10:00:00Z",
            "payment_failed 2026-03-01T10:00:00Z",
            "payment_failed 2026-03-03T10:00:00Z",
            "payment_failed 2026-03-05T10:00:00Z",
            "past_due_ended 2026-03-07T10:00:00Z",
            "data_deletion_soon 2026-03-21T10:00:00Z",
            "data_deletion_soon 2026-04-03T10:00:00Z",
            "data_deleted 2026-04-06T10:00:00Z",
        ])
        .await;
    let mails = office.carrier.delivered();
    has(mails[5].text(), &["Your Starter plan ended", "$29.00 for invoice INV-2026-000002"]);
    has(mails[6].text(), &["6 April 2026, 12:00 (Europe/Berlin)", "in 16 days"]);
    has(mails[7].text(), &["in 3 days"]);
}

/// Who is there sees on the page that the payment failed; a card that works brings the receipt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hard_decline_waits_for_a_new_card() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.card("pm_card_chargeDeclinedStolenCard").await;
    office.pass("2026-03-01T12:00:00Z").await;
    office.tells(&["receipt 2026-01-31T10:00:00Z", "payment_failed 2026-02-28T10:00:00Z"]).await;
    has(&office.last(), &["Next attempt: When you add another card", "The bank declined"]);
    office.card(BROKE).await;
    office.card("pm_card_visa").await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "payment_failed 2026-02-28T10:00:00Z",
            "receipt 2026-03-01T12:00:00Z",
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_while_past_due_is_told_as_an_end_and_nothing_else() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.card(BROKE).await;
    office.pass("2026-02-28T12:00:00Z").await;
    office.does(Command::Cancel(Cancel { reason: None })).await;
    office.is_read().await;
    has(&office.last(), &["Invoice INV-2026-000002, which wasn't paid, is cancelled"]);
    office.card("pm_card_visa").await;
    office.subscribes("studio", Month).await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "payment_failed 2026-02-28T10:00:00Z",
            "subscription_ended 2026-02-28T12:00:00Z",
            "receipt 2026-02-28T12:00:00Z",
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_without_a_card_asks_for_one() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.does(Command::Cancel(Cancel { reason: None })).await;
    let account = office.engine.view(&office::ada()).await.unwrap().unwrap().account;
    let method = account.billing.default_method().unwrap().reference.clone();
    office.does(Command::RemovePaymentMethod(method)).await;
    office.does(Command::Resume).await;
    office.pass("2026-02-28T10:00:00Z").await;
    office.tells(&["receipt 2026-01-31T10:00:00Z", "payment_failed 2026-02-28T10:00:00Z"]).await;
    has(&office.last(), &["There is no card to charge it to.", "When you add a card"]);
}

/// The bank asks for the customer, who isn't there; then the payment is given up; then it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_the_bank_wants_confirmed() {
    let office = Office::open("pm_card_authenticationRequired").await;
    office.subscribes("starter", Month).await;
    office.authenticate("approve").await;
    office.pass("2026-02-28T10:00:00Z").await;
    let first = ["receipt 2026-01-31T10:00:00Z", "needs_authentication 2026-02-28T10:00:00Z"];
    office.tells(&first).await;
    let parts = [
        "confirm a payment of $29.00 for Starter, monthly",
        "the payment counts as failed",
        "https://app.scriptkit.example/billing",
    ];
    has(&office.last(), &parts);
    office.pass("2026-03-02T12:00:00Z").await;
    office.tells(&[first[0], first[1], "needs_authentication 2026-03-01T10:00:00Z"]).await;
    has(&office.last(), &["If you don't, nothing is charged and your subscription ends then"]);
    let account = office.engine.view(&office::ada()).await.unwrap().unwrap().account;
    let invoice = account.live().unwrap().renewal.as_ref().unwrap().document;
    office.does(Command::PayInvoice(invoice)).await;
    office.authenticate("approve").await;
    office.is_read().await;
    assert_eq!(office.told()[3], "receipt 2026-03-02T12:00:00Z");
}

/// Who buys something is there: nothing that fails on the page is told again by mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_that_fails_sends_nothing() {
    let office = Office::open("pm_card_chargeCustomerFail").await;
    office.subscribes("starter", Month).await;
    office.card("pm_card_authenticationRequired").await;
    office.subscribes("starter", Month).await;
    office.authenticate("decline").await;
    office.card("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.tells(&["receipt 2026-01-31T10:00:00Z"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_top_ups_that_fail() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.card("pm_card_chargeCustomerFail").await;
    office
        .does(Command::SetAutoTopup(Some(AutoTopup {
            pack: "small".parse().unwrap(),
            threshold: Credits::from_whole(500).unwrap(),
            monthly_cap: Money::new(10_000, Currency::USD),
        })))
        .await;
    office.pass("2026-02-20T00:00:00Z").await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "auto_topup_failed 2026-01-31T10:00:00Z",
            "auto_topup_failed 2026-01-31T12:00:00Z",
            "auto_topup_failed 2026-01-31T16:00:00Z",
        ])
        .await;
    // Each says what was true after it, however late it is made.
    let mails = office.carrier.delivered();
    has(mails[1].text(), &["100 credits for $10.00", "before 31 January 2026, 13:00"]);
    has(mails[2].text(), &["before 31 January 2026, 17:00"]);
    has(mails[3].text(), &["We won't try the declined card again."]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_bring_credit_notes() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.does(topup("small")).await;
    office.pass("2026-02-02T10:00:00Z").await;
    office.subscribes("professional", Month).await;
    let refund = RefundTopup { document: "inv_2".parse().unwrap(), reason: None };
    office.does(Command::RefundTopup(refund)).await;
    office.does(Command::RefundSubscription(RefundSubscription { reason: None })).await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "receipt 2026-01-31T10:00:00Z",
            "receipt 2026-02-02T10:00:00Z",
            "credit_note 2026-02-02T10:00:00Z",
            "credit_note 2026-02-02T10:00:00Z",
            "credit_note 2026-02-02T10:00:00Z",
            "subscription_ended 2026-02-02T10:00:00Z",
        ])
        .await;
    let note = &office.carrier.delivered()[3];
    let parts =
        ["$10.00", "It corrects invoice INV-2026-000002", "back to your Visa ending in 4242"];
    has(note.text(), &parts);
}

/// "Data is preserved for 30 days", told at the end, on day 14 and on day 27.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_subscription() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.does(Command::Cancel(Cancel { reason: None })).await;
    office.pass("2026-04-30T00:00:00Z").await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "ending_soon 2026-02-25T10:00:00Z",
            "subscription_ended 2026-02-28T10:00:00Z",
            "data_deletion_soon 2026-03-14T10:00:00Z",
            "data_deletion_soon 2026-03-27T10:00:00Z",
            "data_deleted 2026-03-30T10:00:00Z",
        ])
        .await;
    has(office.carrier.delivered()[1].text(), &["ends on 28 February 2026", "30 March 2026"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yearly_renewals_are_announced_as_they_will_be() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("professional", Year).await;
    office.pass("2027-01-10T10:00:00Z").await;
    let receipt = "receipt 2026-01-31T10:00:00Z";
    office.tells(&[receipt, "annual_renewal_reminder 2027-01-01T10:00:00Z"]).await;
    has(
        &office.last(),
        &["renews on 31 January 2027", "charge $961.00 to your Visa ending in 4242"],
    );
    office.subscribes("starter", Month).await;
    office.pass("2027-02-01T10:00:00Z").await;
    let reminder = "annual_renewal_reminder 2027-01-01T10:00:00Z";
    office.tells(&[receipt, reminder, "receipt 2027-01-31T10:00:00Z"]).await;
    has(&office.last(), &["payment of $29.00 for Starter, monthly"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yearly_renewal_that_is_a_change_is_announced_as_that() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("professional", Year).await;
    office.subscribes("starter", Month).await;
    office.pass("2027-01-10T10:00:00Z").await;
    let reminder = "annual_renewal_reminder 2027-01-01T10:00:00Z";
    office.tells(&["receipt 2026-01-31T10:00:00Z", reminder]).await;
    let text = office.last();
    has(&text, &["goes on as Starter, monthly", "charge $29.00", "take the change back"]);
}

/// Three years of one customer on a test clock, in one request: each mail with its own date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_years_by_test_clock() {
    let office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Year).await;
    office.advance("P3Y").await;
    office.does(Command::Cancel(Cancel { reason: None })).await;
    office.advance("P2Y").await;
    office
        .tells(&[
            "receipt 2026-01-31T10:00:00Z",
            "annual_renewal_reminder 2027-01-01T10:00:00Z",
            "receipt 2027-01-31T10:00:00Z",
            "annual_renewal_reminder 2028-01-01T10:00:00Z",
            "receipt 2028-01-31T10:00:00Z",
            "annual_renewal_reminder 2029-01-01T10:00:00Z",
            "receipt 2029-01-31T10:00:00Z",
            "ending_soon 2030-01-28T10:00:00Z",
            "subscription_ended 2030-01-31T10:00:00Z",
            "data_deletion_soon 2030-02-14T10:00:00Z",
            "data_deletion_soon 2030-02-27T10:00:00Z",
            "data_deleted 2030-03-02T10:00:00Z",
        ])
        .await;
    assert_eq!(office.files(), 12);
    let monthly = Office::open("pm_card_visa").await;
    monthly.subscribes("starter", Month).await;
    monthly.advance("P3Y").await;
    monthly.is_read().await;
    let told = monthly.told();
    assert_eq!(told.len(), 37, "{told:?}");
    assert!(told.iter().all(|line| line.starts_with("receipt")), "{told:?}");
    assert_eq!(told[36], "receipt 2029-01-31T10:00:00Z");
}
