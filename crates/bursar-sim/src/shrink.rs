//! Makes a failing scenario short: leaves out what isn't needed for the failure.

use crate::run::{Found, run_quietly};
use crate::scenario::Scenario;

/// The most runs that are worth it.
const RUNS: u32 = 600;

/// A short scenario that fails, and how. Steps keep their numbers.
///
/// `found` is how the scenario fails; the short one may fail in another way, which is as good.
pub fn shrink(scenario: &Scenario, found: &Found) -> (Scenario, Found) {
    let mut best = (scenario.clone(), found.clone());
    if let Some(step) = found.step {
        best.0.steps.retain(|it| it.id <= step);
        match run_quietly(&best.0).failure {
            Some(found) => best.1 = found,
            None => best.0 = scenario.clone(),
        }
    }
    let mut runs = 0;
    let mut chunk = best.0.steps.len().div_ceil(2);
    while chunk > 0 && runs < RUNS {
        let mut from = 0;
        while from < best.0.steps.len() && runs < RUNS {
            let mut shorter = best.0.clone();
            let to = from.saturating_add(chunk).min(shorter.steps.len());
            shorter.steps.drain(from..to);
            runs += 1;
            match run_quietly(&shorter).failure {
                Some(found) => best = (shorter, found),
                None => from = to,
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    best
}
