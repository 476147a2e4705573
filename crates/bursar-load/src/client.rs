//! Clients: each asks, waits for the reply, and asks again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::json;
use tokio::task::JoinSet;

use crate::Moment;
use crate::accounts::{Accounts, Book};
use crate::check;
use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::{self, Draft, Fates, number};
use crate::pace::Due;
use crate::plan::{Plan, Work};
use crate::processor;
use crate::report::Report;
use crate::spread::Choice;
use crate::tally::{Failed, Tally, Window};

/// How long replies may take that are not there at the end.
const GRACE: Duration = Duration::from_secs(15);
/// What is spent each time, without the brace that begins it.
const SPEND: &[u8] = b"\"credits\":1,\"reason\":\"a picture\"}";
/// How long a client waits that lost its connection, before it makes another.
const BREATH: Duration = Duration::from_millis(20);

/// What all clients have in common.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) accounts: Accounts,
    /// The body of what asks for a price.
    estimate: Vec<u8>,
    choice: Choice,
    tally: Tally,
}

impl Shared {
    pub(crate) fn new(plan: Plan, accounts: Accounts) -> Result<Self, Error> {
        let choice = Choice::new(plan.spread, plan.accounts.get());
        let estimate = json!({ "operation": plan.operation }).to_string().into_bytes();
        Ok(Self { plan, accounts, estimate, choice, tally: Tally::new()? })
    }
}

/// Lets the clients work until the end.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    watch: &mut dyn FnMut(Moment),
) -> Result<Report, Error> {
    let plan = &shared.plan;
    let mut connections = Vec::new();
    for _ in 0..plan.connections.get() {
        let address = &plan.target.address;
        let connection = Connection::open(address).await;
        connections.push(connection.map_err(|error| Error::Unreachable(address.clone(), error))?);
    }
    let window = Window::new(plan.warm_up, plan.time);
    let due = Due::new(plan, window)?;
    let mut clients = JoinSet::new();
    for (nth, connection) in connections.into_iter().enumerate() {
        clients.spawn(Client::new(shared, due.clone(), window, nth, connection).run());
    }
    let pace = due.start()?;
    tokio::time::sleep_until(window.begin.into()).await;
    let before = processor::used();
    watch(Moment::Begin);
    tokio::time::sleep_until(window.end.into()).await;
    let after = processor::used();
    watch(Moment::End);
    let last = async { while clients.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, last).await.is_err() {
        let left = u64::try_from(clients.len()).unwrap_or(u64::MAX);
        shared.tally.failed_times(&format!("no reply within {} s", GRACE.as_secs()), left);
        clients.shutdown().await;
    }
    // It ends by itself; it sleeps until the end at most, which has passed.
    drop(pace);
    let left = due.left();
    let unsent = left.as_ref().map(|left| shared.tally.waited(&window, left.unsent()));
    let counts = shared.tally.counts();
    Ok(Report {
        time: plan.time,
        operations: counts.operations,
        latency: counts.latency,
        errors: counts.errors,
        unsent,
        late: left.map(|left| left.late),
        processor: after.zip(before).and_then(|(after, before)| after.checked_sub(before)),
        verdict: None,
    })
}

/// One of them.
struct Client {
    shared: Arc<Shared>,
    due: Due,
    window: Window,
    /// None once it is lost.
    connection: Option<Connection>,
    random: SmallRng,
    /// What its idempotency keys begin with, and how many there were.
    key: Vec<u8>,
    count: u64,
    draft: Draft,
    /// The accounts of the present request.
    chosen: Vec<usize>,
}

impl Client {
    fn new(
        shared: &Arc<Shared>,
        due: Due,
        window: Window,
        nth: usize,
        connection: Connection,
    ) -> Self {
        let plan = &shared.plan;
        let own = u64::try_from(nth).unwrap_or(0);
        Self {
            shared: Arc::clone(shared),
            due,
            window,
            connection: Some(connection),
            random: SmallRng::seed_from_u64(plan.seed.wrapping_add(own)),
            key: format!("{}-{nth}-", plan.run).into_bytes(),
            count: 0,
            draft: Draft::default(),
            chosen: Vec::new(),
        }
    }

