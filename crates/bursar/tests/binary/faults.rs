//! Everything that can fail fails at random while clients are at work: servers are killed and paused,
//! PostgreSQL crashes, wires are cut in the midst of commits. What was acknowledged is there, once; what was
//! refused is not; what nobody knows is found out by asking again.
//!
//! `cargo xtask faults --minutes 10` does the same for longer, and pauses servers for longer than their
//! database waits for them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use bursar_postgres::cluster::Cluster;
use bursar_postgres::proxy::Fate;
use fastrand::Rng;
use serde_json::json;

use super::clients::{
    Client, Known, Office, Sent, Servers, ask_again, balance, compare_with_journal, resolve,
};
use super::fleet::Fleet;

/// What each account begins with. Clients want more than they give, so that many are refused.
const GIVEN: i64 = 20;
const ACCOUNTS: [&str; 4] = ["hot", "cold-1", "cold-2", "cold-3"];
/// Longer than the database waits for a server that has gone silent in a transaction.
const LONG_PAUSE: Duration = Duration::from_secs(33);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// SIGKILL of a server, which is started again.
    Kill,
    /// PostgreSQL is stopped as by a power cut, and started again.
    Crash,
    /// A server is killed, then PostgreSQL crashes, before the server is back.
    KillAndCrash,
    /// The server ends all connections.
    Terminate,
    /// A wire is cut at a commit: it doesn't arrive, arrives by half, or its answer is lost.
    Cut(u8),
    /// SIGSTOP of a server for a moment.
    Pause,
    /// SIGSTOP of a server until the database has given it up.
    LongPause,
}

impl Fault {
    const SHORT: [Self; 8] = [
        Self::Cut(2),
        Self::Kill,
        Self::Terminate,
        Self::Crash,
        Self::Cut(0),
        Self::Pause,
        Self::KillAndCrash,
        Self::Cut(1),
    ];

    /// Makes it, and puts everything in order again.
    fn make(self, fleet: &Fleet, random: &mut Rng) {
        let node = random.usize(..fleet.len());
        let millis = |random: &mut Rng, most| Duration::from_millis(random.u64(..most));
        match self {
            Self::Kill => {
                fleet.kill(node);
                fleet.restart(node);
            }
            Self::Crash => fleet.cluster.crash(),
            Self::KillAndCrash => {
                fleet.kill(node);
                fleet.cluster.crash();
                fleet.restart(node);
            }
            Self::Terminate => fleet.cut_connections(),
            Self::Cut(which) => {
                let fates = [Fate::CutBefore, Fate::CutMidway, Fate::CutAfter];
                // Now and then for longer than the server is patient.
                let most = if random.u8(..4) == 0 { 8_000 } else { 1_000 };
                fleet.cut_commit(node, fates[usize::from(which)], millis(random, most));
            }
            Self::Pause | Self::LongPause => {
                let length = if self == Self::Pause { millis(random, 2_000) } else { LONG_PAUSE };
                fleet.on(node, |server| server.signal("-STOP"));
                thread::sleep(length);
                fleet.on(node, |server| server.signal("-CONT"));
            }
        }
    }
}

/// How long, with how many, and how at random.
struct Plan {
    minutes: Option<f64>,
    seed: u64,
    nodes: usize,
    clients: usize,
}

impl Plan {
    /// From the environment, where `cargo xtask faults` puts it.
    fn read() -> Self {
        let told = |name: &str| std::env::var(format!("FAULTS_{name}")).ok();
        let number = |name, default| told(name).map_or(default, |told| told.parse().unwrap());
        Self {
            minutes: told("MINUTES").map(|minutes| minutes.parse().unwrap()),
            seed: number("SEED", 1),
            nodes: usize::try_from(number("NODES", 3)).unwrap(),
            clients: usize::try_from(number("CLIENTS", 16)).unwrap(),
        }
    }

