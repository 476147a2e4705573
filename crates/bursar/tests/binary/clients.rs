//! Clients of several servers. They send what isn't acknowledged again, to another server, under the same
//! key, and remember what came of each command: what they know must be what the journal has.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::load::keys_of_ledger;
use super::server::{Api, PATIENCE, Ran, Reply};

/// How long a client waits before it sends something again.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// Where clients find servers.
pub(crate) trait Servers: Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// The API of one of them, where it is or was last.
    fn api(&self, node: usize) -> Api;

    /// A command on their data.
    fn bursar(&self, arguments: &[&str]) -> Ran;
}

/// What a command does to its account if it is done, in whole credits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    Give(i64),
    Charge(i64),
    Hold(i64),
    Capture {
        held: i64,
        spent: i64,
    },
    Release(i64),
    /// Credits that come, or go, once a payment has settled, by an entry of their own.
    Buy(i64),
    /// Nothing at all.
    None,
}

impl Effect {
    /// On what can be spent, and on what is held.
    pub(crate) fn on_balance(self) -> (i64, i64) {
        match self {
            Self::Give(credits) | Self::Buy(credits) => (credits, 0),
            Self::Charge(credits) => (-credits, 0),
            Self::Hold(credits) => (-credits, credits),
            Self::Capture { held, spent } => (held - spent, -held),
            Self::Release(held) => (held, -held),
            Self::None => (0, 0),
        }
    }
}

/// What its client knows of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was acknowledged with these bytes.
    Done(String),
    /// It was refused.
    Refused,
    /// Nobody has said yes or no.
    Nothing,
}

/// A command that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) account: String,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
    pub(crate) effect: Effect,
    pub(crate) known: Known,
    /// Was it ever sent without an answer, or answered that the outcome is unknown? Then it may have been
    /// done, or may be under way still.
    pub(crate) lost: bool,
}

impl Sent {
    pub(crate) fn new(account: &str, what: &str, key: String, body: Value, effect: Effect) -> Self {
        let (account, path) = (account.to_owned(), format!("/v1/accounts/{account}/{what}"));
        Self { account, path, key, body, effect, known: Known::Nothing, lost: false }
    }
}

/// What clients have in common.
#[derive(Default)]
pub(crate) struct Office {
    pub(crate) acknowledged: AtomicUsize,
    pub(crate) closing: AtomicBool,
    /// What must not be.
    pub(crate) wrong: Mutex<Vec<String>>,
    /// Refusals and failures by what they were, for the summary.
    pub(crate) answers: Mutex<HashMap<String, usize>>,
    /// The longest that anybody waited for a 503.
    slowest_refusal: Mutex<Duration>,
    /// Of the commands that got no answer at first, how many had been done, and how many had not.
    pub(crate) found: AtomicUsize,
    pub(crate) missing: AtomicUsize,
    /// The newest version of each account that anybody has seen.
    seen: Mutex<HashMap<String, u64>>,
}

impl Office {
    pub(crate) fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// The newest version of an account that anybody has seen; 0 if nobody has.
    pub(crate) fn seen(&self, account: &str) -> u64 {
        self.seen.lock().unwrap().get(account).copied().unwrap_or(0)
    }

    /// Somebody has seen an account at a version: nobody who asks from now on may see an older one.
    pub(crate) fn see(&self, account: &str, version: Option<u64>) {
        let Some(version) = version else { return };
        let mut seen = self.seen.lock().unwrap();
        let newest = seen.entry(account.to_owned()).or_default();
        *newest = version.max(*newest);
    }

    pub(crate) fn count(&self, answer: &str) {
        *self.answers.lock().unwrap().entry(answer.to_owned()).or_default() += 1;
    }

