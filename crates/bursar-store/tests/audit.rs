//! The audit passes what the rules make, and finds every kind of mistake.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{
    AdvanceClock, ClockTarget, Command, RefundTopup, SettleRefund,
};
use bursar_core::account::event::Event;
use bursar_core::bill::Bill;
use bursar_core::credits::Credits;
use bursar_core::id::DocumentId;
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook};
use bursar_store::audit::{Audit, Counts, Finding};
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

/// `BURSAR_SEEDS` tries more.
#[tokio::test]
async fn random_work_passes() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let seeds = std::env::var("BURSAR_SEEDS").map_or(20, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let store = MemoryStore::new();
        let mut writer = store.writer().unwrap();
        let (mut clerk, mut work) = (Clerk::new(seed), Work::new(seed));
        for _ in 0..300 {
            let asks = work.asks();
            clerk.wait(work.pause());
            work.note(&clerk.batch(&mut *writer, &asks).await.unwrap());
        }
        let journal = store.journal(JournalPosition::default(), 100_000).await.unwrap();
        let audit = audit(&journal).unwrap_or_else(|finding| panic!("seed {seed}: {finding}"));
        audit.check_storage().unwrap_or_else(|(id, what)| panic!("seed {seed}: {id}: {what}"));
        assert!(audit.entry_count() > 100);
        for recorded in journal.iter().flat_map(|(_, entry)| &entry.events) {
            let shown = format!("{:?}", recorded.event);
            let name = shown.split([' ', '{']).next().unwrap_or_default();
            *seen.entry(name.to_owned()).or_default() += 1;
        }
    }
    // All that can happen to money did, or the audit has proved nothing.
    for name in MONEY.iter().chain(&STORAGE).copied() {
        assert!(seen.contains_key(name), "{name} never happened: {seen:?}");
    }
}

/// The events about files.
const STORAGE: [&str; 7] = [
    "UploadReserved",
    "AssetStored",
    "UploadEnded",
    "AssetDeleted",
    "AssetsErased",
    "VaultPurged",
    "PurgeCertified",
];

/// The events that move money or are between those that do.
const MONEY: [&str; 15] = [
    "PaymentRequested",
    "PaymentProgressed",
    "PaymentSucceeded",
    "PaymentFailed",
    "PaymentAbandoned",
    "InvoiceIssued",
    "InvoicePaid",
    "CreditNoteIssued",
    "RefundRequested",
    "RefundSucceeded",
    "RefundFailed",
    "RenewalUnpaid",
    "UnusedTimeCarried",
    "RevenueRecognized",
    "PaymentDisputed",
];

/// Changes one entry of the journal and sees what the audit says of it.
async fn check(at: usize, change: impl FnOnce(&mut Entry), expected: &str) {
    check_in(journal().await, at, change, expected);
}

