//! Clients of several servers. They send what isn't acknowledged again, to another server, under the same
//! key, and remember what came of each command: what they know must be what the journal has.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fleet::Fleet;
use super::load::keys_of_ledger;
use super::server::{PATIENCE, Reply};

/// How long a client waits before it sends something again.
const PAUSE: Duration = Duration::from_millis(20);

/// What a command does to its account if it is done, in whole credits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    Give(i64),
    Charge(i64),
    Hold(i64),
    Capture { held: i64, spent: i64 },
    Release(i64),
}

impl Effect {
    /// On what can be spent, and on what is held.
    fn on_balance(self) -> (i64, i64) {
        match self {
            Self::Give(credits) => (credits, 0),
            Self::Charge(credits) => (-credits, 0),
            Self::Hold(credits) => (-credits, credits),
            Self::Capture { held, spent } => (held - spent, -held),
            Self::Release(held) => (held, -held),
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
    account: String,
    path: String,
    key: String,
    body: Value,
    effect: Effect,
    pub(crate) known: Known,
    /// Was it ever sent without an answer, or answered that the outcome is unknown? Then it may have been
    /// done, or may be under way still.
    lost: bool,
}

impl Sent {
    fn new(account: &str, what: &str, key: String, body: Value, effect: Effect) -> Self {
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
}

impl Office {
    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    fn count(&self, answer: &str) {
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
    pub(crate) fleet: &'a Fleet,
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
    fn send(&mut self, mut command: Sent) -> Option<Value> {
        let mut node = self.random.usize(..self.fleet.len());
        if self.random.usize(..self.twice_in) == 0 && self.fleet.len() > 1 {
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

    /// Sends a command to two servers at the same time. Whatever they say of it must go together.
    fn race(&mut self, command: &mut Sent) {
        let one = self.random.usize(..self.fleet.len());
        let two = self.other_than(one);
        let answers = thread::scope(|scope| {
            let first = scope.spawn(|| ask(self.fleet, self.office, one, command));
            [ask(self.fleet, self.office, two, command), first.join().unwrap()]
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
        let answer = ask(self.fleet, self.office, node, command);
        self.note(command, answer);
    }

    fn note(&self, command: &mut Sent, answer: Answer) {
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
        match self.fleet.len() {
            1 => 0,
            nodes => (node + self.random.usize(1..nodes)) % nodes,
        }
    }
}

/// What came of one request.
enum Answer {
    /// It is done, with these bytes; was it before?
    Done(String, bool),
    Refused,
    /// Certainly not done.
    NotDone,
    /// Who knows?
    Lost,
}

fn ask(fleet: &Fleet, office: &Office, node: usize, command: &Sent) -> Answer {
    let started = Instant::now();
    let reply = match fleet.api(node).post(&command.path, &command.key, &command.body) {
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
    match (reply.status, reply.code()) {
        (200..=299, _) => Answer::Done(reply.text, reply.replayed),
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
pub(crate) fn resolve(fleet: &Fleet, office: &Office, sent: &mut [Sent]) {
    let unsure = sent.iter_mut().filter(|it| !matches!(it.known, Known::Done(_)) && it.lost);
    for (turn, command) in unsure.enumerate() {
        let reply = settled(fleet, turn, command);
        command.known = match reply.status {
            200..=299 => Known::Done(reply.text),
            402 => Known::Refused,
            _ => {
                office.wrong(format!("{reply:?}: {command:?}"));
                Known::Refused
            }
        };
    }
}

/// The answer of a server to a command, when all is well.
fn settled(fleet: &Fleet, turn: usize, command: &Sent) -> Reply {
    let api = fleet.api(turn % fleet.len());
    api.post(&command.path, &command.key, &command.body).unwrap()
}

/// Asks again for every `step`th that was done: each server gives the same bytes, and says that it is a
/// repeat.
pub(crate) fn ask_again(fleet: &Fleet, office: &Office, sent: &[Sent], step: usize) {
    let done = sent.iter().filter(|command| matches!(command.known, Known::Done(_)));
    let again: Vec<&Sent> = done.step_by(step.max(1)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let Some(command) = again.get(turn) else { return };
                    let reply = settled(fleet, turn, command);
                    let same = Known::Done(reply.text.clone()) == command.known;
                    if !(reply.replayed && same) {
                        office.wrong(format!("asked again: {reply:?}: {command:?}"));
                    }
                }
            });
        }
    });
}

/// What can be spent and what is held of an account, by what its clients know. `given` it began with.
pub(crate) fn balance(sent: &[Sent], account: &str, given: i64) -> (i64, i64) {
    let done = sent.iter().filter(|it| it.account == account && matches!(it.known, Known::Done(_)));
    done.fold((given, 0), |(available, held), command| {
        let (more, kept) = command.effect.on_balance();
        (available + more, held + kept)
    })
}

/// The journal has what the clients know was done, each once, and nothing else of theirs.
pub(crate) fn compare_with_journal(fleet: &Fleet, office: &Office, sent: &[Sent], ours: &str) {
    let mut journal = HashMap::<_, usize>::new();
    for key in keys_of_ledger(&fleet.bursar(&["ledger", "--format", "json"]).ok()) {
        if key.1.starts_with(ours) {
            *journal.entry(key).or_default() += 1;
        }
    }
    for command in sent {
        let times = journal.remove(&(command.account.clone(), command.key.clone()));
        let expected = matches!(command.known, Known::Done(_)).then_some(1);
        if times != expected {
            office.wrong(format!("{times:?} times in the journal: {command:?}"));
        }
    }
    if !journal.is_empty() {
        office.wrong(format!("in the journal and of nobody: {journal:?}"));
    }
}
