//! Due accounts, payments and deletions: done once, by whoever lives.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use bursar_core::account::command::{Command, ReserveUpload, StoreAsset};
use bursar_core::account::event::{Actor, Event};
use bursar_core::account::payments::record::PaymentStatus;
use bursar_core::catalog::AssetKind;
use bursar_core::id::AccountId;
use bursar_payments::{CustomerStep, PaymentProvider};
use bursar_store::{AssetDetails, JournalPosition, PaymentRow};
use bursar_vault::ObjectName;

use super::bank::{Call, Mishap};
use super::town::{Node, Town, give, hold, open, subscribe, until};

const ACCOUNTS: usize = 900;

/// How often the scheduler advanced each account.
async fn advances(node: &Node) -> HashMap<AccountId, usize> {
    let store = node.engine.store();
    let mut advances = HashMap::new();
    let mut after = JournalPosition::default();
    loop {
        let page = store.journal(after, 1_000).await.unwrap();
        let Some((last, _)) = page.last() else { return advances };
        after = *last;
        for (_, entry) in page.iter().filter(|(_, entry)| entry.actor == Actor::System) {
            *advances.entry(entry.account.clone()).or_default() += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_of_due_accounts_is_shared() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let names = (0..ACCOUNTS).map(|n| format!("account-{n}").parse::<AccountId>().unwrap());
    let commands = names.flat_map(|id| [open(), give(10), hold()].map(|it| (id.clone(), it)));
    a.does_all(commands.collect()).await;
    // Nobody can commit before both have taken their first turn.
    let locked = town.sql("BEGIN; LOCK TABLE journal IN SHARE MODE").await;
    town.pass(Duration::from_secs(3_600));
    let claimed = "claims WHERE task = 'advance'";
    until("both have claimed", async || town.count(claimed).await == 500).await;
    drop(locked);
    let advanced = || [&a, &b].map(|node| node.metric("bursar_accounts_advanced_total "));
    until("all are advanced", async || {
        advanced().iter().sum::<u64>() >= u64::try_from(ACCOUNTS).unwrap()
    })
    .await;
    let advances = advances(&b).await;
    assert_eq!(advances.len(), ACCOUNTS);
    assert!(advances.values().all(|times| *times == 1));
    let shares = advanced();
    assert!(shares.iter().all(|share| *share >= 250), "{shares:?}");
    assert_eq!(shares.iter().sum::<u64>(), u64::try_from(ACCOUNTS).unwrap(), "{shares:?}");
}

async fn payment(node: &Node, id: &AccountId) -> PaymentRow {
    let history = node.engine.store().history(id, 0, 1_000).await.unwrap();
    let payment = history.iter().find_map(|event| match event.recorded.event {
        Event::PaymentRequested { payment, .. } => Some(payment),
        _ => None,
    });
    node.engine.store().payment(id, payment.unwrap()).await.unwrap().unwrap()
}

async fn is_paid(node: &Node, id: &AccountId) -> bool {
    matches!(payment(node, id).await.record.status, PaymentStatus::Succeeded { .. })
}

/// The money is taken, and nobody is left who heard so.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_outlives_its_node() {
    for mishap in [Mishap::DiesBefore, Mishap::DiesAfter] {
        let town = Town::new().await;
        let (a, b) = (town.node().await, town.node().await);
        let ada = a.customer("ada", "pm_card_visa").await;
        let asked = town.bank.plan(Call::Charge, mishap);
        a.does(&ada, subscribe()).await;
        asked.wait().await;
        assert!(!is_paid(&b, &ada).await);
        a.dies();
        until("the payment is settled", async || is_paid(&b, &ada).await).await;
        assert_eq!(town.bank.kept(), 2_900, "{mishap:?}");
        assert_eq!(town.bank.offences(), [""; 0]);
        until("nothing is claimed", async || {
            b.engine.store().asking(None, 10).await.unwrap().is_empty()
        })
        .await;
    }
}

/// While a node waits for its answer, nobody else asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_under_way_is_left_to_its_node() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let ada = a.customer("ada", "pm_card_visa").await;
    let asked = town.bank.plan(Call::Charge, Mishap::RequestDelayed);
    a.does(&ada, subscribe()).await;
    asked.wait().await;
    // As long as three leases, and long enough for the other to look.
    let before = b.metric("bursar_provider_calls_total");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!is_paid(&b, &ada).await);
    assert_eq!(b.metric("bursar_provider_calls_total"), before);
    town.bank.let_go();
    until("the payment is settled", async || is_paid(&b, &ada).await).await;
    let calls = [&a, &b]
        .map(|node| node.metric("bursar_provider_calls_total{call=\"charge\",outcome=\"ok\"} "));
    assert_eq!(calls, [1, 0]);
    assert_eq!(town.bank.kept(), 2_900);
}

