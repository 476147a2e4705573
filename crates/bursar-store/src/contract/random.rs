//! Much work, checked by the audit and against the store in memory.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{
    AdvanceClock, Cancel, CaptureAmount, CaptureHold, ClockTarget, Command, ExtendHold,
    RefundCharge, ReleaseHold,
};
use bursar_core::account::event::Event;
use bursar_core::account::spend::subject;
use bursar_core::id::{AccountId, SpendId};

use super::catalog::whole;
use super::{Ask, Clerk, Outcome, Place};
use crate::audit::Audit;
use crate::memory::MemoryStore;
use crate::{JournalPosition, Store};

/// Proves a store's journal and that its accounts are what the journal makes them.
pub async fn audited(store: &dyn Store) -> Audit {
    let mut audit = Audit::new();
    loop {
        let page = store.journal(audit.last(), 5_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for (position, entry) in page {
            audit.add(position, &entry).unwrap();
        }
    }
    for account in audit.accounts() {
        let stored = store.account(&account.id).await.unwrap();
        assert_eq!(stored.as_deref(), Some(account));
    }
    audit
}

/// Many accounts, several entries each, in large batches.
pub async fn a_thousand_accounts_pass_the_audit(place: &dyn Place) {
    let mut clerk = Clerk::new(20);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let names: Vec<String> = (0..1_000).map(|n| format!("account-{n}")).collect();
    for chunk in names.chunks(250) {
        for ask in [Ask::open, |name: &str| Ask::give(name, 100), Ask::hold, Ask::charge] {
            let asks: Vec<Ask> = chunk.iter().map(|name| ask(name)).collect();
            let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
            outcomes.into_iter().for_each(|outcome| drop(outcome.done()));
        }
        clerk.wait(Duration::from_secs(600));
    }
    let audit = audited(&*store).await;
    assert_eq!((audit.accounts().len(), audit.entry_count()), (1_000, 4_000));
    drop(writer);
    store.close().await.unwrap();
    drop(store);
    let again = audited(&*place.open().await).await;
    assert_eq!(again.totals(), audit.totals());
    assert_eq!(audit.totals().values().sum::<i128>(), 0);
}

/// The same commands leave the same in every store. `BURSAR_SEED` chooses other commands.
pub async fn random_work_leaves_the_same_everywhere(place: &dyn Place) {
    let given = std::env::var("BURSAR_SEED").ok();
    let seed = given.map_or(1, |seed| seed.parse().expect("BURSAR_SEED is a number"));
    let mut work = Work::new(seed);
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut clerks = [Clerk::new(seed), Clerk::new(seed)];
    let mut store = place.open().await;
    for round in 0..8 {
        let mut writers = [memory.writer().unwrap(), store.writer().unwrap()];
        for _ in 0..50 {
            let (asks, pause) = (work.asks(), work.pause());
            let mut outcomes = Vec::new();
            for (clerk, writer) in clerks.iter_mut().zip(&mut writers) {
                clerk.wait(pause);
                outcomes.push(clerk.batch(&mut **writer, &asks).await.unwrap());
            }
            assert_eq!(outcomes[0], outcomes[1], "BURSAR_SEED={seed}, round {round}");
            work.note(&outcomes[0]);
        }
        drop(writers);
        work.compare(&*memory, &*store, &clerks[0]).await;
        if round % 2 == 1 {
            store.close().await.unwrap();
            drop(store);
            store = place.open().await;
            work.compare(&*memory, &*store, &clerks[0]).await;
        }
    }
    audited(&*store).await;
}

/// Random commands on a few accounts, some of them on what earlier ones left.
pub struct Work {
    random: fastrand::Rng,
    accounts: Vec<String>,
    spends: Vec<(String, SpendId)>,
    keys: u32,
}

impl Work {
    /// The same seed makes the same work.
    pub fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            accounts: (0..12).map(|n| format!("account-{n}")).collect(),
            spends: Vec::new(),
            keys: 0,
        }
    }

    /// The commands of one batch.
    pub fn asks(&mut self) -> Vec<Ask> {
        let count = self.random.usize(1..=6);
        (0..count).map(|_| self.ask()).collect()
    }

    /// Mostly moments, sometimes weeks.
    pub fn pause(&mut self) -> Duration {
        let seconds = match self.random.u8(0..10) {
            0 => self.random.u64(0..20 * 86_400),
            1..=3 => self.random.u64(0..2_000),
            _ => self.random.u64(0..5),
        };
        Duration::from_secs(seconds)
    }

    fn ask(&mut self) -> Ask {
        let name = self.random.choice(&self.accounts).unwrap().clone();
        let ask = match self.random.u8(0..16) {
            0..=2 => Ask::open(&name),
            3 => Ask::give(&name, self.random.i64(1..500)),
            4 => Ask::give(&name, -self.random.i64(1..50)),
            5 => Ask::subscribe(&name, if self.random.bool() { "small" } else { "large" }),
            6..=8 => Ask::charge(&name),
            9..=10 => Ask::hold(&name),
            11 => Ask::new(&name, Command::Advance),
            12 => Ask::new(&name, self.of_subscription()),
            _ => self.of_spend(&name),
        };
        if self.random.u8(0..4) == 0 {
            return ask;
        }
        // Now and then a key that was used before.
        self.keys += u32::from(self.random.u8(0..5) > 0);
        ask.keyed(&format!("key-{}", self.keys))
    }

    fn of_subscription(&mut self) -> Command {
        match self.random.u8(0..4) {
            0 => Command::Cancel(Cancel { reason: None }),
            1 => Command::Resume,
            2 => Command::DropScheduledChange,
            _ => Command::AdvanceClock(AdvanceClock { to: ClockTarget::By("P9DT3H".to_owned()) }),
        }
    }

    fn of_spend(&mut self, name: &str) -> Ask {
        let Some((owner, spend)) = self.random.choice(&self.spends).cloned() else {
            return Ask::charge(name);
        };
        let SpendId::Hold(hold) = spend else {
            let credits = self.random.bool().then(|| whole(1));
            let reason = Some("it failed".parse().unwrap());
            let refund = RefundCharge { spend, credits, reason };
            return Ask::new(&owner, Command::RefundCharge(refund));
        };
        let command = match self.random.u8(0..6) {
            0 => Command::ReleaseHold(ReleaseHold { hold, reason: None }),
            1 => Command::ExtendHold(ExtendHold {
                hold,
                ttl: Duration::from_secs(self.random.u64(1..4_000)),
            }),
            2 => Command::RefundCharge(RefundCharge { spend, credits: None, reason: None }),
            n => Command::CaptureHold(CaptureHold {
                hold,
                amount: if n == 3 {
                    CaptureAmount::Rest
                } else {
                    CaptureAmount::Credits(whole(self.random.i64(1..4)))
                },
                ends: self.random.bool(),
                allow_overage: self.random.bool(),
            }),
        };
        Ask::new(&owner, command)
    }

    /// Remembers what can be captured, released and refunded.
    pub fn note(&mut self, outcomes: &[Outcome]) {
        let entries = outcomes.iter().filter_map(Outcome::entry);
        for (entry, recorded) in entries.flat_map(|entry| {
            let entry = entry.as_ref();
            entry.events.iter().map(move |recorded| (entry, recorded))
        }) {
            if let Event::HoldPlaced { .. } | Event::Charged { .. } = recorded.event {
                let spend = subject(&recorded.event).unwrap();
                self.spends.push((entry.account.to_string(), spend));
            }
        }
    }

    /// Asks two stores everything.
    pub async fn compare(&self, one: &dyn Store, other: &dyn Store, clerk: &Clerk) {
        for name in &self.accounts {
            let id: AccountId = name.parse().unwrap();
            let accounts = (one.account(&id).await.unwrap(), other.account(&id).await.unwrap());
            assert_eq!(accounts.0, accounts.1);
            let statement = one.statement(&id, None, 10_000).await.unwrap();
            assert_eq!(other.statement(&id, None, 10_000).await.unwrap(), statement);
            let before = statement.get(statement.len() / 2).map(|row| row.version);
            let page = one.statement(&id, before, 3).await.unwrap();
            assert_eq!(other.statement(&id, before, 3).await.unwrap(), page);
        }
        for (name, spend) in &self.spends {
            let id: AccountId = name.parse().unwrap();
            let events = one.spend(&id, *spend).await.unwrap();
            assert!(!events.is_empty());
            assert_eq!(other.spend(&id, *spend).await.unwrap(), events);
        }
        for limit in [3, 100] {
            let due = one.due(clerk.now, limit).await.unwrap();
            assert_eq!(other.due(clerk.now, limit).await.unwrap(), due);
        }
        let entries = |page: Vec<(JournalPosition, _)>| -> Vec<_> {
            page.into_iter().map(|(_, entry)| entry).collect()
        };
        let start = JournalPosition::default();
        let journal = entries(one.journal(start, 100_000).await.unwrap());
        assert_eq!(entries(other.journal(start, 100_000).await.unwrap()), journal);
    }
}
