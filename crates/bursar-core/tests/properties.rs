//! Whatever is asked of an account, in whatever order and at whatever pace: the books balance,
//! nothing is overspent, and replay gives the same account.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::advance::advance;
use bursar_core::account::apply::replay;
use bursar_core::account::command::{
    AdjustCredits, Cancel, CaptureAmount, CaptureHold, ChangePlan, Charge, Command, ExtendHold,
    Open, PlaceHold, RefundCharge, ReleaseHold, SpendRequest,
};
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::spend::{self, Spend};
use bursar_core::account::{Account, execute};
use bursar_core::catalog::{Catalog, Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, HoldId, SpendId};
use bursar_core::postings::{Book, postings};
use bursar_core::pricing::{Quantity, UsageRequest};
use bursar_core::time::{Timestamp, ZoneName};
use proptest::prelude::*;
use support::{catalog, credits};

/// Something to do, with which of the earlier spends it is about.
#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    Hold { amount: i64, ttl: u32 },
    HoldVideo { units: u64, audio: bool },
    Capture { which: usize, amount: Option<i64>, ends: bool, overage: bool },
    CaptureUnits { which: usize, units: u64, ends: bool },
    Release(usize),
    Extend { which: usize, ttl: u32 },
    Charge(i64),
    Refund { which: usize, amount: Option<i64> },
    Adjust { amount: i64, class: Class, lives: Option<u32> },
    Change { large: bool, year: bool },
    Cancel,
    Resume,
    Drop,
}

fn step() -> impl Strategy<Value = Step> {
    let amount = 1_i64..400_000_000;
    let some_amount = prop::option::of(1_i64..300_000_000);
    let class = prop::sample::select(&Class::ALL[..]);
    prop_oneof![
        3 => (0_u32..5_000_000).prop_map(Step::Wait),
        2 => (0_u32..2_000).prop_map(Step::Wait),
        6 => (amount.clone(), 1_u32..90_000).prop_map(|(amount, ttl)| Step::Hold { amount, ttl }),
        3 => (1_u64..9_000_000, any::<bool>())
            .prop_map(|(units, audio)| Step::HoldVideo { units, audio }),
        6 => (any::<usize>(), some_amount.clone(), any::<bool>(), any::<bool>()).prop_map(
            |(which, amount, ends, overage)| Step::Capture { which, amount, ends, overage }
        ),
        3 => (any::<usize>(), 1_u64..5_000_000, any::<bool>())
            .prop_map(|(which, units, ends)| Step::CaptureUnits { which, units, ends }),
        2 => any::<usize>().prop_map(Step::Release),
        1 => (any::<usize>(), 1_u32..90_000).prop_map(|(which, ttl)| Step::Extend { which, ttl }),
        4 => amount.prop_map(Step::Charge),
        4 => (any::<usize>(), some_amount).prop_map(|(which, amount)| Step::Refund { which, amount }),
        3 => (-200_000_000_i64..500_000_000, class, prop::option::of(1_u32..9_000_000))
            .prop_map(|(amount, class, lives)| Step::Adjust { amount, class, lives }),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(large, year)| Step::Change { large, year }),
        1 => Just(Step::Cancel),
        1 => Just(Step::Resume),
        1 => Just(Step::Drop),
    ]
}

/// An account with its whole history, checked after every step.
struct Run {
    catalog: Catalog,
    account: Account,
    now: Timestamp,
    history: Vec<Recorded>,
    spends: Vec<SpendId>,
    books: BTreeMap<Book, Credits>,
    entropy: u64,
}

impl Run {
    fn new(start: i64, zone: &str) -> Self {
        let catalog = catalog();
        let now = Timestamp::from_micros(start * 1_000_000);
        let id: AccountId = "acc".parse().unwrap();
        let zone: ZoneName = zone.parse().unwrap();
        let (account, opened) = Open { zone, currency: None }.decide(id, &catalog, now).unwrap();
        let (spends, books) = (Vec::new(), BTreeMap::new());
        Self { catalog, account, now, history: vec![opened], spends, books, entropy: 0 }
    }

