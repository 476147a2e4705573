//! A simulated world: nodes, their database, the bank, customers, and who judges them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bursar_core::catalog::Catalog;
use bursar_core::describe::summary;
use bursar_core::id::AccountId;
use bursar_engine::{Clock, Engine, Options};
use bursar_store::audit::Audit;
use bursar_store::{Entry, JournalPosition, Store, codec};
use bursar_vault::Vault;
use parking_lot::Mutex;

use crate::bank::Bank;
use crate::clock::{NodeClock, WorldClock};
use crate::customers::{Answer, Sent};
use crate::life::Life;
use crate::model::Model;
use crate::run::Counts;
use crate::scenario::Scenario;
use crate::step::Tail;
use crate::store::Database;

/// How many entries are read at once.
const AT_ONCE: usize = 10_000;

pub(crate) struct World {
    pub(crate) clock: Arc<WorldClock>,
    pub(crate) database: Arc<Database>,
    pub(crate) bank: Arc<Bank>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) model: Model,
    pub(crate) audit: Audit,
    /// What customers have asked for, by step.
    pub(crate) sent: BTreeMap<u32, Sent>,
    /// What they were told and nobody has judged yet.
    pub(crate) answers: Arc<Mutex<Vec<Answer>>>,
    /// Entries of the journal by account and first version.
    pub(crate) entries: BTreeMap<(AccountId, u64), Arc<Entry>>,
    pub(crate) counts: Counts,
    /// What happened, if somebody wants to read it.
    pub(crate) story: Vec<String>,
    pub(crate) tells: bool,
    pub(crate) catalog: Arc<Catalog>,
    vault: Arc<Vault>,
    seed: u64,
    lives: u64,
    read: JournalPosition,
    trace: blake3::Hasher,
}

/// A node, up or down.
pub(crate) struct Node {
    pub(crate) clock: Arc<NodeClock>,
    pub(crate) life: Life,
    pub(crate) engine: Option<Engine>,
    /// What becomes of its disk if it dies by itself.
    pub(crate) tail: Tail,
}

impl World {
    pub(crate) async fn new(scenario: &Scenario) -> Result<Self, String> {
        let catalog = bursar_catalog::scriptkit().map_err(|mistakes| format!("{mistakes:?}"))?;
        let clock = WorldClock::new();
        let database = Database::new(scenario.store).map_err(|error| error.to_string())?;
        let bank = Bank::new(Arc::clone(&clock));
        let node = |_| Node {
            clock: NodeClock::new(Arc::clone(&clock)),
            life: Life::default(),
            engine: None,
            tail: Tail::Lost,
        };
        let nodes: Vec<Node> = (0..scenario.nodes.max(1)).map(node).collect();
        let mut world = Self {
            clock: Arc::clone(&clock),
            database,
            bank,
            nodes,
            model: Model::default(),
            audit: Audit::new(),
            sent: BTreeMap::new(),
            answers: Arc::default(),
            entries: BTreeMap::new(),
            counts: Counts::default(),
            story: Vec::new(),
            tells: false,
            catalog: Arc::new(catalog),
            vault: Arc::new(Vault::memory()),
            seed: scenario.seed,
            lives: 0,
            read: JournalPosition::default(),
            trace: blake3::Hasher::new(),
        };
        for node in 0..scenario.nodes.max(1) {
            world.start(node).await?;
        }
        Ok(world)
    }

