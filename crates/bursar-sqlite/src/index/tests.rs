//! The index against a map.

use std::collections::BTreeMap;

use bursar_store::{JournalPosition, StoreError};
use tempfile::TempDir;

use super::*;
use crate::connection;
use crate::migrations::create_views;

struct Book {
    dir: TempDir,
    views: Connection,
    index: Index,
    /// What should be found.
    model: BTreeMap<Name, Vec<Place>>,
}

impl Book {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path());
        let mut views = connection::views(&directory).unwrap();
        create_views(&directory, &mut views).unwrap();
        let index = Index::open_to_write(&directory, &views).unwrap();
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
        let change = self.index.change(lines).unwrap();
        let directory = self.directory();
        let transaction = self.views.transaction().unwrap();
        change.record(&directory, &transaction).unwrap();
        transaction.commit().unwrap();
        self.index.publish(change);
    }

    /// Waits until nothing is to be merged any more.
    fn settle(&mut self) {
        while self.index.merging.lock().is_some() {
            std::thread::yield_now();
            self.add(Vec::new());
        }
    }

    fn check(&self) {
        for (name, places) in &self.model {
            assert_eq!(self.index.find(*name).unwrap(), *places, "{name:?}");
            let next = Name(name.0.wrapping_add(1));
            if !self.model.contains_key(&next) {
                assert_eq!(self.index.find(next).unwrap(), []);
            }
        }
        let lines: usize = self.model.values().map(Vec::len).sum();
        assert_eq!(self.index.lines(), u64::try_from(lines).unwrap());
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
        let sizes: Vec<u64> = book.index.runs().iter().map(|run| run.lines).collect();
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
    drop(book.index.change(vec![Line { name: Name(2), place: Place(2) }]).unwrap());
    book.check();
    let files = fs::read_dir(book.directory().index()).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn runs_are_merged_until_each_is_twice_the_next() {
    let mut book = Book::new();
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..64 {
        let lines = (0..100).map(|_| Line { name: Name(random.u64(..)), place: Place(0) });
        book.add(lines.collect());
        book.settle();
        let mut sizes: Vec<u64> = book.index.runs().iter().map(|run| run.lines).collect();
        sizes.sort_unstable();
        for pair in sizes.windows(2) {
            assert!(pair[1] >= 2 * pair[0], "{sizes:?}");
        }
    }
    let files = fs::read_dir(book.directory().index()).unwrap().count();
    assert_eq!(files, book.index.runs().len());
    book.check();
}

#[test]
fn what_is_not_a_run_is_refused() {
    let mut book = Book::new();
    book.add((0..1_000).map(|name| Line { name: Name(name), place: Place(name) }).collect());
    let path = book.index.runs()[0].path().to_owned();
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
    for run in 0..2 {
        let lines = (0..200_000).map(|name| Line { name: Name(name), place: Place(run) });
        book.add(lines.collect());
    }
    assert!(book.index.merging.lock().is_some());
    book.index.stop();
    assert!(book.index.merging.lock().is_none());
    let files = fs::read_dir(book.directory().index()).unwrap().count();
    assert_eq!(files, 2);
    book.index.prove().unwrap();
}
