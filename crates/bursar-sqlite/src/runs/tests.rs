//! Runs against maps: lines, of which each stays, and snapshots, of which the last counts.

use std::collections::BTreeMap;

use bursar_core::id::AccountId;
use bursar_store::{JournalPosition, StoreError};
use tempfile::TempDir;

use super::*;
use crate::connection;
use crate::index::{Index, Line, Place};
use crate::migrations::create_views;
use crate::states::{Snapshot, States};

/// Adds records in any order, the way the views do.
fn add<R: Record>(runs: &Runs<R>, views: &mut Connection, dir: &TempDir, mut records: Vec<R>) {
    records.sort_unstable();
    records.dedup();
    let change = runs.change(records.into_iter().map(Ok)).unwrap();
    let transaction = views.transaction().unwrap();
    change.record(&Directory::new(dir.path()), &transaction).unwrap();
    transaction.commit().unwrap();
    runs.publish(change);
}

/// Waits until nothing is to be merged any more.
fn settle<R: Record>(runs: &Runs<R>, views: &mut Connection, dir: &TempDir) {
    while runs.merging.lock().is_some() {
        std::thread::yield_now();
        add(runs, views, dir, Vec::new());
    }
}

fn views() -> (TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path());
    let mut views = connection::views(&directory).unwrap();
    create_views(&directory, &mut views).unwrap();
    (dir, views)
}

struct Book {
    dir: TempDir,
    views: Connection,
    index: Index,
    /// What should be found.
    model: BTreeMap<Name, Vec<Place>>,
}

impl Book {
    fn new() -> Self {
        let (dir, views) = views();
        let index = Index::open_to_write(&Directory::new(dir.path()), &views).unwrap();
        Self { dir, views, index, model: BTreeMap::new() }
    }

    fn directory(&self) -> Directory {
        Directory::new(self.dir.path())
    }

    fn add(&mut self, lines: Vec<Line>) {
        for Line { name, place } in &lines {
            let places = self.model.entry(*name).or_default();
            if !places.contains(place) {
                places.push(*place);
                places.sort_unstable();
            }
        }
        add(&self.index, &mut self.views, &self.dir, lines);
    }

    fn settle(&mut self) {
        settle(&self.index, &mut self.views, &self.dir);
    }

    fn check(&self) {
        for (name, places) in &self.model {
            assert_eq!(self.index.places(*name).unwrap(), *places, "{name:?}");
            let next = Name(name.0.wrapping_add(1));
            if !self.model.contains_key(&next) {
                assert_eq!(self.index.places(next).unwrap(), []);
            }
        }
        let lines: usize = self.model.values().map(Vec::len).sum();
        assert_eq!(self.index.records(), u64::try_from(lines).unwrap());
        self.index.prove().unwrap();
    }
}

fn random_lines(random: &mut fastrand::Rng, most: usize) -> Vec<Line> {
    let line = |random: &mut fastrand::Rng| {
        // Some names often, and some at the ends of what there are.
        let name = match random.u32(0..10) {
            0 => random.u64(0..3),
            1 => u64::MAX - random.u64(0..3),
            2..4 => random.u64(0..50) << 58,
            _ => random.u64(..),
        };
        Line { name: Name(name), place: Place(random.u64(0..1_000_000)) }
    };
    (0..random.usize(0..most)).map(|_| line(random)).collect()
}

#[test]
fn what_was_added_is_found_however_runs_are_merged() {
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut book = Book::new();
        for _ in 0..random.usize(1..30) {
            let most = [1, 40, 3_000][random.usize(0..3)];
            let lines = random_lines(&mut random, most);
            // What is in another run already is not a line of this one.
            let new = lines.into_iter().filter(|line| {
                !book.model.get(&line.name).is_some_and(|places| places.contains(&line.place))
            });
            let new = new.collect();
            book.add(new);
            if random.bool() {
                book.settle();
            }
        }
        book.check();
        book.settle();
        book.check();
        let sizes: Vec<u64> = book.index.newest_first().iter().map(|run| run.records).collect();
        assert!(sizes.len() <= 20, "{sizes:?}");
        let directory = book.directory();
        book.index = Index::open_to_write(&directory, &book.views).unwrap();
        book.check();
    }
}