    pub(crate) fn closes(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Waits until so many more commands have been acknowledged.
    pub(crate) fn reach(&self, more: usize) {
        let (from, started) = (self.acknowledged.load(Ordering::Relaxed), Instant::now());
        while self.acknowledged.load(Ordering::Relaxed) < from + more {
            assert!(started.elapsed() < PATIENCE, "hardly any load in {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// What came of it all, for people.
    pub(crate) fn summary(&self) -> String {
        let mut answers: Vec<_> = self.answers.lock().unwrap().clone().into_iter().collect();
        answers.sort();
        let answers = answers.iter().map(|(what, count)| format!("{count} {what}"));
        let slowest = self.slowest_refusal.lock().unwrap();
        format!("{}; slowest 503 {slowest:.1?}", answers.collect::<Vec<_>>().join(", "))
    }
}

/// One client.
pub(crate) struct Client<'a> {
    pub(crate) servers: &'a dyn Servers,
    pub(crate) office: &'a Office,
    pub(crate) random: fastrand::Rng,
    pub(crate) name: String,
    pub(crate) sent: Vec<Sent>,
    /// Of how many commands one is sent twice at once, to two servers.
    pub(crate) twice_in: usize,
}

impl Client<'_> {
    /// One charge, or a hold that is captured or released, or now and then a present that makes up for
    /// them. Does nothing more once the office closes.
    pub(crate) fn turn(&mut self, account: &str, turn: usize, gives: bool) {
        let key = |what: &str| format!("{}-{turn}-{what}", self.name);
        let (charge, hold, end, give) = (key("charge"), key("hold"), key("end"), key("give"));
        let reason = |credits: i64| json!({"credits": credits, "reason": "a job"});
        match self.random.u8(0..10) {
            0 if gives => {
                let body = json!({"credits": 6, "class": "promo", "reason": "a present"});
                self.send(Sent::new(account, "credits", give, body, Effect::Give(6)));
            }
            0..=5 => {
                self.send(Sent::new(account, "charges", charge, reason(1), Effect::Charge(1)));
            }
            choice => {
                let held = self.send(Sent::new(account, "holds", hold, reason(3), Effect::Hold(3)));
                let Some(held) = held else { return };
                let (id, spent) = (held["id"].as_str().unwrap(), self.random.i64(1..=3));
                let command = if choice == 6 {
                    let body = json!({"reason": "failed"});
                    let what = format!("holds/{id}/release");
                    Sent::new(account, &what, end, body, Effect::Release(3))
                } else {
                    let effect = Effect::Capture { held: 3, spent };
                    let what = format!("holds/{id}/capture");
                    Sent::new(account, &what, end, json!({"credits": spent}), effect)
                };
                self.send(command);
            }
        }
    }

    /// Sends a command until there is a yes or a no, or the office closes. The reply, if it is yes.
    pub(crate) fn send(&mut self, mut command: Sent) -> Option<Value> {
        let mut node = self.random.usize(..self.servers.len());
        if self.random.usize(..self.twice_in) == 0 {
            self.race(&mut command);
        }
        while command.known == Known::Nothing {
            self.attempt(&mut command, node);
            if self.office.closes() {
                break;
            }
            if command.known == Known::Nothing {
                thread::sleep(PAUSE);
            }
            node = self.other_than(node);
        }
        let reply = match &command.known {
            Known::Done(text) => Some(serde_json::from_str(text).unwrap()),
            _ => None,
        };
        if reply.is_some() {
            self.office.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        self.sent.push(command);
        reply
    }

    /// Sends a command to two servers at the same time, or to the only one twice. Whatever they say of it must go together.
    fn race(&mut self, command: &mut Sent) {
        let one = self.random.usize(..self.servers.len());
        let two = self.other_than(one);
        let answers = thread::scope(|scope| {
            let first = scope.spawn(|| ask(self.servers, self.office, one, command));
            [ask(self.servers, self.office, two, command), first.join().unwrap()]
        });
        // Either may be the first to do it.
        let was_lost = std::mem::replace(&mut command.lost, true);
        let replays =
            answers.iter().filter(|answer| matches!(answer, Answer::Done(_, true))).count();
        let done = answers.iter().filter(|answer| matches!(answer, Answer::Done(..))).count();
        if !was_lost && done == 2 && replays != 1 {
            self.office.wrong(format!("of two at once {replays} are repeats: {command:?}"));
        }
        let is_lost = answers.iter().any(|answer| matches!(answer, Answer::Lost));
        // If one says no and the other yes, it is yes: in between there was enough.
        for answer in answers {
            if !matches!((&command.known, &answer), (Known::Done(_), Answer::Refused)) {
                self.note(command, answer);
            }
        }
        command.lost = was_lost || is_lost;
    }

    fn attempt(&self, command: &mut Sent, node: usize) {
        let answer = ask(self.servers, self.office, node, command);
        self.note(command, answer);
    }

    pub(crate) fn note(&self, command: &mut Sent, answer: Answer) {
        match answer {
            Answer::Done(text, replayed) => {
                match &command.known {
                    Known::Done(before) if *before != text => {
                        self.office.wrong(format!("answered otherwise: {text}: {command:?}"));
                    }
                    Known::Done(_) => {}
                    _ if replayed && !command.lost => {
                        self.office.wrong(format!("was said not to be done, and was: {command:?}"))
                    }
                    _ if command.lost => {
                        let office = self.office;
                        let counter = if replayed { &office.found } else { &office.missing };
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
                command.known = Known::Done(text);
            }
            Answer::Refused => command.known = Known::Refused,
            Answer::NotDone => {}
            Answer::Lost => command.lost = true,
        }
    }

    fn other_than(&mut self, node: usize) -> usize {
        match self.servers.len() {
            1 => 0,
            nodes => (node + self.random.usize(1..nodes)) % nodes,
        }
    }
}

/// What came of one request.
pub(crate) enum Answer {
    /// It is done, with these bytes; was it before?
    Done(String, bool),
    Refused,
    /// Certainly not done.
    NotDone,
    /// Who knows?
    Lost,
}

fn ask(servers: &dyn Servers, office: &Office, node: usize, command: &Sent) -> Answer {
    let started = Instant::now();
    let reply = match servers.api(node).post(&command.path, &command.key, &command.body) {
        Ok(reply) => reply,
        Err(error) if error.is_connect() => {
            office.count("not connected");
            return Answer::NotDone;
        }
        Err(_) => {
            office.count("no answer");
            return Answer::Lost;
        }
    };
    if reply.status == 503 {
        let mut slowest = office.slowest_refusal.lock().unwrap();
        *slowest = slowest.max(started.elapsed());
    }
    if !reply.is_success() {
        office.count(reply.code());
    }
    if reply.is_success() {
        office.see(&command.account, reply.version);
    }
    judge(office, command, &reply)
}

/// What a reply says of a command.
pub(crate) fn judge(office: &Office, command: &Sent, reply: &Reply) -> Answer {
    match (reply.status, reply.code()) {
        // Whoever waited for the payment has given up, and nobody knows yet.
        (200..=299, _) if reply.body["status"] == "processing" => Answer::Lost,
        (200..=299, _) => Answer::Done(reply.text.clone(), reply.replayed),
        (402, "insufficient_credits") => Answer::Refused,
        (503, "storage_unavailable" | "shutting_down") => Answer::NotDone,
        (503, "outcome_unknown") => Answer::Lost,
        _ => {
            office.wrong(format!("{reply:?}: {command:?}"));
            Answer::Refused
        }
    }
}

/// Asks again after whatever a client isn't sure of, when nothing is under way any more.
pub(crate) fn resolve(servers: &dyn Servers, office: &Office, sent: &mut [Sent]) {
    let unsure = sent.iter_mut().filter(|it| !matches!(it.known, Known::Done(_)) && it.lost);
    for (turn, command) in unsure.enumerate() {
        let reply = settled(servers, turn, command).unwrap();
        command.known = match judge(office, command, &reply) {
            Answer::Done(text, _) => Known::Done(text),
            _ => Known::Refused,
        };
    }
}

/// The answer of a server to a command, when all is well.
fn settled(servers: &dyn Servers, turn: usize, command: &Sent) -> reqwest::Result<Reply> {
    let api = servers.api(turn % servers.len());
    api.post(&command.path, &command.key, &command.body)
}

/// Asks again for all that was done of these: each server gives the same bytes, and says that it is a
/// repeat. How many gave an answer: fewer if a server died meanwhile.
pub(crate) fn ask_again<'a>(
    servers: &dyn Servers,
    office: &Office,
    sent: impl Iterator<Item = &'a Sent>,
) -> Asked {
    let again: Vec<&Sent> = sent.filter(|sent| matches!(sent.known, Known::Done(_))).collect();
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let Some(command) = again.get(turn) else { return };
                    let Ok(reply) = settled(servers, turn, command) else { return };
                    let same = Known::Done(reply.text.clone()) == command.known;
                    if !(reply.replayed && same) {
                        office.wrong(format!("asked again: {reply:?}: {command:?}"));
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Asked { all: again.len(), answered: answered.into_inner() }
}

/// What was asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) all: usize,
    pub(crate) answered: usize,
}

impl Asked {
    pub(crate) fn is_complete(self) -> bool {
        self.answered == self.all
    }
}

/// What can be spent and what is held of an account, by what its clients know. `given` it began with.
pub(crate) fn balance(sent: &[Sent], account: &str, given: i64) -> (i64, i64) {
    let done = sent.iter().filter(|it| it.account == account && matches!(it.known, Known::Done(_)));
    done.fold((given, 0), |(available, held), command| {
        let (more, kept) = command.effect.on_balance();
        (available + more, held + kept)
    })
}

/// The journal has what the clients know was done, each once and whole, and nothing else of theirs.
pub(crate) fn compare_with_journal(
    servers: &dyn Servers,
    office: &Office,
    sent: &[Sent],
    ours: &str,
) {
    let ledger = servers.bursar(&["ledger", "--format", "json"]).ok();
    compare_with_ledger(&ledger, office, sent, ours);
}

/// The same of what `bursar ledger` printed.
pub(crate) fn compare_with_ledger(ledger: &str, office: &Office, sent: &[Sent], ours: &str) {
    let mut journal = HashMap::<_, usize>::new();
    for key in keys_of_ledger(ledger) {
        if key.1.starts_with(ours) {
            *journal.entry(key).or_default() += 1;
        }
    }
    let moved = moved(ledger);
    for command in sent {
        let place = (command.account.clone(), command.key.clone());
        let times = journal.remove(&place);
        let expected = matches!(command.known, Known::Done(_)).then_some(1);
        if times != expected {
            office.wrong(format!("{times:?} times in the journal: {command:?}"));
        }
        let moved = moved.get(&place).copied().unwrap_or_default();
        let whole = matches!(command.effect, Effect::Buy(_))
            || moved
                == (whole(command.effect.on_balance().0), whole(command.effect.on_balance().1));
        if expected.is_some() && !whole {
            office.wrong(format!("did {moved:?} to the account: {command:?}"));
        }
    }
    if !journal.is_empty() {
        office.wrong(format!("in the journal and of nobody: {journal:?}"));
    }
}

/// What each account's keys have done to what can be spent and to what is held.
fn moved(ledger: &str) -> HashMap<(String, String), (f64, f64)> {
    let mut moved = HashMap::<_, (f64, f64)>::new();
    for line in ledger.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let Some(key) = event["idempotency_key"].as_str() else { continue };
        let place = (event["account"].as_str().unwrap().to_owned(), key.to_owned());
        let (available, held) = moved.entry(place).or_default();
        for posting in event["postings"].as_array().unwrap() {
            match posting["book"].as_str().unwrap() {
                "available" => *available += posting["credits"].as_f64().unwrap(),
                "held" => *held += posting["credits"].as_f64().unwrap(),
                _ => {}
            }
        }
    }
    moved
}

fn whole(credits: i64) -> f64 {
    f64::from(i32::try_from(credits).unwrap())
}
