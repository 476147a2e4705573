//! The store.

use std::time::Duration;

use bursar_sqlite::{Options, SqliteStore};
use bursar_store::contract::{Ask, Clerk, Outcome};
use bursar_store::{Store, Writer};
use tempfile::TempDir;

use super::meter::{Cost, Meter};
use super::{Amounts, BATCH, batch_accounts};

pub(crate) struct Bench {
    amounts: Amounts,
    _dir: TempDir,
    store: SqliteStore,
    writer: Box<dyn Writer>,
    clerk: Clerk,
}

impl Bench {
    /// Each account has two lots.
    pub(crate) async fn begin(amounts: Amounts) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), Options::default()).unwrap();
        let mut writer = store.writer().unwrap();
        let mut clerk = Clerk::new(1);
        let numbers: Vec<usize> = (0..amounts.accounts).collect();
        for numbers in numbers.chunks(BATCH) {
            let asks: Vec<Ask> = numbers
                .iter()
                .flat_map(|n| {
                    let name = name(*n);
                    let lots = [Ask::give(&name, 100), Ask::give(&name, 1_000_000)];
                    std::iter::once(Ask::open(&name)).chain(lots)
                })
                .collect();
            clerk.batch(&mut *writer, &asks).await.unwrap();
        }
        let bench = Self { amounts, _dir: dir, store, writer, clerk };
        bench.settle().await;
        bench
    }

    /// Waits until the views have everything.
    async fn settle(&self) {
        while self.store.lag().entries > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) async fn round(&mut self, round: usize) -> Cost {
        let mut random = fastrand::Rng::with_seed(round as u64);
        let mut meter = Meter::start();
        let commits = self.amounts.charges.div_ceil(BATCH);
        for commit in 0..commits {
            let accounts = batch_accounts(&mut random, self.amounts.accounts);
            let ask = |(n, account): (usize, &usize)| {
                Ask::charge(&name(*account)).keyed(&format!("job-{round}-{commit}-{n}"))
            };
            let asks: Vec<Ask> = accounts.iter().enumerate().map(ask).collect();
            meter.begin_commit();
            let outcomes = self.clerk.batch(&mut *self.writer, &asks).await.unwrap();
            meter.end_commit();
            let done = |outcome: &Outcome| matches!(outcome, Outcome::Done(_));
            assert!(outcomes.iter().all(done));
        }
        self.settle().await;
        meter.stop(commits * BATCH)
    }

    pub(crate) async fn end(self) {
        drop(self.writer);
        self.store.close().await.unwrap();
    }
}

fn name(n: usize) -> String {
    format!("acc_{n:032x}")
}
