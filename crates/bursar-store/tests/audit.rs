//! The audit passes what the rules make, and finds every kind of mistake.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{AdvanceClock, ClockTarget, Command};
use bursar_core::account::event::Event;
use bursar_core::credits::Credits;
use bursar_core::postings::Book;
use bursar_store::audit::{Audit, Finding};
use bursar_store::contract::{Ask, Clerk, Work};
use bursar_store::memory::MemoryStore;
use bursar_store::{Entry, JournalPosition, Store};

type Journal = Vec<(JournalPosition, Arc<Entry>)>;

/// An account is opened, gets credits, holds and charges some, and its clock is moved, so that the
/// hold times out.
async fn journal() -> Journal {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(1);
    let to = ClockTarget::By("P1D".to_owned());
    for ask in [
        Ask::open("a").keyed("one"),
        Ask::give("a", 50).keyed("two"),
        Ask::hold("a"),
        Ask::charge("a").keyed("three"),
        Ask::new("a", Command::AdvanceClock(AdvanceClock { to })),
        Ask::charge("a"),
    ] {
        clerk.wait(Duration::from_secs(1));
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    store.journal(JournalPosition::default(), 100).await.unwrap()
}

fn audit(journal: &Journal) -> Result<Audit, Finding> {
    let mut audit = Audit::new();
    for (position, entry) in journal {
        audit.add(*position, entry)?;
    }
    Ok(audit)
}

#[tokio::test]
async fn what_the_rules_make_passes() {
    let audit = audit(&journal().await).unwrap();
    assert_eq!((audit.entry_count(), audit.event_count()), (6, 7));
    assert_eq!(audit.key_count(), 3);
    let a = audit.account(&"a".parse().unwrap()).unwrap();
    assert_eq!(a.available().to_string(), "46");
    assert_eq!(audit.totals()[&Book::Available], 46_000_000);
    assert_eq!(audit.totals()[&Book::Held], 0);
    assert_eq!(audit.totals()[&Book::Adjusted], -50_000_000);
}

#[tokio::test]
async fn random_work_passes() {
    for seed in 0..20 {
        let store = MemoryStore::new();
        let mut writer = store.writer().unwrap();
        let (mut clerk, mut work) = (Clerk::new(seed), Work::new(seed));
        for _ in 0..200 {
            let asks = work.asks();
            clerk.wait(work.pause());
            work.note(&clerk.batch(&mut *writer, &asks).await.unwrap());
        }
        let journal = store.journal(JournalPosition::default(), 100_000).await.unwrap();
        let audit = audit(&journal).unwrap_or_else(|finding| panic!("seed {seed}: {finding}"));
        assert!(audit.entry_count() > 100);
    }
}

/// Changes one entry of the journal and sees what the audit says of it.
async fn check(at: usize, change: impl FnOnce(&mut Entry), expected: &str) {
    let mut journal = journal().await;
    change(Arc::make_mut(&mut journal[at].1));
    let position = journal[at].0;
    let finding = audit(&journal).expect_err(expected);
    assert!(finding.what.contains(expected), "{finding}");
    assert_eq!((finding.position, finding.account.as_str()), (position, "a"));
}

#[tokio::test]
async fn a_version_that_does_not_follow_is_found() {
    check(2, |entry| entry.first_version += 1, "follows version 2").await;
    check(3, |entry| entry.first_version -= 1, "follows version 3").await;
}

#[tokio::test]
async fn an_account_that_was_not_opened_is_found() {
    let not_opened = |entry: &mut Entry| entry.events[0].event = Event::CancellationWithdrawn;
    check(0, not_opened, "never opened").await;
}

#[tokio::test]
async fn an_account_that_is_opened_twice_is_found() {
    let opening = journal().await[0].1.events[0].event.clone();
    check(1, |entry| entry.events[0].event = opening, "opens the account again").await;
}

#[tokio::test]
async fn time_that_runs_back_is_found() {
    let earlier = |entry: &mut Entry| {
        entry.events[0].at = entry.events[0].at.before(Duration::from_secs(2));
    };
    check(3, earlier, "is of 2026-01-01T00:00:02Z, after one of 2026-01-01T00:00:03Z").await;
    // What follows a moved clock is after where it was moved to.
    let before_the_move = |entry: &mut Entry| {
        entry.events[0].at = entry.events[0].at.before(Duration::from_secs(80_000));
    };
    check(5, before_the_move, "after one of 2026-01-02").await;
}

#[tokio::test]
async fn a_clock_that_moves_back_is_found() {
    let back = |entry: &mut Entry| {
        let mut moved = entry.events[0].clone();
        moved.event = Event::ClockAdvanced { ahead: Duration::ZERO };
        moved.at = moved.at.after(Duration::from_secs(86_400));
        entry.events.push(moved);
    };
    check(4, back, "moves the test clock back").await;
}

#[tokio::test]
async fn a_balance_that_the_events_do_not_make_is_found() {
    let one_more = |amount: &mut Credits| *amount = amount.plus(Credits::ONE);
    check(1, |entry| one_more(&mut entry.events[0].available), "the events make 50").await;
    check(2, |entry| one_more(&mut entry.events[0].held), "the events make 48 and 2").await;
}

#[tokio::test]
async fn more_than_a_lot_has_is_found() {
    let too_much = |entry: &mut Entry| {
        let Event::Charged { portions, .. } = &mut entry.events[0].event else {
            panic!("not a charge");
        };
        portions[0].credits = Credits::from_whole(60).unwrap();
    };
    check(3, too_much, "held 2 of -10").await;
}

#[tokio::test]
async fn credits_of_no_lot_are_found() {
    let nowhere = |entry: &mut Entry| {
        let Event::Charged { portions, .. } = &mut entry.events[0].event else {
            panic!("not a charge");
        };
        portions[0].lot.0 = 99;
        entry.events[0].available = Credits::from_whole(48).unwrap();
    };
    check(3, nowhere, "the books have 46000000 available").await;
}

#[tokio::test]
async fn a_key_that_is_used_twice_is_found() {
    let again = |entry: &mut Entry| {
        entry.idempotency.as_mut().unwrap().key = "two".parse().unwrap();
    };
    check(3, again, "key two was used before").await;
}

#[tokio::test]
async fn an_entry_out_of_order_is_found() {
    let mut journal = journal().await;
    journal[3].0 = journal[2].0;
    let finding = audit(&journal).unwrap_err();
    assert!(finding.what.contains("comes after commit 3"), "{finding}");
    check(3, |entry| entry.events.clear(), "has no events").await;
}