#[test]
fn a_name_that_fills_several_blocks_is_found() {
    let mut book = Book::new();
    let line = |name, place| Line { name: Name(name), place: Place(place) };
    let many = (0..3_000).map(|place| line(7, place));
    book.add(many.chain((0..300).map(|name| line(name * 3, 1_000_000))).collect());
    book.check();
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let mut book = Book::new();
    book.add(vec![Line { name: Name(1), place: Place(1) }]);
    let line = Line { name: Name(2), place: Place(2) };
    drop(book.index.change(std::iter::once(Ok(line))).unwrap());
    book.check();
    let files = fs::read_dir(book.directory().runs("index")).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn runs_of_like_size_are_merged_by_fours() {
    let mut book = Book::new();
    let mut random = fastrand::Rng::with_seed(9);
    for count in 1..=64 {
        let lines = (0..100).map(|_| Line { name: Name(random.u64(..)), place: Place(0) });
        book.add(lines.collect());
        book.settle();
        let sizes: Vec<u64> = book.index.newest_first().iter().map(|run| run.records).collect();
        // The digits of the number in the system of base four: so many hundreds, four hundreds, and so on.
        let made: Vec<u64> = (0..4)
            .flat_map(|place| vec![100 * 4_u64.pow(place); (count / 4_usize.pow(place)) % 4])
            .collect();
        assert_eq!(sizes, made);
    }
    let files = fs::read_dir(book.directory().runs("index")).unwrap().count();
    assert_eq!(files, book.index.newest_first().len());
    book.check();
}

/// A merge is only known when the next run comes, which is a small one again.
#[test]
fn large_runs_are_merged_though_a_small_one_always_came_since() {
    let mut book = Book::new();
    let mut random = fastrand::Rng::with_seed(10);
    for count in 1..=300 {
        let lines = (0..100).map(|_| Line { name: Name(random.u64(..)), place: Place(0) });
        book.add(lines.collect());
        while book.index.merging.lock().as_ref().is_some_and(|merging| !merging.is_finished()) {
            std::thread::yield_now();
        }
        let sizes: Vec<u64> = book.index.newest_first().iter().map(|run| run.records).collect();
        assert!(sizes.len() <= 20, "{count}: {sizes:?}");
    }
    book.check();
}

/// A snapshot that says this much.
fn snapshot(account: u32, version: u32, length: usize) -> Snapshot {
    let said = format!("{version} ").repeat(length / 2);
    Snapshot::saying(&format!("account-{account}").parse().unwrap(), said.into())
}

#[test]
fn the_newest_snapshot_is_found_however_runs_are_merged() {
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (dir, mut views) = views();
        let directory = Directory::new(dir.path());
        let mut states = States::open_to_write(&directory, &views).unwrap();
        let mut model: BTreeMap<u32, Snapshot> = BTreeMap::new();
        for version in 0..random.u32(1..40) {
            let most = [2, 40, 3_000][random.usize(0..3)];
            let accounts = random.u32(1..most);
            // Some are longer than a block.
            let length = |random: &mut fastrand::Rng| {
                let most = [100, 1_000, 9_000][random.usize(0..3)];
                random.usize(2..most)
            };
            let changed = (0..accounts).filter(|_| random.bool()).collect::<Vec<u32>>();
            let changed = changed.into_iter().map(|account| {
                let snapshot = snapshot(account, version, length(&mut random));
                model.insert(account, snapshot.clone());
                snapshot
            });
            let changed = changed.collect();
            add(&states, &mut views, &dir, changed);
            if random.bool() {
                settle(&states, &mut views, &dir);
            }
        }
        for reopened in [false, true] {
            if reopened {
                settle(&states, &mut views, &dir);
                states = States::open_to_write(&directory, &views).unwrap();
            }
            states.prove().unwrap();
            for account in 0..3_000 {
                let id = format!("account-{account}").parse().unwrap();
                let found = states.snapshot(&id).unwrap().map(|found| found.state);
                assert_eq!(found, model.get(&account).map(|known| known.state.clone()));
            }
        }
    }
}