    fn step(&mut self, step: &Step) {
        if let Step::Wait(seconds) = step {
            self.now = self.now.after(Duration::from_secs(u64::from(*seconds)));
        }
        let due = advance(&mut self.account, &self.catalog, self.now);
        self.book(due);
        let Some(command) = self.command(step) else {
            return;
        };
        let spend = command.needs_history(&self.account).and_then(|id| self.past(id));
        let past = bursar_core::account::Past { spend, payment: None };
        self.entropy += 1;
        let mut entropy = [0; 10];
        // Version and variant take bits of the first three bytes.
        entropy[3..].copy_from_slice(&self.entropy.to_be_bytes()[1..]);
        let context = Context { now: self.now, entropy };
        let before = self.account.clone();
        let outcome = execute(&mut self.account, &self.catalog, &command, &context, &past);
        match outcome {
            Ok(events) => self.book(events),
            Err(rejection) => {
                assert_eq!(before, self.account, "a rejection changed something: {rejection}");
                assert!(!rejection.to_string().is_empty() && !rejection.fix().is_empty());
            }
        }
    }

    fn past(&self, id: SpendId) -> Option<Spend> {
        let own = self.history.iter().filter(|r| spend::subject(&r.event) == Some(id));
        own.fold(None, spend::fold)
    }

    fn book(&mut self, events: Vec<Recorded>) {
        for recorded in events {
            let lines = postings(&recorded.event);
            let sum = Credits::total(lines.iter().map(|line| line.credits));
            assert!(sum.is_zero(), "unbalanced: {lines:?}");
            for line in lines {
                let book = self.books.entry(line.book).or_default();
                *book = book.plus(line.credits);
            }
            let of = |book| self.books.get(&book).copied().unwrap_or_default();
            assert_eq!(of(Book::Available), recorded.available, "{recorded:?}");
            assert_eq!(of(Book::Held), recorded.held, "{recorded:?}");
            assert!(!recorded.available.is_negative() && !recorded.held.is_negative());
            let last = self.history.last().unwrap().at;
            assert!(recorded.at >= last, "time ran back: {recorded:?}");
            match &recorded.event {
                Event::HoldPlaced { hold, .. } => self.spends.push(SpendId::Hold(*hold)),
                Event::Charged { charge, .. } => self.spends.push(SpendId::Charge(*charge)),
                _ => {}
            }
            self.history.push(recorded);
        }
        self.account.check().unwrap();
        assert_eq!(self.account.version, u64::try_from(self.history.len()).unwrap());
    }

    fn pick(&self, which: usize) -> Option<SpendId> {
        let count = self.spends.len();
        (count > 0).then(|| self.spends[count - 1 - which % count.min(6)])
    }

    fn command(&self, step: &Step) -> Option<Command> {
        Some(match step.clone() {
            Step::Wait(_) => return None,
            Step::Adjust { amount, class, lives } => Command::AdjustCredits(AdjustCredits {
                credits: Credits::from_micro(amount),
                class,
                reason: "support".parse().unwrap(),
                expires_at: lives.map(|lives| self.now.after(seconds(lives))),
            }),
            Step::Change { large, year } => Command::ChangePlan(ChangePlan {
                plan: if large { "large" } else { "small" }.to_owned(),
                interval: if year { Interval::Year } else { Interval::Month },
                confirms: None,
            }),
            Step::Cancel => Command::Cancel(Cancel { reason: None }),
            Step::Resume => Command::Resume,
            Step::Drop => Command::DropScheduledChange,
            spending => return self.spending(spending),
        })
    }

