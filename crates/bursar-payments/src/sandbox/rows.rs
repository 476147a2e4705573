//! A table of what the sandbox remembers: a map that notes which of its rows changed, and finds them
//! by one more thing than their key.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// What is in a table.
pub(super) trait Row: Clone + PartialEq {
    /// What else it is found by, besides its key.
    type Mark: Clone + fmt::Debug + Ord;

    /// Its mark, if rows of its kind are looked up by one.
    fn mark(&self) -> Option<Self::Mark> {
        None
    }
}

/// A table. Reads as the map that it is; every change goes through here and is noted.
#[derive(Clone, Debug)]
pub(super) struct Rows<K, R: Row> {
    rows: BTreeMap<K, R>,
    marks: BTreeMap<R::Mark, BTreeSet<K>>,
    /// The keys whose rows aren't as they were kept.
    changed: BTreeSet<K>,
}

impl<K: Clone + Ord, R: Row> Rows<K, R> {
    /// Puts a row in its place.
    pub(super) fn insert(&mut self, key: K, row: R) {
        if self.put(key.clone(), row) {
            self.changed.insert(key);
        }
    }

    /// Takes a row out.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<R>
    where
        K: Borrow<Q>,
    {
        let (key, row) = self.rows.remove_entry(key)?;
        self.unmark(&key, &row);
        self.changed.insert(key);
        Some(row)
    }

    /// Changes a row. One that is left as it was doesn't count as changed.
    pub(super) fn change<T>(&mut self, key: &K, act: impl FnOnce(&mut R) -> T) -> Option<T> {
        let mut row = self.rows.get(key)?.clone();
        let outcome = act(&mut row);
        self.insert(key.clone(), row);
        Some(outcome)
    }

    /// The first key whose row has that mark.
    pub(super) fn marked<Q: Ord + ?Sized>(&self, mark: &Q) -> Option<&K>
    where
        R::Mark: Borrow<Q>,
    {
        self.marks.get(mark).and_then(BTreeSet::first)
    }

    /// The keys of the rows whose mark isn't after that one, in order of mark and key.
    pub(super) fn until(&self, mark: &R::Mark) -> impl Iterator<Item = &K> {
        self.marks.range(..=mark).flat_map(|(_, keys)| keys)
    }

    /// The keys whose rows changed since [`kept`](Self::kept), with what they are now.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&K, Option<&R>)> {
        self.changed.iter().map(|key| (key, self.rows.get(key)))
    }

    /// The rows are kept as they are.
    pub(super) fn kept(&mut self) {
        self.changed.clear();
    }

    /// Puts a row in its place, unnoted; says whether that changed anything.
    pub(super) fn put(&mut self, key: K, row: R) -> bool {
        match self.rows.get(&key) {
            Some(there) if *there == row => return false,
            Some(there) => {
                let there = there.clone();
                self.unmark(&key, &there);
            }
            None => {}
        }
        if let Some(mark) = row.mark() {
            self.marks.entry(mark).or_default().insert(key.clone());
        }
        self.rows.insert(key, row);
        true
    }

    fn unmark(&mut self, key: &K, row: &R) {
        let Some(mark) = row.mark() else {
            return;
        };
        if let Some(keys) = self.marks.get_mut(&mark) {
            keys.remove(key);
            if keys.is_empty() {
                self.marks.remove(&mark);
            }
        }
    }
}

impl<K, R: Row> Deref for Rows<K, R> {
    type Target = BTreeMap<K, R>;

    fn deref(&self) -> &Self::Target {
        &self.rows
    }
}

impl<K, R: Row> Default for Rows<K, R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), marks: BTreeMap::new(), changed: BTreeSet::new() }
    }
}

impl<K: Serialize, R: Row + Serialize> Serialize for Rows<K, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Found by its value; odd ones aren't.
    impl Row for u8 {
        type Mark = u8;

        fn mark(&self) -> Option<u8> {
            self.is_multiple_of(2).then_some(*self)
        }
    }

    proptest! {
        /// Marks and changes are what one would find by looking at every row.
        #[test]
        fn marks_and_changes_are_those_of_a_scan(
            acts in prop::collection::vec((0..4u8, 0..6u8, 0..8u8), 0..60),
        ) {
            let mut rows = Rows::<u8, u8>::default();
            let mut kept = BTreeMap::new();
            let mut touched = BTreeSet::new();
            for (act, key, value) in acts {
                let before = rows.get(&key).copied();
                match act {
                    0 => rows.insert(key, value),
                    1 => prop_assert_eq!(rows.remove(&key), before),
                    2 => {
                        let was = rows.change(&key, |row| std::mem::replace(row, value));
                        prop_assert_eq!(was, before);
                    }
                    _ => {
                        rows.kept();
                        kept.clone_from(&rows);
                        touched.clear();
                    }
                }
                if rows.get(&key).copied() != before {
                    touched.insert(key);
                }
                let changed: BTreeSet<u8> = rows.changed().map(|(key, _)| *key).collect();
                prop_assert_eq!(&changed, &touched);
                for key in 0..6 {
                    let same = rows.get(&key) == kept.get(&key);
                    prop_assert!(same || changed.contains(&key));
                }
                for mark in 0..8 {
                    let mut scan: Vec<_> = (rows.iter())
                        .filter(|(_, row)| row.mark().is_some_and(|found| found <= mark))
                        .map(|(key, row)| (*row, *key))
                        .collect();
                    scan.sort_unstable();
                    let until: Vec<_> = rows.until(&mark).map(|key| (rows[key], *key)).collect();
                    prop_assert_eq!(&until, &scan);
                    let first = scan.iter().find(|(row, _)| *row == mark).map(|(_, key)| key);
                    prop_assert_eq!(rows.marked(&mark), first);
                }
            }
        }
    }
}