#[test]
fn snapshots_that_are_replaced_go_when_they_are_as_many_as_all() {
    let (dir, mut views) = views();
    let states = States::open_to_write(&Directory::new(dir.path()), &views).unwrap();
    for version in 0..50 {
        add(
            &states,
            &mut views,
            &dir,
            (0..500).map(|account| snapshot(account, version, 20)).collect(),
        );
        settle(&states, &mut views, &dir);
        assert_eq!(states.records(), 500);
    }
}

#[test]
fn of_two_accounts_with_one_name_each_is_found() {
    let (dir, mut views) = views();
    let states = States::open_to_write(&Directory::new(dir.path()), &views).unwrap();
    let [one, other] = ["account-1", "account-2"].map(|id| id.parse::<AccountId>().unwrap());
    let name = Name::state(&one);
    let both = [&one, &other].map(|id| Snapshot::named(name, id, id.as_str().to_owned().into()));
    add(&states, &mut views, &dir, both.to_vec());
    assert_eq!(states.records(), 2);
    assert_eq!(states.snapshot(&one).unwrap().unwrap().state, one.as_str());
    // By its own name it isn't there.
    assert_eq!(states.snapshot(&other).unwrap(), None);
    add(&states, &mut views, &dir, vec![Snapshot::named(name, &other, "newer".into())]);
    settle(&states, &mut views, &dir);
    assert_eq!(states.snapshot(&one).unwrap().unwrap().state, one.as_str());
}

#[test]
fn what_is_not_a_run_is_refused() {
    let mut book = Book::new();
    book.add((0..1_000).map(|name| Line { name: Name(name), place: Place(name) }).collect());
    let path = book.index.newest_first()[0].path().to_owned();
    let good = fs::read(&path).unwrap();
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Index::open(&book.directory(), &book.views)
    };
    for cut in (0..good.len()).step_by(97) {
        assert!(matches!(open(&good[..cut]), Err(StoreError::Damaged(_))), "{cut}");
    }
    // All but the blocks is proved when it is opened, and the blocks when they are read.
    for byte in (0..good.len()).step_by(41) {
        let mut bad = good.clone();
        bad[byte] ^= 4;
        let refused = open(&bad).and_then(|index| index.prove());
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "{byte}");
    }
    open(&good).unwrap().prove().unwrap();
}

#[test]
fn positions_are_kept_in_eight_bytes() {
    let most = JournalPosition { commit: (1 << 44) - 1, index: (1 << 20) - 1 };
    for position in [most, JournalPosition { commit: 1, index: 0 }] {
        assert_eq!(Place::of(position).unwrap().position(), position);
    }
    Place::of(JournalPosition { commit: 1 << 44, index: 0 }).unwrap_err();
    Place::of(JournalPosition { commit: 0, index: 1 << 20 }).unwrap_err();
}

#[test]
fn a_merge_that_is_stopped_leaves_nothing() {
    let mut book = Book::new();
    for run in 0..4 {
        let lines = (0..200_000).map(|name| Line { name: Name(name), place: Place(run) });
        book.add(lines.collect());
    }
    assert!(book.index.merging.lock().is_some());
    book.index.stop();
    assert!(book.index.merging.lock().is_none());
    let files = fs::read_dir(book.directory().runs("index")).unwrap().count();
    assert_eq!(files, 4);
    book.index.prove().unwrap();
}
