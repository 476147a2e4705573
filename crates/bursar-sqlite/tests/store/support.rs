//! A directory with a store in it, and something to do.

use std::path::PathBuf;
use std::process::{self, Child, Stdio};

use bursar_core::account::command::{Command, RefundSubscription};
use bursar_sqlite::{Options, SqliteStore, verify};
use bursar_store::contract::{Ask, Clerk, Outcome};
use bursar_store::{Store, StoreError, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    /// With a store that has been used and closed.
    pub(crate) async fn used() -> Self {
        let files = Self::new();
        let store = files.open();
        let mut load = Load::begin(&store).await;
        load.charge(20).await;
        store.close().await.unwrap();
        files
    }

    /// With a store in which much was bought, in part in flight, and closed.
    pub(crate) async fn sold() -> Self {
        let files = Self::new();
        let store = files.open();
        let mut load = Load::begin(&store).await;
        load.open_till().await;
        for round in 0..4 {
            load.sell(round).await.unwrap();
        }
        let refund = Command::RefundSubscription(RefundSubscription { reason: None });
        let ask = Ask::new(&buyer(3), refund).keyed("refund");
        load.clerk.one(&mut *load.writer, ask).await.unwrap().done();
        drop(load);
        store.close().await.unwrap();
        files
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The files beside the views, in a folder of theirs.
    pub(crate) fn runs(&self, folder: &str) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.file(folder)).unwrap();
        let found: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
        assert!(!found.is_empty());
        found
    }

    pub(crate) fn open(&self) -> SqliteStore {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(self.dir.path(), Options::default())
    }

    /// Changes a file behind the store's back.
    pub(crate) fn sql(&self, file: &str, sql: &str) {
        let connection = Connection::open(self.file(file)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// Opens, proves and closes; how many entries there are.
    pub(crate) async fn prove(&self) -> u64 {
        let store = self.open();
        store.close().await.unwrap();
        drop(store);
        let report = verify(self.dir.path(), |_, _| {}).unwrap();
        assert_eq!(report.views, Some(report.commits));
        report.entries
    }
}

/// Ten accounts, and keyed charges on them; and ten that buy.
pub(crate) struct Load {
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) clerk: Clerk,
    pub(crate) next: u64,
}

impl Load {
    /// Opens the accounts, or goes on with those that are there.
    pub(crate) async fn begin(store: &SqliteStore) -> Self {
        let mut writer = store.writer().unwrap();
        let mut clerk = Clerk::new(1);
        let asks: Vec<Ask> = (0..10)
            .flat_map(|n| {
                let name = name(n);
                let give = Ask::give(&name, 1_000_000).keyed("give");
                [Ask::open(&name).keyed("open"), give]
            })
            .collect();
        clerk.batch(&mut *writer, &asks).await.unwrap();
        let next = 0;
        Self { writer, clerk, next }
    }

    pub(crate) async fn charge(&mut self, batches: u64) {
        for _ in 0..batches {
            self.batch().await.unwrap();
        }
    }

    /// Charges each account once, in one batch.
    pub(crate) async fn batch(&mut self) -> Result<Vec<Outcome>, StoreError> {
        let asks = asks(self.next);
        let outcomes = self.clerk.batch(&mut *self.writer, &asks).await?;
        self.next += 1;
        Ok(outcomes)
    }

    /// Subscribes ten accounts, unless they are.
    pub(crate) async fn open_till(&mut self) {
        for step in 0..5 {
            let ask = |n| {
                let ask = Ask::subscriber(&buyer(n), "small").into_iter().nth(step).unwrap();
                ask.keyed(&format!("step-{step}"))
            };
            let asks: Vec<Ask> = (0..10).map(ask).collect();
            self.clerk.batch(&mut *self.writer, &asks).await.unwrap();
        }
    }

    /// In one batch, each of them has the last top-up paid and asks for the next one: there is always
    /// one on its way.
    pub(crate) async fn sell(&mut self, round: u32) -> Result<Vec<Outcome>, StoreError> {
        let asks: Vec<Ask> = (0..10).flat_map(|n| sale(&buyer(n), round)).collect();
        self.clerk.batch(&mut *self.writer, &asks).await
    }

    /// Were all rounds before this one kept, whole?
    pub(crate) async fn find_sales(&mut self, upto: u32) {
        for round in 0..upto {
            let outcomes = self.sell(round).await.unwrap();
            let kept = |outcome: &Outcome| matches!(outcome, Outcome::Replayed(_));
            assert!(outcomes.iter().all(kept), "round {round}: {outcomes:?}");
        }
    }

    /// Were all batches before this one kept, whole?
    pub(crate) async fn find_all(&mut self, upto: u64) {
        for batch in 0..upto {
            self.next = batch;
            let outcomes = self.batch().await.unwrap();
            let kept = |outcome: &Outcome| matches!(outcome, Outcome::Replayed(_));
            assert!(outcomes.iter().all(kept), "batch {batch}: {outcomes:?}");
        }
    }
}

pub(crate) fn name(n: u64) -> String {
    format!("account-{n}")
}

pub(crate) fn buyer(n: u64) -> String {
    format!("buyer-{n}")
}

/// The subscription was payment 1; round 0 asks for payment 2.
fn sale(name: &str, round: u32) -> impl Iterator<Item = Ask> + use<> {
    let paid = (round > 0).then(|| Ask::paid(name, round + 1).keyed(&format!("pay-{round}")));
    paid.into_iter().chain([Ask::buy(name).keyed(&format!("buy-{round}"))])
}

fn asks(batch: u64) -> Vec<Ask> {
    let ask = |n| Ask::charge(&name(n)).keyed(&format!("batch-{batch}"));
    (0..10).map(ask).collect()
}

/// Runs one test of this binary as a process of its own, which finds the directory in the
/// environment and would otherwise do nothing.
pub(crate) fn child(test: &str, files: &Files, shell: &str) -> Child {
    process::Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, files.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

const DIRECTORY: &str = "BURSAR_TEST_DIRECTORY";

/// The directory that the parent gave this process, if it is such a child.
pub(crate) fn directory_of_child() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}