fn check_in(mut journal: Journal, at: usize, change: impl FnOnce(&mut Entry), expected: &str) {
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

/// The account subscribes, buys a top-up, has it refunded, and sees half a month pass.
async fn sales() -> Journal {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(2);
    let document = DocumentId(2);
    let refund = Command::RefundTopup(RefundTopup { document, reason: None });
    let mut asks = Vec::from(Ask::subscriber("a", "small"));
    asks.extend([Ask::buy("a"), Ask::paid("a", 2), Ask::new("a", refund)]);
    for ask in asks {
        clerk.wait(Duration::from_secs(1));
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    let Event::RefundRequested { refund, .. } = event(&store, 7, 1).await else {
        panic!("not a refund");
    };
    let settle = Command::SettleRefund(SettleRefund { refund, outcome: Ok(()) });
    clerk.one(&mut *writer, Ask::new("a", settle)).await.unwrap().done();
    clerk.wait(Duration::from_secs(20 * 86_400));
    clerk.one(&mut *writer, Ask::subscribe("a", "large")).await.unwrap().done();
    clerk.one(&mut *writer, Ask::paid("a", 3)).await.unwrap().done();
    store.journal(JournalPosition::default(), 100).await.unwrap()
}

async fn event(store: &MemoryStore, entry: usize, place: usize) -> Event {
    let journal = store.journal(JournalPosition::default(), 100).await.unwrap();
    journal[entry].1.events[place].event.clone()
}

/// The places of the entries in [`sales`].
const STARTED: usize = 4;
const TOPPED_UP: usize = 6;
const REFUNDED: usize = 7;
const RETURNED: usize = 8;

#[tokio::test]
async fn what_was_sold_passes() {
    let audit = audit(&sales().await).unwrap();
    let counts = Counts { payments: 3, refunds: 1, invoices: 3, credit_notes: 1 };
    assert_eq!(audit.counts(), counts);
    let of = |book| audit.money_totals()[&(Currency::USD, book)];
    // 10.00 for the month, and the rest of it on the larger plan: (50 − 10) × 11⁄31, 4 seconds off.
    let upgrade = 1_419;
    assert_eq!(of(MoneyBook::Cash), 1_000 + upgrade);
    assert_eq!((of(MoneyBook::Receivable), of(MoneyBook::Refunds)), (0, 839));
    let (deferred, revenue) = (of(MoneyBook::DeferredRevenue), of(MoneyBook::Revenue));
    assert_eq!((deferred, revenue), (-840 - 1_192, -839));
    assert_eq!(of(MoneyBook::Tax), -160 - 227);
    assert_eq!(audit.money_totals().values().sum::<i128>(), 0);
}

/// Changes an event of [`sales`].
async fn check_sale(at: usize, change: impl Fn(&mut Event), expected: &str) {
    let all = |entry: &mut Entry| {
        entry.events.iter_mut().for_each(|recorded| change(&mut recorded.event));
    };
    check_in(sales().await, at, all, expected);
}

#[tokio::test]
async fn a_legal_number_that_does_not_follow_is_found() {
    for (number, says) in [(0, "INV-2026-000000 after number 1"), (1, "after"), (3, "after")] {
        let other = |event: &mut Event| {
            if let Some(place) = event.legal_number_mut() {
                place.number = number;
            }
        };
        check_sale(TOPPED_UP, other, says).await;
    }
}

#[tokio::test]
async fn a_document_that_does_not_follow_is_found() {
    let other = |event: &mut Event| {
        if let Event::CreditNoteIssued { document, .. } = event {
            *document = DocumentId(9);
        }
    };
    check_sale(REFUNDED, other, "issues inv_9 after inv_2").await;
}

#[tokio::test]
async fn a_document_that_does_not_add_up_is_found() {
    let changes: [fn(&mut Bill); 4] = [
        |bill| bill.tax += 1,
        |bill| bill.net += 1,
        |bill| bill.total += 1,
        |bill| bill.lines[0].net += 1,
    ];
    for change in changes {
        let mut journal = sales().await;
        for recorded in &mut Arc::make_mut(&mut journal[STARTED].1).events {
            if let Event::InvoiceIssued { order, .. } = &mut recorded.event {
                change(&mut order.bill);
            }
        }
        let finding = audit(&journal).unwrap_err();
        assert_eq!(finding.position, journal[STARTED].0);
    }
    let net = |event: &mut Event| {
        if let Event::InvoiceIssued { order, .. } = event {
            order.bill.lines[0].net += 1;
        }
    };
    check_sale(STARTED, net, "INV-2026-000001 does not add up").await;
}

#[tokio::test]
async fn a_credit_note_of_something_else_is_found() {
    let of_another = |event: &mut Event| {
        if let Event::CreditNoteIssued { corrects, .. } = event {
            *corrects = DocumentId(1);
        }
    };
    check_sale(REFUNDED, of_another, "takes back 9.99 USD of inv_1, which was of 1000").await;
    let of_nothing = |event: &mut Event| {
        if let Event::CreditNoteIssued { corrects, .. } = event {
            *corrects = DocumentId(3);
        }
    };
    check_sale(REFUNDED, of_nothing, "takes back inv_3, which is no invoice").await;
    let mut journal = sales().await;
    let again = Arc::make_mut(&mut journal[RETURNED].1);
    let Event::RefundSucceeded { .. } = again.events[0].event else {
        panic!("not a refund");
    };
    let mut note = Entry::clone(&sales().await[REFUNDED].1).events.remove(0);
    note.available = again.events[0].available;
    note.at = again.events[0].at;
    if let Event::CreditNoteIssued { document, number, .. } = &mut note.event {
        *document = DocumentId(4);
        number.number = 2;
    }
    again.events.insert(0, note);
    let finding = audit(&journal).unwrap_err();
    assert!(finding.what.contains("takes back inv_2, which is no invoice"), "{finding}");
}

#[tokio::test]
async fn revenue_that_the_state_does_not_have_is_found() {
    // Of a lot that is no top-up's: the books earn it, the state doesn't.
    let other = |event: &mut Event| {
        if let Event::RevenueRecognized { topups, .. } = event {
            topups[0].0.0 = 99;
        }
    };
    check_sale(REFUNDED, other, "deferred revenue; the state has 1679 unearned").await;
}

#[tokio::test]
async fn money_that_nobody_owes_is_found() {
    let more = |event: &mut Event| {
        if let Event::PaymentSucceeded { money, .. } = event {
            money.amount += 1;
        }
    };
    check_sale(STARTED, more, "the books have -1 minor units receivable").await;
    let less = |event: &mut Event| {
        if let Event::RefundSucceeded { money, .. } = event {
            money.amount -= 1;
        }
    };
    check_sale(RETURNED, less, "receivable; open invoices less refunds are 0").await;
    let unpaid = |entry: &mut Entry| {
        entry.events.retain(|recorded| !matches!(recorded.event, Event::InvoicePaid { .. }));
    };
    check_in(sales().await, STARTED, unpaid, "open invoices less refunds are 1000");
}

#[tokio::test]
async fn money_of_another_currency_is_found() {
    let euros = |event: &mut Event| {
        if let Event::PaymentSucceeded { money, .. } = event {
            money.currency = "EUR".parse().unwrap();
        }
    };
    check_sale(STARTED, euros, "posts -10.00 EUR to receivable of an account in USD").await;
}
