//! Merging runs, on a thread beside whoever adds more.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bursar_store::StoreError;

use super::run::{All, Run};
use super::{Fresh, Record, make};
use crate::error::Result;

/// How many runs of like size there are before they are merged.
const AT_ONCE: usize = 4;

/// A merge under way. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Merging<R> {
    thread: Option<JoinHandle<Result<Merged<R>>>>,
    stop: Arc<AtomicBool>,
}

/// Runs that are one now.
#[derive(Debug)]
pub(super) struct Merged<R> {
    pub(super) replaced: Vec<u64>,
    pub(super) run: Fresh<R>,
}

impl<R: Record> Merging<R> {
    /// Begins to merge what should be; `None` if nothing should.
    pub(super) fn begin(
        runs: &[Arc<Run<R>>],
        path: &Path,
        id: impl FnOnce() -> u64,
    ) -> Option<Self> {
        let chosen: Vec<Arc<Run<R>>> = chosen(runs)?.to_vec();
        let (id, stop) = (id(), Arc::new(AtomicBool::new(false)));
        let (path, stopped) = (path.to_owned(), Arc::clone(&stop));
        let merging = move || {
            step_back();
            let records = Together::of(&chosen, &stopped)?;
            let most = chosen.iter().map(|run| run.records).sum();
            let run = make(&path, id, most, records)?;
            Ok(Merged { replaced: chosen.iter().map(|run| run.id).collect(), run })
        };
        let thread = std::thread::Builder::new().name(format!("bursar-{}", R::KIND)).spawn(merging);
        match thread {
            Ok(thread) => Some(Self { thread: Some(thread), stop }),
            Err(error) => {
                tracing::warn!(%error, "no thread to merge runs; trying again");
                None
            }
        }
    }

    /// Is it done?
    pub(super) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// What has been merged, if it is.
    pub(super) fn finished(merging: &mut Option<Self>) -> Option<Merged<R>> {
        if !merging.as_ref()?.is_finished() {
            return None;
        }
        match merging.take()?.thread.take()?.join() {
            Ok(Ok(merged)) => Some(merged),
            Ok(Err(error)) => {
                tracing::warn!(%error, "runs can't be merged; trying again");
                None
            }
            Err(_) => {
                tracing::error!("merging runs panicked");
                None
            }
        }
    }
}

/// How much less than others a thread gets of the processor that merges.
const NICE: i32 = 10;

/// Nobody waits for a merge. (For the views writers do, when they are far behind.)
fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread's priority stays as it is");
    }
}

impl<R> Drop for Merging<R> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What it made is not in force, and is deleted.
            let _ = thread.join();
        }
    }
}

/// Which runs to merge, of all runs, newest first. Always the newest: what is merged stays newer than the rest.
///
/// Runs are of like size until one is twice as large as the largest before it. Where [four](AT_ONCE) are, all up to the
/// last of them are merged: then a record is written again about as often as the number of records can be
/// quadrupled. If records are replaced, all are merged when the oldest run is no larger than the rest: it may all be
/// replaced.
fn chosen<R: Record>(newest_first: &[Arc<Run<R>>]) -> Option<&[Arc<Run<R>>]> {
    let (oldest, newer) = newest_first.split_last()?;
    let rest: u64 = newer.iter().map(|run| run.records).sum();
    if R::REPLACED && oldest.records <= rest {
        return Some(newest_first);
    }
    let (mut largest, mut alike, mut last): (u64, usize, usize) = (0, 0, 0);
    for (number, run) in (1..).zip(newest_first) {
        alike = if run.records < largest.saturating_mul(2) { alike + 1 } else { 1 };
        largest = largest.max(run.records);
        if alike >= AT_ONCE {
            last = number;
        }
    }
    newest_first.get(..last).filter(|_| last > 0)
}

/// The records of several runs, newest first, in order. Of equal ones only the newest.
pub(super) struct Together<'a, R> {
    runs: Vec<All<'a, R>>,
    /// The next record of each run that has one. Of equal records that of the newest run comes first.
    next: BinaryHeap<Reverse<(R, usize)>>,
    last: Option<R>,
    stop: &'a AtomicBool,
}

impl<'a, R: Record> Together<'a, R> {
    pub(super) fn of(runs: &'a [Arc<Run<R>>], stop: &'a AtomicBool) -> Result<Self> {
        let runs: Vec<All<'a, R>> = runs.iter().map(|run| run.all()).collect();
        let next = BinaryHeap::with_capacity(runs.len());
        let mut together = Self { next, runs, last: None, stop };
        for number in 0..together.runs.len() {
            let first = together.runs.get_mut(number).and_then(Iterator::next).transpose()?;
            together.next.extend(first.map(|record| Reverse((record, number))));
        }
        Ok(together)
    }

    fn any(&mut self) -> Option<Result<R>> {
        let mut first = self.next.peek_mut()?;
        let number = first.0.1;
        match self.runs.get_mut(number).and_then(Iterator::next) {
            // In place of the one that goes: cheaper than taking it out and putting it in.
            Some(Ok(next)) => {
                let Reverse((record, _)) = std::mem::replace(&mut *first, Reverse((next, number)));
                Some(Ok(record))
            }
            Some(Err(error)) => Some(Err(error)),
            None => Some(Ok(PeekMut::pop(first).0.0)),
        }
    }
}

impl<R: Record> Iterator for Together<'_, R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Err(StoreError::Unavailable("the store is closing".to_owned())));
        }
        loop {
            match self.any()? {
                Ok(record) if self.last.as_ref() == Some(&record) => {}
                Ok(record) => {
                    self.last = Some(record.clone());
                    return Some(Ok(record));
                }
                error => return Some(error),
            }
        }
    }
}
