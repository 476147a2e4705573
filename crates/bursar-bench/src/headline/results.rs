//! What was measured: kept while it comes, compared at the end.

use std::collections::BTreeMap;

use bursar_meter::{Attempt, Rounds, median};
use serde_json::{Value, json};

use crate::numbers::sorted;

use super::plan::{Cell, Plan, System};
use super::sizes::Sizes;

/// What one measurement came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// Of a request; of a batch, all of it.
    pub(crate) median_millis: f64,
    pub(crate) p99_millis: f64,
    /// What others took of the machine, from 0 to 1.
    pub(crate) others: f64,
    /// Microseconds of processor time for each operation: the server's, and the client's.
    pub(crate) server_micros: f64,
    pub(crate) our_micros: f64,
    /// Commands that shared a commit.
    pub(crate) per_commit: f64,
}

/// All measurements.
#[derive(Default)]
pub(crate) struct Results {
    kept: BTreeMap<&'static str, Vec<Measured>>,
    rounds: Rounds,
}

impl Results {
    /// Keeps a measurement; `false` if it is to be made again.
    pub(crate) fn takes(&mut self, cell: &Cell, measured: Measured, attempt: usize) -> bool {
        let taken = self.rounds.judge(measured.others, attempt) == Attempt::Taken;
        println!(
            "{}, {}: {:.0}/s, p99 {:.2} ms, others took {:.0} %{}",
            cell.system.name(),
            cell.title,
            measured.per_second,
            measured.p99_millis,
            measured.others * 100.0,
            if taken { "" } else { "; again" },
        );
        if taken {
            self.kept.entry(cell.id).or_default().push(measured);
        }
        taken
    }

    /// The median of all measurements of a cell so far.
    pub(crate) fn median(&self, id: &str, of: fn(&Measured) -> f64) -> Option<f64> {
        let kept = self.kept.get(id)?;
        Some(median(&sorted(kept.iter().map(of))))
    }

    fn rate(&self, id: &str) -> Option<f64> {
        self.median(id, |measured| measured.per_second)
    }

    pub(crate) fn print(&self, plan: &Plan) {
        println!("\n{}", self.rounds.summary());
        let mut system = None;
        for cell in plan.cells.iter().filter(|cell| self.kept.contains_key(cell.id)) {
            if system != Some(cell.system) {
                system = Some(cell.system);
                print_head(cell.system);
            }
            self.print_line(cell);
        }
        println!("\nratios");
        for (title, of, against) in self.ratios() {
            println!("  {title:64} {:>8.2}", of / against);
        }
    }

    fn print_line(&self, cell: &Cell) {
        let speed = sorted(self.kept[cell.id].iter().map(|measured| measured.per_second));
        let middle = |of| self.median(cell.id, of).unwrap_or(0.0);
        println!(
            "  {:26} {:>9.0} {:>17} {:>9.3} {:>9.3} {:>8.1} {:>7.1} {:>8.1}",
            cell.title,
            median(&speed),
            format!("{:.0}–{:.0}", speed[0], speed[speed.len() - 1]),
            middle(|measured| measured.median_millis),
            middle(|measured| measured.p99_millis),
            middle(|measured| measured.server_micros),
            middle(|measured| measured.our_micros),
            middle(|measured| measured.per_commit),
        );
    }

    /// The best of several cells, in operations a second.
    fn best(&self, ids: &[&str]) -> Option<f64> {
        ids.iter().filter_map(|id| self.rate(id)).max_by(f64::total_cmp)
    }

    /// What is compared, in words, with both sides.
    pub(crate) fn ratios(&self) -> Vec<(&'static str, f64, f64)> {
        let uniform = self.best(&["by-hand-8", "by-hand-32", "by-hand-64"]);
        let hot = self.best(&["by-hand-hot-8", "by-hand-hot-64"]);
        let rate = |id| self.rate(id);
        [
            ("singles: Bursar / PostgreSQL by hand at its best", rate("bursar-64"), uniform),
            (
                "singles: Bursar / PostgreSQL by hand, 64 clients",
                rate("bursar-64"),
                rate("by-hand-64"),
            ),
            ("half hot: Bursar / PostgreSQL by hand at its best", rate("bursar-hot-half"), hot),
            (
                "half hot: Bursar / PostgreSQL by hand, 64 clients",
                rate("bursar-hot-half"),
                rate("by-hand-hot-64"),
            ),
            (
                "batches of 1,000: Bursar / PostgreSQL by hand at its best",
                rate("bursar-batch-1000"),
                uniform,
            ),
            ("half on one account / uniform", rate("bursar-hot-half"), rate("bursar-64")),
            ("all on one account / uniform", rate("bursar-hot-all"), rate("bursar-64")),
            ("singles: Bursar / bare HTTP", rate("bursar-64"), rate("bare-64")),
            ("one connection: Bursar / bare HTTP", rate("bursar-1"), rate("bare-1")),
            (
                "batches of 100: Bursar / bare HTTP",
                rate("bursar-batch-100"),
                rate("bare-batch-100"),
            ),
            (
                "batches of 1,000: Bursar / bare HTTP",
                rate("bursar-batch-1000"),
                rate("bare-batch-1000"),
            ),
            ("singles: Bursar / bare log, as many a sync", rate("bursar-64"), rate("log-n")),
            ("one connection: Bursar / bare log, each synced", rate("bursar-1"), rate("log-1")),
        ]
        .into_iter()
        .filter_map(|(title, of, against)| Some((title, of?, against?)))
        .collect()
    }

    /// Everything, for programs and pictures.
    pub(crate) fn json(
        &self,
        plan: &Plan,
        machine: &str,
        sync_micros: f64,
        sizes: &Sizes,
    ) -> Value {
        let cells = plan.cells.iter().filter_map(|cell| {
            let kept = self.kept.get(cell.id)?;
            let middle = |of| self.median(cell.id, of);
            Some(json!({
                "id": cell.id,
                "system": cell.system.name(),
                "title": cell.title,
                "per_second": middle(|measured| measured.per_second),
                "rounds": kept.iter().map(|measured| measured.per_second).collect::<Vec<_>>(),
                "median_millis": middle(|measured| measured.median_millis),
                "p99_millis": middle(|measured| measured.p99_millis),
                "server_micros": middle(|measured| measured.server_micros),
                "client_micros": middle(|measured| measured.our_micros),
                "per_commit": middle(|measured| measured.per_commit),
            }))
        });
        let ratios = self.ratios().into_iter();
        let ratios = ratios.map(|(title, of, against)| (title.to_owned(), json!(of / against)));
        json!({
            "machine": machine,
            "sync_micros": sync_micros,
            "accounts": plan.accounts,
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "journal_bytes_per_charge": sizes.journal,
            "reply_bytes": sizes.single_reply,
            "measurements": self.rounds.summary(),
            "cells": cells.collect::<Vec<_>>(),
            "ratios": ratios.collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn print_head(system: System) {
    println!("\n{}", system.name());
    println!(
        "  {:26} {:>9} {:>17} {:>9} {:>9} {:>8} {:>7} {:>8}",
        "", "/s", "lowest–highest", "p50 ms", "p99 ms", "CPU µs", "client", "batch"
    );
}
