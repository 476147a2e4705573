//! All scenarios, each a test.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

use super::NewStore;

/// Runs them on stores that `open` opens. One store is enough to write them anew.
pub(crate) fn run(open: NewStore, may_bless: bool) -> ! {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenarios");
    if may_bless && std::env::var_os("BURSAR_BLESS").is_some() {
        files.iter().for_each(|file| bless(file, open));
    }
    let trials = files.iter().flat_map(|file| trials(file, open)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

/// One test per scenario, named after its sentence.
fn trials(file: &Path, open: NewStore) -> Vec<Trial> {
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).unwrap();
    let trial = |scenario: String| {
        let name = scenario.lines().next().unwrap().trim_start_matches("# ").to_owned();
        Trial::test(format!("{stem}: {name}"), move || compare(&scenario, open))
    };
    super::split(&text).into_iter().map(trial).collect()
}

fn compare(scenario: &str, open: NewStore) -> Result<(), Failed> {
    let played = super::play(scenario, open);
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

fn bless(file: &Path, open: NewStore) {
    let text = std::fs::read_to_string(file).unwrap();
    let played: Vec<String> =
        super::split(&text).iter().map(|scenario| super::play(scenario, open)).collect();
    std::fs::write(file, played.join("\n")).unwrap();
}
