//! The server dies again and again while clients are at work: SIGKILL under load, while it starts and replays,
//! while it writes its views, moves its log, is copied, or ends. What was acknowledged is there, once and
//! whole, with the same answer; what was not is wholly there or not at all.
//!
//! `cargo xtask crash --rounds 300` does the same for longer. What SIGKILL can't show is what a power cut
//! does: the page cache survives it. That is for the simulation's disk and `sqlite_files.rs`.

mod alone;
mod batches;
mod customers;
mod moment;
mod operator;
mod proof;
mod record;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;

use super::clients::{Client, Servers};
use super::payment_crash::money;
use super::server::PATIENCE;
use alone::Alone;
use customers::{Customer, FEW, MANY, POOR, RICH};
use moment::{Moment, think};
use operator::Operator;
use proof::{Compared, compare, prove};
use record::Shared;

/// How often, for how long, and how at random.
struct Plan {
    rounds: usize,
    minutes: Option<f64>,
    seed: u64,
    clients: usize,
    /// After how many rounds everything is proven.
    proof_every: usize,
}

impl Plan {
    /// From the environment, where `cargo xtask crash` puts it.
    fn read() -> Self {
        let told = |name: &str| std::env::var(format!("CRASH_{name}")).ok();
        let number = |name, default| told(name).map_or(default, |told| told.parse().unwrap());
        Self {
            // Each moment once.
            rounds: number("ROUNDS", Moment::ALL.len()),
            minutes: told("MINUTES").map(|minutes| minutes.parse().unwrap()),
            seed: number("SEED", 1).try_into().unwrap(),
            clients: number("CLIENTS", 12),
            proof_every: number("PROOF_EVERY", 10),
        }
    }

    /// Each kind once, then at random until the rounds or the time are over.
    fn moments(&self) -> impl Iterator<Item = Moment> + use<> {
        let mut random = Rng::with_seed(self.seed);
        let mut first = Moment::ALL.to_vec();
        random.shuffle(&mut first);
        let ends = self.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
        let started = Instant::now();
        let drawn = std::iter::from_fn(move || Some(Moment::draw(&mut random)));
        let moments = first.into_iter().chain(drawn).take(self.rounds);
        moments.take_while(move |_| ends.is_none_or(|ends| started.elapsed() < ends))
    }
}

/// What happened.
#[derive(Default)]
struct Tally {
    rounds: usize,
    deaths: BTreeMap<String, usize>,
    compared: Compared,
    milliseconds_to_ready: Vec<u128>,
}

impl Tally {
    fn death(&mut self, when: impl Into<String>) {
        *self.deaths.entry(when.into()).or_default() += 1;
    }
}

#[test]
fn whenever_the_server_dies_what_was_acknowledged_is_there_once_and_whole() {
    let plan = Plan::read();
    let directory = tempfile::tempdir().unwrap();
    let alone = Alone::start(&directory.path().join("data"));
    let shared = Shared::default();
    think(&shared);
    for (accounts, given) in [(&POOR[..], FEW), (&RICH[..], MANY)] {
        for account in accounts {
            alone.on(|server| server.customer(account, given.try_into().unwrap()));
            shared.record.lock().unwrap().begin(account, given);
        }
    }
    let (mut tally, started) = (Tally::default(), Instant::now());
    let ran = catch_unwind(AssertUnwindSafe(|| die_under_load(&plan, &alone, &shared, &mut tally)));
    println!("{}", summary(&plan, &shared, &tally, started.elapsed()));
    let wrong = std::mem::take(&mut *shared.office.wrong.lock().unwrap());
    if ran.is_err() || !wrong.is_empty() {
        drop(alone);
        let kept = directory.keep();
        shared.record.lock().unwrap().save(&kept.join("record.txt"));
        let (seed, rounds) = (plan.seed, tally.rounds + 1);
        println!(
            "The directory and the clients' record are kept in {}.\nTo try it again: cargo xtask crash \
             --seed {seed} --rounds {rounds}. The same seed gives the same deaths, not the same instants.",
            kept.display()
        );
    }
    // What is wrong first tells most; the rest often follows from it.
    let first: Vec<&String> = wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "{} things: {first:#?}", wrong.len());
    ran.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Lets clients work while the server dies again and again.
