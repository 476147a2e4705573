//! The real SQLite files, cut off, garbled and filled with zeros where a machine may die: what was
//! acknowledged is in the bytes that were there then, and what is behind them harms nobody.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]

use std::path::Path;
use std::sync::Arc;

use bursar_core::account::command::{AdjustCredits, Charge, Command, Open, SpendRequest};
use bursar_core::account::event::Actor;
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::time::ZoneName;
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Envelope, Options};
use bursar_payments::Unconfigured;
use bursar_sqlite::SqliteStore;
use bursar_store::{Entry, JournalPosition, Store};
use bursar_vault::Vault;

/// What a crash leaves behind the last byte that is whole.
#[derive(Clone, Copy, Debug)]
enum Behind {
    Nothing,
    Garbage,
    Zeros,
    /// The right bytes, some of them wrong: pages that came in another order.
    Holes,
}

/// What was acknowledged, and how long the log was by then.
struct Acknowledged {
    bytes: usize,
    entry: Arc<Entry>,
}

fn opened(dir: &Path) -> SqliteStore {
    // The log keeps all there is: nothing is moved out of it.
    let options = bursar_sqlite::Options { checkpoint_bytes: u64::MAX, ..Default::default() };
    SqliteStore::open(dir, options).unwrap()
}

fn command(number: u32, rng: &mut fastrand::Rng) -> Command {
    let reason = "files".parse().unwrap();
    let credits = Credits::from_micro(rng.i64(1..1_000_000));
    match number {
        0..3 => Command::Open(Open { zone: ZoneName::utc(), currency: None }),
        3..9 => Command::AdjustCredits(AdjustCredits {
            credits: Credits::ONE.plus(credits),
            class: Class::Promo,
            reason,
            expires_at: None,
        }),
        _ => {
            let credits = Credits::from_micro(credits.micro() / 40 + 1);
            Command::Charge(Charge {
                spend: SpendRequest::Credits { credits, reason },
                reference: None,
            })
        }
    }
}

/// Works on three accounts, and returns what was acknowledged when the log had which length.
async fn work(dir: &Path, rng: &mut fastrand::Rng) -> Vec<Acknowledged> {
    let options = Options {
        store: Arc::new(opened(dir)),
        catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
        clock: Arc::new(ManualClock::new("2026-03-01T00:00:00Z".parse().unwrap())),
        provider: Arc::new(Unconfigured),
        vault: Arc::new(Vault::memory()),
        seed: Some(1),
    };
    let engine = Engine::start(options).await.unwrap();
    let mut told = Vec::new();
    for number in 0..120 {
        let account: AccountId = format!("a{}", number % 3).parse().unwrap();
        let envelope = Envelope::new(account, command(number, rng), Actor::System);
        let entry = engine.execute(envelope).await.unwrap().entry;
        let bytes = std::fs::read(dir.join("journal.db-wal")).unwrap().len();
        told.push(Acknowledged { bytes, entry });
    }
    told
}

fn damaged(log: &[u8], cut: usize, behind: Behind, rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = log[..cut].to_vec();
    let rest = &log[cut..];
    match behind {
        Behind::Nothing => {}
        Behind::Garbage => bytes.extend((0..9_000).map(|_| rng.u8(..))),
        Behind::Zeros => bytes.extend(vec![0; 9_000]),
        Behind::Holes => {
            let hole = rng.usize(1..5_000).min(rest.len());
            bytes.extend(vec![0; hole]);
            bytes.extend(&rest[hole..]);
        }
    }
    bytes
}

#[test]
fn what_was_acknowledged_survives_whatever_is_behind_it() {
    let mut rng = fastrand::Rng::with_seed(7);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let told = runtime.block_on(work(dir.path(), &mut rng));
    let base = std::fs::read(dir.path().join("journal.db")).unwrap();
    let log = std::fs::read(dir.path().join("journal.db-wal")).unwrap();
    let behinds = [Behind::Nothing, Behind::Garbage, Behind::Zeros, Behind::Holes];
    for round in 0..48 {
        let behind = behinds[round % behinds.len()];
        let cut = rng.usize(told[0].bytes..=log.len());
        let place = other.path().join(round.to_string());
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("journal.db"), &base).unwrap();
        let bytes = damaged(&log, cut, behind, &mut rng);
        std::fs::write(place.join("journal.db-wal"), bytes).unwrap();
        let store = opened(&place);
        let kept = runtime.block_on(store.journal(JournalPosition::default(), 1_000)).unwrap();
        let kept: Vec<&Entry> = kept.iter().map(|(_, entry)| &**entry).collect();
        let known: Vec<&Entry> = told.iter().map(|it| &*it.entry).collect();
        let least = told.iter().filter(|it| it.bytes <= cut).count();
        assert!(kept.len() >= least, "{} of {least} at {cut}, {behind:?}", kept.len());
        assert!(kept == known[..kept.len()], "others than were told, at {cut}, {behind:?}");
        for entry in &kept {
            let account = runtime.block_on(store.account(&entry.account)).unwrap().unwrap();
            assert_eq!(account.check(), Ok(()));
            assert!(account.version >= entry.version());
        }
        drop(store);
        std::fs::remove_dir_all(&place).unwrap();
    }
}
