//! A short simulation, as part of every test run; `cargo xtask sim` is the long one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, which may panic")]

use bursar_sim::generate::generate;
use bursar_sim::run::{Counts, run};
use bursar_sim::scenario::Scenario;

/// About 20 seconds' worth.
const SEEDS: std::ops::Range<u64> = 1..181;

#[test]
fn a_short_simulation() {
    let mut counts = Counts::default();
    for seed in SEEDS {
        let report = run(&generate(seed));
        counts.add(&report.counts);
        if let Some(found) = report.failure {
            panic!("seed {seed}: {found}\n\n  cargo xtask sim --seed {seed}\n");
        }
    }
    // A world in which nothing happens proves nothing.
    let happen = ["HoldCaptured", "ChargeRefunded", "InvoicePaid", "PaymentFailed", "LotExpired"];
    for event in happen.into_iter().chain(["PaymentAbandoned", "AutoTopupCapped"]) {
        assert!(counts.events.contains_key(event), "no {event} in any world");
    }
    for answer in ["no answer", "replayed", "unknown", "key_reused", "insufficient_credits"] {
        assert!(counts.answers.contains_key(answer), "nobody was told: {answer}");
    }
    assert!(counts.crashes > 50);
}

/// Whatever happens depends on the seed and nothing else: not on time, threads, or the order of a map.
#[test]
fn a_seed_makes_the_same_world_twice() {
    for seed in 1..31 {
        let scenario = generate(seed);
        let (one, other) = (run(&scenario), run(&scenario));
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one.counts, other.counts, "seed {seed}");
    }
    assert_ne!(run(&generate(1)).trace, run(&generate(2)).trace);
}

/// What simulation once found stays found.
#[test]
fn what_was_found_holds() {
    let found = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/found");
    let mut count = 0;
    for file in std::fs::read_dir(found).unwrap() {
        let path = file.unwrap().path();
        let scenario: Scenario = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let report = run(&scenario);
        assert_eq!(report.failure, None, "{}", path.display());
        count += 1;
    }
    assert!(count > 0);
}
