//! History: one account with up to a million events, and one after the other asked for what is old.

use std::time::{Duration, Instant};

use bursar_core::account::command::{CaptureAmount, CaptureHold, Command, PlaceHold, RefundCharge};
use bursar_core::account::event::Event;
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, HoldId, SpendId};
use bursar_engine::{Clock, Envelope, SystemClock};
use bursar_meter::median;

use crate::Bench;
use crate::load::{Cost, fresh_keys, measure};
use crate::node::{Node, by_us, charge, give, id, one_credit, open};

/// Lines of a page of the statement.
const PAGE: usize = 50;
/// How often each question is asked in a round.
const QUESTIONS: usize = 50;

/// An account with a history.
struct Old {
    events: usize,
    account: AccountId,
    /// Its first charges and holds, to be refunded and captured, each once.
    charges: Vec<SpendId>,
    holds: Vec<HoldId>,
    costs: Vec<Cost>,
    answers: [Vec<f64>; 4],
}

const ASKED: [&str; 4] = ["first page", "last page", "refund", "capture"];

pub(crate) fn run(bench: &mut Bench) {
    println!("\nhistory: one account with so many events; microseconds, alone");
    let place = bench.plan.place();
    let node = bench.runtime.block_on(Node::open(place.path()));
    let mut olds = Vec::new();
    for (number, events) in (0..).zip(bench.plan.sizes(100, 1_000_000)) {
        let rounds = bench.plan.rounds;
        olds.push(bench.runtime.block_on(grow(&node, id(number), events, rounds)));
    }
    for _ in 0..bench.plan.rounds {
        for old in &mut olds {
            let account = old.account.clone();
            let charges = || fresh_keys().take(5_120).map(|key| charge(&account, &key)).collect();
            old.costs.push(bench.measure(&node, charges));
            bench.runtime.block_on(ask(&node, old));
        }
    }
    print(&olds);
    bench.runtime.block_on(node.stop());
}

/// Holds and charges first, then as many charges as are missing.
async fn grow(node: &Node, account: AccountId, events: usize, rounds: usize) -> Old {
    let year = SystemClock.now().after(Duration::from_secs(365 * 86_400));
    let lots = [give(10_000_000, Some(year)), give(1_000_000_000, None)];
    let commands = std::iter::once(open()).chain(lots);
    node.does(commands.map(|command| by_us(&account, command)).collect()).await;
    // As many as will be asked for in all rounds, but never more than the history has.
    let each = (rounds * QUESTIONS).min(events / 3);
    let ttl = Some(Duration::from_secs(3_600));
    let hold = Command::PlaceHold(PlaceHold { spend: one_credit(), ttl, reference: None });
    let holds = (0..each).map(|_| by_us(&account, hold.clone())).collect();
    let holds = node.engine.execute_many(holds).await.into_iter().map(|outcome| {
        let entry = outcome.unwrap().entry;
        let placed = entry.events.iter().find_map(|recorded| match &recorded.event {
            Event::HoldPlaced { hold, .. } => Some(*hold),
            _ => None,
        });
        placed.unwrap()
    });
    let holds = holds.collect();
    let charges = fresh_keys().take(each).map(|key| charge(&account, &key)).collect();
    let charges = node.engine.execute_many(charges).await.into_iter().map(|outcome| {
        let entry = outcome.unwrap().entry;
        let charged = entry.events.iter().find_map(|recorded| match &recorded.event {
            Event::Charged { charge, .. } => Some(SpendId::Charge(*charge)),
            _ => None,
        });
        charged.unwrap()
    });
    let charges = charges.collect();
    let rest = events.saturating_sub(3 + 2 * each);
    let rest: Vec<Envelope> = fresh_keys().take(rest).map(|key| charge(&account, &key)).collect();
    if !rest.is_empty() {
        measure(node, rest).await;
    }
    node.settle().await;
    Old { events, account, charges, holds, costs: Vec::new(), answers: Default::default() }
}

/// Asks for pages of the statement, refunds the oldest charges and captures the oldest holds.
async fn ask(node: &Node, old: &mut Old) {
    let Old { account, charges, holds, answers, .. } = old;
    for _ in 0..QUESTIONS {
        let begun = Instant::now();
        let page = node.engine.statement(account, None, PAGE).await.unwrap();
        answers[0].push(micros(begun));
        assert_eq!(page.len(), PAGE);
        let begun = Instant::now();
        let page = node.engine.statement(account, Some(PAGE as u64), PAGE).await.unwrap();
        answers[1].push(micros(begun));
        assert!(!page.is_empty());
        if let Some(spend) = charges.pop() {
            let credits = Some(Credits::ONE);
            let refund = Command::RefundCharge(RefundCharge { spend, credits, reason: None });
            let begun = Instant::now();
            node.does(vec![by_us(account, refund)]).await;
            answers[2].push(micros(begun));
        }
        if let Some(hold) = holds.pop() {
            let (amount, ends) = (CaptureAmount::Rest, true);
            let capture = CaptureHold { hold, amount, ends, allow_overage: false };
            let begun = Instant::now();
            node.does(vec![by_us(account, Command::CaptureHold(capture))]).await;
            answers[3].push(micros(begun));
        }
    }
}

fn micros(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6
}

fn print(olds: &[Old]) {
    print!("{:>10} {:>10} {:>7} {:>9} {:>7}", "events", "wall µs", "growth", "CPU µs", "growth");
    println!("{}", ASKED.map(|what| format!(" {what:>11} {:>7}", "growth")).concat());
    let middle =
        |old: &Old, of: fn(&Cost) -> f64| median(&old.costs.iter().map(of).collect::<Vec<f64>>());
    for old in olds {
        let (wall, cpu) = (middle(old, |cost| cost.wall), middle(old, |cost| cost.cpu));
        print!(
            "{:>10} {wall:>10.2} {:>7.2}",
            old.events,
            wall / middle(&olds[0], |cost| cost.wall)
        );
        print!(" {cpu:>9.2} {:>7.2}", cpu / middle(&olds[0], |cost| cost.cpu));
        for (answers, first) in old.answers.iter().zip(&olds[0].answers) {
            print!(" {:>11.0} {:>7.2}", median(answers), median(answers) / median(first));
        }
        println!();
    }
}