    /// Each kind once, or at random until the time is over.
    fn faults(&self) -> impl Iterator<Item = Fault> {
        let mut random = Rng::with_seed(self.seed);
        let mut few = Fault::SHORT.to_vec();
        random.shuffle(&mut few);
        let ends = self.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
        let (mut few, started) = (few.into_iter(), Instant::now());
        std::iter::from_fn(move || {
            let Some(ends) = ends else { return few.next() };
            let left = started.elapsed() < ends;
            left.then(|| match random.u8(..24) {
                0 => Fault::LongPause,
                1..=2 => Fault::Pause,
                3..=7 => Fault::Kill,
                8..=9 => Fault::KillAndCrash,
                10..=13 => Fault::Crash,
                14..=16 => Fault::Terminate,
                choice => Fault::Cut(choice % 3),
            })
        })
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice_whatever_fails() {
    let plan = Plan::read();
    let fleet = Fleet::start(Arc::new(Cluster::start()), plan.nodes);
    let given = u64::try_from(GIVEN).unwrap();
    ACCOUNTS.iter().for_each(|account| fleet.on(0, |server| server.customer(account, given)));
    let office = Office::default();
    let mut made = BTreeMap::new();
    let (mut sent, seconds) = thread::scope(|scope| {
        let started = Instant::now();
        let (fleet, office) = (&fleet, &office);
        let client = |number| Client {
            servers: fleet,
            office,
            random: Rng::with_seed(plan.seed.wrapping_mul(1_000).wrapping_add(number)),
            name: format!("client-{number}"),
            sent: Vec::new(),
            twice_in: 8,
        };
        let clients = (0..plan.clients).map(|number| client(number.try_into().unwrap()));
        let clients: Vec<_> = clients.map(|client| scope.spawn(move || work(client))).collect();
        let troubles = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut random = Rng::with_seed(plan.seed);
            for fault in plan.faults() {
                office.reach(random.usize(20..120));
                fault.make(fleet, &mut random);
                *made.entry(fault).or_insert(0) += 1;
            }
            office.reach(50);
        }));
        // Else the clients would go on for ever.
        office.closing.store(true, Ordering::Relaxed);
        let sent: Vec<Sent> =
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        if let Err(panic) = troubles {
            std::panic::resume_unwind(panic);
        }
        (sent, started.elapsed().as_secs())
    });
    // Requests that nobody waits for any more are over when the servers have ended.
    fleet.stop();
    (0..fleet.len()).for_each(|node| fleet.restart(node));
    let unsure = sent.iter().filter(|it| !matches!(it.known, Known::Done(_))).count();
    resolve(&fleet, &office, &mut sent);
    let again = sent.iter().step_by((sent.len() / 4_000).max(1));
    assert!(ask_again(&fleet, &office, again).is_complete());
    for account in ACCOUNTS {
        let (available, held) = balance(&sent, account, GIVEN);
        let shown = fleet.api(0).get(&format!("/v1/accounts/{account}")).success();
        let shown = &shown["balance"];
        if shown["available"] != json!(available) || shown["held"] != json!(held) || available < 0 {
            let wrong = format!("{account}: {available}, {held} by what is known, {shown}");
            office.wrong.lock().unwrap().push(wrong);
        }
    }
    fleet.stop();
    compare_with_journal(&fleet, &office, &sent, "client-");
    let report = fleet.proven();
    let done = sent.iter().filter(|it| matches!(it.known, Known::Done(_))).count();
    let mut summary = format!(
        "seed {}: {seconds} s, {} servers, {} clients; {done} commands done, {unsure} not \
         acknowledged at first; {}\nfaults:",
        plan.seed,
        plan.nodes,
        plan.clients,
        office.summary()
    );
    made.iter().for_each(|(fault, count)| write!(summary, " {fault:?} {count},").unwrap());
    println!("{summary}\nverified: {} entries", report["entries"]);
    let wrong = office.wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{summary}\n{wrong:#?}");
}

/// Mostly on the hot account, until the office closes.
fn work(mut client: Client<'_>) -> Vec<Sent> {
    for turn in 0.. {
        if client.office.closes() {
            break;
        }
        let cold = client.random.usize(..ACCOUNTS.len() * 2);
        let account = ACCOUNTS.get(cold).unwrap_or(&ACCOUNTS[0]);
        client.turn(account, turn, true);
    }
    client.sent
}
