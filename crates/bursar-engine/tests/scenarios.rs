//! The specification, sentence by sentence: text files of `at / given / when / then`, played on the
//! real engine with ScriptKit's catalog, an in-memory store and a clock that stands still.
//!
//! A file in `scenarios/` holds scenarios, each beginning with `# ` and the sentence it shows. The
//! lines of a scenario:
//!
//! - `at 2026-01-31T10:00:00Z` sets the clock;
//! - `given account ada zone=Europe/Berlin` opens an account, which the lines after it are about;
//! - `when hold as=clip operation=video units=5` does something; fields are named;
//! - `then …` is what came of it: what fell due before it, each event or the rejection, and the
//!   balance. These lines are compared exactly; `cargo xtask bless` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod runner;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenarios");
    if std::env::var_os("BURSAR_BLESS").is_some() {
        files.iter().for_each(|file| bless(file));
    }
    let trials = files.iter().flat_map(|file| trials(file)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// One test per scenario, named after its sentence.
fn trials(file: &Path) -> Vec<Trial> {
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).unwrap();
    let trial = |scenario: String| {
        let name = scenario.lines().next().unwrap().trim_start_matches("# ").to_owned();
        Trial::test(format!("{stem}: {name}"), move || compare(&scenario))
    };
    runner::split(&text).into_iter().map(trial).collect()
}

fn compare(scenario: &str) -> Result<(), Failed> {
    let played = runner::play(scenario);
    if played == scenario {
        return Ok(());
    }
    let mut report = String::from("`-` is what the file says, `+` what happened:\n");
    for line in diff(scenario, &played) {
        report.push_str(&line);
        report.push('\n');
    }
    Err(report.into())
}

/// The lines that differ, in order, with those that don't for context.
fn diff(expected: &str, actual: &str) -> Vec<String> {
    let (mut expected, mut actual) = (expected.lines().peekable(), actual.lines().peekable());
    let mut lines = Vec::new();
    loop {
        match (expected.peek(), actual.peek()) {
            (None, None) => return lines,
            (Some(old), Some(new)) if old == new => {
                lines.push(format!("  {old}"));
                expected.next();
                actual.next();
            }
            (Some(old), _) if old.starts_with("then") => {
                lines.push(format!("- {old}"));
                expected.next();
            }
            (_, Some(new)) => {
                lines.push(format!("+ {new}"));
                actual.next();
            }
            (Some(old), None) => {
                lines.push(format!("- {old}"));
                expected.next();
            }
        }
    }
}

fn bless(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let played: Vec<String> = runner::split(&text).iter().map(|s| runner::play(s)).collect();
    std::fs::write(file, played.join("\n")).unwrap();
}
