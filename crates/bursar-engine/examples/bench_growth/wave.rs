//! A wave: a hundred thousand accounts are due at one instant. How long until all are renewed, and what do
//! others notice of it?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bursar_core::account::command::{ChangePlan, Command};
use bursar_core::catalog::Interval;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_engine::clock::ManualClock;
use bursar_engine::{Clock, Envelope, SystemClock};
use bursar_meter::quantile;
use bursar_store::Store;
use futures::StreamExt;

use crate::Bench;
use crate::load::fresh_keys;
use crate::node::{Node, by_us, charge, give, id, open};

/// Accounts that are due.
const ACCOUNTS: usize = 100_000;
/// Accounts that are charged meanwhile, and how often.
const OTHERS: usize = 1_000;
const EVERY: Duration = Duration::from_millis(1);
/// How long they are charged before the wave, for comparison.
const BEFORE: Duration = Duration::from_secs(10);
/// How many are subscribed at once.
const AT_ONCE: usize = 64;
/// A wave may take so long.
const PATIENCE: Duration = Duration::from_secs(600);

/// What falls due for all at once.
#[derive(Clone, Copy)]
struct Wave {
    what: &'static str,
    interval: Option<Interval>,
    /// From the beginning until it is due.
    days: u64,
}

const WAVES: [Wave; 3] = [
    Wave { what: "a lot of each expires", interval: None, days: 30 },
    Wave { what: "next month of annual plans", interval: Some(Interval::Year), days: 32 },
    Wave { what: "renewal, paid", interval: Some(Interval::Month), days: 32 },
];

pub(crate) fn run(bench: &mut Bench) {
    let accounts = ACCOUNTS.min(bench.plan.most);
    println!(
        "\nwave: {accounts} accounts are due at one instant, and {OTHERS} others are charged, one every \
         {EVERY:?}"
    );
    println!(
        "{:28} {:>10} {:>9} {:>21} {:>21} {:>21}",
        "",
        "all by, s",
        "/s",
        "p50 ms before, in it",
        "p99 ms before, in it",
        "most ms before, in it"
    );
    for wave in WAVES {
        let place = bench.plan.place();
        bench.runtime.block_on(async {
            let clock = Arc::new(ManualClock::new(SystemClock.now()));
            let node = Arc::new(Node::open_at(place.path(), clock.clone()).await);
            prepare(&node, accounts, wave, clock.now()).await;
            ride(&node, &clock, accounts, wave).await;
            Arc::into_inner(node).unwrap().stop().await;
        });
    }
}

async fn prepare(node: &Node, accounts: usize, wave: Wave, now: Timestamp) {
    node.populate(accounts..accounts + OTHERS).await;
    let numbers: Vec<usize> = (0..accounts).collect();
    let expiry = now.after(Duration::from_secs(86_400 * wave.days));
    for numbers in numbers.chunks(1_000) {
        let opened = numbers.iter().flat_map(|number| {
            let account = id(*number);
            let gift = give(10, Some(expiry));
            let gift = wave.interval.is_none().then_some(gift);
            std::iter::once(open()).chain(gift).map(move |command| by_us(&account, command))
        });
        node.does(opened.collect()).await;
    }
    if let Some(interval) = wave.interval {
        let subscribed =
            futures::stream::iter(numbers).map(|number| subscribe(node, number, interval));
        subscribed.buffer_unordered(AT_ONCE).collect::<()>().await;
        until(async || node.store.asking(None, 1).await.unwrap().is_empty()).await;
    }
    node.settle().await;
}

async fn subscribe(node: &Node, number: usize, interval: Interval) {
    let account = id(number);
    let card = "pm_card_visa".parse().unwrap();
    let nothing = by_us(&account, Command::Advance);
    node.engine.add_payment_method(nothing, card, true).await.unwrap();
    let plan = "starter".to_owned();
    let change = Command::ChangePlan(ChangePlan { plan, interval, confirms: None });
    node.does(vec![by_us(&account, change)]).await;
}

/// Charges others, then moves the clock, and waits until nothing is due and nothing to be paid.
async fn ride(node: &Arc<Node>, clock: &ManualClock, accounts: usize, wave: Wave) {
    let before = Others::begin(node, accounts);
    tokio::time::sleep(BEFORE).await;
    let before = before.end().await;
    let meanwhile = Others::begin(node, accounts);
    let begun = Instant::now();
    clock.set(clock.now().after(Duration::from_secs(86_400 * wave.days + 3_600)));
    let now = clock.now();
    until(async || {
        node.store.due(now, 1).await.unwrap().is_empty()
            && node.store.asking(None, 1).await.unwrap().is_empty()
    })
    .await;
    let seconds = begun.elapsed().as_secs_f64();
    let meanwhile = meanwhile.end().await;
    print!("{:28} {seconds:>10.1} {:>9.0}", wave.what, accounts as f64 / seconds);
    for part in [0.5, 0.99, 1.0] {
        print!(" {:>10.2} {:>10.2}", quantile(&before, part), quantile(&meanwhile, part));
    }
    println!();
}

/// Charges at a rate that doesn't wait for answers.
struct Others {
    stop: Arc<AtomicBool>,
    charging: tokio::task::JoinHandle<Vec<f64>>,
}

impl Others {
    fn begin(node: &Arc<Node>, first: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let charging = tokio::spawn(charge_others(Arc::clone(node), first, Arc::clone(&stop)));
        Self { stop, charging }
    }

    /// Milliseconds from when each charge was to be sent to its answer.
    async fn end(self) -> Vec<f64> {
        self.stop.store(true, Ordering::Relaxed);
        self.charging.await.unwrap()
    }
}

async fn charge_others(node: Arc<Node>, first: usize, stop: Arc<AtomicBool>) -> Vec<f64> {
    let accounts: Vec<AccountId> = (first..first + OTHERS).map(id).collect();
    let begun = Instant::now();
    let mut sent = tokio::task::JoinSet::new();
    for (number, key) in (0_u32..).zip(fresh_keys()) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let due = begun + EVERY * number;
        tokio::time::sleep_until(due.into()).await;
        let envelope: Envelope = charge(&accounts[number as usize % OTHERS], &key);
        let node = Arc::clone(&node);
        sent.spawn(async move {
            node.does(vec![envelope]).await;
            due.elapsed().as_secs_f64() * 1_000.0
        });
    }
    sent.join_all().await
}

async fn until(mut so: impl AsyncFnMut() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !so().await {
        assert!(Instant::now() < patience, "the wave takes more than {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
