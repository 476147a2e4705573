//! Several nodes on one database: nothing is decided twice, and nothing on what was not so.

use std::sync::Arc;

use bursar_core::id::AccountId;
use bursar_postgres::PostgresStore;
use bursar_store::contract::{Ask, Clerk, Outcome, Work};
use bursar_store::{Store, Wanted};

use super::support::{Database, account, batch, done, proven};

/// On accounts that several nodes write at once.
async fn on_nodes<F>(database: &Database, nodes: u64, work: impl Fn(u64, Arc<PostgresStore>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasks = Vec::new();
    for node in 0..nodes {
        let store = database.open().await;
        tasks.push(tokio::spawn(work(node, Arc::clone(&store))));
        tasks.push(tokio::spawn(work(node + nodes, store)));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Credits for 100 charges, and 160 that want them.
#[tokio::test(flavor = "multi_thread")]
async fn a_hot_account_is_never_overspent() {
    let database = Database::new().await;
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("hot"), Ask::give("hot", 200)]).await;
    on_nodes(&database, 2, |seed, store| async move {
        let mut clerk = Clerk::new(100 + seed);
        let mut writer = store.writer().unwrap();
        for n in 0..20 {
            let keyed = |m| Ask::charge("hot").keyed(&format!("{seed}-{n}-{m}"));
            clerk.batch(&mut *writer, &[keyed(0), keyed(1)]).await.unwrap();
        }
    })
    .await;
    let hot = account(&store, "hot").await;
    assert_eq!((hot.version, hot.available().to_string()), (102, "0".to_owned()));
    assert_eq!(proven(&store).await.key_count(), 100);
}

/// Each batch wants several accounts, in no order; two nodes often want the same.
#[tokio::test(flavor = "multi_thread")]
async fn batches_of_the_same_accounts_do_not_block_each_other() {
    let database = Database::new().await;
    let store = database.open().await;
    on_nodes(&database, 3, |seed, store| async move {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut clerk = Clerk::new(200 + seed);
        let mut writer = store.writer().unwrap();
        for n in 0..30 {
            // Also such as are not there: whoever is first opens them.
            let names = (0..6).map(|_| format!("account-{}", random.u8(0..12)));
            let asks: Vec<Ask> = names
                .flat_map(|name| {
                    let give = Ask::give(&name, 5).keyed(&format!("{seed}-{n}"));
                    [Ask::open(&name).keyed("open"), give, Ask::charge(&name)]
                })
                .collect();
            clerk.batch(&mut *writer, &asks).await.unwrap();
        }
    })
    .await;
    let audit = proven(&store).await;
    assert_eq!(audit.accounts().len(), 12);
    let waited = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(database.count(waited).await, 0);
}

/// Of those who open an account at once one does.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_opened_once() {
    let database = Database::new().await;
    for round in 0..5 {
        let mut tasks = Vec::new();
        for node in 0..6 {
            let store = database.open().await;
            let name = format!("new-{round}");
            tasks.push(tokio::spawn(async move {
                let mut clerk = Clerk::new(node);
                // Half of them want others as well, in front and behind.
                let asks = match node % 2 {
                    0 => vec![Ask::open(&name)],
                    _ => vec![Ask::charge("a"), Ask::open(&name), Ask::charge("z")],
                };
                let outcomes = batch(&store, &mut clerk, &asks).await.unwrap();
                outcomes.into_iter().filter(|outcome| outcome.entry().is_some()).count()
            }));
        }
        let mut opened = 0;
        for task in tasks {
            opened += task.await.unwrap();
        }
        assert_eq!(opened, 1, "round {round}");
    }
    let reserved = "SELECT count(*) FROM accounts WHERE version = 0";
    assert_eq!(database.count(reserved).await, 0, "what was reserved for nothing is gone");
}