    async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(due) = self.due.next(&self.window).await {
            let done = match shared.plan.work {
                Work::Charge => self.charge().await,
                Work::HoldCapture => self.hold_and_capture().await,
                Work::Balance => self.look("/balance", b"").await,
                Work::Estimate => self.look("/quotes", &shared.estimate).await,
            };
            shared.tally.answered(&self.window, due, done);
        }
    }

    /// Asks what changes nothing. How many operations were done.
    async fn look(&mut self, what: &str, body: &[u8]) -> u64 {
        self.choose();
        let Self { draft, chosen, shared, .. } = self;
        draft.of_account(what, |id| shared.accounts.id(id, one(chosen)));
        draft.body.extend_from_slice(body);
        match self.send(200).await {
            Fates::All => 1,
            Fates::Each(fates) => self.failures(fates),
        }
    }

    /// Charges, single or as many as go into a batch. How many were done.
    async fn charge(&mut self) -> u64 {
        self.choose();
        self.asked();
        self.draft_spending("charge", "/charges");
        let fates = self.send(201).await;
        self.settle(fates)
    }

    /// Holds and their captures. How many of both were done.
    async fn hold_and_capture(&mut self) -> u64 {
        self.choose();
        self.asked();
        self.draft_spending("hold", "/holds");
        if let Fates::Each(fates) = self.send(201).await {
            self.keep_held(fates);
        }
        if self.chosen.is_empty() {
            return 0;
        }
        self.draft_captures();
        let fates = self.send(200).await;
        self.settle(fates)
    }

    /// Chooses the accounts of the next request.
    fn choose(&mut self) {
        self.count = self.count.saturating_add(1);
        self.chosen.clear();
        for _ in 0..self.shared.plan.per_request() {
            self.chosen.push(self.shared.choice.next(&mut self.random));
        }
    }

    /// Charges of the chosen accounts, or holds.
    fn draft_spending(&mut self, op: &str, resource: &str) {
        let Self { draft, chosen, shared, key, count, .. } = self;
        if shared.plan.batch.is_none() {
            draft.of_account(resource, |id| shared.accounts.id(id, one(chosen)));
            draft.key.extend_from_slice(key);
            number(&mut draft.key, *count);
            draft.body.push(b'{');
            return draft.body.extend_from_slice(SPEND);
        }
        draft.of_batch(chosen.iter().enumerate(), |body, (nth, account)| {
            operation(body, op, |id| shared.accounts.id(id, *account));
            body.extend_from_slice(key);
            number(body, *count);
            body.push(b'.');
            number(body, nth);
            body.extend_from_slice(b"\",");
            body.extend_from_slice(SPEND);
        });
    }

    /// Captures of the holds that the last reply says were placed, for the chosen accounts.
    fn draft_captures(&mut self) {
        let Self { draft, chosen, shared, key, count, connection, .. } = self;
        let reply = connection.as_ref().map(Connection::body).unwrap_or_default();
        let mut holds = exchange::holds(reply);
        if shared.plan.batch.is_none() {
            draft.of_account("/holds/", |id| shared.accounts.id(id, one(chosen)));
            draft.path.extend_from_slice(holds.next().unwrap_or_default());
            draft.path.extend_from_slice(b"/capture");
            draft.key.extend_from_slice(key);
            number(&mut draft.key, *count);
            draft.key.push(b'c');
            return draft.body.extend_from_slice(b"{}");
        }
        draft.of_batch(chosen.iter().zip(holds).enumerate(), |body, (nth, (account, hold))| {
            operation(body, "capture", |id| shared.accounts.id(id, *account));
            body.extend_from_slice(key);
            number(body, *count);
            body.extend_from_slice(b"c.");
            number(body, nth);
            body.extend_from_slice(b"\",\"hold\":\"");
            body.extend_from_slice(hold);
            body.extend_from_slice(b"\"}");
        });
    }

    /// Sends the request that is drafted, whose operations should have the status `good`.
    async fn send(&mut self, good: u16) -> Fates {
        let count = self.chosen.len();
        let status = match self.ask().await {
            Ok(status) => status,
            Err(error) => {
                self.connection = None;
                let unknown = || Err(Failed::Unknown(error.kind().to_string()));
                return Fates::Each((0..count).map(|_| unknown()).collect());
            }
        };
        let Shared { plan, accounts, .. } = &*self.shared;
        if accounts.are_imagined() && (200..300).contains(&status) {
            return Fates::All;
        }
        let reply = self.connection.as_ref().map(Connection::body).unwrap_or_default();
        let fates = match plan.batch {
            Some(_) => exchange::fates(status, reply, count, good),
            None => match exchange::fate(status, reply, good) {
                Ok(()) => Fates::All,
                Err(failed) => Fates::Each(vec![Err(failed)]),
            },
        };
        if plan.check && matches!(fates, Fates::All) && !check::is_right(reply, plan.work, count) {
            self.shared.tally.failed(check::WRONG);
        }
        fates
    }

    async fn ask(&mut self) -> io::Result<u16> {
        let target = &self.shared.plan.target;
        let mut connection = match self.connection.take().filter(Connection::lasts) {
            Some(connection) => connection,
            None => match Connection::open(&target.address).await {
                Ok(connection) => connection,
                Err(error) => {
                    // A server that is gone would be asked by a busy loop else.
                    tokio::time::sleep(BREATH).await;
                    return Err(error);
                }
            },
        };
        let status = connection.ask(self.draft.bytes(&target.headers)).await?;
        self.connection = Some(connection);
        Ok(status)
    }

    /// Writes down what came of operations that spend a credit each. How many were done.
    fn settle(&self, fates: Fates) -> u64 {
        let mut done = 0_u64;
        let mut fates = match fates {
            Fates::All => None,
            Fates::Each(fates) => Some(fates.into_iter()),
        };
        for account in &self.chosen {
            let fate = fates.as_mut().map_or(Ok(()), |fates| fates.next().unwrap_or(Ok(())));
            match fate {
                Ok(()) => {
                    done = done.saturating_add(1);
                    self.note(*account, |book| &book.acknowledged);
                }
                Err(Failed::Refused(why)) => {
                    self.shared.tally.failed(&why);
                    self.note(*account, |book| &book.refused);
                }
                Err(Failed::Unknown(why)) => self.shared.tally.failed(&why),
            }
        }
        done
    }

    /// Forgets the accounts whose hold was not placed, as far as is known: without a capture, nothing is spent
    /// even if it was.
    fn keep_held(&mut self, fates: Vec<Result<(), Failed>>) {
        let mut held = Vec::new();
        for (account, fate) in self.chosen.iter().zip(fates) {
            match fate {
                Ok(()) => held.push(*account),
                Err(Failed::Refused(why) | Failed::Unknown(why)) => {
                    self.shared.tally.failed(&why);
                    self.note(*account, |book| &book.refused);
                }
            }
        }
        self.chosen = held;
    }

    fn failures(&self, fates: Vec<Result<(), Failed>>) -> u64 {
        for failed in fates.into_iter().filter_map(Result::err) {
            let (Failed::Refused(why) | Failed::Unknown(why)) = failed;
            self.shared.tally.failed(&why);
        }
        0
    }

    /// The chosen accounts are about to be asked to spend a credit.
    fn asked(&self) {
        for account in &self.chosen {
            self.note(*account, |book| &book.asked);
        }
    }

    fn note(&self, account: usize, count: fn(&Book) -> &AtomicU64) {
        if let Some(book) = self.shared.accounts.book(account) {
            count(book).fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The account of a single request.
fn one(chosen: &[usize]) -> usize {
    chosen.first().copied().unwrap_or_default()
}

/// Begins an operation of a batch, up to its key.
fn operation(body: &mut Vec<u8>, op: &str, id: impl FnOnce(&mut Vec<u8>)) {
    body.extend_from_slice(b"{\"op\":\"");
    body.extend_from_slice(op.as_bytes());
    body.extend_from_slice(b"\",\"account\":\"");
    id(body);
    body.extend_from_slice(b"\",\"idempotency_key\":\"");
}
