//! Whatever is asked of an account, in whatever order and at whatever pace: the books balance,
//! nothing is overspent, no money is taken for nothing, and replay gives the same account.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod billing;
mod books;
mod spending;
mod storage;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use billing::{Billing, billing, outcome};
use books::Books;
use bursar_core::account::Account;
use bursar_core::account::advance::advance;
use bursar_core::account::apply::replay;
use bursar_core::account::command::{Command, PaymentOutcome};
use bursar_core::account::event::Recorded;
use bursar_core::account::subscription::offer::Offer;
use bursar_core::catalog::{Catalog, ChangeTiming};
use bursar_core::time::Timestamp;
use proptest::prelude::*;
use spending::{Spending, seconds, spending};
use storage::{Shelf, Storing, storing};
use support::customer::{Customer, Month, Year, add_card, change};
use support::{catalog, credits, taxed};

/// Something to do.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes without an answer of the provider.
    Wait(u32),
    /// Time passes, and the provider answers everything at once.
    Pass(u32, PaymentOutcome),
    Spend(Spending),
    Bill(Billing),
    Store(Storing),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_u32..5_000_000).prop_map(Step::Wait),
        2 => (0_u32..2_000).prop_map(Step::Wait),
        4 => (0_u32..5_000_000, outcome()).prop_map(|(time, outcome)| Step::Pass(time, outcome)),
        4 => (0_u32..2_000, outcome()).prop_map(|(time, outcome)| Step::Pass(time, outcome)),
        10 => spending().prop_map(Step::Spend),
        16 => billing().prop_map(Step::Bill),
        12 => storing().prop_map(Step::Store),
    ]
}

/// Catalogs that differ in what matters to bills.
fn a_catalog() -> impl Strategy<Value = Catalog> {
    let timing = prop::bool::weighted(0.2);
    let window = prop::sample::select(&[7_u32, 7, 60][..]);
    (prop::option::of(any::<bool>()), timing, window).prop_map(|(tax, down_now, days)| {
        let mut catalog = match tax {
            None => catalog(),
            Some(inclusive) => taxed(catalog(), inclusive),
        };
        if down_now {
            catalog.policies.changes.downgrade = ChangeTiming::Now;
        }
        catalog.policies.refunds.first_subscription = support::DAY * days;
        for (plan, bytes) in catalog.plans.iter_mut().zip([1_000, 2_000]) {
            plan.storage_bytes = bytes;
        }
        catalog
    })
}

/// A customer whose books are compared after every step.
#[derive(Clone)]
struct Run {
    customer: Customer,
    preview: Option<Offer>,
}

impl Run {
    /// An account with a card; a subscriber of some plan, if `subscribed`.
    fn new(catalog: Catalog, start: i64, zone: &str, subscribed: bool) -> Self {
        let now = Timestamp::from_micros(start * 1_000_000);
        let mut customer = Customer::open_in(catalog, now, zone.parse().unwrap());
        customer.link();
        customer.run(&add_card("a", true));
        if subscribed {
            let (plan, interval) = match start % 3 {
                0 => ("small", Month),
                1 => ("small", Year),
                _ => ("large", Month),
            };
            customer.pay(&change(plan, interval));
        }
        Self { customer, preview: None }
    }

    fn step(&mut self, step: &Step) {
        let customer = &mut self.customer;
        match step {
            Step::Wait(time) => {
                customer.now = customer.now.after(seconds(*time));
                customer.book_due();
            }
            Step::Pass(time, outcome) => {
                customer.wait_until(customer.now.after(seconds(*time)), |_| outcome.clone());
            }
            Step::Bill(Billing::Preview { plan, interval }) => {
                customer.book_due();
                self.preview = customer.preview(plan, *interval).ok();
            }
            Step::Bill(step) => {
                let command = step.command(customer, self.preview.as_ref());
                self.ask(command);
            }
            Step::Spend(step) => {
                let command = step.command(customer);
                self.ask(command);
            }
            Step::Store(step) => {
                customer.book_due();
                let command = step.command(customer);
                self.ask(command);
            }
        }
    }

    fn ask(&mut self, command: Option<Command>) {
        let Some(command) = command else { return };
        self.customer.book_due();
        let before = self.customer.account.clone();
        if let Err(rejection) = self.customer.ask(&command) {
            assert_eq!(before, self.customer.account, "a rejection changed something: {rejection}");
            assert!(!rejection.to_string().is_empty() && !rejection.fix().is_empty());
            return;
        }
        if let Command::ReserveUpload(_) | Command::RegisterExternal(_) = command {
            let account = &self.customer.account;
            assert!(account.storage.taken() <= account.storage_quota(), "more than was paid for");
        }
    }
}