/// A key that one node used is known to the others, also when they come at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_done_once_whichever_nodes_get_it() {
    let database = Database::new().await;
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 1_000)]).await;
    let mut tasks = Vec::new();
    for node in 0..4 {
        let store = database.open().await;
        tasks.push(tokio::spawn(async move {
            let mut clerk = Clerk::new(300 + node);
            let mut entries = Vec::new();
            for n in 0..25 {
                let ask = Ask::charge("a").keyed(&format!("key-{n}"));
                let mut outcomes = batch(&store, &mut clerk, &[ask]).await.unwrap();
                entries.push(outcomes.remove(0));
            }
            entries
        }));
    }
    let mut first_times = 0;
    let mut answers: Vec<Vec<Outcome>> = Vec::new();
    for task in tasks {
        let entries = task.await.unwrap();
        first_times += entries.iter().filter(|one| matches!(one, Outcome::Done(_))).count();
        answers.push(entries);
    }
    assert_eq!(first_times, 25);
    for n in 0..25 {
        let of_key: Vec<_> = answers.iter().map(|answers| answers[n].entry()).collect();
        assert!(of_key.iter().all(|entry| *entry == of_key[0]), "key-{n}: {of_key:?}");
    }
    assert_eq!(proven(&store).await.version(&"a".parse().unwrap()), 27);
}

/// Invoices and credit notes of several nodes, with batches given up in between.
#[tokio::test(flavor = "multi_thread")]
async fn legal_numbers_have_no_gaps_across_nodes() {
    let database = Database::new().await;
    let store = database.open().await;
    on_nodes(&database, 2, |seed, store| async move {
        let mut clerk = Clerk::new(400 + seed);
        let mut writer = store.writer().unwrap();
        for n in 0..6 {
            let name = format!("buyer-{seed}-{n}");
            clerk.batch(&mut *writer, &Ask::subscriber(&name, "small")).await.unwrap();
            let accounts = vec![name.parse::<AccountId>().unwrap()];
            let wanted = Wanted { accounts, keys: Vec::new() };
            writer.begin(&wanted).await.unwrap();
            for series in if seed % 2 == 0 { ["INV", "CN"] } else { ["CN", "INV"] } {
                writer.last_number(&series.parse().unwrap(), 2026).await.unwrap();
            }
            writer.abandon().await;
            clerk.one(&mut *writer, Ask::buy(&name)).await.unwrap().done();
            clerk.one(&mut *writer, Ask::paid(&name, 2)).await.unwrap().done();
        }
    })
    .await;
    assert_eq!(proven(&store).await.counts().invoices, 48);
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(database.count(deadlocks).await, 0);
    let last = "SELECT last FROM document_numbers WHERE series = 'INV' AND year = 2026";
    assert_eq!(database.count(last).await, 48);
}

/// Random work of several nodes on the same accounts leaves a journal that proves, and tables that are
/// what it makes.
#[tokio::test(flavor = "multi_thread")]
async fn random_work_of_several_nodes_proves() {
    let database = Database::new().await;
    on_nodes(&database, 2, |seed, store| async move {
        let mut work = Work::new(500 + seed);
        let mut clerk = Clerk::new(500 + seed);
        let mut writer = store.writer().unwrap();
        for _ in 0..60 {
            let asks: Vec<Ask> = work.asks().into_iter().map(|ask| ask.on_node(seed)).collect();
            let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
            work.note(&outcomes);
        }
    })
    .await;
    let store = database.open().await;
    proven(&store).await;
    let before = database.tables().await;
    assert!(before.len() > 100, "{}", before.len());
    drop(store);
    database.sql("UPDATE versions SET projection = 1").await;
    proven(&*database.open().await).await;
    assert_eq!(database.tables().await, before);
}

/// Keys of one node are none of another's.
trait OnNode {
    fn on_node(self, node: u64) -> Self;
}

impl OnNode for Ask {
    fn on_node(self, node: u64) -> Self {
        match self.key.clone() {
            Some(key) => self.keyed(&format!("{node}-{key}")),
            None => self,
        }
    }
}