    fn spending(&self, step: Step) -> Option<Command> {
        let hold = |spend, ttl| Command::PlaceHold(PlaceHold { spend, ttl, reference: None });
        Some(match step {
            Step::Hold { amount, ttl } => hold(custom(amount), Some(seconds(ttl))),
            Step::HoldVideo { units, audio } => {
                hold(SpendRequest::Operation(video(units, audio)), None)
            }
            Step::Capture { which, amount, ends, overage } => Command::CaptureHold(CaptureHold {
                hold: self.hold(which)?,
                amount: amount.map_or(CaptureAmount::Rest, |amount| {
                    CaptureAmount::Credits(Credits::from_micro(amount))
                }),
                ends,
                allow_overage: overage,
            }),
            Step::CaptureUnits { which, units, ends } => Command::CaptureHold(CaptureHold {
                hold: self.hold(which)?,
                amount: CaptureAmount::Units(Quantity::from_micro(units)),
                ends,
                allow_overage: false,
            }),
            Step::Release(which) => {
                Command::ReleaseHold(ReleaseHold { hold: self.hold(which)?, reason: None })
            }
            Step::Extend { which, ttl } => {
                Command::ExtendHold(ExtendHold { hold: self.hold(which)?, ttl: seconds(ttl) })
            }
            Step::Charge(amount) => {
                Command::Charge(Charge { spend: custom(amount), reference: None })
            }
            Step::Refund { which, amount } => Command::RefundCharge(RefundCharge {
                spend: self.pick(which)?,
                credits: amount.map(Credits::from_micro),
                reason: None,
            }),
            other => panic!("{other:?} spends nothing"),
        })
    }

    fn hold(&self, which: usize) -> Option<HoldId> {
        match self.pick(which) {
            Some(SpendId::Hold(hold)) => Some(hold),
            _ => None,
        }
    }
}

fn custom(amount: i64) -> SpendRequest {
    let credits = Credits::from_micro(amount);
    SpendRequest::Credits { credits, reason: "job".parse().unwrap() }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

fn video(units: u64, audio: bool) -> UsageRequest {
    UsageRequest {
        operation: "video".to_owned(),
        model: None,
        quality: None,
        units: Some(Quantity::from_micro(units)),
        attributes: vec![("audio".to_owned(), if audio { "on" } else { "off" }.to_owned())],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_replay_equals_live(
        start in 0_i64..2_000_000_000,
        zone in prop::sample::select(&["UTC", "Europe/Berlin", "Pacific/Apia"][..]),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut run = Run::new(start, zone);
        for step in &steps {
            run.step(step);
        }
        let id = run.account.id.clone();
        let replayed = replay(&id, run.history.iter().map(|r| (r.at, &r.event)));
        prop_assert_eq!(replayed.as_ref(), Some(&run.account));
        // Every event and the state survive their encoding.
        for recorded in &run.history {
            let bytes = postcard::to_stdvec(recorded).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Recorded>(&bytes).unwrap(), recorded);
        }
        let bytes = postcard::to_stdvec(&run.account).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Account>(&bytes).unwrap(), run.account);
    }

    /// A late scheduler makes no difference: one advance over a long time gives the events of many.
    #[test]
    fn how_often_an_account_is_advanced_makes_no_difference(
        start in 0_i64..2_000_000_000,
        zone in prop::sample::select(&["UTC", "America/New_York"][..]),
        steps in prop::collection::vec(step(), 1..25),
        days in 1_u32..900,
        parts in 1_u32..40,
    ) {
        let mut run = Run::new(start, zone);
        for step in &steps {
            run.step(step);
        }
        let whole = Duration::from_secs(u64::from(days) * 86_400);
        let end = run.now.after(whole);
        let mut at_once = run.account.clone();
        let expected = advance(&mut at_once, &run.catalog, end);
        let mut events = Vec::new();
        for part in 1..=parts {
            let now = run.now.after(whole * part / parts);
            events.extend(advance(&mut run.account, &run.catalog, now));
        }
        prop_assert_eq!(events, expected);
        prop_assert_eq!(run.account, at_once);
    }
}

#[test]
fn a_job_captured_in_pieces_is_rounded_once() {
    let mut run = Run::new(0, "UTC");
    run.step(&Step::Change { large: true, year: false });
    run.step(&Step::HoldVideo { units: 9_900_000, audio: false });
    // 10 credits a second: 99 credits for 9.9 s, though each third alone would cost 33.
    for ends in [false, false, true] {
        run.step(&Step::CaptureUnits { which: 0, units: 3_300_000, ends });
    }
    assert_eq!(run.account.available(), credits("901"));
}