/// And who asked hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_may_come_to_any_node() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let ada = a.customer("ada", "pm_card_authenticationRequired").await;
    let id = ada.clone();
    let mut news = a.run(|engine| async move { engine.follow(id).await.unwrap() }).await;
    a.does(&ada, subscribe()).await;
    until("the customer is asked", async || {
        payment(&a, &ada).await.record.status == PaymentStatus::RequiresAction
    })
    .await;
    let (row, id) = (payment(&a, &ada).await, ada.clone());
    let step = a.run(|engine| async move { engine.payment_step(&id, &row).await.unwrap() }).await;
    let Some(CustomerStep::Page { url }) = step else { panic!("no page: {step:?}") };
    let (sandbox, now) = (&town.bank.sandbox, town.context().now);
    let secret = url.rsplit('/').next().unwrap();
    sandbox.answer_challenge(secret, b"answer=approve", &town.context()).unwrap();
    for due in sandbox.due_webhooks(now).unwrap() {
        let event = sandbox.verify_webhook(&due.headers, &due.body, now).unwrap();
        b.run(|engine| async move { engine.hear_provider(event).await.unwrap() }).await;
        sandbox.webhook_delivered(due.delivery).unwrap();
    }
    assert!(is_paid(&a, &ada).await);
    let is_paid = |event: &Event| matches!(event, Event::PaymentSucceeded { .. });
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(60), news.next()).await.unwrap();
        let Some(bursar_engine::News::Entry(entry)) = heard else { panic!("{heard:?}") };
        if entry.events.iter().any(|recorded| is_paid(&recorded.event)) {
            break;
        }
    }
    assert_eq!(town.bank.kept(), 2_900);
}

/// It dies when the object is gone, before it could forget the name.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_node_was_erasing_is_erased() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let ada = a.customer("ada", "pm_card_visa").await;
    a.does(&ada, subscribe()).await;
    until("it is paid", async || is_paid(&b, &ada).await).await;
    let reserve = ReserveUpload { kind: AssetKind::Image, bytes: 5, reference: None };
    let reserved = a.execute(&ada, Command::ReserveUpload(reserve)).await.unwrap();
    let [Event::UploadReserved { asset, vault, .. }] =
        reserved.entry.events.iter().map(|recorded| recorded.event.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{reserved:?}")
    };
    let object = ObjectName::new(&ada, vault, asset, 1);
    let bytes = futures::stream::iter([Ok::<_, Infallible>("bytes".into())]);
    town.vault.write(&object, bytes, 100).await.unwrap();
    let details = AssetDetails { vault, name: "a.png".to_owned(), ..AssetDetails::default() };
    a.engine.store().put_asset_details(&ada, asset, details).await.unwrap();
    let store = StoreAsset { asset, bytes: 5, attempt: 1 };
    a.does(&ada, Command::StoreAsset(store)).await;
    let locked = town.sql("BEGIN; LOCK TABLE asset_details").await;
    a.does(&ada, Command::DeleteAsset(asset)).await;
    until("the object is gone", async || town.vault.read(&object, None).await.is_err()).await;
    a.dies();
    drop(locked);
    let store = b.engine.store();
    until("it is erased", async || store.erasing(None, 10).await.unwrap().is_empty()).await;
    assert_eq!(store.detailed_assets(None, 10).await.unwrap(), []);
    let history = store.history(&ada, 0, 1_000).await.unwrap();
    let erased = |event: &Event| matches!(event, Event::AssetsErased { .. });
    assert_eq!(history.iter().filter(|event| erased(&event.recorded.event)).count(), 1);
}
