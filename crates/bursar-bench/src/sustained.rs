//! A long load of batches, with the views' lag watched: do they keep up, or is it only a burst?

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bursar_load::{Spread, Work};
use serde_json::json;

use crate::headline::bursar::Bursar;
use crate::headline::over_http::load_plan;
use crate::headline::plan::{Load, Plan};
use crate::numbers::Options;

/// Measures for `--minutes`, in requests of `--batch` over `--connections`.
pub(crate) fn run(arguments: &[String]) {
    let names = ["--minutes", "--step", "--batch", "--connections", "--accounts", "--json"];
    let options = Options::of(arguments, &names);
    let minutes: f64 = options.number("--minutes", 10.0);
    let plan = Plan {
        accounts: options.number("--accounts", 10_000),
        seconds: minutes * 60.0,
        warm_up: 0.0,
        rounds: 1,
        json: options.text("--json").map(str::to_owned),
        cells: Vec::new(),
    };
    let load = Load::Http {
        connections: options.number("--connections", 8),
        batch: Some(options.number("--batch", 100)),
        work: Work::Charge,
        spread: Spread::Uniform,
        half: false,
    };
    let server = Bursar::start();
    println!("{}", bursar_meter::description());
    println!("{:>6} {:>10} {:>12} {:>10}", "s", "/s", "lag entries", "lag MB");
    let step = Duration::from_secs_f64(options.number("--step", 10.0));
    let over = AtomicBool::new(false);
    let (report, steps) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&server, step, &over));
        let report =
            bursar_load::run(load_plan(&plan, load, &server.url, &server.key, None)).unwrap();
        over.store(true, Ordering::Relaxed);
        (report, watching.join().unwrap())
    });
    assert!(report.is_clean(), "{:?} {:?}", report.errors, report.verdict);
    let settling = Instant::now();
    server.settle();
    let settled = settling.elapsed().as_secs_f64();
    let acknowledged = report.verdict.as_ref().map_or(0, |verdict| verdict.acknowledged);
    let bytes = server.stop();
    println!(
        "{} a second over {minutes} minutes, all {acknowledged} charges there; the views had caught up {settled:.1} \
         s later; the journal has {:.0} bytes for each",
        report.per_second(),
        bytes as f64 / acknowledged as f64,
    );
    if let Some(file) = &plan.json {
        let json = json!({
            "machine": bursar_meter::description(),
            "minutes": minutes,
            "per_second": report.per_second(),
            "settled_seconds": settled,
            "steps": steps,
        });
        std::fs::write(file, format!("{json:#}\n")).unwrap();
    }
}

/// Each step's charges a second and the lag at its end.
fn watch(server: &Bursar, step: Duration, over: &AtomicBool) -> Vec<serde_json::Value> {
    let mut steps = Vec::new();
    let begun = Instant::now();
    let (mut last, mut before) = (begun, server.done());
    loop {
        // In small pieces, so that the end is noticed.
        while last.elapsed() < step {
            if over.load(Ordering::Relaxed) {
                return steps;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let (now, done) = (Instant::now(), server.done());
        let rate = (done.commands - before.commands) / (now - last).as_secs_f64();
        let lag = server.metric("bursar_views_lag_entries");
        let megabytes = server.metric("bursar_views_lag_bytes") / 1e6;
        let at = begun.elapsed().as_secs_f64();
        println!("{at:>6.0} {rate:>10.0} {lag:>12.0} {megabytes:>10.1}");
        steps.push(
            json!({"at": at, "per_second": rate, "lag_entries": lag, "lag_megabytes": megabytes}),
        );
        (last, before) = (now, done);
    }
}