/// Does the steps; compares the books after each.
fn run(catalog: Catalog, start: i64, zone: &str, steps: &[Step]) -> Run {
    let mut run = Run::new(catalog, start, zone, !steps.len().is_multiple_of(5));
    let mut books = Books::new(run.customer.history[0].at);
    let mut shelf = Shelf::default();
    let mut booked = 0;
    for step in steps {
        run.step(step);
        run.customer.history[booked..].iter().for_each(|recorded| books.book(recorded));
        run.customer.history[booked..].iter().for_each(|recorded| shelf.put(recorded));
        booked = run.customer.history.len();
        books.compare(&run.customer.account);
        shelf.compare(&run.customer.account);
        assert_eq!(run.customer.account.version, u64::try_from(booked).unwrap());
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_books_balance_and_replay_equals_live(
        catalog in a_catalog(),
        start in 0_i64..2_000_000_000,
        zone in prop::sample::select(&["UTC", "Europe/Berlin", "Pacific/Apia"][..]),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let Customer { account, history, .. } = run(catalog, start, zone, &steps).customer;
        let replayed = replay(&account.id, history.iter().map(|r| (r.at, &r.event)));
        prop_assert_eq!(replayed.as_ref(), Some(&account));
        // Every event and the state survive their encoding.
        for recorded in &history {
            let bytes = postcard::to_stdvec(recorded).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Recorded>(&bytes).unwrap(), recorded);
        }
        let bytes = postcard::to_stdvec(&account).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Account>(&bytes).unwrap(), account);
    }

    /// A late scheduler makes no difference, as long as the provider answers at the same moments:
    /// one advance over a long time gives the events of many.
    #[test]
    fn how_often_an_account_is_advanced_makes_no_difference(
        catalog in a_catalog(),
        start in 0_i64..2_000_000_000,
        zone in prop::sample::select(&["UTC", "America/New_York"][..]),
        steps in prop::collection::vec(step(), 1..25),
        days in 1_u32..900,
        parts in 1_u32..40,
        outcome in outcome(),
    ) {
        let Run { customer: mut at_once, .. } = run(catalog, start, zone, &steps);
        let mut in_parts = at_once.clone();
        let whole = Duration::from_secs(u64::from(days) * 86_400);
        let start = at_once.now;
        let expected = at_once.wait_until(start.after(whole), |_| outcome.clone());
        let mut events = Vec::new();
        for part in 1..=parts {
            let now = start.after(whole * part / parts);
            events.extend(in_parts.wait_until(now, |_| outcome.clone()));
        }
        prop_assert_eq!(events, expected);
        prop_assert_eq!(in_parts.account, at_once.account);
    }

    /// The same without an answer at all.
    #[test]
    fn an_account_without_answers_moves_on_all_the_same(
        catalog in a_catalog(),
        start in 0_i64..2_000_000_000,
        steps in prop::collection::vec(step(), 1..25),
        days in 1_u32..900,
        parts in 1_u32..40,
    ) {
        let Run { customer: mut at_once, .. } = run(catalog, start, "UTC", &steps);
        let mut account = at_once.account.clone();
        let whole = Duration::from_secs(u64::from(days) * 86_400);
        let start = at_once.now;
        at_once.now = start.after(whole);
        let expected = at_once.book_due();
        let mut events = Vec::new();
        for part in 1..=parts {
            events.extend(advance(&mut account, &at_once.catalog, start.after(whole * part / parts)));
        }
        prop_assert_eq!(events, expected);
        prop_assert_eq!(account, at_once.account);
    }
}

#[test]
fn a_job_captured_in_pieces_is_rounded_once() {
    let mut run = Run::new(catalog(), 2, "UTC", true);
    run.step(&Step::Spend(Spending::HoldVideo { units: 9_900_000, audio: false }));
    // 10 credits a second: 99 credits for 9.9 s, though each third alone would cost 33.
    for ends in [false, false, true] {
        run.step(&Step::Spend(Spending::CaptureUnits { which: 0, units: 3_300_000, ends }));
    }
    assert_eq!(run.customer.account.available(), credits("901"));
}
