//! Much work, checked by the audit and against the store in memory.

use std::sync::Arc;
use std::time::Duration;

use super::{Ask, Clerk, Place, Work};
use crate::Store;
use crate::audit::Audit;
use crate::memory::MemoryStore;

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
    audit.check_storage().unwrap();
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