    pub(crate) fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(node).ok()?)
    }

    pub(crate) fn node_mut(&mut self, node: u32) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(node).ok()?)
    }

    /// A node that is up, with its life.
    pub(crate) fn running(&self, node: u32) -> Option<(Engine, Life)> {
        let node = self.node(node)?;
        Some((node.engine.clone()?, node.life.clone()))
    }

    /// Starts a node that is down.
    pub(crate) async fn start(&mut self, number: u32) -> Result<(), String> {
        self.lives = self.lives.wrapping_add(1);
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(self.lives);
        let (database, bank) = (Arc::clone(&self.database), Arc::clone(&self.bank));
        let (catalog, vault) = (Arc::clone(&self.catalog), Arc::clone(&self.vault));
        let Some(node) = self.node_mut(number).filter(|node| node.engine.is_none()) else {
            return Ok(());
        };
        node.life = Life::default();
        let options = Options {
            store: database.of_node(number, node.life.clone()),
            catalog,
            clock: node.clock.clone(),
            provider: bank.line(seed, node.life.clone()),
            vault,
            seed: Some(seed),
        };
        let started = Engine::start(options).await;
        node.engine = Some(started.map_err(|error| format!("node {number}: {error}"))?);
        Ok(())
    }

    /// Shuts a node down as it should be, and starts it again.
    pub(crate) async fn restart(&mut self, number: u32) -> Result<(), String> {
        let Some((_, life)) = self.running(number) else {
            return Ok(());
        };
        let stopped = self.with(number, async |engine| engine.shutdown().await).await?;
        stopped.transpose().map_err(|error| error.to_string())?;
        self.bury_the_dead()?;
        life.end();
        if let Some(node) = self.node_mut(number) {
            node.engine = None;
        }
        self.start(number).await
    }

    pub(crate) fn crash(&mut self, number: u32, tail: Tail) -> Result<(), String> {
        if let Some(node) = self.node_mut(number).filter(|node| node.engine.is_some()) {
            node.tail = tail;
            node.life.end();
        }
        self.bury_the_dead()
    }

    /// Nodes that have died leave their disks as they were.
    pub(crate) fn bury_the_dead(&mut self) -> Result<(), String> {
        let database = Arc::clone(&self.database);
        for (number, node) in (0_u32..).zip(&mut self.nodes) {
            if node.engine.is_some() && node.life.is_over() {
                node.engine = None;
                self.counts.crashes += 1;
                database.bury(number, node.tail)?;
            }
        }
        Ok(())
    }

    /// Judges what the journal has new.
    pub(crate) async fn read(&mut self) -> Result<(), String> {
        let truth = self.database.truth();
        loop {
            let new = truth.journal(self.read, AT_ONCE).await;
            let new = new.map_err(|error| error.to_string())?;
            for (position, entry) in &new {
                for (version, recorded) in entry.versions() {
                    let (id, at) = (&entry.account, recorded.at);
                    let what = || summary(&recorded.event);
                    self.tell(|| format!("  {id} {version} at {at}: {}", what()));
                }
                self.model.judge(entry)?;
                self.audit.add(*position, entry).map_err(|finding| finding.to_string())?;
                let bytes = codec::encode_entries(std::slice::from_ref(entry));
                self.trace.update(&bytes.map_err(|error| error.to_string())?);
                self.counts.entry(entry);
                let place = (entry.account.clone(), entry.first_version);
                self.entries.insert(place, Arc::clone(entry));
                self.read = *position;
            }
            if new.len() < AT_ONCE {
                return self.states_agree().await;
            }
        }
    }

    /// The states that are kept are those that the journal makes, and keep their invariants.
    async fn states_agree(&self) -> Result<(), String> {
        let truth = self.database.truth();
        for folded in self.audit.accounts() {
            folded.check()?;
            let kept = truth.account(&folded.id).await.map_err(|error| error.to_string())?;
            if kept.as_deref() != Some(folded) {
                return Err(format!("{}: its state is not what the journal makes", folded.id));
            }
        }
        Ok(())
    }

    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.tells {
            self.story.push(what());
        }
    }

    /// Notes something that must be the same in every run.
    pub(crate) fn note(&mut self, what: &str) {
        self.trace.update(&self.clock.now().micros().to_le_bytes());
        self.trace.update(what.as_bytes());
    }

    pub(crate) fn trace(&self) -> String {
        self.trace.finalize().to_hex().chars().take(16).collect()
    }
}
