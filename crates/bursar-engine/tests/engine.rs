//! What the engine promises whatever the rules are: order, batching, idempotency, and that a failed
//! commit leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bursar_core::account::command::{
    AdjustCredits, AdvanceClock, Charge, ClockTarget, Command, Open, PlaceHold, SpendRequest,
};
use bursar_core::account::event::Actor;
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::rejection::{Rejection, SpendRejection};
use bursar_core::time::{Timestamp, ZoneName};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Clock, Engine, Envelope, Failure, Options, Outcome};
use bursar_payments::Secret;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_store::memory::MemoryStore;
use bursar_store::{JournalPosition, Store};

struct Bench {
    engine: Engine,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
}

async fn bench() -> Bench {
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let options = Options {
        store: store.clone(),
        catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
        clock: clock.clone(),
        provider: sandbox(),
        vault: Arc::new(bursar_vault::Vault::memory()),
        seed: Some(7),
    };
    Bench { engine: Engine::start(options).await.unwrap(), store, clock }
}

fn sandbox() -> Arc<Sandbox> {
    Arc::new(Sandbox::new(SandboxConfig {
        base_url: "http://127.0.0.1/sandbox".to_owned(),
        webhook_secret: Secret::new("test"),
    }))
}

fn account() -> AccountId {
    "ada".parse().unwrap()
}

fn send(command: Command, key: Option<&str>) -> Envelope {
    let mut envelope = Envelope::new(account(), command, Actor::System);
    envelope.key = key.map(|key| key.parse().unwrap());
    envelope
}

fn amount(credits: i64) -> SpendRequest {
    let credits = Credits::from_whole(credits).unwrap();
    SpendRequest::Credits { credits, reason: "job".parse().unwrap() }
}

fn charge(credits: i64) -> Command {
    Command::Charge(Charge { spend: amount(credits), reference: None })
}

fn hold(credits: i64) -> Command {
    Command::PlaceHold(PlaceHold { spend: amount(credits), ttl: None, reference: None })
}

async fn with_balance(credits: i64) -> Bench {
    let bench = bench().await;
    let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
    bench.engine.execute(send(open, None)).await.unwrap();
    let give = Command::AdjustCredits(AdjustCredits {
        credits: Credits::from_whole(credits).unwrap(),
        class: Class::Promo,
        reason: "test".parse().unwrap(),
        expires_at: None,
    });
    bench.engine.execute(send(give, None)).await.unwrap();
    bench
}

async fn balance(bench: &Bench) -> (Credits, Credits, u64) {
    let view = bench.engine.view(&account()).await.unwrap().unwrap();
    (view.account.available(), view.account.held(), view.account.version)
}

fn whole(credits: i64) -> Credits {
    Credits::from_whole(credits).unwrap()
}

/// "64 concurrent holds of 10 on a balance of 100: exactly 10 succeed."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_holds_never_overspend() {
    let bench = with_balance(100).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let engine = bench.engine.clone();
            tokio::spawn(async move { engine.execute(send(hold(10), None)).await })
        })
        .collect();
    let mut placed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => placed += 1,
            Err(Failure::Rejected(Rejection::Spend(no))) => assert_eq!(
                no,
                SpendRejection::InsufficientCredits {
                    need: whole(10),
                    available: Credits::ZERO,
                    held: whole(100),
                    short: whole(10),
                }
            ),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(placed, 10);
    assert_eq!(balance(&bench).await, (Credits::ZERO, whole(100), 12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_has_one_effect_however_often_it_is_sent() {
    let bench = with_balance(100).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let engine = bench.engine.clone();
            tokio::spawn(async move { engine.execute(send(charge(10), Some("job"))).await })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap().unwrap());
    }
    assert_eq!(done.iter().filter(|committed| !committed.replayed).count(), 1);
    let first = &done.first().unwrap().entry;
    assert!(done.iter().all(|committed| committed.entry == *first));
    assert_eq!(balance(&bench).await.0, whole(90));
}

#[tokio::test]
async fn commands_sent_together_are_done_in_order_and_each_has_its_own_outcome() {
    let bench = with_balance(100).await;
    let commands = [charge(60), charge(60), charge(40), charge(1)];
    let envelopes = commands.into_iter().map(|command| send(command, None)).collect();
    let outcomes = bench.engine.execute_many(envelopes).await;
    let done: Vec<bool> = outcomes.iter().map(Outcome::is_ok).collect();
    assert_eq!(done, [true, false, true, false]);
}

