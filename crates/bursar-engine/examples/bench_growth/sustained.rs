//! Sustained: charges at a rate that doesn't wait for answers, for minutes. Do the views keep up?

use std::sync::Arc;
use std::time::{Duration, Instant};

use bursar_core::id::AccountId;
use bursar_meter::{quantile, resident_bytes};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Bench;
use crate::load::uniform;
use crate::node::{Node, id};

const ACCOUNTS: usize = 100_000;
/// Charges in a request.
const REQUEST: usize = 1_000;
/// No more requests are on their way: what is late then comes later, and its lateness counts.
const ON_THE_WAY: usize = 64;
const WINDOW: Duration = Duration::from_secs(10);

/// What happened in a window of time.
#[derive(Default)]
struct Window {
    /// From when a request was to be sent to its answer.
    millis: Vec<f64>,
    most_lag: usize,
}

pub(crate) fn run(bench: &Bench) {
    let (rate, minutes) = (bench.plan.rate, bench.plan.minutes);
    println!(
        "\nsustained: {rate} charges a second are sent in requests of {REQUEST}, for {minutes} minutes, \
         of any of {ACCOUNTS} accounts"
    );
    let place = bench.plan.place();
    bench.runtime.block_on(async {
        let node = Arc::new(Node::open(place.path()).await);
        node.populate(0..ACCOUNTS).await;
        load(&node, rate, minutes).await;
        Arc::into_inner(node).unwrap().stop().await;
    });
}

async fn load(node: &Arc<Node>, rate: usize, minutes: f64) {
    let accounts: Arc<Vec<AccountId>> = Arc::new((0..ACCOUNTS).map(id).collect());
    let begun = Instant::now();
    let end = begun + Duration::from_secs_f64(minutes * 60.0);
    let every = Duration::from_secs_f64(REQUEST as f64 / rate as f64);
    let free = Arc::new(Semaphore::new(ON_THE_WAY));
    let mut sent = JoinSet::new();
    let (mut window, mut window_end) = (Window::default(), begun + WINDOW);
    let mut done = 0;
    println!(
        "{:>8} {:>9} {:>8} {:>8} {:>9} {:>8}",
        "seconds", "/s", "p50 ms", "p99 ms", "lag", "MB"
    );
    for number in 0_u32.. {
        let due = begun + every * number;
        if due >= end {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let permit = Arc::clone(&free).acquire_owned().await.unwrap();
        let (node_of_it, accounts) = (Arc::clone(node), Arc::clone(&accounts));
        sent.spawn(async move {
            node_of_it.does(uniform(&accounts, REQUEST)).await;
            drop(permit);
            due.elapsed().as_secs_f64() * 1_000.0
        });
        while let Some(answer) = sent.try_join_next() {
            window.millis.push(answer.unwrap());
        }
        window.most_lag = window.most_lag.max(node.store.lag().entries);
        if Instant::now() >= window_end {
            done += window.millis.len();
            say(&std::mem::take(&mut window), begun);
            window_end += WINDOW;
        }
    }
    done += window.millis.len() + sent.join_all().await.len();
    let seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    node.settle().await;
    println!(
        "{:.0} a second in all; the views were level {:.1} s later",
        (done * REQUEST) as f64 / seconds,
        begun.elapsed().as_secs_f64()
    );
}

fn say(window: &Window, begun: Instant) {
    println!(
        "{:>8.0} {:>9.0} {:>8.1} {:>8.1} {:>9} {:>8.0}",
        begun.elapsed().as_secs_f64(),
        (window.millis.len() * REQUEST) as f64 / WINDOW.as_secs_f64(),
        quantile(&window.millis, 0.5),
        quantile(&window.millis, 0.99),
        window.most_lag,
        resident_bytes() as f64 / 1e6,
    );
}
