//! Clients that charge accounts, each one after the other, and what that took.

use std::future::Future;
use std::time::{Duration, Instant};

use bursar_meter::{Watch, Watched};
use tokio::task::JoinSet;

use super::plan::{Cell, Plan, Spread};
use super::server::{Server, Written};

/// Before the measurement begins: connections are made, statements prepared.
const WARM_UP: Duration = Duration::from_millis(700);

/// One measurement to be made.
pub(crate) struct Load {
    pub(crate) cell: Cell,
    accounts: usize,
    time: Duration,
    /// Makes its idempotency keys different from those of the other measurements.
    number: usize,
}

/// What a measurement came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) per_second: f64,
    /// Of write-ahead log, for each charge.
    pub(crate) wal_bytes: f64,
    /// Of which so many are images of whole pages.
    pub(crate) image_bytes: f64,
    pub(crate) median_millis: f64,
    pub(crate) p99_millis: f64,
    /// What others took of the machine, from 0 to 1.
    pub(crate) others: f64,
    /// Microseconds of processor time for each charge: the server's, and ours.
    pub(crate) server_micros: f64,
    pub(crate) our_micros: f64,
    /// How many charges shared a commit.
    pub(crate) per_commit: f64,
}

/// A charge to be made.
pub(crate) struct Order {
    pub(crate) account: usize,
    pub(crate) key: String,
}

/// What one client did: requests within the measurement, and charges in all.
struct Done {
    latencies: Vec<Duration>,
    charges: u64,
}

impl Load {
    pub(crate) fn new(plan: &Plan, cell: Cell, number: usize) -> Self {
        let time = Duration::from_secs_f64(plan.seconds);
        Self { cell, accounts: plan.accounts, time, number }
    }

    /// Lets the clients charge, request by request; `charger` gives each its own way to do so. How many
    /// charges were made in all is added to `charges`.
    pub(crate) async fn run<C, F>(
        &self,
        server: &Server,
        charges: &mut u64,
        charger: impl Fn(usize) -> C,
    ) -> Cost
    where
        C: Fn(Vec<Order>) -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let begin = Instant::now() + WARM_UP;
        let end = begin + self.time;
        let mut clients = JoinSet::new();
        for client in 0..self.cell.clients {
            let charge = charger(client);
            let (mut orders, per_request) = (self.orders(client), self.cell.per_request);
            clients.spawn(async move {
                let mut done = Done { latencies: Vec::new(), charges: 0 };
                loop {
                    let request: Vec<Order> = orders.by_ref().take(per_request).collect();
                    let sent = Instant::now();
                    if sent >= end {
                        break;
                    }
                    charge(request).await;
                    done.charges += per_request as u64;
                    let now = Instant::now();
                    if now >= begin && now < end {
                        done.latencies.push(now - sent);
                    }
                }
                done
            });
        }
        tokio::time::sleep_until(begin.into()).await;
        let (before, watch) = (server.written().await, Watch::begin(&[server.process()]));
        tokio::time::sleep_until(end.into()).await;
        let (watched, after) = (watch.end(), server.written().await);
        let done = clients.join_all().await;
        *charges += done.iter().map(|done| done.charges).sum::<u64>();
        self.cost(done, after.since(before), watched)
    }

    fn cost(&self, done: Vec<Done>, written: Written, watched: Watched) -> Cost {
        let mut latencies: Vec<Duration> =
            done.into_iter().flat_map(|done| done.latencies).collect();
        latencies.sort_unstable();
        let requests = latencies.len() as f64;
        let count = requests * self.cell.per_request as f64;
        let at = |part: f64| latencies[((requests - 1.0) * part) as usize].as_secs_f64() * 1_000.0;
        Cost {
            per_second: count / self.time.as_secs_f64(),
            wal_bytes: written.bytes / count,
            image_bytes: written.image_bytes() / count,
            median_millis: at(0.5),
            p99_millis: at(0.99),
            others: watched.others,
            server_micros: watched.partner_seconds * 1e6 / count,
            our_micros: watched.our_seconds * 1e6 / count,
            per_commit: 1.0,
        }
    }

    /// What one client charges, without end.
    fn orders(&self, client: usize) -> impl Iterator<Item = Order> + Send + use<> {
        let (accounts, spread, number) = (self.accounts, self.cell.spread, self.number);
        let mut random = fastrand::Rng::with_seed((number * 10_000 + client) as u64);
        (0_u64..).map(move |count| {
            let hot = match spread {
                Spread::Uniform => false,
                Spread::Half => random.bool(),
                Spread::One => true,
            };
            let account = if hot { 0 } else { random.usize(0..accounts) };
            Order { account, key: format!("job-{number}-{client}-{count}") }
        })
    }
}

/// What an account is called.
pub(crate) fn name(account: usize) -> String {
    // Numbers that follow each other must not be neighbours in every index.
    let spread = (account as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("acc_{spread:016x}{account:08x}")
}