#[tokio::test]
async fn a_failed_commit_leaves_nothing_behind_and_its_rejections_do_not_stand() {
    let bench = with_balance(100).await;
    let before = balance(&bench).await;
    let early = bench.engine.execute(send(charge(1), Some("early"))).await.unwrap();
    bench.store.fail_commits(true);
    let batch = vec![
        send(charge(1), Some("early")),
        send(charge(90), Some("lost")),
        send(charge(90), Some("lost")),
        // Rejected only because of the charge before it, which is lost.
        send(charge(90), None),
    ];
    let outcomes = bench.engine.execute_many(batch).await;
    let [replay, lost, lost_again, rejected] = outcomes.as_slice() else { panic!() };
    assert_eq!(replay.as_ref().unwrap().entry, early.entry);
    for outcome in [lost, lost_again, rejected] {
        assert!(matches!(outcome, Err(Failure::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(balance(&bench).await.0, before.0.minus(Credits::ONE));
    bench.store.fail_commits(false);
    let retried = bench.engine.execute(send(charge(90), Some("lost"))).await.unwrap();
    assert!(!retried.replayed);
    assert_eq!(balance(&bench).await.0, whole(9));
}

#[tokio::test]
async fn what_fell_due_is_an_entry_of_its_own_and_stands_when_the_command_is_rejected() {
    let bench = with_balance(100).await;
    bench.engine.execute(send(hold(100), None)).await.unwrap();
    bench.clock.set("2026-01-01T00:15:00Z".parse().unwrap());
    let outcome = bench.engine.execute(send(charge(200), Some("too-much"))).await;
    assert!(matches!(outcome, Err(Failure::Rejected(_))));
    let journal = bench.store.journal(JournalPosition::default(), 100).await.unwrap();
    let last = &journal.last().unwrap().1;
    assert_eq!((last.actor.clone(), last.idempotency.clone()), (Actor::System, None));
    assert_eq!(balance(&bench).await, (whole(100), Credits::ZERO, 4));
}

#[tokio::test]
async fn a_condition_on_the_version_holds_at_the_moment_of_the_change() {
    let bench = with_balance(100).await;
    let mut envelope = send(charge(1), None);
    envelope.if_version = Some(2);
    bench.engine.execute(envelope.clone()).await.unwrap();
    let outcome = bench.engine.execute(envelope).await;
    assert!(matches!(outcome, Err(Failure::VersionMismatch { expected: 2, actual: 3 })));
}

#[tokio::test]
async fn an_account_that_is_only_read_still_advances() {
    let bench = with_balance(100).await;
    bench.engine.execute(send(hold(100), None)).await.unwrap();
    bench.clock.set("2026-01-01T00:15:00Z".parse().unwrap());
    assert_eq!(balance(&bench).await, (whole(100), Credits::ZERO, 4));
}

/// Storage that takes no writes must not make a balance wrong.
#[tokio::test]
async fn a_read_is_right_even_when_nothing_can_be_written() {
    let bench = with_balance(100).await;
    bench.engine.execute(send(hold(100), None)).await.unwrap();
    bench.clock.set("2026-01-01T00:15:00Z".parse().unwrap());
    bench.store.fail_commits(true);
    assert_eq!(balance(&bench).await, (whole(100), Credits::ZERO, 4));
}

#[tokio::test]
async fn the_scheduler_advances_accounts_that_nobody_touches() {
    let bench = with_balance(100).await;
    bench.engine.execute(send(hold(100), None)).await.unwrap();
    let mut live = bench.engine.listen().await.unwrap();
    bench.clock.set("2026-01-01T00:15:00Z".parse().unwrap());
    let entry = live.recv().await.unwrap();
    assert_eq!((entry.first_version, entry.actor.clone()), (4, Actor::System));
}

#[tokio::test]
async fn each_account_has_a_test_clock_of_its_own() {
    let bench = with_balance(100).await;
    let to = ClockTarget::By("1mo".to_owned());
    bench.engine.execute(send(Command::AdvanceClock(AdvanceClock { to }), None)).await.unwrap();
    let view = bench.engine.view(&account()).await.unwrap().unwrap();
    assert_eq!(view.now.to_string(), "2026-02-01T00:00:00Z");
    assert_eq!(bench.engine.wall_now().to_string(), "2026-01-01T00:00:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_finishes_what_was_taken_and_takes_no_more() {
    let bench = with_balance(1_000).await;
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let engine = bench.engine.clone();
            tokio::spawn(async move { engine.execute(send(charge(1), None)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    bench.engine.shutdown().await.unwrap();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(Failure::ShuttingDown) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let data = bench.store.reopen();
    let state = data.account(&account()).await.unwrap().unwrap();
    assert_eq!(state.available(), whole(1_000 - done));
    assert!(matches!(
        bench.engine.execute(send(charge(1), None)).await,
        Err(Failure::ShuttingDown)
    ));
}

/// A clock that panics when it is told to: a stand-in for any defect.
struct Faulty {
    clock: ManualClock,
    panics: AtomicUsize,
}

impl Clock for Faulty {
    fn now(&self) -> Timestamp {
        let left = self.panics.load(Ordering::SeqCst);
        if left > 0 && std::thread::current().name() == Some("bursar-writer-0") {
            self.panics.store(left - 1, Ordering::SeqCst);
            panic!("a defect, for a test");
        }
        self.clock.now()
    }
}

#[tokio::test]
async fn a_defect_refuses_what_brings_it_to_light_and_nothing_else() {
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(Faulty {
        clock: ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()),
        panics: AtomicUsize::new(0),
    });
    let options = Options {
        store: store.clone(),
        catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
        clock: clock.clone(),
        provider: sandbox(),
        vault: Arc::new(bursar_vault::Vault::memory()),
        seed: Some(7),
    };
    let engine = Engine::start(options).await.unwrap();
    let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
    engine.execute(send(open, None)).await.unwrap();
    let give = |reason: &str| {
        let adjust = AdjustCredits {
            credits: Credits::ONE,
            class: Class::Promo,
            reason: reason.parse().unwrap(),
            expires_at: None,
        };
        send(Command::AdjustCredits(adjust), None)
    };
    // Once for the batch, once for the first of its commands alone.
    clock.panics.store(2, Ordering::SeqCst);
    let outcomes = engine.execute_many(vec![give("one"), give("two"), give("three")]).await;
    let [first, second, third] = outcomes.as_slice() else { panic!() };
    assert!(matches!(first, Err(Failure::Defect)), "{first:?}");
    assert!(second.is_ok() && third.is_ok());
    assert!(engine.is_accepting());
    let state = store.account(&account()).await.unwrap().unwrap();
    assert_eq!(state.available(), whole(2));
    engine.shutdown().await.unwrap();
    assert!(!engine.is_accepting());
}

#[tokio::test]
async fn a_quote_opens_only_as_it_was_sealed() {
    let bench = with_balance(100).await;
    let view = bench.engine.view(&account()).await.unwrap().unwrap();
    let request = bursar_core::pricing::UsageRequest {
        operation: "video".to_owned(),
        model: None,
        quality: None,
        units: None,
        attributes: Vec::new(),
    };
    let catalog = bench.engine.catalog();
    let quoted = bursar_core::quote::quote(&view.account, catalog, &request, view.now).unwrap();
    let id = bench.engine.seal().quote(&quoted.quote);
    assert_eq!(bench.engine.seal().open_quote(&id).unwrap(), quoted.quote);
    for place in 0..id.len() {
        let mut forged = id.clone().into_bytes();
        let byte = forged.get_mut(place).unwrap();
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(bench.engine.seal().open_quote(&forged).is_err(), "{forged}");
    }
    assert!(bench.engine.seal().open_quote("quote_").is_err());
    // What is sealed for widgets is of another kind, whatever it is called.
    let seal = bench.engine.seal();
    let token = seal.widget(&"acc".parse().unwrap(), bench.engine.wall_now());
    assert!(seal.open_widget(&token).is_ok());
    assert!(seal.open_quote(&token.replacen("widget_", "quote_", 1)).is_err());
    assert!(seal.open_widget(&id.replacen("quote_", "widget_", 1)).is_err());
}
