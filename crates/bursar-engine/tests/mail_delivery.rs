//! How mails get through crashes, transports that fail, and customers that can't be reached.
#![allow(clippy::unwrap_used, clippy::panic)]

mod office;

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{BuyTopup, Cancel, Command};
use bursar_core::catalog::Interval::{Month, Year};
use bursar_core::id::AccountId;
use bursar_engine::Clock;
use bursar_mail::{MailError, Message};
use futures::FutureExt;
use office::{Office, ada, at, subscribe};

fn topup() -> Command {
    Command::BuyTopup(BuyTopup { pack: "small".to_owned() })
}

fn bob() -> AccountId {
    "bob".parse().unwrap()
}

fn down(_: &Message) -> Option<MailError> {
    Some(MailError::Unavailable("told to fail".to_owned()))
}

const RECEIPT: &str = "receipt 2026-01-31T10:00:00Z";

/// A mail that was taken, and of which that isn't known, is sent again as the same mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_mail_and_the_cursor() {
    let mut office = Office::open("pm_card_visa").await;
    office.carrier.hangs();
    office.subscribes("starter", Month).await;
    office.until(|| office.told().len() == 1).await;
    assert!(office.stop_mailer().await < Duration::from_secs(8), "it ends while a mail hangs");
    let first = office.carrier.delivered().pop().unwrap();
    let office = office.restart().await;
    office.tells(&[RECEIPT]).await;
    let second = office.carrier.delivered().pop().unwrap();
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.to_eml().unwrap(), second.to_eml().unwrap());
    assert_eq!(office.files(), 1);
    office.does(topup()).await;
    office.tells(&[RECEIPT, RECEIPT]).await;
    let ids: Vec<String> =
        office.carrier.delivered().iter().map(bursar_mail::Message::message_id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_again_after_an_orderly_end() {
    let mut office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.tells(&[RECEIPT]).await;
    assert!(office.stop_mailer().await < Duration::from_secs(2), "nothing holds it up");
    office.does(topup()).await;
    let office = office.restart().await;
    office.tells(&[RECEIPT]).await;
    assert!(office.last().contains("Small pack"));
}

/// What one customer's server doesn't take waits with all that comes after it; others get theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_not_taken_is_tried_again_and_holds_up_nobody() {
    let office = Office::open("pm_card_visa").await;
    office.customer(&bob(), Some("bob@example.org"), "pm_card_visa").await;
    let ada_s = |mail: &Message| mail.to().address.domain() == "example.com";
    office.carrier.fails_with(move |mail| down(mail).filter(|_| ada_s(mail)));
    office.subscribes("starter", Month).await;
    office.is_read().await;
    office.does(topup()).await;
    office.does_as(&bob(), subscribe("studio", Month)).await;
    office.tells(&[RECEIPT]).await;
    assert!(office.last().contains("Studio"), "{}", office.last());
    office.until(|| office.metric("bursar_mails_waiting ") == 2).await;
    assert_eq!(office.metric("bursar_mail_trouble "), 0, "the last mail was taken");
    office.carrier.works();
    office.until(|| office.told().len() == 3).await;
    office.until(|| office.metric("bursar_mails_waiting ") == 0).await;
    let delivered = office.carrier.delivered();
    assert!(delivered[1].text().contains("Starter"), "in their order");
    assert!(delivered[2].text().contains("Small pack"), "in their order");
    assert_eq!(office.files(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_kept_over_a_restart() {
    let office = Office::open("pm_card_visa").await;
    office.carrier.fails_with(down);
    office.subscribes("starter", Month).await;
    office.does(topup()).await;
    office.until(|| office.metric("bursar_mails_waiting ") == 2).await;
    let office = office.restart().await;
    office.until(|| office.told().len() == 2).await;
    assert!(office.last().contains("Small pack"), "in their order: {}", office.last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_can_not_be_sent_for_days_is_given_up() {
    let office = Office::open("pm_card_visa").await;
    office.carrier.fails_with(down);
    office.subscribes("starter", Month).await;
    office.until(|| office.metric("bursar_mails_waiting ") == 1).await;
    office.clock.set(at("2026-02-03T10:00:00Z"));
    let given_up = "bursar_mails_total{occasion=\"receipt\",outcome=\"given_up\"} ";
    office.until(|| office.metric(given_up) == 1).await;
    assert_eq!(office.metric(given_up), 1);
    office.carrier.works();
    office.does(topup()).await;
    office.tells(&["receipt 2026-02-03T10:00:00Z"]).await;
}

/// A transport that takes no mail at all is waited for; nothing is given up for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_waits_for_the_operator() {
    let office = Office::open("pm_card_visa").await;
    let wrong = |_: &Message| Some(MailError::Misconfigured("no such user".to_owned()));
    office.carrier.fails_with(wrong);
    office.subscribes("starter", Month).await;
    office.until(|| office.metric("bursar_mail_trouble ") == 1).await;
    office.until(|| office.metric("bursar_mails_waiting ") == 1).await;
    let waits_at = office.metric("bursar_mail_commit ");
    office.does(topup()).await;
    office.clock.set(at("2026-02-10T10:00:00Z"));
    office.until(|| office.metric("bursar_mail_commit ") > waits_at).now_or_never();
    assert_eq!(office.metric("bursar_mail_commit "), waits_at);
    office.carrier.works();
    office.until(|| office.told().len() == 2).await;
    office.tells(&[RECEIPT, RECEIPT]).await;
    assert_eq!(office.metric("bursar_mail_trouble "), 0);
}

/// As with a wrong configuration, when so much waits that it can't be the customers' servers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_waits_when_hundreds_of_mails_do() {
    let office = Office::open("pm_card_visa").await;
    office.carrier.fails_with(down);
    office.subscribes("starter", Month).await;
    for _ in 0..300 {
        office.does(topup()).await;
    }
    office.until(|| office.metric("bursar_mails_waiting ") >= 256).await;
    let waiting = office.metric("bursar_mails_waiting ");
    assert!((256..280).contains(&waiting), "{waiting}");
    office.carrier.works();
    office.until(|| office.told().len() == 301).await;
    office.is_read().await;
    assert_eq!(office.told().len(), 301);
    assert_eq!(office.files(), 301);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_mail_is_left_out() {
    let office = Office::open("pm_card_visa").await;
    office.carrier.fails_with(|_| Some(MailError::Refused("550".to_owned())));
    office.subscribes("starter", Month).await;
    office.tells(&[]).await;
    assert_eq!(office.metric("bursar_mails_total{occasion=\"receipt\",outcome=\"refused\"} "), 1);
    office.carrier.works();
    office.does(topup()).await;
    office.tells(&[RECEIPT]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_mail_address_gets_no_mail() {
    let office = Office::open("pm_card_visa").await;
    let hostile = "ada@example.com\r\nBcc: all@example.com";
    for (email, count) in [(None, 1), (Some(""), 2), (Some("ada"), 3), (Some(hostile), 4)] {
        office.contact(&ada(), email).await;
        match count {
            1 => office.subscribes("starter", Month).await,
            _ => office.does(topup()).await,
        }
        office.tells(&[]).await;
        let metric = "bursar_mails_total{occasion=\"receipt\",outcome=\"no_address\"} ";
        assert_eq!(office.metric(metric), count);
    }
    office.contact(&ada(), Some("ada@example.com")).await;
    office.does(topup()).await;
    office.tells(&[RECEIPT]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_mails_no_history() {
    let mut office = Office::without_mailer().await;
    office.customer(&ada(), Some("ada@example.com"), "pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.does(topup()).await;
    office.start_mailer(None).await;
    office.does(topup()).await;
    office.tells(&[RECEIPT]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_loses_one_mail_and_no_other() {
    let mut office = Office::without_mailer().await;
    // Whoever draws documents may fail as it likes: the mail goes without.
    office.start_mailer(Some(Arc::new(|_, _| panic!("told to")))).await;
    office.customer(&ada(), Some("ada@example.com"), "pm_card_visa").await;
    office.subscribes("starter", Month).await;
    office.tells(&[RECEIPT]).await;
    assert!(office.carrier.delivered()[0].attachment().is_none());
    office.carrier.fails_with(|_| panic!("told to"));
    office.does(topup()).await;
    office.tells(&[RECEIPT]).await;
    office.carrier.works();
    office.does(topup()).await;
    office.tells(&[RECEIPT, RECEIPT]).await;
    assert_eq!(office.metric("bursar_mails_total{occasion=\"receipt\",outcome=\"defect\"} "), 1);
}

/// A reminder that couldn't be sent in its time is left out; what has happened is told all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_not_announced() {
    let mut office = Office::open("pm_card_visa").await;
    office.subscribes("starter", Year).await;
    office.does(Command::Cancel(Cancel { reason: None })).await;
    office.is_read().await;
    office.stop_mailer().await;
    office.clock.set(at("2027-03-15T00:00:00Z"));
    let office = office.restart().await;
    office.engine.view(&ada()).await.unwrap();
    office
        .tells(&["subscription_ended 2027-01-31T10:00:00Z", "data_deleted 2027-03-02T10:00:00Z"])
        .await;
    let late = "bursar_mails_total{occasion=\"ending_soon\",outcome=\"late\"} ";
    assert_eq!(office.metric(late), 1);
    assert!(office.clock.now() > at("2027-03-02T10:00:00Z"));
}