fn die_under_load(plan: &Plan, alone: &Alone, shared: &Shared, tally: &mut Tally) {
    thread::scope(|scope| {
        for number in 0..plan.clients {
            let seed = plan.seed.wrapping_mul(1_000).wrapping_add(number.try_into().unwrap());
            let client = Client {
                servers: alone,
                office: &shared.office,
                random: Rng::with_seed(seed),
                name: format!("client-{number}"),
                sent: Vec::new(),
                twice_in: 8,
            };
            let customer = Customer::new(client, shared, number);
            scope.spawn(move || customer.work());
        }
        let ran = catch_unwind(AssertUnwindSafe(|| run(plan, alone, shared, tally)));
        // Else the clients would go on for ever.
        shared.office.closing.store(true, Ordering::Relaxed);
        ran.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// One death after the other, until there are enough or something is wrong; then all is proven.
fn run(plan: &Plan, alone: &Alone, shared: &Shared, tally: &mut Tally) {
    let mut random = Rng::with_seed(plan.seed ^ 0x5eed);
    let mut operator = Operator::new(alone.data.parent().unwrap());
    for moment in plan.moments() {
        operator.work(alone, &mut random);
        if moment == Moment::Repeats {
            die_of_repeats(alone, shared, tally, &mut random);
            tally.death(format!("{moment:?}"));
        } else {
            let came = moment.come(alone, shared, &mut random);
            tally.death(format!("{came:?}"));
        }
        alone.start_with(operator.catalog(&mut random));
        come_back(alone, tally, &mut random);
        tally.rounds += 1;
        if moment != Moment::Return {
            let everybody_waits = shared.door.write().unwrap();
            let compared = compare(alone, shared, false).expect("a server that stays up");
            operator.compare(alone, shared).expect("a server that stays up");
            tally.compared.add(compared);
            if tally.rounds.is_multiple_of(plan.proof_every) {
                tally.compared.add(prove(alone, shared));
                println!("{} rounds, proven", tally.rounds);
            }
            drop(everybody_waits);
        }
        if !shared.office.wrong.lock().unwrap().is_empty() {
            return;
        }
    }
    let _everybody_waits = shared.door.write().unwrap();
    tally.compared.add(compare(alone, shared, true).expect("a server that stays up"));
    settle(alone, shared);
    alone.stop();
    tally.compared.add(prove(alone, shared));
    let (kept, cash) = money(&alone.data);
    if kept != cash || cash == 0 {
        shared.office.wrong(format!("the bank has {kept}, the books have {cash}"));
    }
}

/// The server dies while it is asked again for what was done before.
fn die_of_repeats(alone: &Alone, shared: &Shared, tally: &mut Tally, random: &mut Rng) {
    shared.office.reach(random.usize(1..200));
    let _everybody_waits = shared.door.write().unwrap();
    let pause = Duration::from_micros(random.u64(..200_000));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(pause);
            alone.kill();
        });
        // Most are cut off. What they were about is asked again after the next start.
        tally.compared.add(compare(alone, shared, false).unwrap_or_default());
    });
}

/// The server is started until it stays up: it may die on the way, with the views it had or without.
fn come_back(alone: &Alone, tally: &mut Tally, random: &mut Rng) {
    let usual = tally.milliseconds_to_ready.last().copied().unwrap_or(300);
    let usual = Duration::from_millis(usual.try_into().unwrap());
    let mut when = "starting";
    if random.u8(..8) == 0 {
        for name in ["views.db", "views.db-wal", "views.db-shm"] {
            let _ = std::fs::remove_file(alone.data.join(name));
        }
        when = "starting without views";
    }
    while random.u8(..5) < 2 {
        let starting = alone.begin();
        thread::sleep(usual.mul_f64(random.f64() * 1.2));
        let was_ready = starting.kill();
        tally.death(if was_ready { "just started" } else { when });
    }
    let started = Instant::now();
    let server = alone.begin().ready();
    tally.milliseconds_to_ready.push(started.elapsed().as_millis());
    alone.is_up(server);
}

/// Waits until no payment or refund is under way any more.
fn settle(alone: &Alone, shared: &Shared) {
    let started = Instant::now();
    let accounts = shared.record.lock().unwrap().balances();
    for (account, _) in accounts {
        let path = format!("/v1/accounts/{account}");
        while alone.api(0).get(&path).success()["open_payments"] != json!([]) {
            assert!(started.elapsed() < PATIENCE, "under way for ever: {path}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn summary(plan: &Plan, shared: &Shared, tally: &Tally, lasted: Duration) -> String {
    let (seed, rounds, seconds) = (plan.seed, tally.rounds, lasted.as_secs());
    let mut text =
        format!("seed {seed}: {rounds} rounds with {} clients in {seconds} s\n", plan.clients);
    text += "died:";
    tally.deaths.iter().for_each(|(when, count)| write!(text, " {when} {count},").unwrap());
    let record = shared.record.lock().unwrap();
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    let (found, missing) = (count(&shared.office.found), count(&shared.office.missing));
    write!(
        text,
        "\ncommands: {} sent, {} acknowledged; {} without an answer at first, of which {found} were there \
         and {missing} were not\n{}\n",
        record.sent.len(),
        count(&shared.office.acknowledged),
        found + missing,
        shared.office.summary()
    )
    .unwrap();
    let Compared { repeats, balances, files, proofs } = tally.compared;
    writeln!(
        text,
        "compared: {repeats} repeats, {balances} balances, {files} files, {} balances seen, {proofs} \
         proofs of everything",
        record.looks.len()
    )
    .unwrap();
    let mut ready = tally.milliseconds_to_ready.clone();
    ready.sort_unstable();
    if let (Some(least), Some(most)) = (ready.first(), ready.last()) {
        let median = ready[ready.len() / 2];
        write!(text, "ready after: {least} ms at least, {median} at the median, {most} at most")
            .unwrap();
    }
    text
}
