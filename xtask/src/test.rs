//! `cargo xtask test`: every test of the workspace, with nothing skipped.

use crate::{process, tools};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// What to pass on.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What follows `--` is passed to `cargo test`, e.g. `-- capture` or `-- -- --nocapture`.
    #[arg(last = true)]
    passed_on: Vec<String>,
}

/// Something the tests need that cargo doesn't bring: a program to install, a server to start.
struct Prerequisite {
    name: &'static str,
    /// Puts it in place if it isn't. An error fails the run: nothing is skipped for want of it.
    prepare: fn() -> Result<()>,
}

/// Prepared in this order before the tests start.
const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite {
        name: "localstripe, a fake Stripe server (python3 with venv, and pip)",
        prepare: tools::localstripe,
    },
    Prerequisite {
        name: "moto, an S3-compatible server (python3 with venv, and pip)",
        prepare: tools::moto,
    },
    Prerequisite {
        name: "Schemathesis, for generated requests (python3 with venv, and pip)",
        prepare: tools::schemathesis,
    },
    Prerequisite { name: "poppler-utils, to read documents back", prepare: tools::poppler },
    Prerequisite { name: "a PostgreSQL server's programs", prepare: tools::postgresql },
    Prerequisite {
        name: "the rules of EN 16931 (python3 with venv, and pip)",
        prepare: tools::einvoice_rules,
    },
    Prerequisite { name: "Chromium, for the browser journeys", prepare: tools::browser::chromium },
    Prerequisite { name: "Node 18 or later with npm, to drive it", prepare: tools::browser::node },
    Prerequisite {
        name: "playwright-core and axe-core (npm packages)",
        prepare: || tools::browser::packages().map(drop),
    },
];

/// Runs all tests, or what the arguments select.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    run_with(&arguments.passed_on, &[])
}

/// Runs the tests with settings in their environment, and closes with how many passed and failed.
pub(crate) fn run_with(passed_on: &[String], settings: &[(&str, &str)]) -> Result<()> {
    prepare(PREREQUISITES)?;
    let mut command = process::cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(passed_on);
    command.envs(settings.iter().copied());
    process::announce(&command);
    let (tally, succeeded) = stream(&mut command)?;
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    judge(tally, succeeded)
}

/// Runs one test of the real server with settings that make it go on for longer, and shows what it says.
pub(crate) fn run_one_of_binary(
    test: &str,
    release: bool,
    settings: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<()> {
    let mut command = process::cargo();
    command.args(["test", "--locked", "-p", "bursar", "--test", "binary"]);
    if release {
        command.arg("--release");
    }
    process::run(command.args(["--", test, "--exact", "--nocapture"]).envs(settings))
}

fn prepare(prerequisites: &[Prerequisite]) -> Result<()> {
    for prerequisite in prerequisites {
        println!("== {}", prerequisite.name);
        (prerequisite.prepare)()
            .with_context(|| format!("the tests need {}", prerequisite.name))?;
    }
    Ok(())
}

/// A run passes if cargo says so, something ran, and nothing was left out by an attribute.
fn judge(tally: Tally, succeeded: bool) -> Result<()> {
    if !succeeded {
        bail!("the test run failed");
    }
    ensure!(tally.failed == 0, "cargo reports success, yet {} tests failed", tally.failed);
    ensure!(tally.ignored == 0, "{} tests are marked to be ignored", tally.ignored);
    ensure!(tally.passed > 0, "no test ran");
    Ok(())
}

/// Runs the command and shows its output as it comes, counting results on the way.
fn stream(command: &mut Command) -> Result<(Tally, bool)> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("can't start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output to read")?;
    let tally = count_while_copying(output, std::io::stdout().lock())?;
    let status = child.wait().context("can't wait for cargo test")?;
    Ok((tally, status.success()))
}

/// Copies byte for byte, not line by line: a test that hangs is named before its line ends.
fn count_while_copying(mut from: impl Read, mut to: impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut line = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("can't read the output of cargo test"),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        to.write_all(bytes).and_then(|()| to.flush()).context("can't show the output")?;
        for byte in bytes {
            if *byte == b'\n' {
                tally.add(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(*byte);
            }
        }
    }
    tally.add(&String::from_utf8_lossy(&line));
    Ok(tally)
}

/// Results summed over all test binaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; …`; others count nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s

test result: FAILED. 3 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 1.20s";

    #[test]
    fn results_are_summed_and_the_output_is_untouched() {
        let mut shown = Vec::new();
        let tally = count_while_copying(OUTPUT.as_bytes(), &mut shown).unwrap();
        assert_eq!(tally, Tally { passed: 5, failed: 1, ignored: 4 });
        assert_eq!(shown, OUTPUT.as_bytes());
    }

    #[test]
    fn only_a_clean_run_passes() {
        let clean = Tally { passed: 1, failed: 0, ignored: 0 };
        assert!(judge(clean, true).is_ok());
        assert!(judge(clean, false).is_err());
        assert!(judge(Tally { failed: 1, ..clean }, true).is_err());
        assert!(judge(Tally { ignored: 1, ..clean }, true).is_err());
        assert!(judge(Tally { passed: 0, ..clean }, true).is_err());
    }

    #[test]
    fn a_missing_prerequisite_fails_the_run_and_is_named() {
        let missing = Prerequisite { name: "a database", prepare: || bail!("not found") };
        let error = prepare(&[missing]).unwrap_err();
        assert_eq!(format!("{error:#}"), "the tests need a database: not found");
    }
}
