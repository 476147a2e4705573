//! The journeys of `browser/`, each a test: the real binary, a real browser, by mouse and by keyboard.
//!
//! `browser/journeys/NAME.mjs` becomes `journeys::NAME::by_mouse` and `…::by_keyboard`,
//! `browser/audits/NAME.mjs` becomes `audits::NAME`. What a failed one saw (picture, page, console,
//! the server's log) is left in `target/browser-failures`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test, which may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const BURSAR: &str = env!("CARGO_BIN_EXE_bursar");
/// Browsers at once, unless `--test-threads` says otherwise.
const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let ways = |name: &str| ["mouse", "keyboard"].map(|by| (format!("{name}::by_{by}"), by));
    let mut trials = Vec::new();
    for name in names("journeys") {
        for (title, by) in ways(&name) {
            trials.push(trial("journeys", &name, &title, by));
        }
    }
    for name in names("audits") {
        trials.push(trial("audits", &name, &name, "mouse"));
    }
    trials
}

/// What lies in a folder of `browser/`; a folder without any would be a mistake.
fn names(folder: &str) -> Vec<String> {
    let folder = sources().join(folder);
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|file| file.extension().is_some_and(|kind| kind == "mjs"));
    let mut names: Vec<String> =
        scripts.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "nothing in {}", folder.display());
    names
}

fn trial(folder: &'static str, name: &str, title: &str, by: &'static str) -> Trial {
    let name = name.to_owned();
    Trial::test(format!("{folder}::{title}"), move || run(folder, &name, by))
}

fn run(folder: &str, name: &str, by: &str) -> Result<(), Failed> {
    let target = target();
    let output = Command::new("node")
        .arg(sources().join("run.mjs"))
        .args(["--folder", folder, "--journey", name, "--by", by, "--bursar", BURSAR])
        .arg("--failures")
        .arg(target.join("browser-failures"))
        .env("BURSAR_BROWSER_TOOLS", target.join("tools/browser"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("node doesn't start: {error}; `cargo xtask test` installs it"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{}{}", text(&output.stdout), text(&output.stderr)).into())
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../browser").canonicalize().unwrap()
}

/// The target directory, wherever it is set to be: this test's own binary lies in it.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("`tmp` lies in it").to_owned()
}
