//! What a run came to, for people and for programs.

use bursar_core::readable;
use bursar_load::{Pace, Plan, Report, Verdict, Work};
use serde_json::{Value, json};

use crate::{micro, table};

/// What is told of how long requests took: a name, and the part that took no longer.
const PARTS: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// What is about to be done, in words.
pub(super) fn intent(plan: &Plan) -> String {
    let count = |count: usize| grouped(u64::try_from(count).unwrap_or(u64::MAX));
    let (accounts, connections) = (count(plan.accounts.get()), count(plan.connections.get()));
    let (seconds, warm_up) = (plan.time.as_secs(), plan.warm_up.as_secs());
    format!(
        "{accounts} accounts are prepared; then {connections} connections for {seconds} s, \
         after {warm_up} s that don't count"
    )
}

/// A table, and in words whether the ledger agrees.
pub(super) fn for_people(plan: &Plan, report: &Report) -> String {
    let what = match plan.work {
        Work::Charge => "charges",
        Work::HoldCapture => "holds with their captures",
        Work::Balance => "balances",
        Work::Estimate => "prices",
    };
    let rate = grouped(report.per_second());
    let mut rows = vec![(what, format!("{rate} a second"))];
    let took = PARTS.map(|(name, part)| (name, millis(report.latency.value_at_quantile(part))));
    rows.extend(took);
    rows.push(("longest", millis(report.latency.max())));
    if let Pace::Open(wanted) = plan.pace {
        rows.push(("wanted", format!("{} a second", grouped(wanted.get()))));
    }
    if let Some(unsent) = report.unsent.filter(|unsent| *unsent > 0) {
        let unsent = grouped(unsent);
        rows.push(("never sent", format!("{unsent} requests that were due: no client was free")));
    }
    if let Some(late) = report.late {
        let late = millis(late);
        rows.push(("generator", format!("sent 99 of 100 within {late} of when they were due")));
    }
    if let Some(processor) = processor_nanos(report) {
        let micros = micro::decimal(processor.into(), 3);
        rows.push(("generator", format!("{micros} µs of processor time for each")));
    }
    let mut text = table::pairs(&rows);
    if !report.errors.is_empty() {
        let rows = report.errors.iter();
        let rows = rows.map(|(why, count)| vec![why.clone(), grouped(*count)]).collect();
        text.push('\n');
        text.push_str(&table::of(&["Not done", "Times"], &[1], rows));
    }
    let verdict = report.verdict.as_ref().filter(|_| spends(plan));
    text.push_str(&verdict.map_or_else(String::new, |verdict| format!("\n{}\n", words(verdict))));
    text
}

/// Does the ledger agree, in words?
fn words(verdict: &Verdict) -> String {
    let Verdict { acknowledged, unknown, used, wrong, named } = verdict;
    if *wrong > 0 {
        let named = named.join("\n  ");
        return format!("{wrong} accounts have another balance than they should:\n  {named}");
    }
    let (acknowledged, used) = (grouped(*acknowledged), grouped(*used));
    let lost = match unknown {
        0 => String::new(),
        unknown => format!(", {} had no answer", grouped(*unknown)),
    };
    format!(
        "{acknowledged} were acknowledged{lost}, and {used} credits are gone: every account is right."
    )
}

pub(super) fn for_programs(plan: &Plan, report: &Report) -> Value {
    let spread = format!("{:?}", plan.spread).to_lowercase();
    let mut took: serde_json::Map<String, Value> = PARTS
        .iter()
        .map(|(name, part)| ((*name).to_owned(), report.latency.value_at_quantile(*part).into()))
        .collect();
    took.insert("max".to_owned(), report.latency.max().into());
    let verdict = report.verdict.as_ref().filter(|_| spends(plan)).map(|verdict| {
        json!({
            "acknowledged": verdict.acknowledged,
            "unknown": verdict.unknown,
            "used": verdict.used,
            "wrong_accounts": verdict.wrong,
            "wrong": verdict.named,
        })
    });
    json!({
        "work": match plan.work {
            Work::Charge => "charge",
            Work::HoldCapture => "hold-capture",
            Work::Balance => "balance",
            Work::Estimate => "estimate",
        },
        "batch": plan.batch,
        "connections": plan.connections,
        "accounts": plan.accounts,
        "distribution": spread,
        "wanted_per_second": match plan.pace {
            Pace::Closed => None,
            Pace::Open(rate) => Some(rate),
        },
        "seconds": plan.time.as_secs(),
        "operations": report.operations,
        "per_second": report.per_second(),
        "requests_timed": report.latency.len(),
        "latency_micros": took,
        "errors": report.errors,
        "unsent_requests": report.unsent,
        "generator_late_p99_micros": report.late,
        "generator_nanos_per_operation": processor_nanos(report),
        "ledger": verdict,
    })
}

/// Is anything used up by it?
fn spends(plan: &Plan) -> bool {
    matches!(plan.work, Work::Charge | Work::HoldCapture)
}

/// Nanoseconds of the generator's processor time for each operation.
fn processor_nanos(report: &Report) -> Option<u64> {
    let all = report.processor?.as_nanos();
    u64::try_from(all.checked_div(report.operations.into())?).ok()
}

/// Microseconds as milliseconds.
fn millis(micros: u64) -> String {
    format!("{} ms", micro::decimal(micros.into(), 3))
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    readable::grouped(&number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(millis(1_234), "1.234 ms");
    }
}
