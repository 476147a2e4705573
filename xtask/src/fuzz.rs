//! `cargo xtask fuzz`: looks for bytes that break a promise, guided by what they reach.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::process;

/// The targets of `crates/bursar-fuzz`; an unknown one is answered with this list.
const TARGETS: &[&str] = &["catalog", "events", "ids", "pages", "pictures", "requests", "webhooks"];

/// The instrumentation that libFuzzer is guided by. It takes no sanitizer, since there is next to no unsafe
/// code to be watched, and with that no nightly compiler.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions \
    -Coverflow-checks --cfg fuzzing";

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// One target; all, if left out.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(TARGETS))]
    target: Option<String>,
    /// For how many minutes, all targets together.
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Keep of what was found the fewest that reach further than the corpus, in the corpus.
    #[arg(long)]
    keep: bool,
}

/// Builds the fuzzer and runs it; fails with the first finding.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let fuzzer = build()?;
    let targets: Vec<&str> = match &arguments.target {
        Some(one) => vec![one],
        None => TARGETS.to_vec(),
    };
    let count = u32::try_from(targets.len()).unwrap_or(1).max(1);
    let seconds = arguments.minutes.saturating_mul(60) / count;
    for target in targets {
        fuzz(&fuzzer, target, seconds)?;
        if arguments.keep {
            keep(&fuzzer, target)?;
        }
    }
    Ok(())
}

/// With a triple of its own, so that build scripts are built without the instrumentation.
fn build() -> Result<PathBuf> {
    let asked = process::program("rustc").arg("-vV").output().context("can't start rustc")?;
    let told = String::from_utf8_lossy(&asked.stdout);
    let triple = told.lines().find_map(|line| line.strip_prefix("host: "));
    let triple = triple.context("rustc doesn't say what it builds for")?.to_owned();
    let folder = home();
    process::run(
        process::cargo()
            .env("RUSTFLAGS", FLAGS)
            .args([
                "build",
                "--release",
                "--locked",
                "-p",
                "bursar-fuzz",
                "--features",
                "libfuzzer",
            ])
            .args(["--target", &triple, "--target-dir"])
            .arg(&folder),
    )?;
    Ok(folder.join(triple).join("release/bursar-fuzz"))
}

fn home() -> PathBuf {
    process::root().join("target/fuzz")
}

fn corpus(target: &str) -> PathBuf {
    process::root().join("crates/bursar-fuzz/corpus").join(target)
}

fn found(target: &str) -> PathBuf {
    home().join("found").join(target)
}

fn fuzz(fuzzer: &Path, target: &str, seconds: u32) -> Result<()> {
    let failures = home().join("failures").join(target);
    for folder in [&failures, &found(target)] {
        fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    }
    let mut prefix = OsString::from("-artifact_prefix=");
    prefix.push(failures.join(""));
    let ended = process::run(
        process::program(fuzzer)
            .env("BURSAR_FUZZ_TARGET", target)
            .arg(format!("-max_total_time={seconds}"))
            .args(["-timeout=30", "-rss_limit_mb=4096", "-max_len=16384"])
            .args(["-print_final_stats=1", "-verbosity=1"])
            .arg(prefix)
            .args([found(target), corpus(target)]),
    );
    ensure!(
        ended.is_ok(),
        "{target} broke; the bytes are in {}. Copy them into {} under a name that tells what they \
         break: there they are a test, cargo test -p bursar-fuzz",
        failures.display(),
        corpus(target).display()
    );
    Ok(())
}

fn keep(fuzzer: &Path, target: &str) -> Result<()> {
    process::run(
        process::program(fuzzer)
            .env("BURSAR_FUZZ_TARGET", target)
            .args(["-set_cover_merge=1"])
            .args([corpus(target), found(target)]),
    )
}
