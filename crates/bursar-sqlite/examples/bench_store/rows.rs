//! The same by hand: lots, a ledger and a table of keys, all changed in the commit.

use rusqlite::{Connection, Transaction, params};
use tempfile::TempDir;

use super::meter::{Cost, Meter};
use super::{Amounts, BATCH, batch_accounts};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    CREATE TABLE lots (
        account_id TEXT NOT NULL,
        lot INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        expires_at INTEGER,
        PRIMARY KEY (account_id, lot)
    ) WITHOUT ROWID;
    CREATE TABLE ledger (
        id INTEGER PRIMARY KEY,
        account_id TEXT NOT NULL,
        charge_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        operation TEXT NOT NULL,
        credits INTEGER NOT NULL,
        available_after INTEGER NOT NULL
    );
    CREATE INDEX ledger_account ON ledger (account_id, id);
    CREATE UNIQUE INDEX ledger_charge ON ledger (charge_id);
    CREATE TABLE keys (
        account_id TEXT NOT NULL,
        key TEXT NOT NULL,
        request BLOB NOT NULL,
        ledger_id INTEGER NOT NULL,
        PRIMARY KEY (account_id, key)
    ) WITHOUT ROWID;
";

pub(crate) struct Bench {
    amounts: Amounts,
    _dir: TempDir,
    connection: Connection,
    charges: u64,
}

impl Bench {
    /// Each account has two lots.
    pub(crate) fn begin(amounts: Amounts) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(dir.path().join("rows.db")).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let transaction = connection.transaction().unwrap();
        for account in 0..amounts.accounts {
            for (lot, credits) in [(1, 100), (2, 1_000_000)] {
                transaction
                    .prepare_cached("INSERT INTO lots VALUES (?1, ?2, ?3, NULL)")
                    .unwrap()
                    .execute(params![name(account), lot, credits * 1_000_000_i64])
                    .unwrap();
            }
        }
        transaction.commit().unwrap();
        Self { amounts, _dir: dir, connection, charges: 0 }
    }

    pub(crate) fn round(&mut self, round: usize) -> Cost {
        let mut random = fastrand::Rng::with_seed(round as u64);
        let mut meter = Meter::start();
        let commits = self.amounts.charges.div_ceil(BATCH);
        for commit in 0..commits {
            let accounts = batch_accounts(&mut random, self.amounts.accounts);
            meter.begin_commit();
            let transaction = self.connection.transaction().unwrap();
            for (n, account) in accounts.into_iter().enumerate() {
                self.charges += 1;
                let key = format!("job-{round}-{commit}-{n}");
                charge(&transaction, &name(account), &key, self.charges);
            }
            transaction.commit().unwrap();
            meter.end_commit();
        }
        meter.stop(commits * BATCH)
    }
}

/// Two credits, from the first lots that have them.
fn charge(transaction: &Transaction<'_>, account: &str, key: &str, number: u64) {
    let used: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM keys WHERE account_id = ?1 AND key = ?2)")
        .unwrap()
        .query_row([account, key], |row| row.get(0))
        .unwrap();
    assert!(!used);
    let lots: Vec<(i64, i64)> = transaction
        .prepare_cached("SELECT lot, remaining FROM lots WHERE account_id = ?1 ORDER BY lot")
        .unwrap()
        .query_map([account], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let available: i64 = lots.iter().map(|(_, remaining)| remaining).sum();
    let mut missing = 2_000_000;
    for (lot, remaining) in lots {
        let taken = remaining.min(missing);
        if taken > 0 {
            missing -= taken;
            transaction
                .prepare_cached(
                    "UPDATE lots SET remaining = remaining - ?3 WHERE account_id = ?1 AND lot = ?2",
                )
                .unwrap()
                .execute(params![account, lot, taken])
                .unwrap();
        }
    }
    assert_eq!(missing, 0);
    transaction
        .prepare_cached("INSERT INTO ledger VALUES (NULL, ?1, ?2, ?3, 'image', -2000000, ?4)")
        .unwrap()
        .execute(params![
            account,
            format!("charge_{number:032x}"),
            number as i64,
            available - 2_000_000
        ])
        .unwrap();
    let ledger = transaction.last_insert_rowid();
    transaction
        .prepare_cached("INSERT INTO keys VALUES (?1, ?2, ?3, ?4)")
        .unwrap()
        .execute(params![account, key, [7_u8; 16], ledger])
        .unwrap();
}

fn name(n: usize) -> String {
    format!("acc_{n:032x}")
}
