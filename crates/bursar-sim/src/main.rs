//! `cargo xtask sim`: runs seeds until one fails or the time is over.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal tool speaks through the terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bursar_sim::generate::generate;
use bursar_sim::run::{Counts, Found, run, run_and_tell};
use bursar_sim::scenario::Scenario;
use bursar_sim::shrink::shrink;
use clap::Parser;

/// Seeded simulation of the engine, judged by a naive model.
#[derive(Parser)]
struct Arguments {
    /// Run seeds for so many minutes.
    #[arg(long, default_value = "1")]
    minutes: u64,
    /// Run seeds for so many seconds instead.
    #[arg(long, conflicts_with = "minutes")]
    seconds: Option<u64>,
    /// Run this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Begin with this seed.
    #[arg(long, default_value = "1")]
    from: u64,
    /// End with this seed, if the time isn't over before.
    #[arg(long, default_value_t = u64::MAX)]
    to: u64,
    /// Run a scenario from a file.
    #[arg(long, conflicts_with = "seed")]
    replay: Option<PathBuf>,
    /// Show the scenario before it runs.
    #[arg(long)]
    show: bool,
    /// Tell what happened in it.
    #[arg(long)]
    tell: bool,
    /// Write a failing scenario to this file, made short.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Don't make a failing scenario short.
    #[arg(long)]
    whole: bool,
    /// Count what happened, event by event.
    #[arg(long)]
    count: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match simulate(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Did everything hold?
fn simulate(arguments: &Arguments) -> Result<bool, String> {
    if let Some(path) = &arguments.replay {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let scenario: Scenario =
            text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
        return one(arguments, &scenario);
    }
    if let Some(seed) = arguments.seed {
        return one(arguments, &generate(seed));
    }
    many(arguments)
}

fn one(arguments: &Arguments, scenario: &Scenario) -> Result<bool, String> {
    if arguments.show {
        print!("{scenario}");
    }
    let report = run_and_tell(scenario, arguments.tell);
    report.story.iter().for_each(|line| println!("{line}"));
    println!("trace {}", report.trace);
    if arguments.count {
        show(&report.counts);
    }
    match report.failure {
        None => Ok(true),
        Some(found) => failed(arguments, scenario, &found),
    }
}

fn many(arguments: &Arguments) -> Result<bool, String> {
    let limit = arguments.seconds.map_or(arguments.minutes.saturating_mul(60), |it| it);
    let (began, limit) = (Instant::now(), Duration::from_secs(limit));
    let (mut counts, mut seed) = (Counts::default(), arguments.from);
    while began.elapsed() < limit && seed <= arguments.to {
        let scenario = generate(seed);
        let report = run(&scenario);
        counts.add(&report.counts);
        if let Some(found) = report.failure {
            println!("seed {seed} failed after {:.1} s", began.elapsed().as_secs_f64());
            return failed(arguments, &scenario, &found);
        }
        seed = seed.wrapping_add(1);
    }
    println!(
        "{} seeds, {} steps, {} entries, {} crashes in {:.0} s: all held",
        seed.wrapping_sub(arguments.from),
        counts.steps,
        counts.entries,
        counts.crashes,
        began.elapsed().as_secs_f64()
    );
    if arguments.count {
        show(&counts);
    }
    Ok(true)
}

fn failed(arguments: &Arguments, scenario: &Scenario, found: &Found) -> Result<bool, String> {
    println!("seed {}: {found}", scenario.seed);
    if arguments.whole {
        return Ok(false);
    }
    let (short, found) = shrink(scenario, found);
    println!("\n# {found}\n{short}");
    if let Some(path) = &arguments.save {
        let text = format!("# {found}\n{short}");
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(false)
}

fn show(counts: &Counts) {
    for (kind, count) in counts.answers.iter().chain(&counts.events) {
        println!("{count:>9}  {kind}");
    }
}
