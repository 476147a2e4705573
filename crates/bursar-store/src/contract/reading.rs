//! Pages, spends and due times.

use std::time::Duration;

use bursar_core::account::command::{
    CaptureAmount, CaptureHold, Command, ExtendHold, RefundCharge, ReleaseHold,
};
use bursar_core::account::event::Event;
use bursar_core::account::spend::{SpendState, fold};
use bursar_core::id::{AccountId, HoldId, SpendId};

use super::{Ask, Clerk, Place};
use crate::{Entry, JournalPosition, StatementRow, Store};

/// Newest first, each line once, whatever the pages.
pub async fn statements_come_in_pages(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(10);
    let asks = [Ask::open("a"), Ask::give("a", 1_000), Ask::open("ab"), Ask::give("ab", 1)];
    clerk.batch(&mut *writer, &asks).await.unwrap();
    for _ in 0..40 {
        clerk.one(&mut *writer, Ask::charge("a")).await.unwrap().done();
    }
    let a: AccountId = "a".parse().unwrap();
    let all = store.statement(&a, None, 1_000).await.unwrap();
    assert_eq!(all.len(), 41);
    assert!(all.is_sorted_by(|one, next| one.version > next.version));
    assert_eq!(all[0].line.available_after.to_string(), "920");
    for size in [1, 7, 40, 41, 42] {
        assert_eq!(pages(&*store, &a, size).await, all, "pages of {size}");
    }
    assert_eq!(store.statement(&a, Some(1), 10).await.unwrap(), []);
    assert_eq!(store.statement(&a, None, 0).await.unwrap(), []);
    let ab = store.statement(&"ab".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(ab.len(), 1, "an account sees its own lines only");
}

async fn pages(store: &dyn Store, id: &AccountId, size: usize) -> Vec<StatementRow> {
    let mut rows: Vec<StatementRow> = Vec::new();
    loop {
        let before = rows.last().map(|row| row.version);
        let page = store.statement(id, before, size).await.unwrap();
        assert!(page.len() <= size);
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// A hold with all that happened to it, also what is no statement line; also to the writer.
pub async fn a_spend_has_all_its_events(place: &dyn Place) {
    let mut clerk = Clerk::new(11);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let asks = [Ask::open("a"), Ask::give("a", 100), Ask::hold("a"), Ask::hold("a")];
    let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
    let holds = [&outcomes[2], &outcomes[3]].map(|outcome| placed(outcome.entry().unwrap()));
    let [hold, other] = holds;
    let capture =
        CaptureHold { hold, amount: CaptureAmount::Rest, ends: true, allow_overage: false };
    let ttl = Duration::from_secs(3_600);
    let refund = RefundCharge { spend: SpendId::Hold(hold), credits: None, reason: None };
    for command in [
        Command::ExtendHold(ExtendHold { hold, ttl }),
        Command::CaptureHold(capture),
        Command::ReleaseHold(ReleaseHold { hold: other, reason: None }),
        Command::RefundCharge(refund.clone()),
    ] {
        clerk.wait(Duration::from_secs(1));
        clerk.one(&mut *writer, Ask::new("a", command)).await.unwrap().done();
    }
    let again = Ask::new("a", Command::RefundCharge(refund));
    let outcome = clerk.one(&mut *writer, again).await.unwrap();
    assert!(outcome.entry().is_none(), "it has been refunded already");
    check_spend(&*store, hold, &[3, 5, 6, 8]).await;
    drop(writer);
    store.close().await.unwrap();
    drop(store);
    check_spend(&*place.open().await, hold, &[3, 5, 6, 8]).await;
}

fn placed(entry: &Entry) -> HoldId {
    match entry.events[0].event {
        Event::HoldPlaced { hold, .. } => hold,
        _ => panic!("not a hold"),
    }
}

async fn check_spend(store: &dyn Store, hold: HoldId, expected: &[u64]) {
    let id = "a".parse().unwrap();
    let events = store.spend(&id, SpendId::Hold(hold)).await.unwrap();
    let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
    assert_eq!(versions, expected);
    let spend = events.iter().fold(None, |spend, event| fold(spend, &event.recorded));
    let spend = spend.unwrap();
    assert!(matches!(spend.state, SpendState::Captured { .. }));
    assert_eq!(spend.refundable(), []);
}

/// In commit order, each entry once, whatever the pages; positions grow.
pub async fn the_journal_comes_in_pages(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(12);
    for n in 0..15 {
        let names: Vec<String> = (0..=n % 4).map(|m| format!("account-{n}-{m}")).collect();
        let asks: Vec<Ask> = names.iter().map(|name| Ask::open(name)).collect();
        clerk.batch(&mut *writer, &asks).await.unwrap();
    }
    let all = store.journal(JournalPosition::default(), 1_000).await.unwrap();
    assert_eq!(all.len(), 36);
    assert!(all.is_sorted_by(|one, next| one.0 < next.0));
    for size in [1, 3, 36, 37] {
        let mut read = Vec::new();
        loop {
            let after = read.last().map_or(JournalPosition::default(), |(position, _)| *position);
            let page = store.journal(after, size).await.unwrap();
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, all, "pages of {size}");
    }
}

/// By the real clock; an account that moves on is due later or not at all.
pub async fn due_accounts_come_longest_due_first(place: &dyn Place) {
    let mut clerk = Clerk::new(13);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    for name in ["c", "a", "b", "never"] {
        let asks = [Ask::open(name), Ask::give(name, 10)];
        clerk.batch(&mut *writer, &asks).await.unwrap();
    }
    let early = clerk.now;
    for name in ["b", "c", "a"] {
        clerk.one(&mut *writer, Ask::hold(name)).await.unwrap().done();
        clerk.wait(Duration::from_secs(1));
    }
    assert_eq!(due(&*store, &clerk, 10).await, [""; 0], "holds live for 15 minutes");
    clerk.wait(Duration::from_secs(3_600));
    assert_eq!(due(&*store, &clerk, 10).await, ["b", "c", "a"]);
    assert_eq!(due(&*store, &clerk, 2).await, ["b", "c"]);
    let longest = store.due(clerk.now, 1).await.unwrap();
    assert_eq!(longest[0].since, early.after(Duration::from_secs(900)));
    drop(writer);
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(due(&*store, &clerk, 10).await, ["b", "c", "a"]);
    let mut writer = store.writer().unwrap();
    let advance = Ask::new("c", Command::Advance);
    clerk.one(&mut *writer, advance).await.unwrap().done();
    assert_eq!(due(&*store, &clerk, 10).await, ["b", "a"]);
    assert_eq!(due(&*store, &clerk, 1).await, ["b"]);
}

async fn due(store: &dyn Store, clerk: &Clerk, limit: usize) -> Vec<String> {
    let due = store.due(clerk.now, limit).await.unwrap();
    due.iter().map(|due| due.account.to_string()).collect()
}
