//! How far a migration is, on stderr: a bar on a terminal, else a line now and then.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use bursar_store::transfer::Step;
use serde_json::json;

use crate::cli::FormatArgs;
use crate::output;
use crate::progress::Progress;

/// How often a line is written.
const EVERY: Duration = Duration::from_secs(5);

/// Says how far it is.
pub(super) struct Meter {
    manner: Manner,
    current: Option<Current>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Silent,
    Bar,
    Lines,
    Json,
}

/// The step that is being done.
struct Current {
    step: Step,
    bar: Option<Progress>,
    began: Instant,
    /// What was done when it began, by an attempt that was interrupted.
    before: u64,
    said: Option<Instant>,
}

impl Meter {
    pub(super) fn new(quiet: bool, format: FormatArgs) -> Self {
        let manner = match (quiet, format.is_json(), stderr().is_terminal()) {
            (true, ..) => Manner::Silent,
            (_, true, _) => Manner::Json,
            (_, _, true) => Manner::Bar,
            _ => Manner::Lines,
        };
        Self { manner, current: None }
    }

    pub(super) fn at(&mut self, step: Step, done: u64, total: u64) {
        let manner = self.manner;
        if manner == Manner::Silent {
            return;
        }
        if self.current.as_ref().is_none_or(|current| current.step != step) {
            let bar = (manner == Manner::Bar).then(|| Progress::new(words(step), unit(step)));
            let (began, before) = (Instant::now(), done);
            self.current = Some(Current { step, bar, began, before, said: None });
        }
        let Some(current) = &mut self.current else {
            return;
        };
        if let Some(bar) = &current.bar {
            bar.at(done, total);
            return;
        }
        let is_over = total > 0 && done >= total;
        if is_over || current.said.is_none_or(|said| said.elapsed() >= EVERY) {
            current.said = Some(Instant::now());
            let pace = Pace::of(current, done, total);
            match manner {
                Manner::Json => output::note(&pace.for_programs(step, done, total)),
                _ => output::note(&pace.for_people(step, done, total)),
            }
        }
    }
}

const fn words(step: Step) -> &'static str {
    match step {
        Step::ProveSource => "Proving the source",
        Step::Copy => "Copying the journal",
        Step::CopyTables => "Copying the plain tables",
        Step::Derive => "Making the rest from the journal",
        Step::ProveTarget => "Proving the target",
        Step::Compare => "Comparing",
    }
}

const fn unit(step: Step) -> &'static str {
    match step {
        Step::ProveSource | Step::Derive | Step::ProveTarget => "commits",
        Step::Copy | Step::Compare => "entries",
        Step::CopyTables => "rows",
    }
}

const fn name(step: Step) -> &'static str {
    match step {
        Step::ProveSource => "prove_source",
        Step::Copy => "copy",
        Step::CopyTables => "copy_tables",
        Step::Derive => "derive",
        Step::ProveTarget => "prove_target",
        Step::Compare => "compare",
    }
}

/// How fast it goes, as far as that is known.
struct Pace {
    percent: Option<u64>,
    per_second: Option<u64>,
    seconds_left: Option<u64>,
}

impl Pace {
    fn of(current: &Current, done: u64, total: u64) -> Self {
        let millis = u64::try_from(current.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let own = done.saturating_sub(current.before);
        Self::over(own, millis, done, total)
    }

    /// Of `own` done in so many milliseconds.
    fn over(own: u64, millis: u64, done: u64, total: u64) -> Self {
        let per_second = own.saturating_mul(1_000).checked_div(millis).filter(|rate| *rate > 0);
        let left = total.saturating_sub(done);
        Self {
            percent: done.saturating_mul(100).checked_div(total),
            per_second,
            seconds_left: per_second.filter(|_| total > 0).map(|rate| left.div_ceil(rate)),
        }
    }

    /// `Copying the journal: 120000 of 1000000 entries, 12 %, 48211 a second, 19 s left`
    fn for_people(&self, step: Step, done: u64, total: u64) -> String {
        let (words, unit) = (words(step), unit(step));
        let mut line = match total {
            0 if done == 0 => return words.to_owned(),
            0 => format!("{words}: {done} {unit}"),
            total => format!("{words}: {done} of {total} {unit}"),
        };
        line.extend(self.percent.map(|percent| format!(", {percent} %")));
        line.extend(self.per_second.map(|rate| format!(", {rate} a second")));
        line.extend(self.seconds_left.map(|seconds| format!(", {seconds} s left")));
        line
    }

    fn for_programs(&self, step: Step, done: u64, total: u64) -> String {
        json!({
            "step": name(step),
            "done": done,
            "total": (total > 0).then_some(total),
            "per_second": self.per_second,
            "seconds_left": self.seconds_left,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said() {
        let check = |own, millis, done, total, expected: &str| {
            let said = Pace::over(own, millis, done, total).for_people(Step::Copy, done, total);
            assert_eq!(said, format!("Copying the journal{expected}"));
        };
        check(0, 0, 0, 0, "");
        check(7, 0, 7, 0, ": 7 entries");
        check(0, 0, 0, 1_000, ": 0 of 1000 entries, 0 %");
        check(100, 2_000, 100, 1_000, ": 100 of 1000 entries, 10 %, 50 a second, 18 s left");
        // What an interrupted attempt had done says nothing of the pace.
        check(100, 2_000, 900, 1_000, ": 900 of 1000 entries, 90 %, 50 a second, 2 s left");
        check(100, 2_000, 1_000, 1_000, ": 1000 of 1000 entries, 100 %, 50 a second, 0 s left");
    }
}
