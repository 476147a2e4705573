//! Runs a scenario: one step after the other, and everything judged after each.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bursar_engine::{Clock, Failure, Outcome};
use bursar_store::Entry;

use crate::panics::Panics;
use crate::scenario::Scenario;
use crate::step::{Step, What};
use crate::world::World;

/// How a run went.
#[derive(Clone, Debug)]
pub struct Report {
    /// A hash of all that happened: the same for the same scenario.
    pub trace: String,
    /// What went wrong, if anything did.
    pub failure: Option<Found>,
    /// What happened, counted.
    pub counts: Counts,
    /// What happened, told line by line, if that was asked for.
    pub story: Vec<String>,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The step after which it showed; `None` at the end.
    pub step: Option<u32>,
    /// What, in words.
    pub what: String,
}

impl Report {
    fn failed(what: String) -> Self {
        let failure = Some(Found { step: None, what });
        Self { trace: String::new(), failure, counts: Counts::default(), story: Vec::new() }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "after step {step}: {}", self.what),
            None => write!(f, "at the end: {}", self.what),
        }
    }
}

/// What happened, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Steps.
    pub steps: u64,
    /// Entries of the journal.
    pub entries: u64,
    /// Events, by kind.
    pub events: BTreeMap<String, u64>,
    /// Answers, by kind.
    pub answers: BTreeMap<String, u64>,
    /// Nodes that died.
    pub crashes: u64,
}

impl Counts {
    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.entries += 1;
        for recorded in &entry.events {
            let words = format!("{:?}", recorded.event);
            let kind = words.split([' ', '(', '{']).next().unwrap_or_default();
            *self.events.entry(kind.to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn answer(&mut self, outcome: Option<&Outcome>) {
        let kind = match outcome {
            None => "no answer",
            Some(Ok(done)) if done.replayed => "replayed",
            Some(Ok(_)) => "done",
            Some(Err(Failure::Rejected(rejection))) => rejection.code(),
            Some(Err(Failure::KeyReused)) => "key_reused",
            Some(Err(Failure::Unknown(_))) => "unknown",
            Some(Err(Failure::Unavailable(_))) => "unavailable",
            Some(Err(Failure::Refused(_))) => "refused by the bank",
            Some(Err(Failure::ProviderUnavailable(_))) => "no bank",
            Some(Err(_)) => "other failure",
        };
        *self.answers.entry(kind.to_owned()).or_default() += 1;
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.entries += other.entries;
        self.crashes += other.crashes;
        for (kind, count) in &other.events {
            *self.events.entry(kind.clone()).or_default() += count;
        }
        for (kind, count) in &other.answers {
            *self.answers.entry(kind.clone()).or_default() += count;
        }
    }
}

/// Runs a scenario from its first step to the end of everything.
pub fn run(scenario: &Scenario) -> Report {
    run_and_tell(scenario, false)
}

/// As [`run`]; and tells the story, which takes longer.
pub fn run_and_tell(scenario: &Scenario, tells: bool) -> Report {
    run_with(scenario, tells, &Panics::new(false))
}

/// As [`run`], and shows no panic: for what fails again and again.
pub(crate) fn run_quietly(scenario: &Scenario) -> Report {
    run_with(scenario, false, &Panics::new(true))
}

fn run_with(scenario: &Scenario, tells: bool, panics: &Arc<Panics>) -> Report {
    panics.listen();
    let played = catch_unwind(AssertUnwindSafe(|| play(scenario, tells, panics)));
    let panic = panics.end();
    let mut report =
        played.unwrap_or_else(|_| Report::failed("the simulation itself panicked".to_owned()));
    if let Some(panic) = panic {
        let what = format!("a panic: {}", panic.what);
        report.failure = Some(Found { step: panic.step, what });
    }
    report
}

fn play(scenario: &Scenario, tells: bool, panics: &Arc<Panics>) -> Report {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // What is blocking has threads of its own.
    let of_run = Arc::clone(panics);
    runtime.on_thread_start(move || of_run.listen());
    let runtime = match runtime.enable_time().start_paused(true).build() {
        Ok(runtime) => runtime,
        Err(error) => return Report::failed(error.to_string()),
    };
    runtime.block_on(async {
        let mut world = match World::new(scenario).await {
            Ok(world) => world,
            Err(error) => return Report::failed(error),
        };
        world.tells = tells;
        let failure = world.live(scenario, panics).await.err();
        world.counts.steps = u64::try_from(scenario.steps.len()).unwrap_or(u64::MAX);
        let (trace, counts, story) = (world.trace(), world.counts.clone(), world.story.clone());
        Report { trace, failure, counts, story }
    })
}

impl World {
    async fn live(&mut self, scenario: &Scenario, panics: &Panics) -> Result<(), Found> {
        for step in &scenario.steps {
            panics.at(Some(step.id));
            let found = |what| Found { step: Some(step.id), what };
            self.step(step).await.map_err(found)?;
            self.look_around().await.map_err(found)?;
        }
        panics.at(None);
        self.end(scenario.accounts).await.map_err(|what| Found { step: None, what })
    }

    /// After each step everything is judged.
    pub(crate) async fn look_around(&mut self) -> Result<(), String> {
        tokio::task::yield_now().await;
        self.bury_the_dead()?;
        self.read().await?;
        self.hear()?;
        let offences = self.bank.offences();
        if offences.is_empty() { Ok(()) } else { Err(format!("{offences:?}")) }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.what {
            What::Wait { millis } => tokio::time::sleep(Duration::from_millis(*millis)).await,
            What::Jump { seconds } => self.clock.jump(*seconds),
            What::Skew { node, millis } => {
                self.node(*node).inspect(|node| node.clock.skew(*millis));
            }
            What::Crash { node, tail } => self.crash(*node, *tail)?,
            What::CrashAt { node, moment, tail } => {
                if let Some(dying) = self.node_mut(*node) {
                    dying.tail = *tail;
                    self.database.die_at(*node, *moment);
                }
            }
            What::Start { node } => self.start(*node).await?,
            What::Restart { node } => self.restart(*node).await?,
            What::FailCommit { how } => self.database.fail_commit(*how),
            What::Disk { millis } => self.database.slow_down(*millis),
            What::Provider { mishap } => self.bank.mishap(*mishap),
            What::Decline { code } => {
                let declined = self.bank.sandbox.controls().decline_next(code);
                declined.map_err(|error| error.to_string())?;
            }
            What::Messages { how } => self.bank.send(*how).map_err(|error| error.to_string())?,
            What::Webhooks { node, how } => self.webhooks(*node, *how).await?,
            What::Answer { account, approves } => self.answer(*account, *approves).await?,
            What::Dispute { account } => self.dispute(*account)?,
            What::Look { account, node } => self.look(*account, *node).await?,
            What::Again { of, node } => self.send(step.id, *of, *node, false)?,
            What::Reuse { of, node } => self.send(step.id, *of, *node, true)?,
            asked => self.ask(step.id, asked).await?,
        }
        let now = self.clock.now();
        self.note(&step.id.to_string());
        self.tell(|| format!("{now}: {step}"));
        Ok(())
    }
}
