//! Merging runs, on a thread beside whoever adds more.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bursar_store::StoreError;

use super::line::Line;
use super::run::{All, Run};
use super::{Fresh, make};
use crate::error::Result;

/// A merge under way. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Merging {
    thread: Option<JoinHandle<Result<Merged>>>,
    stop: Arc<AtomicBool>,
}

/// Runs that are one now.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) replaced: Vec<u64>,
    pub(super) run: Fresh,
}

impl Merging {
    /// Begins to merge what should be; `None` if nothing should.
    pub(super) fn begin(runs: &[Arc<Run>], path: &Path, id: u64) -> Option<Self> {
        let chosen = chosen(runs)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (path, stopped) = (path.to_owned(), Arc::clone(&stop));
        let merging = move || {
            let lines = Lines::of(&chosen, &stopped)?;
            let together = chosen.iter().map(|run| run.lines).sum();
            let run = make(&path, id, together, lines)?;
            Ok(Merged { replaced: chosen.iter().map(|run| run.id).collect(), run })
        };
        let thread = std::thread::Builder::new().name("bursar-index".to_owned()).spawn(merging);
        match thread {
            Ok(thread) => Some(Self { thread: Some(thread), stop }),
            Err(error) => {
                tracing::warn!(%error, "no thread to merge runs of the index; trying again");
                None
            }
        }
    }

    /// What has been merged, if it is.
    pub(super) fn finished(merging: &mut Option<Self>) -> Option<Merged> {
        let thread = merging.as_ref()?.thread.as_ref();
        if !thread.is_none_or(JoinHandle::is_finished) {
            return None;
        }
        match merging.take()?.thread.take()?.join() {
            Ok(Ok(merged)) => Some(merged),
            Ok(Err(error)) => {
                tracing::warn!(%error, "runs of the index can't be merged; trying again");
                None
            }
            Err(_) => {
                tracing::error!("merging runs of the index panicked");
                None
            }
        }
    }
}

impl Drop for Merging {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What it made is not in force, and is deleted.
            let _ = thread.join();
        }
    }
}

/// The smallest runs, as long as the next isn't twice as large as those before it together.
fn chosen(runs: &[Arc<Run>]) -> Option<Vec<Arc<Run>>> {
    let mut smallest_first = runs.to_vec();
    smallest_first.sort_unstable_by_key(|run| run.lines);
    let mut together: u64 = 0;
    let few = |run: &&Arc<Run>| {
        let chosen = together == 0 || run.lines < together.saturating_mul(2);
        together = together.saturating_add(run.lines);
        chosen
    };
    let chosen: Vec<Arc<Run>> = smallest_first.iter().take_while(few).cloned().collect();
    (chosen.len() > 1).then_some(chosen)
}

/// The lines of several runs, in order.
struct Lines<'a> {
    runs: Vec<All<'a>>,
    /// The next line of each run that has one.
    next: BinaryHeap<Reverse<(Line, usize)>>,
    stop: &'a AtomicBool,
}

impl<'a> Lines<'a> {
    fn of(runs: &'a [Arc<Run>], stop: &'a AtomicBool) -> Result<Self> {
        let runs: Vec<All<'a>> = runs.iter().map(|run| run.all()).collect();
        let mut lines = Self { next: BinaryHeap::with_capacity(runs.len()), runs, stop };
        for number in 0..lines.runs.len() {
            let first = lines.runs.get_mut(number).and_then(Iterator::next).transpose()?;
            lines.next.extend(first.map(|line| Reverse((line, number))));
        }
        Ok(lines)
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Err(StoreError::Unavailable("the index is closing".to_owned())));
        }
        let mut first = self.next.peek_mut()?;
        let Reverse((line, number)) = *first;
        match self.runs.get_mut(number).and_then(Iterator::next) {
            // In place of the one that goes: cheaper than taking it out and putting it in.
            Some(Ok(next)) => *first = Reverse((next, number)),
            Some(Err(error)) => return Some(Err(error)),
            None => {
                PeekMut::pop(first);
            }
        }
        Some(Ok(line))
    }
}
